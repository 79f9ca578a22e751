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
from django.db import transaction
from django.db.models import Count
from procrastinate.types import JSONDict

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import jobs, phone
from rdv_insertion.messaging import texts
from rdv_insertion.messaging.channels.email.transport import SmtpTransport, sender_of
from rdv_insertion.messaging.channels.sms.transport import BrevoSmsTransport
from rdv_insertion.messaging.enums import FAILED, Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.surely import surely
from rdv_insertion.messaging.transport import DeliveryError, Transport
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager

logger = structlog.get_logger(__name__)

MESSAGES_PER_PERSON_AND_DAY = 10
# After each failed try the next waits twice as long: 30 s, 1 min… then 1 h; 5 h in all.
FIRST_DELAY, LONGEST_DELAY, MAX_ATTEMPTS = timedelta(seconds=30), timedelta(hours=1), 12
STUCK_AFTER = timedelta(minutes=5)
MESSAGES_PER_JOB = 25

TRANSPORTS: Mapping[str, type[Transport]] = {Channel.SMS: BrevoSmsTransport, Channel.EMAIL: SmtpTransport}
_open_transports: dict[str, Transport] = {}
_OUR_FAULT = DeliveryError("Une erreur technique a empêché l'envoi.", permanent=False)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One message to write: to whom, why, by which channel, with which words.

    `subject_key` names what it is about (`invitation:ABCD`, `participation:12:2026-03-03T09:30`): the same
    purpose about the same thing is sent once a channel.
    """

    organisation: Organisation
    to: Usager | Agent | Organisation
    purpose: str
    channel: str
    subject_key: str
    context: Mapping[str, Any] = field(repr=False)
    calendar: str = field(default="", repr=False)
    # Another address of an organisation than the one it is known by.
    email: str = field(default="", repr=False)

    @property
    def unique_key(self) -> str:
        """See `Message.unique_key`."""
        return key_of(self.to, self.purpose, self.subject_key, self.channel)

    @property
    def usager(self) -> Usager | None:
        """The person it is for; None when it is for an agent or for the organisation."""
        return self.to if isinstance(self.to, Usager) else None


def key_of(to: Usager | Agent | Organisation, purpose: str, subject_key: str, channel: str) -> str:
    """The unique key of the message of this purpose, about this thing, by this channel, to this one."""
    kind = "" if isinstance(to, Usager) else f"{type(to).__name__.lower()}-"
    return f"{kind}{to.pk}:{purpose}:{subject_key}:{channel}"


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
    allowance = _allowance({draft.usager.pk for draft in drafts if draft.usager}, now)
    fresh = [_message(draft, allowance, now) for key, draft in wanted.items() if key not in known]
    written = Message.objects.bulk_create(fresh, batch_size=1_000)
    _defer([message for message in written if message.status == MessageStatus.CREATED])
    return known | {message.unique_key: message for message in written}


def _allowance(usager_ids: Collection[int], now: datetime) -> Counter[int]:
    """How many more messages each person may get today. What failed did not reach them."""
    recent = Message.objects.filter(usager__in=usager_ids, created_at__gt=now - timedelta(days=1))
    recent = recent.exclude(status__in=FAILED)
    sent = dict(recent.order_by().values_list("usager").annotate(Count("id")))
    return Counter({key: MESSAGES_PER_PERSON_AND_DAY - sent.get(key, 0) for key in usager_ids})


def _message(draft: Draft, allowance: Counter[int], now: datetime) -> Message:
    text = texts.render(draft.purpose, draft.channel, draft.context)
    recipient, sender = addresses_of(draft)
    message = Message(
        organisation=draft.organisation,
        usager=draft.usager,
        agent=draft.to if isinstance(draft.to, Agent) else None,
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
    elif refusal := _refusal(message, allowance[draft.usager.pk] if draft.usager else 1):
        message.status, message.failure = MessageStatus.PERMANENT_FAILURE, refusal
        return message
    if draft.usager:
        allowance[draft.usager.pk] -= 1
    return message


def _refusal(message: Message, allowance: int) -> str:
    """Why this message must not leave, or an empty string."""
    if message.channel == Channel.SMS and not phone.is_mobile(message.recipient):
        return "Ce numéro n'est pas celui d'un mobile français."
    if not message.recipient:
        return "L'adresse mail n'est pas connue."
    if allowance <= 0:
        return "Cette personne a déjà reçu dix messages aujourd'hui."
    return ""


def addresses_of(draft: Draft) -> tuple[str, str]:
    """Recipient and sender, as the channel writes them."""
    to, organisation = draft.to, draft.organisation
    if draft.channel == Channel.EMAIL:
        return draft.email or to.email or "", sender_of(organisation.name)
    if not isinstance(to, Usager):
        raise ValueError("agents and organisations are told by mail")
    if draft.channel == Channel.SMS:
        return to.phone_number or "", organisation.sms_sender
    return to.address or "", organisation.name[:100]


def _defer(messages: Sequence[Message], *, wait: timedelta | None = None) -> None:
    """Plan the sending: one job for several messages, since a job costs as much as sending one."""
    for channel in (Channel.SMS, Channel.EMAIL):
        ids = [message.pk for message in messages if message.channel == channel]
        blocks = [ids[start : start + MESSAGES_PER_JOB] for start in range(0, len(ids), MESSAGES_PER_JOB)]
        planned: list[JSONDict] = [{"message_ids": [*block]} for block in blocks]
        jobs.defer("deliver", *planned, queue=channel.value, wait=wait)


def send(*, message_id: int, now: datetime) -> None:
    """Send one message if it is still to be sent, outside any transaction, and write what came of it."""
    message = _claim(message_id, now)
    if message is None:
        return
    try:
        reference = _transport(message.channel).send(message)
    except DeliveryError as error:
        failure = error
        surely(lambda: _record_failure(message, failure))
    except Exception:
        # A fault of ours: tried again like any other, so that the message is neither lost nor looping.
        logger.exception("message_not_sendable", message_id=message.pk)
        surely(lambda: _record_failure(message, _OUR_FAULT))
    else:
        surely(
            lambda: _record(
                message, MessageStatus.SENT, provider_reference=reference[:100], sent_at=now, failure=""
            )
        )


# The claim need not reach the disk before the provider is called: should the server crash in between, the
# message is sent again either way. It saves one wait of the two that a message costs.
_CLAIM = """
    WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE messaging_message SET status = %s, sending_at = %s, attempts = attempts + 1
    FROM unhurried WHERE id = %s AND status = %s RETURNING messaging_message.*
