from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Q

from rdv_insertion.agenda.enums import (
    BUSY,
    BookableBy,
    CreatedBy,
    LieuAvailability,
    LocationType,
)
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import FollowUp, MotifCategory
from rdv_insertion.kernel.codes import new_code
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager


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
    duration = models.DurationField("durée", default=timedelta(minutes=30))
    pause = models.DurationField("pause après chaque rendez-vous", default=timedelta(0))
    bookable_by = models.CharField(
        "réservable par", max_length=50, choices=BookableBy.choices, default=BookableBy.AGENTS
    )
    min_public_booking_delay = models.DurationField("délai minimum", default=timedelta(minutes=30))
    max_public_booking_delay = models.DurationField("délai maximum", default=timedelta(days=90))
    referent_only = models.BooleanField("avec le référent seulement", default=False)
    instruction = models.TextField("consigne donnée avec le rendez-vous", blank=True)
    movable_until = models.DurationField(
        "déplaçable jusqu'à", default=timedelta(days=2), null=True, blank=True
    )
    cancellable_until = models.DurationField(
        "annulable jusqu'à", default=timedelta(hours=4), null=True, blank=True
    )
    deleted_at = models.DateTimeField("supprimé le", null=True, blank=True)

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
        ]

    def __str__(self) -> str:
        return self.name


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

    class Meta:
        verbose_name = "lieu"
        verbose_name_plural = "lieux"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def time_zone(self) -> ZoneInfo:
        """The clocks on its walls."""
        return ZoneInfo(self.time_zone_name)


class PlageOuverture(models.Model):
    """When an agent receives for given motifs, on the clocks of the place."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="plages", verbose_name="agent")
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="plages", verbose_name="organisation"
    )
    lieu = models.ForeignKey(
        Lieu, models.PROTECT, null=True, blank=True, related_name="plages", verbose_name="lieu"
    )
    motifs = models.ManyToManyField(Motif, related_name="plages", verbose_name="motifs")
    title = models.CharField("nom", max_length=150)
    first_day = models.DateField("premier jour")
    start_time = models.TimeField("début")
    end_time = models.TimeField("fin")
    recurrence = models.CharField("récurrence (RRULE)", max_length=200, blank=True)
    # Last day on which it may occur; empty when it goes on for ever. Derived from the recurrence.
    last_day = models.DateField("dernier jour", null=True, blank=True)
    exception_dates = ArrayField(models.DateField(), verbose_name="sauf ces jours", default=list, blank=True)

    class Meta:
        verbose_name = "plage d'ouverture"
        verbose_name_plural = "plages d'ouverture"
        ordering = ["first_day", "start_time", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_time__lt=models.F("end_time")),
                name="plage_starts_before_it_ends",
                violation_error_message="La plage doit commencer avant de finir, le même jour.",
            ),
        ]
        indexes = [models.Index(fields=["first_day", "last_day"], name="plage_by_days")]

    def __str__(self) -> str:
        return self.title


class Absence(models.Model):
    """When an agent does not receive, in any organisation."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="absences", verbose_name="agent")
    title = models.CharField("nom", max_length=150)
    first_day = models.DateField("premier jour")
    start_time = models.TimeField("début")
    end_day = models.DateField("jour de fin")
    end_time = models.TimeField("fin")
    recurrence = models.CharField("récurrence (RRULE)", max_length=200, blank=True)
    last_day = models.DateField("dernier jour", null=True, blank=True)
    time_zone_name = models.CharField("fuseau horaire", max_length=40, default="Europe/Paris")

    class Meta:
        verbose_name = "absence"
        ordering = ["first_day", "start_time", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__lt=models.F("end_day"))
                | Q(first_day=models.F("end_day"), start_time__lt=models.F("end_time")),
                name="absence_starts_before_it_ends",
                violation_error_message="L'absence doit commencer avant de finir.",
            ),
        ]
        indexes = [models.Index(fields=["agent", "first_day"], name="absence_by_agent")]

    def __str__(self) -> str:
        return self.title


class RdvQuerySet(models.QuerySet["Rdv"]):
    def visible_to(self, agent: Agent) -> "RdvQuerySet":
        """Rdvs of the organisations in which `agent` has a role."""
        return self.filter(organisation__roles__agent=agent, organisation__archived_at=None)


