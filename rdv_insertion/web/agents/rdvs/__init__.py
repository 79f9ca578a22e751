"""The pages of a rdv: take one, see it, change it, say who came; collective ones; finding a créneau."""
