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


class GeocodedAddress(models.Model):
    """What the national address base answered for one text, so that it is not asked again.

    The text itself is not kept, only its digest; the house number is not either, and the point is rounded:
    a street is enough to know who serves it.
    """

    # Digest of the department and of the text, folded (`rdv_insertion.territory.addresses.memory`).
    key = models.CharField("index aveugle", max_length=64, primary_key=True)
    # Empty when the base knows no such address.
    city_code = models.CharField("code INSEE de la commune", max_length=5, blank=True)
    city = models.CharField("commune", max_length=100, blank=True)
    postcode = models.CharField("code postal", max_length=5, blank=True)
    street = models.CharField("rue", max_length=200, blank=True)
    street_code = models.CharField("code de la rue", max_length=20, blank=True)
    latitude = models.FloatField("latitude", null=True, blank=True)
    longitude = models.FloatField("longitude", null=True, blank=True)
    found_at = models.DateTimeField("trouvée le")

    class Meta:
        verbose_name = "adresse géocodée"
        verbose_name_plural = "adresses géocodées"
        indexes = [models.Index(fields=["found_at"], name="geocoded_by_age")]

    def __str__(self) -> str:
        return self.city_code
