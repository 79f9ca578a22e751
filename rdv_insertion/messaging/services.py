"""From "say this to that person" to a row and a job in one transaction, then to a provider.

The worker sends only a row that is still `created`: a job that runs twice sends once.
"""

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, F
from procrastinate.contrib.django import app

from rdv_insertion.kernel import phone
from rdv_insertion.messaging import texts
from rdv_insertion.messaging.channels.email.transport import SmtpTransport
from rdv_insertion.messaging.channels.sms.transport import BrevoSmsTransport
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError, Transport
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager

logger = structlog.get_logger(__name__)

MESSAGES_PER_PERSON_AND_DAY = 10
# After each failed try the next waits twice as long: 30 s, 1 min… then 1 h; 4 h 40 in all (design/domain.md).
FIRST_DELAY, LONGEST_DELAY, MAX_ATTEMPTS = timedelta(seconds=30), timedelta(hours=1), 12

TRANSPORTS: Mapping[str, type[Transport]] = {Channel.SMS: BrevoSmsTransport, Channel.EMAIL: SmtpTransport}
_open_transports: dict[str, Transport] = {}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One message to write: to whom, why, by which channel, with which words.

    `subject_key` names what it is about (`invitation:ABCD`, `participation:12:2026-03-03T09:30`): the same
    purpose about the same thing is sent once a channel.
    """

    organisation: Organisation
    usager: Usager
    purpose: str
    channel: str
    subject_key: str
    context: Mapping[str, Any] = field(repr=False)
    calendar: str = field(default="", repr=False)

    @property
    def unique_key(self) -> str:
        """See `Message.unique_key`."""
        return f"{self.usager.pk}:{self.purpose}:{self.subject_key}:{self.channel}"


def channels_for(usager: Usager) -> list[str]:
    """The channels by which this person is told something: SMS to a mobile, mail to an address."""
    channels: list[str] = []
    if phone.is_mobile(usager.phone_number):
        channels.append(Channel.SMS)
    if usager.email:
        channels.append(Channel.EMAIL)
    return channels


@transaction.atomic
def enqueue(*, drafts: Sequence[Draft], now: datetime) -> dict[str, Message]:
    """Write the messages and their jobs together; what was already written is not written again.

    Returns the message of each draft by its unique key. A person who already has ten messages in the last
    day gets no more: the message is kept, failed, with the reason.
    """
    wanted = {draft.unique_key: draft for draft in drafts}
    known = {message.unique_key: message for message in Message.objects.filter(unique_key__in=wanted)}
    allowance = _allowance({draft.usager.pk for draft in drafts}, now)
    fresh = [_message(draft, allowance, now) for key, draft in wanted.items() if key not in known]
    written = Message.objects.bulk_create(fresh, batch_size=1_000)
    _defer([message for message in written if message.status == MessageStatus.CREATED])
    return known | {message.unique_key: message for message in written}


def _allowance(usager_ids: Collection[int], now: datetime) -> Counter[int]:
    """How many more messages each person may get today."""
    recent = Message.objects.filter(usager__in=usager_ids, created_at__gt=now - timedelta(days=1))
    sent = dict(recent.order_by().values_list("usager").annotate(Count("id")))
    return Counter({key: MESSAGES_PER_PERSON_AND_DAY - sent.get(key, 0) for key in usager_ids})


def _message(draft: Draft, allowance: Counter[int], now: datetime) -> Message:
    text = texts.render(draft.purpose, draft.channel, draft.context)
    recipient, sender = _addresses(draft)
    message = Message(
        organisation=draft.organisation,
        usager=draft.usager,
        channel=draft.channel,
        purpose=draft.purpose,
        unique_key=draft.unique_key,
        recipient=recipient,
        sender=sender,
        subject=text.subject,
        text=text.text,
        html=text.html,
        calendar=draft.calendar if draft.channel == Channel.EMAIL else "",
        created_at=now,
    )
    if draft.channel == Channel.LETTER:
        message.status = MessageStatus.TO_PRINT
    elif allowance[draft.usager.pk] <= 0:
        message.status = MessageStatus.PERMANENT_FAILURE
        message.failure = "Cette personne a déjà reçu dix messages aujourd'hui."
    allowance[draft.usager.pk] -= 1
    return message


def _addresses(draft: Draft) -> tuple[str, str]:
    """Recipient and sender, as the channel writes them."""
    usager, organisation = draft.usager, draft.organisation
    if draft.channel == Channel.SMS:
        return usager.phone_number or "", organisation.sms_sender
    if draft.channel == Channel.EMAIL:
        name = organisation.name.replace('"', "")
        return usager.email or "", f'"{name}" <{settings.DEFAULT_FROM_EMAIL}>'
    return usager.address or "", organisation.name


def _defer(messages: Sequence[Message], *, wait: timedelta | None = None) -> None:
    for channel in (Channel.SMS, Channel.EMAIL):
        jobs = [{"message_id": message.pk} for message in messages if message.channel == channel]
        if jobs:
            options = {"schedule_in": {"seconds": int(wait.total_seconds())}} if wait else {}
            app.configure_task("deliver", queue=channel.value, **options).batch_defer(*jobs)


def send(*, message_id: int, now: datetime) -> None:
    """Send one message if it is still to be sent, outside any transaction, and write what came of it."""
    if not _claim(message_id, now):
        return
    message = Message.objects.get(pk=message_id)
    try:
        reference = _transport(message.channel).send(message)
    except DeliveryError as error:
        _record_failure(message, error)
    else:
        _record(message, MessageStatus.SENT, provider_reference=reference, sent_at=now, failure="")


def _claim(message_id: int, now: datetime) -> bool:
    """Take the message for this worker, unless another did."""
    waiting = Message.objects.filter(pk=message_id, status=MessageStatus.CREATED)
    claimed = waiting.update(status=MessageStatus.SENDING, sending_at=now, attempts=F("attempts") + 1)
    return bool(claimed)


@transaction.atomic
def _record_failure(message: Message, error: DeliveryError) -> None:
    logger.warning("message_not_taken", message_id=message.pk, permanent=error.permanent, attempt=message.attempts)
    if error.permanent:
        _record(message, MessageStatus.PERMANENT_FAILURE, failure=error.sentence)
    elif message.attempts >= MAX_ATTEMPTS:
        _record(message, MessageStatus.TECHNICAL_FAILURE, failure=error.sentence)
    else:
        _record(message, MessageStatus.CREATED, failure=error.sentence)
        _defer([message], wait=delay_before_attempt(message.attempts + 1))


def delay_before_attempt(attempt: int) -> timedelta:
    """How long to wait before the given try (2 for the first new one), a little at random so that a
    provider that comes back is not met by everybody at once."""
    delay = min(FIRST_DELAY * 2 ** (attempt - 2), LONGEST_DELAY)
    return delay * random.uniform(1.0, 1.2)  # noqa: S311 - spreads load, protects nothing


def _record(message: Message, status: MessageStatus, **values: Any) -> None:
    """Write the outcome, unless a provider's receipt was faster than its answer."""
    Message.objects.filter(pk=message.pk, status=MessageStatus.SENDING).update(status=status, **values)


def _transport(channel: str) -> Transport:
    if channel not in _open_transports:
        _open_transports[channel] = TRANSPORTS[channel]()
    return _open_transports[channel]


@transaction.atomic
def resume_stuck(*, now: datetime) -> int:
    """Send again what a worker that died was sending, and return how many.

    The provider is given up to five minutes to have answered, twice its time-out and more: after that,
    nobody is waiting for it. The message may have left; not to send would be to lose it in silence.
    """
    stuck = list(
        Message.objects.stuck(now - timedelta(minutes=5)).select_for_update(skip_locked=True).order_by("id")
    )
    Message.objects.filter(pk__in=[message.pk for message in stuck]).update(status=MessageStatus.CREATED)
    _defer(stuck)
    return len(stuck)
