"""Agents send a message that failed again: as it was, or to the number or the address of today."""

import hashlib
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from rdv_insertion.kernel import phone
from rdv_insertion.messaging import quiet_hours
from rdv_insertion.messaging.enums import FAILED, STOPPED, Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.planning import plan, plan_again

_COPIED = (
    "organisation_id",
    "usager_id",
    "channel",
    "purpose",
    "about",
    "sender",
    "subject",
    "text",
    "html",
    "language",
    "french_text",
    "letter",
    "calendar",
    "reply_to",
    "segments",
    "even_at_night",
)


class CannotResend(Exception):
    """This message cannot be written again. The text is a French sentence for agents."""


@transaction.atomic
def send_again(*, message_ids: Collection[int], now: datetime) -> int:
    """Send once more those of these messages that stopped, but not for good; how many leave.

    Where the provider may have one, it is asked first.
    """
    stopped = Message.objects.filter(pk__in=message_ids, status__in=STOPPED)
    again = list(stopped.select_for_update().order_by("id"))
    plan_again(again, now=now, attempts=0, failure="", delivery_code="", settled_at=None)
    return len(again)


def current_contact(message: Message) -> str:
    """Where the person is reached today by the channel of `message`; empty when they are not."""
    usager = message.usager
    if usager is None or message.channel == Channel.LETTER:
        return ""
    number = usager.phone_number or ""
    if message.channel == Channel.SMS:
        return number if phone.is_mobile(number) else ""
    return usager.email or ""


@transaction.atomic
def resend_to_current_contact(*, message: Message, now: datetime) -> Message:
    """Write the same words again, to where the person is reached now; once for each number or address.

    The first message stays as it is. Raises CannotResend when it did not fail, or when nothing was corrected.
    """
    message = (
        Message.objects.select_for_update(of=("self",))
        .select_related("usager", "organisation__department")
        .get(pk=message.pk)
    )
    contact = current_contact(message)
    if message.status not in FAILED:
        raise CannotResend("Ce message n'est pas en échec : il n'est pas à renvoyer.")
    if not contact or contact == message.recipient:
        raise CannotResend("Corrigez d'abord le numéro ou l'adresse de cette personne.")
    again, written = Message.objects.get_or_create(
        unique_key=_key(message, contact),
        defaults={
            **{name: getattr(message, name) for name in _COPIED},
            "recipient": contact,
            "status": MessageStatus.CREATED,
            "not_before": _not_before(message, now),
            "created_at": now,
        },
    )
    if written:
        plan([again], now=now)
    return again


def _not_before(message: Message, now: datetime) -> datetime | None:
    """The morning, for an SMS of the night."""
    if message.channel != Channel.SMS or message.even_at_night:
        return None
    return quiet_hours.leaves_at(now, message.organisation.time_zone)


def _key(message: Message, contact: str) -> str:
    """Of the first message of the line, and of where this one goes."""
    first = message.unique_key.partition("|")[0]
    place = hashlib.sha256(contact.encode()).hexdigest()[:12]
    return f"{first[:100]}|{place}"
