from datetime import datetime, timedelta
from typing import ClassVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Func, Q

from rdv_insertion.agenda.enums import BUSY, CreatedBy
from rdv_insertion.agenda.models.lieux import Lieu
from rdv_insertion.agenda.models.motifs import Motif
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.territory.models import Organisation


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
    # Participations not cancelled of a collective rdv; moved only by the statement that takes the seat.
    seats_taken = models.PositiveSmallIntegerField("places prises", default=0)
    name = models.CharField("intitulé", max_length=150, blank=True)
    context = models.TextField("contexte, pour les agents", blank=True)
    created_by = models.CharField("pris par", max_length=20, choices=CreatedBy.choices)
    created_by_agent = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="créé par"
    )
    created_at = models.DateTimeField("créé le")
    # Since when it is planned at this moment: a rdv planned less than 48 h before gets no reminder.
    scheduled_at = models.DateTimeField("fixé à ce moment le")
    # Names the event in agendas, the same through all its changes; `sequence` grows with each of them.
    uuid = models.UUIDField(
        "identifiant public", unique=True, default=uuid4, db_default=RandomUUID(), editable=False
    )
    sequence = models.PositiveIntegerField("version", default=0)
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
            # The search of créneaux looks a week back for what is still going on.
            models.CheckConstraint(
                condition=Q(ends_at__lte=models.F("starts_at") + timedelta(days=1)),
                name="rdv_lasts_a_day_at_most",
                violation_error_message="Un rendez-vous dure une journée au plus.",
            ),
            models.CheckConstraint(
                condition=Q(max_participants_count=None)
                | Q(seats_taken__lte=models.F("max_participants_count")),
                name="rdv_has_a_seat_for_each_participant",
                violation_error_message="Il n'y a plus de place à ce rendez-vous.",
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

    @property
    def seats_left(self) -> int | None:
        """How many more people a collective rdv takes; None when there is no limit."""
        limit = self.max_participants_count
        return None if limit is None else limit - self.seats_taken

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


class FormerRdvAgent(models.Model):
    """An agent who was taken out of a rdv: their own agenda must learn that it is no longer theirs."""

    rdv = models.ForeignKey(Rdv, models.CASCADE, related_name="former_agents", verbose_name="rendez-vous")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", verbose_name="agent")
    # The version of the rdv from which it was not theirs.
    sequence = models.PositiveIntegerField("version")
    removed_at = models.DateTimeField("retiré le")

    class Meta:
        verbose_name = "agent retiré d'un rendez-vous"
        verbose_name_plural = "agents retirés d'un rendez-vous"
        constraints = [
            models.UniqueConstraint(fields=["rdv", "agent"], name="agent_is_once_a_former_one"),
        ]

    def __str__(self) -> str:
        return f"{self.rdv_id} — {self.agent_id}"
