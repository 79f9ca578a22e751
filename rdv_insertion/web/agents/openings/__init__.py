"""Plages d'ouverture and absences: list, create, edit, delete."""
