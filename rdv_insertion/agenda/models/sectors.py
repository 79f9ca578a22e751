from typing import ClassVar

from django.db import models
from django.db.models import Q

from rdv_insertion.agenda.enums import ZoneLevel
from rdv_insertion.agents.models import Agent
from rdv_insertion.territory.models import Department, Organisation


class SectorQuerySet(models.QuerySet["Sector"]):
    def visible_to(self, agent: Agent) -> "SectorQuerySet":
        """Sectors of the departments in which `agent` works."""
        departments = Department.objects.filter(
            organisations__roles__agent=agent, organisations__archived_at=None
        )
        return self.filter(department__in=departments)


class Sector(models.Model):
    """An area of a department, made of towns and streets: it decides who serves an address."""

    department = models.ForeignKey(
        Department, models.CASCADE, related_name="sectors", verbose_name="département"
    )
    name = models.CharField("nom", max_length=150)
    # How files name it.
    human_id = models.CharField("identifiant", max_length=80)

    objects: ClassVar[SectorQuerySet] = SectorQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "secteur"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "human_id"],
                name="sector_identifier_unique_in_department",
                violation_error_message="Un secteur de ce département porte déjà cet identifiant.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Zone(models.Model):
    """A town, or a street of a town, of a sector (INSEE code; street code of the national address base)."""

    sector = models.ForeignKey(Sector, models.CASCADE, related_name="zones", verbose_name="secteur")
    level = models.CharField("niveau", max_length=10, choices=ZoneLevel.choices)
    city_code = models.CharField("code INSEE de la commune", max_length=5)
    city_name = models.CharField("commune", max_length=100)
    street_name = models.CharField("rue", max_length=200, blank=True)
    # `26362_1234`: INSEE code, then the street in the national address base; empty when not known.
    street_code = models.CharField("code de la rue", max_length=20, blank=True)
    # The name of the street folded, for addresses that the national base has not named.
    street_key = models.CharField("rue comparée", max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = "zone"
        ordering = ["city_name", "street_name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sector", "city_code", "street_key"],
                name="zone_is_once_in_a_sector",
                violation_error_message="Cette zone est déjà dans ce secteur.",
            ),
            models.CheckConstraint(
                condition=Q(level=ZoneLevel.CITY, street_key="", street_code="")
                | (Q(level=ZoneLevel.STREET) & ~Q(street_key="")),
                name="zone_of_a_street_names_it",
                violation_error_message="Une zone de rue donne le nom de la rue.",
            ),
        ]
        indexes = [models.Index(fields=["city_code"], name="zone_by_city")]

    def __str__(self) -> str:
        return f"{self.street_name}, {self.city_name}" if self.street_name else self.city_name


class SectorAttribution(models.Model):
    """The organisation that serves a sector, or one of its agents."""

    sector = models.ForeignKey(Sector, models.CASCADE, related_name="attributions", verbose_name="secteur")
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="sector_attributions", verbose_name="organisation"
    )
    agent = models.ForeignKey(
        Agent,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="sector_attributions",
        verbose_name="agent",
    )

    class Meta:
        verbose_name = "attribution d'un secteur"
        verbose_name_plural = "attributions de secteurs"
        constraints = [
            models.UniqueConstraint(
                fields=["sector", "organisation", "agent"],
                nulls_distinct=False,
                name="sector_is_attributed_once",
                violation_error_message="Ce secteur lui est déjà attribué.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sector_id} — {self.organisation_id}"
