"""The messages that people got, as rows only: no job is enqueued, nothing is ever sent."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from demo.outbox import TOLD
from rdv_insertion.messaging.channels.sms.encoding import segments
from rdv_insertion.messaging.enums import Channel, MessageStatus, Provider
from rdv_insertion.messaging.models import Message, RefusedContact
from rdv_insertion.messaging.quiet_hours import leaves_at
from rdv_insertion.messaging.services import Draft, addresses_of

_PROVIDERS = {Channel.SMS: Provider.BREVO_SMS, Channel.EMAIL: Provider.SMTP}
_SENTENCES: Mapping[str, Mapping[str, str]] = {
    MessageStatus.TEMPORARY_FAILURE: {
        Channel.SMS: "Le téléphone est resté éteint ou hors réseau.",
        Channel.EMAIL: "La boîte mail est pleine, ou ne répond pas.",
    },
    MessageStatus.PERMANENT_FAILURE: {
        Channel.SMS: "Ce numéro de mobile n'existe pas, ou n'est plus attribué.",
        Channel.EMAIL: "Cette adresse mail n'existe pas, ou n'existe plus.",
    },
    MessageStatus.TECHNICAL_FAILURE: {
        Channel.SMS: "Le prestataire SMS ne répond pas.",
        Channel.EMAIL: "Le serveur de mail ne répond pas.",
    },
}
# The words of the API (messaging/outcomes.py).
_CODES = {
    MessageStatus.DELIVERED: "delivered",
    MessageStatus.TEMPORARY_FAILURE: "soft_bounce",
    MessageStatus.PERMANENT_FAILURE: "hard_bounce",
}
# Out of a hundred messages that nobody answered, at contacts that work; those that were answered did arrive.
_FATES = (
    (84, MessageStatus.DELIVERED),
    (9, MessageStatus.SENT),
    (4, MessageStatus.TEMPORARY_FAILURE),
    (3, MessageStatus.TECHNICAL_FAILURE),
)
# One contact in so many is wrong: nothing ever arrives there.
_WRONG_CONTACTS = 16
# Letters older than this were printed.
_PRINTED_AFTER = timedelta(days=7)


class Correspondence:
    """Composes messages as the product words them, with a plausible fate."""

    def __init__(self, generator: random.Random, *, now: datetime) -> None:
        self._random, self._now = generator, now
        self._reference = 0
        self._wrong: dict[tuple[int, str], bool] = {}

    def compose(self, draft: Draft, *, created_at: datetime, arrived: bool) -> Message:
        """The unsaved row of `draft`; with `arrived`, it certainly reached the person."""
        text = draft.content.render(draft.channel, draft.language)
        recipient, sender = addresses_of(draft)
        return Message(
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
            language=draft.language,
            french_text=text.french,
            letter=text.letter or None,
            about=draft.about,
            segments=segments(text.text) if draft.channel == Channel.SMS else 0,
            calendar=draft.calendar,
            created_at=created_at,
            **self._fate(draft, created_at, arrived=arrived),
        )

    def _fate(self, draft: Draft, created_at: datetime, *, arrived: bool) -> Mapping[str, Any]:
        if draft.channel == Channel.LETTER:
            return self._fate_of_a_letter(created_at)
        status = self._status(draft, arrived=arrived)
        sent_at = self._after(created_at, seconds=40)
        fate: dict[str, Any] = {"status": status, "attempts": 1, "sending_at": sent_at}
        if status in _SENTENCES:
            fate["failure"] = _SENTENCES[status][draft.channel]
        if status == MessageStatus.TECHNICAL_FAILURE:
            return {**fate, "attempts": 12}
        self._reference += 1
        fate |= {
            "sent_at": sent_at,
            "provider": _PROVIDERS[Channel(draft.channel)],
            "provider_reference": f"{TOLD}{self._reference}",
        }
        if status in _CODES:
            late = 200_000 if status == MessageStatus.TEMPORARY_FAILURE else 90
            fate |= {"delivery_code": _CODES[status], "settled_at": self._after(sent_at, seconds=late)}
        return fate

    def _fate_of_a_letter(self, created_at: datetime) -> Mapping[str, Any]:
        if created_at > self._now - _PRINTED_AFTER:
            return {"status": MessageStatus.TO_PRINT}
        return {"status": MessageStatus.PRINTED, "settled_at": self._after(created_at, seconds=20_000)}

    def _status(self, draft: Draft, *, arrived: bool) -> MessageStatus:
        """At a wrong contact nothing arrives, until the person answers: it was corrected meanwhile."""
        contact = (draft.to.pk, draft.channel)
        if arrived:
            self._wrong[contact] = False
            return MessageStatus.DELIVERED
        if contact not in self._wrong:
            self._wrong[contact] = self._random.randrange(_WRONG_CONTACTS) == 0
        if self._wrong[contact]:
            return MessageStatus.PERMANENT_FAILURE
        return self._random.choices([status for _, status in _FATES], [weight for weight, _ in _FATES])[0]

    def _after(self, moment: datetime, *, seconds: int) -> datetime:
        """A little later, and never after now."""
        return min(moment + timedelta(seconds=self._random.randrange(2, seconds)), self._now)


def leave_some_unsent(messages: Sequence[Message], *, now: datetime) -> None:
    """Make the newest mails look as if the worker were busy with them, and the SMS of this night wait.

    None has a job. What is being sent has no `sending_at`, so that no worker ever takes it over.
    """
    newest = sorted(messages, key=lambda one: one.created_at)
    mails = [one for one in newest if one.channel == Channel.EMAIL][-2:]
    for message, status in zip(mails, (MessageStatus.SENDING, MessageStatus.CREATED), strict=True):
        _unsend(message, status)
    mails[1].attempts, mails[1].not_before = 3, now + timedelta(minutes=40)
    mails[1].failure = _SENTENCES[MessageStatus.TECHNICAL_FAILURE][Channel.EMAIL]
    for message in newest:
        morning = leaves_at(message.created_at, message.organisation.time_zone)
        if message.channel == Channel.SMS and morning and morning > now:
            _unsend(message, MessageStatus.CREATED)
            message.not_before = morning


def _unsend(message: Message, status: MessageStatus) -> None:
    message.status, message.attempts = status, 0
    message.sending_at = message.sent_at = message.settled_at = None
    message.failure = message.provider_reference = message.provider = message.delivery_code = ""


def refusals_of(messages: Iterable[Message]) -> list[RefusedContact]:
    """The unsaved contacts that providers refused for good: those of the last message sent to each."""
    last: dict[tuple[int | None, str, str], Message] = {}
    for message in sorted(messages, key=lambda one: one.created_at):
        last[message.usager_id, message.channel, message.recipient] = message
    return [
        RefusedContact(
            usager=message.usager,
            channel=message.channel,
            contact=message.recipient,
            reason=message.failure,
            message=message,
            refused_at=message.settled_at or message.created_at,
        )
        for message in last.values()
        if message.status == MessageStatus.PERMANENT_FAILURE and message.usager
    ]
