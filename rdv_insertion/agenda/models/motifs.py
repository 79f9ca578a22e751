from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from rdv_insertion.agenda.enums import BOOKABLE_BY_PARTNERS, BookableBy, LocationType, SectorisationLevel
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.territory.models import Organisation


class MotifQuerySet(models.QuerySet["Motif"]):
    def visible_to(self, agent: Agent) -> "MotifQuerySet":
        """Motifs of the organisations in which `agent` has a role."""
        return self.filter(organisation__roles__agent=agent, organisation__archived_at=None)

    def open_to_partner(self, agent: Agent) -> "MotifQuerySet":
        """Motifs that other organisations of the agent's departments let their partners book."""
        own = Organisation.objects.filter(roles__agent=agent)
        return (
            self.in_use()
            .filter(
                organisation__department__organisations__in=own.filter(archived_at=None),
                organisation__archived_at=None,
                bookable_by__in=BOOKABLE_BY_PARTNERS,
            )
            .exclude(organisation__in=own)
            .distinct()
        )

    def in_use(self) -> "MotifQuerySet":
        """Those not deleted."""
        return self.filter(deleted_at=None)


class Motif(models.Model):
    """A kind of rdv of an organisation."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="motifs", verbose_name="organisation"
    )
    motif_category = models.ForeignKey(
        MotifCategory, models.PROTECT, null=True, blank=True, related_name="motifs", verbose_name="catégorie"
    )
    name = models.CharField("nom", max_length=150)
    location_type = models.CharField(
        "type de lieu", max_length=20, choices=LocationType.choices, default=LocationType.PUBLIC_OFFICE
    )
    collective = models.BooleanField("collectif", default=False)
    # How many people a new collective rdv takes; empty when there is no limit.
    max_participants_count = models.PositiveSmallIntegerField("places", null=True, blank=True)
    duration = models.DurationField("durée", default=timedelta(minutes=30))
    pause = models.DurationField("pause après chaque rendez-vous", default=timedelta(0))
    bookable_by = models.CharField(
        "réservable par", max_length=50, choices=BookableBy.choices, default=BookableBy.AGENTS
    )
    min_public_booking_delay = models.DurationField("délai minimum", default=timedelta(minutes=30))
    max_public_booking_delay = models.DurationField("délai maximum", default=timedelta(days=90))
    # The people must come: told in those words, with a proof of what was sent.
    convocation = models.BooleanField("convocation", default=False)
    referent_only = models.BooleanField("avec le référent seulement", default=False)
    sectorisation_level = models.CharField(
        "sectorisation",
        max_length=20,
        choices=SectorisationLevel.choices,
        default=SectorisationLevel.DEPARTEMENT,
    )
    color = models.CharField("couleur dans l'agenda", max_length=7, default="#000091")
    restriction = models.TextField("conditions à accepter avant de choisir un créneau", blank=True)
    instruction_before = models.TextField("consigne donnée avant le choix du créneau", blank=True)
    instruction = models.TextField("consigne donnée avec le rendez-vous", blank=True)
    movable_until = models.DurationField(
        "déplaçable jusqu'à", default=timedelta(days=2), null=True, blank=True
    )
    cancellable_until = models.DurationField(
        "annulable jusqu'à", default=timedelta(hours=4), null=True, blank=True
    )
    deleted_at = models.DateTimeField("supprimé le", null=True, blank=True)

    objects: ClassVar[MotifQuerySet] = MotifQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "motif"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name", "location_type"],
                condition=Q(deleted_at=None),
                name="motif_unique_in_organisation",
                violation_error_message="Un motif de cette organisation porte déjà ce nom.",
            ),
            models.CheckConstraint(
                condition=Q(duration__gte=timedelta(minutes=5)) & Q(pause__gte=timedelta(0)),
                name="motif_lasts_some_time",
                violation_error_message="Un rendez-vous dure au moins 5 minutes.",
            ),
            models.CheckConstraint(
                condition=Q(max_public_booking_delay__gt=models.F("min_public_booking_delay")),
                name="motif_booking_delays_in_order",
                violation_error_message="Le délai maximum doit dépasser le délai minimum.",
            ),
            models.CheckConstraint(
                condition=Q(collective=False) | Q(location_type=LocationType.PUBLIC_OFFICE),
                name="motif_collective_is_on_site",
                violation_error_message="Un rendez-vous collectif a lieu sur place.",
            ),
            models.CheckConstraint(
                condition=Q(color__regex=r"^#[0-9A-Fa-f]{6}$"),
                name="motif_color_is_hexadecimal",
                violation_error_message="La couleur s'écrit comme #1A2B3C.",
            ),
            models.CheckConstraint(
                condition=Q(convocation=False) | Q(bookable_by=BookableBy.AGENTS),
                name="motif_of_convocation_is_for_agents",
                violation_error_message="Une convocation est prise par les agents seulement.",
            ),
            models.CheckConstraint(
                condition=Q(max_participants_count=None) | Q(collective=True, max_participants_count__gte=1),
                name="motif_seats_are_for_a_collective_one",
                violation_error_message="Seul un rendez-vous collectif a un nombre de places, 1 au moins.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
