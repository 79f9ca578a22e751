"""Professionals, their roles in organisations, and how they log in."""
