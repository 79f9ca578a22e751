from django.db import models


class Outcome(models.TextChoices):
    """What came of something received."""

    WAITING = "waiting", "À traiter"
    APPLIED = "applied", "Appliqué"
    # A duplicate, an older word, or nothing that we know: harmless.
    IGNORED = "ignored", "Sans effet"
    UNREADABLE = "unreadable", "Illisible"
