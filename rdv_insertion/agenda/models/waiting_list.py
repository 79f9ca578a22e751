from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from rdv_insertion.agenda.enums import OfferAnswer
from rdv_insertion.agenda.models.lieux import Lieu
from rdv_insertion.agenda.models.motifs import Motif
from rdv_insertion.agenda.models.participations import Participation
from rdv_insertion.agents.models import Agent


class WaitingListEntry(models.Model):
    """Somebody who has a rdv and asked to be told of an earlier one."""

    participation = models.OneToOneField(
        Participation, models.CASCADE, related_name="waiting_list_entry", verbose_name="participation"
    )
    asked_at = models.DateTimeField("demandé le")

    class Meta:
        verbose_name = "inscription sur la liste d'attente"
        verbose_name_plural = "inscriptions sur la liste d'attente"
        ordering = ["asked_at", "id"]

    def __str__(self) -> str:
        return str(self.participation_id)


class EarlierSlotOfferQuerySet(models.QuerySet["EarlierSlotOffer"]):
    def open_at(self, now: datetime) -> "EarlierSlotOfferQuerySet":
        """Those that hold their créneau at `now`."""
        return self.filter(answer=OfferAnswer.WAITING, expires_at__gt=now)


class EarlierSlotOffer(models.Model):
    """A créneau kept for one person of the waiting list until they answer, or for two hours."""

    entry = models.ForeignKey(
        WaitingListEntry, models.CASCADE, related_name="offers", verbose_name="inscription"
    )
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", verbose_name="agent")
    motif = models.ForeignKey(Motif, models.CASCADE, related_name="+", verbose_name="motif")
    lieu = models.ForeignKey(
        Lieu, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="lieu"
    )
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")
    offered_at = models.DateTimeField("proposé le")
    expires_at = models.DateTimeField("gardé jusqu'au")
    answer = models.CharField(
        "réponse", max_length=10, choices=OfferAnswer.choices, default=OfferAnswer.WAITING
    )

    objects: ClassVar[EarlierSlotOfferQuerySet] = EarlierSlotOfferQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "créneau plus tôt proposé"
        verbose_name_plural = "créneaux plus tôt proposés"
        ordering = ["offered_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(answer=OfferAnswer.WAITING),
                name="one_earlier_slot_offered_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["agent", "starts_at"],
                condition=Q(answer=OfferAnswer.WAITING),
                name="an_earlier_slot_is_offered_to_one_person",
            ),
        ]
        indexes = [
            models.Index(
                fields=["agent", "starts_at"],
                name="earlier_slot_held",
                condition=Q(answer=OfferAnswer.WAITING),
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.starts_at:%Y-%m-%d %H:%M}"
