"""The messages that people got, as rows only: no job is enqueued, nothing is ever sent."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rdv_insertion.messaging.channels.sms.gsm7 import segments
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services import Draft, addresses_of

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    MessageStatus.PERMANENT_FAILURE: {
        Channel.SMS: "Le prestataire SMS refuse ce numéro de téléphone.",
        Channel.EMAIL: "Cette adresse mail est refusée.",
    },
    MessageStatus.TECHNICAL_FAILURE: {
        Channel.SMS: "Le prestataire SMS ne répond pas.",
        Channel.EMAIL: "Le serveur de mail ne répond pas.",
    },
}
# Out of a hundred messages that nobody answered; those that were answered did arrive.
_FATES = (
    (78, MessageStatus.DELIVERED),
    (12, MessageStatus.SENT),
    (7, MessageStatus.PERMANENT_FAILURE),
    (3, MessageStatus.TECHNICAL_FAILURE),
)


class Correspondence:
    """Composes messages as the product words them, with a plausible fate."""

    def __init__(self, generator: random.Random) -> None:
        self._random = generator
        self._reference = 0

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
            about=draft.about,
            segments=segments(text.text) if draft.channel == Channel.SMS else 0,
            calendar=draft.calendar,
            created_at=created_at,
            **self._fate(draft.channel, created_at, arrived=arrived),
        )

    def _fate(self, channel: str, created_at: datetime, *, arrived: bool) -> Mapping[str, Any]:
        if channel == Channel.LETTER:
            return {"status": MessageStatus.TO_PRINT}
        weights = [weight for weight, _ in _FATES]
        drawn = self._random.choices([status for _, status in _FATES], weights)[0]
        status = MessageStatus.DELIVERED if arrived else drawn
        sent_at = created_at + timedelta(seconds=self._random.randrange(2, 40))
        if status in _SENTENCES:
            sentence = _SENTENCES[status][channel]
            return {"status": status, "attempts": 1, "sending_at": sent_at, "failure": sentence}
        self._reference += 1
        return {
            "status": status,
            "attempts": 1,
            "sending_at": sent_at,
            "sent_at": sent_at,
            "provider_reference": f"demo-{self._reference}",
        }


def leave_two_unsent(messages: list[Message]) -> None:
    """Make the two newest messages look as if the worker were busy with them.

    Neither has a job, and `sending_at` stays empty, so that no worker ever takes them over.
    """
    newest = sorted(
        (message for message in messages if message.channel == Channel.EMAIL), key=lambda one: one.created_at
    )[-2:]
    for message, status in zip(newest, (MessageStatus.SENDING, MessageStatus.CREATED), strict=True):
        message.status, message.attempts = status, 0
        message.sending_at = message.sent_at = None
        message.failure = message.provider_reference = ""