"""


def _claim(message_id: int, now: datetime) -> Message | None:
    """Take the message for this worker, unless another did: one statement, so that only one can."""
    claimed = Message.objects.raw(_CLAIM, [MessageStatus.SENDING, now, message_id, MessageStatus.CREATED])
    return next(iter(claimed), None)


@transaction.atomic
def _record_failure(message: Message, error: DeliveryError) -> None:
    logger.warning(
        "message_not_taken", message_id=message.pk, permanent=error.permanent, attempt=message.attempts
    )
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
    delay: timedelta = min(FIRST_DELAY * 2 ** (attempt - 2), LONGEST_DELAY)
    return timedelta(seconds=delay.total_seconds() * random.uniform(1.0, 1.2))  # noqa: S311 - spreads load, protects nothing


def _record(message: Message, status: MessageStatus, **values: Any) -> None:
    """Write the outcome, unless a provider's receipt was faster than its answer."""
    Message.objects.filter(pk=message.pk, status=MessageStatus.SENDING).update(status=status, **values)


def forget_transports() -> None:
    """Close what is open to the providers; the next message opens it again, with the settings of then."""
    while _open_transports:
        _open_transports.popitem()[1].close()


def _transport(channel: str) -> Transport:
    if channel not in _open_transports:
        _open_transports[channel] = TRANSPORTS[channel]()
    return _open_transports[channel]


@transaction.atomic
def send_again(*, message_ids: Collection[int]) -> int:
    """Send once more those of these messages that a technical failure stopped; how many leave."""
    stopped = Message.objects.filter(pk__in=message_ids, status=MessageStatus.TECHNICAL_FAILURE)
    again = list(stopped.select_for_update().order_by("id"))
    Message.objects.filter(pk__in=[message.pk for message in again]).update(
        status=MessageStatus.CREATED, attempts=0, failure=""
    )
    _defer(again)
    return len(again)


@transaction.atomic
def resume_stuck(*, now: datetime) -> int:
    """Send again what a worker that died was sending, and return how many.

    The provider is given up to five minutes to have answered, twice its time-out and more: after that,
    nobody is waiting for it. The message may have left; not to send would be to lose it in silence. One
    that was tried too often is given up: it may be what kills the workers.
    """
    stuck = list(Message.objects.stuck(now - STUCK_AFTER).select_for_update(skip_locked=True).order_by("id"))
    again = [message for message in stuck if message.attempts < MAX_ATTEMPTS]
    given_up = [message for message in stuck if message.attempts >= MAX_ATTEMPTS]
    Message.objects.filter(pk__in=[message.pk for message in again]).update(status=MessageStatus.CREATED)
    Message.objects.filter(pk__in=[message.pk for message in given_up]).update(
        status=MessageStatus.TECHNICAL_FAILURE, failure=_OUR_FAULT.sentence
    )
    _defer(again)
    return len(again)
