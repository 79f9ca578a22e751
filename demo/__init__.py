"""The demonstration: a made-up department, local providers, and what they received. Never in production."""
