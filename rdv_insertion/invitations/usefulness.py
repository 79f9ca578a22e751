"""Whether a message still serves: the rdv, the invitation that it is about may be over."""

from datetime import datetime

from django.db import models
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Substr

from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message

_PREFIX = "participation-"
_OF_CANCELLATIONS = (Purpose.RDV_CANCELLED, Purpose.CONVOCATION_CANCELLED)


class Useless(models.TextChoices):
    """Why a message is not worth sending, or sending again. The label is a sentence for agents."""

    OVER = "over", "Le rendez-vous est passé : ce message n'est plus utile."
    CANCELLED = "cancelled", "Le rendez-vous est annulé : ce message n'est plus utile."
    EXPIRED = "expired", "L'invitation n'est plus valable : invitez de nouveau la personne."
    BOOKED = "booked", "La personne a un rendez-vous à venir : cette invitation n'est plus utile."
    CLOSED = "closed", "Le suivi est clos : cette invitation n'est plus utile."
    NEWER = "newer", "Un message plus récent sur le même sujet a été écrit : c'est lui qui compte."


def with_usefulness(messages: QuerySet[Message], *, now: datetime) -> QuerySet[Message]:
    """With `useless`: a `Useless`, or an empty text for what may be sent again.

    What each message is about is looked up by its key, row by row: `Exists` would let PostgreSQL read all
    participations first.
    """
    part = Participation.objects.filter(pk=OuterRef("participation_id"))
    invitation = Invitation.objects.filter(message=OuterRef("pk"))
    newer = Message.objects.filter(
        about=OuterRef("about"), channel=OuterRef("channel"), pk__gt=OuterRef("pk"), usager=OuterRef("usager")
    )
    told_of = messages.alias(participation_id=_participation_id()).alias(
        rdv_starts_at=Subquery(part.values("rdv__starts_at")[:1]),
        part_status=Subquery(part.values("status")[:1]),
        invitation_expires_at=Subquery(invitation.values("expires_at")[:1]),
        next_rdv_at=Subquery(invitation.values("follow_up__latest_unknown_rdv_at")[:1]),
        closed_at=Subquery(invitation.values("follow_up__closed_at")[:1]),
    )
    cancelled = Q(part_status__in=set(ParticipationStatus.values) - {ParticipationStatus.UNKNOWN})
    return told_of.annotate(
        useless=Case(
            When(rdv_starts_at__lte=now, then=Value(Useless.OVER.value)),
            When(cancelled & ~Q(purpose__in=_OF_CANCELLATIONS), then=Value(Useless.CANCELLED.value)),
            When(next_rdv_at__gt=now, then=Value(Useless.BOOKED.value)),
            When(closed_at__lte=now, then=Value(Useless.CLOSED.value)),
            When(invitation_expires_at__lte=now, then=Value(Useless.EXPIRED.value)),
            When(~Q(about="") & Exists(newer), then=Value(Useless.NEWER.value)),
            default=Value(""),
            output_field=CharField(),
        )
    )


def _participation_id() -> Case:
    """The participation that `about` names (`participation-12`), else NULL."""
    return Case(
        When(
            about__regex=rf"^{_PREFIX}[0-9]{{1,18}}$",
            then=Cast(Substr(F("about"), len(_PREFIX) + 1), BigIntegerField()),
        ),
        default=None,
        output_field=BigIntegerField(),
    )
