"""Inviting people to choose their créneau: how each organisation does it, links and codes."""
