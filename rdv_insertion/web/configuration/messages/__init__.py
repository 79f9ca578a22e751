"""How an organisation presents itself in its messages, how many it sends, and when they wait."""
