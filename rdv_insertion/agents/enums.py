from django.db import models


class AccessLevel(models.TextChoices):
    BASIC = "basic", "Agent"
    ADMIN = "admin", "Administrateur"
