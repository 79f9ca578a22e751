from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from rdv_insertion.agenda.enums import CreatedBy
from rdv_insertion.agenda.models.rdvs import Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.kernel.codes import new_code
from rdv_insertion.usagers.models import Usager


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
    # Said once, when it is taken: the person is summoned, not invited.
    convocable = models.BooleanField("convocation", default=False)
    created_by = models.CharField("pris par", max_length=20, choices=CreatedBy.choices)
    created_by_agent = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="inscrite par"
    )
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
