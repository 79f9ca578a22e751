"""Sectors: towns and streets, who serves them."""
