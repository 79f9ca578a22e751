"""Writing down what came of a batch: one statement for all of it, and the jobs of what is tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.planning import plan
from rdv_insertion.messaging.services.receipts import remember_refusal


@dataclass(frozen=True)
class Outcome:
    """What came of one message that was claimed.

    `tried` is false for one that was put back before its provider heard of it: that try does not count.
    `refuses_contact`: nothing will ever arrive at that number or address.
    """

    message: Message
    status: str
    reference: str = ""
    failure: str = ""
    sent_at: datetime | None = None
    not_before: datetime | None = None
    in_doubt: bool = False
    refuses_contact: bool = False
    tried: bool = True


# `attempts` tells this claim from a later one: a worker that was thought dead and wakes up writes nothing
# over what the next one did. A receipt may have been faster than the provider's answer: its word stays, and
# the reference and the time of the answer are added to it.
_RECORD = """
    UPDATE messaging_message AS message SET
        status = CASE WHEN message.status = 'sending' THEN made.status ELSE message.status END,
        failure = CASE WHEN message.status = 'sending' THEN made.failure ELSE message.failure END,
        attempts = made.attempts,
        provider_reference = made.reference,
        sent_at = COALESCE(made.sent_at, message.sent_at),
        not_before = made.not_before,
        in_doubt = made.in_doubt
    FROM unnest(%(ids)s::bigint[], %(claims)s::int[], %(attempts)s::int[], %(statuses)s::text[],
                %(references)s::text[], %(failures)s::text[], %(sent)s::timestamptz[],
                %(not_before)s::timestamptz[], %(in_doubt)s::boolean[])
         AS made (id, claim, attempts, status, reference, failure, sent_at, not_before, in_doubt)
    WHERE message.id = made.id AND message.attempts = made.claim
      AND (message.status = 'sending' OR made.status = 'sent' AND message.provider_reference = ''
           AND message.status IN ('delivered', 'temporary_failure', 'permanent_failure'))
"""


def record(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write what came of these messages, and plan those that are tried again. Bears to be run twice."""
    ordered = sorted(outcomes, key=lambda one: one.message.pk)
    if all(one.status == MessageStatus.SENT for one in ordered):
        # One statement is a transaction; saying so would be two more, for each mail that leaves by SMTP.
        _write(ordered)
        return
    with transaction.atomic():
        _write(ordered)
        _draw_conclusions(ordered, now)


def _write(outcomes: Sequence[Outcome]) -> None:
    """In the order of the ids, so that two batches wait for each other instead of blocking each other."""
    if not outcomes:
        return
    given: dict[str, Any] = {
        "ids": [one.message.pk for one in outcomes],
        "claims": [one.message.attempts for one in outcomes],
        "attempts": [one.message.attempts - (not one.tried) for one in outcomes],
        "statuses": [one.status for one in outcomes],
        "references": [one.reference[:100] for one in outcomes],
        "failures": [one.failure[:200] for one in outcomes],
        "sent": [one.sent_at for one in outcomes],
        "not_before": [one.not_before for one in outcomes],
        "in_doubt": [one.in_doubt for one in outcomes],
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, given)


def _draw_conclusions(outcomes: Sequence[Outcome], now: datetime) -> None:
    for one in outcomes:
        if one.refuses_contact:
            remember_refusal(message=one.message, reason=one.failure, now=now)
    again = [one for one in outcomes if one.status == MessageStatus.CREATED]
    for one in again:
        one.message.not_before = one.not_before
    plan([one.message for one in again], now=now)
