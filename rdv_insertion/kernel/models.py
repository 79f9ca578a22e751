"""The only table of the ground floor: how often something was tried."""

from django.db import models


class AttemptWindow(models.Model):
    """How many times a thing was tried since `started_at`; see `rdv_insertion.kernel.throttle`."""

    key = models.CharField("clé", max_length=64, primary_key=True)
    started_at = models.DateTimeField("début")
    count = models.PositiveIntegerField("essais")

    class Meta:
        verbose_name = "fenêtre d'essais"
        verbose_name_plural = "fenêtres d'essais"
        indexes = [models.Index(fields=["started_at"], name="attempts_by_start")]

    def __str__(self) -> str:
        return f"{self.count}"
