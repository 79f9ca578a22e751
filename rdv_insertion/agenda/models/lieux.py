from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models

from rdv_insertion.agenda.enums import LieuAvailability
from rdv_insertion.agents.models import Agent
from rdv_insertion.territory.models import Organisation


class LieuQuerySet(models.QuerySet["Lieu"]):
    def visible_to(self, agent: Agent) -> "LieuQuerySet":
        """Places of the organisations in which `agent` has a role."""
        return self.filter(organisation__roles__agent=agent, organisation__archived_at=None)

    def open(self) -> "LieuQuerySet":
        """Places where new plages and rdvs may be put."""
        return self.filter(availability=LieuAvailability.ENABLED)


class Lieu(models.Model):
    """A place where people are received."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="lieux", verbose_name="organisation"
    )
    name = models.CharField("nom", max_length=150)
    address = models.CharField("adresse", max_length=255)
    phone_number = models.CharField("téléphone", max_length=20, blank=True)
    access = models.CharField("accès", max_length=300, blank=True)
    availability = models.CharField(
        "ouverture", max_length=20, choices=LieuAvailability.choices, default=LieuAvailability.ENABLED
    )
    time_zone_name = models.CharField("fuseau horaire", max_length=40, default="Europe/Paris")

    objects: ClassVar[LieuQuerySet] = LieuQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "lieu"
        verbose_name_plural = "lieux"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"],
                condition=~models.Q(availability=LieuAvailability.SINGLE_USE),
                name="lieu_name_unique_in_organisation",
                violation_error_message="Un lieu de cette organisation porte déjà ce nom.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def time_zone(self) -> ZoneInfo:
        """The clocks on its walls."""
        return ZoneInfo(self.time_zone_name)
