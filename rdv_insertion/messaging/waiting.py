"""Why a message has not left yet, and when it will."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Case, CharField, Q, Value, When

from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import WAITING, MessageStatus
from rdv_insertion.messaging.models import ChannelPause, Message
from rdv_insertion.territory.models import Organisation

NOT_LEFT = (*WAITING, MessageStatus.TO_PRINT)


class Reason(models.TextChoices):
    """What a message waits for. The order is that of lists: first what an agent can do something about."""

    TO_PRINT = "a-imprimer", "À imprimer"
    PAUSED = "pause", "Envois arrêtés par un administrateur"
    RETRY = "nouvel-essai", "Nouvel essai prévu"
    NIGHT = "matin", "Partira le matin"
    QUEUED = "file", "Part dans un instant"
    SENDING = "en-cours", "Envoi en cours"


def paused_channels(organisation: Organisation) -> frozenset[str]:
    """The channels that an administrator stopped. One query."""
    paused = ChannelPause.objects.filter(organisation=organisation)
    return frozenset(paused.values_list("channel", flat=True))


def reason_of(message: Message, *, paused: Collection[str], now: datetime) -> Reason | None:
    """Why `message` has not left, None when it has; `by_reason` says the same in SQL.

    `paused` are the channels stopped in its organisation.
    """
    if message.status == MessageStatus.TO_PRINT:
        return Reason.TO_PRINT
    if message.status == MessageStatus.SENDING:
        return Reason.SENDING
    if message.status != MessageStatus.CREATED:
        return None
    if message.channel in paused:
        return Reason.PAUSED
    if message.not_before is None or message.not_before <= now:
        return Reason.QUEUED
    return Reason.RETRY if message.attempts else Reason.NIGHT


def by_reason(*, paused: Collection[str], now: datetime) -> Case:
    """`reason_of`, for messages that have not left, as an expression."""
    later = Q(not_before__gt=now)
    return Case(
        When(status=MessageStatus.TO_PRINT, then=Value(Reason.TO_PRINT.value)),
        When(status=MessageStatus.SENDING, then=Value(Reason.SENDING.value)),
        When(channel__in=list(paused), then=Value(Reason.PAUSED.value)),
        When(later & Q(attempts__gt=0), then=Value(Reason.RETRY.value)),
        When(later, then=Value(Reason.NIGHT.value)),
        default=Value(Reason.QUEUED.value),
        output_field=CharField(),
    )


def sentence_of_waiting(message: Message, reason: Reason, *, zone: ZoneInfo, now: datetime) -> str:
    """What `message` waits for, and until when, on the clocks of `zone`."""
    if reason == Reason.RETRY:
        return f"Le premier envoi n'a pas abouti : nouvel essai {_when(message, zone, now)}."
    if reason == Reason.NIGHT:
        return f"Aucun SMS ne part la nuit : il partira {_when(message, zone, now)}."
    return {
        Reason.TO_PRINT: "Ce courrier est à imprimer et à poster.",
        Reason.PAUSED: "Un administrateur a arrêté les envois par ce canal : il partira à leur reprise.",
        Reason.QUEUED: "Il part dans un instant.",
        Reason.SENDING: "L'envoi est en cours.",
    }[reason]


def _when(message: Message, zone: ZoneInfo, now: datetime) -> str:
    """`à 9 h 30`, today; else `le 03/03/2026 à 8 h`."""
    moment = message.not_before or now
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"à {dates.clock(local)}"
    return f"le {dates.short_moment(moment, zone)}"
