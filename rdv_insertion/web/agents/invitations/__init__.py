"""Inviting: one person at once, a list in a run, letters to print."""
