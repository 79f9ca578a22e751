"""Writing down what came of a batch: one statement for all of it, and the jobs of what is tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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


@transaction.atomic
def record(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write what came of these messages, and plan those that are tried again. Bears to be run twice."""
    if not outcomes:
        return
    ordered = sorted(outcomes, key=lambda one: one.message.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "ids": [one.message.pk for one in ordered],
                "claims": [one.message.attempts for one in ordered],
                "attempts": [one.message.attempts - (not one.tried) for one in ordered],
                "statuses": [one.status for one in ordered],
                "references": [one.reference[:100] for one in ordered],
                "failures": [one.failure[:200] for one in ordered],
                "sent": [one.sent_at for one in ordered],
                "not_before": [one.not_before for one in ordered],
                "in_doubt": [one.in_doubt for one in ordered],
            },
        )
    for one in ordered:
        if one.refuses_contact:
            remember_refusal(message=one.message, reason=one.failure, now=now)
    again = [one for one in ordered if one.status == MessageStatus.CREATED]
    for one in again:
        one.message.not_before = one.not_before
    plan([one.message for one in again], now=now)
