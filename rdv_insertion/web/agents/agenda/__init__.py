"""The agents' calendar, and its equivalent table."""
