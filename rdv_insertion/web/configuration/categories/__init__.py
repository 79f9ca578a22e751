"""The categories of an organisation: how each one invites, and with which words."""