class Rdv(models.Model):
    """An appointment: a motif, a moment, a place, agents and one or several people."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="rdvs", verbose_name="organisation"
    )
    motif = models.ForeignKey(Motif, models.PROTECT, related_name="rdvs", verbose_name="motif")
    lieu = models.ForeignKey(
        Lieu, models.PROTECT, null=True, blank=True, related_name="rdvs", verbose_name="lieu"
    )
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")
    status = models.CharField(
        "statut", max_length=10, choices=ParticipationStatus.choices, default=ParticipationStatus.UNKNOWN
    )
    # Whether it takes the agents' time; the database derives it, nobody writes it.
    busy = models.GeneratedField(
        expression=models.Case(
            models.When(status__in=[status.value for status in BUSY], then=True), default=False
        ),
        output_field=models.BooleanField(),
        db_persist=True,
        verbose_name="occupe l'agent",
    )
    overbooked = models.BooleanField("en surréservation voulue", default=False)
    max_participants_count = models.PositiveSmallIntegerField("places", null=True, blank=True)
    name = models.CharField("intitulé", max_length=150, blank=True)
    created_by = models.CharField("pris par", max_length=20, choices=CreatedBy.choices)
    created_at = models.DateTimeField("créé le")
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True)
    agents = models.ManyToManyField(Agent, through="RdvAgent", related_name="rdvs", verbose_name="agents")

    objects: ClassVar[RdvQuerySet] = RdvQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "rendez-vous"
        verbose_name_plural = "rendez-vous"
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=models.F("ends_at")),
                name="rdv_starts_before_it_ends",
                violation_error_message="Le rendez-vous doit commencer avant de finir.",
            ),
            # What RdvAgent copies, and the database keeps equal (migration 0002).
            models.UniqueConstraint(
                fields=["id", "starts_at", "ends_at", "busy", "overbooked"], name="rdv_occupation"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "starts_at"], name="rdv_by_organisation")]

    def __str__(self) -> str:
        return f"{self.motif_id} {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def time_zone(self) -> ZoneInfo:
        """The clocks that the person reads."""
        return self.lieu.time_zone if self.lieu else self.organisation.time_zone

    def has_begun(self, now: datetime) -> bool:
        """Whether its start is reached."""
        return self.starts_at <= now


class RdvAgent(models.Model):
    """An agent's part in a rdv: the time it takes, which no other rdv may take.

    The four copied columns follow the rdv by a cascading foreign key (migration 0002), so that they cannot
    differ, and the exclusion constraint holds whatever writes.
    """

    rdv = models.ForeignKey(Rdv, models.CASCADE, related_name="rdv_agents", verbose_name="rendez-vous")
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="rdv_agents", verbose_name="agent")
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")
    busy = models.BooleanField("occupe l'agent")
    overbooked = models.BooleanField("en surréservation voulue")

    class Meta:
        verbose_name = "agent d'un rendez-vous"
        verbose_name_plural = "agents d'un rendez-vous"
        constraints = [
            models.UniqueConstraint(fields=["rdv", "agent"], name="agent_is_once_in_a_rdv"),
            # btree_gist is not in a bare PostgreSQL: the agent is compared as a range of one number.
            ExclusionConstraint(
                name="agent_has_one_rdv_at_a_time",
                expressions=[
                    (
                        Func("agent_id", "agent_id", models.Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func("starts_at", "ends_at", function="tstzrange", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(busy=True, overbooked=False),
                violation_error_message="L'agent a déjà un rendez-vous à ce moment-là.",
            ),
        ]
        indexes = [models.Index(fields=["agent", "starts_at"], name="rdv_agent_by_time")]

    def __str__(self) -> str:
        return f"{self.rdv_id} — {self.agent_id}"


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def visible_to(self, agent: Agent) -> "ParticipationQuerySet":
        """Participations in rdvs of the organisations in which `agent` has a role."""
        return self.filter(rdv__organisation__roles__agent=agent, rdv__organisation__archived_at=None)

    def pending(self, now: datetime) -> "ParticipationQuerySet":
        """Future and not cancelled."""
        return self.filter(status=ParticipationStatus.UNKNOWN, rdv__starts_at__gt=now)

    def with_details(self) -> "ParticipationQuerySet":
        """With all that a page or a message shows of the rdv, in two queries."""
        return self.select_related(
            "rdv__motif__motif_category",
            "rdv__lieu",
            "rdv__organisation__department",
            "usager__department",
        ).prefetch_related("rdv__agents")


class Participation(models.Model):
    """One person's part in a rdv."""

    rdv = models.ForeignKey(Rdv, models.CASCADE, related_name="participations", verbose_name="rendez-vous")
    usager = models.ForeignKey(Usager, models.CASCADE, related_name="participations", verbose_name="usager")
    follow_up = models.ForeignKey(
        FollowUp,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="participations",
        verbose_name="suivi",
    )
    status = models.CharField(
        "statut", max_length=10, choices=ParticipationStatus.choices, default=ParticipationStatus.UNKNOWN
    )
    created_by = models.CharField("pris par", max_length=20, choices=CreatedBy.choices)
    created_at = models.DateTimeField("pris le")
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True)
    # Opens the person's page of this rdv: /rdv/<code>.
    code = models.CharField("code", max_length=8, unique=True, default=new_code, editable=False)
    # What the person booked with. One key gives one live rdv, even with two tabs and the back button.
    booking_key = models.CharField("clé de réservation", max_length=40, null=True, blank=True)
    # Grows with each change of date or place, so that agendas replace the event they hold.
    sequence = models.PositiveIntegerField("version", default=0)

    objects: ClassVar[ParticipationQuerySet] = ParticipationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "participation"
        ordering = ["rdv__starts_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rdv", "usager"],
                name="usager_is_once_in_a_rdv",
                violation_error_message="Cette personne participe déjà à ce rendez-vous.",
            ),
            models.UniqueConstraint(
                fields=["booking_key"],
                condition=Q(status=ParticipationStatus.UNKNOWN),
                name="one_invitation_gives_one_live_rdv",
                violation_error_message="Cette invitation a déjà servi à prendre un rendez-vous.",
            ),
        ]
        indexes = [models.Index(fields=["follow_up", "-created_at"], name="participation_by_follow_up")]

    def __str__(self) -> str:
        return f"{self.usager_id} — {self.rdv_id}"
