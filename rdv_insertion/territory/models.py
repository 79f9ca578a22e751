from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models

from rdv_insertion.territory import time_zones
from rdv_insertion.territory.enums import MatchingRule, OrganisationType


class Department(models.Model):
    """A French department, inside which a person is known once."""

    number = models.CharField("numéro", max_length=3, unique=True)
    name = models.CharField("nom", max_length=100)
    capital = models.CharField("chef-lieu", max_length=100)
    region = models.CharField("région", max_length=100)
    phone_number = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("adresse mail", blank=True)
    disabled_matching_rules = ArrayField(
        models.CharField(max_length=40, choices=MatchingRule.choices),
        verbose_name="règles de rapprochement désactivées",
        default=list,
        blank=True,
    )

    class Meta:
        verbose_name = "département"
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def time_zone(self) -> ZoneInfo:
        """The clocks of the department."""
        return time_zones.of_department(self.number)


class Organisation(models.Model):
    """A structure of a department that receives people."""

    department = models.ForeignKey(
        Department, models.PROTECT, related_name="organisations", verbose_name="département"
    )
    name = models.CharField("nom", max_length=200)
    slug = models.SlugField("nom court dans les adresses", unique=True)
    organisation_type = models.CharField("type", max_length=30, choices=OrganisationType.choices)
    phone_number = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("adresse mail", blank=True)
    sms_sender_name = models.CharField("nom de l'expéditeur des SMS", max_length=11, blank=True)
    archived_at = models.DateTimeField("archivée le", null=True, blank=True)

    class Meta:
        verbose_name = "organisation"
        ordering = ["department__number", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "name"],
                name="organisation_name_unique_in_department",
                violation_error_message="Une organisation de ce département porte déjà ce nom.",
            ),
            models.CheckConstraint(
                condition=models.Q(sms_sender_name__regex=r"^[A-Za-z0-9]{0,11}$"),
                name="organisation_sms_sender_name_is_short",
                violation_error_message="L'expéditeur des SMS compte 11 lettres ou chiffres au plus.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def time_zone(self) -> ZoneInfo:
        """The clocks of the organisation's department."""
        return self.department.time_zone

    @property
    def sms_sender(self) -> str:
        """Who an SMS says it comes from: 11 letters or digits at most."""
        return self.sms_sender_name or f"Dept{self.department.number}"
