"""Sending: one row, one provider, and what came of it.

The worker sends only a row that is still `created`: a job that runs twice sends once.
"""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from rdv_insertion.messaging.channels.email.transport import SmtpTransport
from rdv_insertion.messaging.channels.sms.transport import BrevoSmsTransport
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.planning import plan
from rdv_insertion.messaging.surely import surely
from rdv_insertion.messaging.transport import DeliveryError, Transport

logger = structlog.get_logger(__name__)

# After each failed try the next waits twice as long: 30 s, 1 min… then 1 h; 5 h in all.
FIRST_DELAY, LONGEST_DELAY, MAX_ATTEMPTS = timedelta(seconds=30), timedelta(hours=1), 12

TRANSPORTS: Mapping[str, type[Transport]] = {Channel.SMS: BrevoSmsTransport, Channel.EMAIL: SmtpTransport}
_open_transports: dict[str, Transport] = {}
OUR_FAULT = DeliveryError("Une erreur technique a empêché l'envoi.", permanent=False)


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
        surely(lambda: _record_failure(message, OUR_FAULT))
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
        plan([message], wait=delay_before_attempt(message.attempts + 1))


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
