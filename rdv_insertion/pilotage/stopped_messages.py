"""Messages that stopped on their way: which are still worth sending, and why the others are not."""

from datetime import datetime, timedelta

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
from rdv_insertion.messaging.enums import STOPPED, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation

# Older ones are history.
SHOWN_FOR = timedelta(days=30)

_PREFIX = "participation-"
_OF_CANCELLATIONS = (Purpose.RDV_CANCELLED, Purpose.CONVOCATION_CANCELLED)


class Useless(models.TextChoices):
    """Why a message is not worth sending again. The label is a sentence for agents."""

    OVER = "over", "Le rendez-vous est passé : ce message n'est plus utile."
    CANCELLED = "cancelled", "Le rendez-vous est annulé : ce message n'est plus utile."
    EXPIRED = "expired", "L'invitation n'est plus valable : invitez de nouveau la personne."
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
    )
    cancelled = Q(part_status__in=set(ParticipationStatus.values) - {ParticipationStatus.UNKNOWN})
    return told_of.annotate(
        useless=Case(
            When(rdv_starts_at__lte=now, then=Value(Useless.OVER.value)),
            When(cancelled & ~Q(purpose__in=_OF_CANCELLATIONS), then=Value(Useless.CANCELLED.value)),
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


def stopped_messages(organisation: Organisation, *, now: datetime) -> QuerySet[Message]:
    """What failed in the last thirty days, that sending again may cure, and that is still useful."""
    return with_usefulness(_recent(organisation, now), now=now).filter(Q(useless=""))


def count_stopped(organisation: Organisation, *, now: datetime) -> int:
    """How many `stopped_messages`; one short query when nothing stopped, as on most days, else two."""
    if not _recent(organisation, now).exists():
        return 0
    return stopped_messages(organisation, now=now).count()


def _recent(organisation: Organisation, now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(
        organisation=organisation, status__in=STOPPED, created_at__gt=now - SHOWN_FOR
    )
