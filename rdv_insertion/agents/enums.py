from django.db import models


class AccessLevel(models.TextChoices):
    BASIC = "basic", "Agent"
    ADMIN = "admin", "Administrateur"


class NotificationLevel(models.TextChoices):
    """Of which changes to their rdvs an agent is told by mail. Their own actions are never told to them."""

    ALL = "all", "Tous les changements"
    SOON = "soon", "Seulement ceux d'aujourd'hui et de demain"
    NONE = "none", "Aucun"
