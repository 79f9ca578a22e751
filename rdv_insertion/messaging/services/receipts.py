"""What providers say became of a message, in any order, any number of times, at any time.

The end state is the weightiest word, whatever the order of arrival: received, else refused for good, else not
distributed for now (`enums.TRANSITIONS`). Between two words of the same weight the last said holds; received,
it is the first, since that is when the person had it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from rdv_insertion.messaging.enums import TRANSITIONS, MessageStatus
from rdv_insertion.messaging.models import Message, RefusedContact

# A failure said more than this before the last try is about an earlier one. Providers write their moments on
# clocks that are sometimes one or two hours wrong.
OF_AN_EARLIER_TRY = timedelta(hours=3)


@transaction.atomic
def record_outcome(
    *,
    message_id: int,
    status: str,
    code: str,
    at: datetime,
    now: datetime,
    sentence: str = "",
    refuses_contact: bool = False,
) -> bool:
    """Write what a provider says became of a message; whether it changed anything.

    `status` is delivered or a failure, `code` the word of the API, `at` the moment that the provider gives
    (UTC; a moment to come counts as `now`), `sentence` what agents read of a failure. One guarded statement:
    duplicates, older words and unknown ids change nothing, and two workers cannot undo each other. With
    `refuses_contact`, a permanent failure is also kept as a contact to correct; a delivery forgets it.
    """
    said_at = min(at, now)
    changed = (
        Message.objects.filter(_may_hear(status, code, said_at, sentence), pk=message_id)
        .order_by()
        .update(
            status=status,
            delivery_code=code,
            settled_at=said_at,
            failure=sentence,
            # Told before our own "sent" was written: it was.
            sent_at=Coalesce(F("sent_at"), F("sending_at")),
        )
    )
    if changed and status == MessageStatus.DELIVERED:
        _forget_refusals(message_id, said_at)
    elif changed and refuses_contact:
        message = Message.objects.get(pk=message_id)
        remember_refusal(message=message, reason=sentence, now=said_at)
    return bool(changed)


def _may_hear(status: str, code: str, at: datetime, sentence: str) -> Q:
    """The messages that this word changes."""
    lighter = Q(status__in=[one for one, next_ones in TRANSITIONS.items() if status in next_ones])
    if status == MessageStatus.DELIVERED:
        return lighter | Q(status=status) & (Q(settled_at=None) | Q(settled_at__gt=at))
    older = (
        Q(settled_at=None)
        | Q(settled_at__lt=at)
        | Q(settled_at=at, delivery_code__lt=code)
        | Q(settled_at=at, delivery_code=code, failure__lt=sentence)
    )
    of_this_try = Q(sending_at=None) | Q(sending_at__lte=at + OF_AN_EARLIER_TRY)
    return (lighter | Q(status=status) & older) & of_this_try


def remember_refusal(*, message: Message, reason: str, now: datetime) -> None:
    """Keep that the number or address of `message` is refused for good, with `reason`, a French sentence.

    For people only: agents correct their own. Nothing is kept when a later message arrived there, nor of a
    letter.
    """
    arrived_since = Message.objects.filter(
        usager=message.usager_id,
        channel=message.channel,
        recipient=message.recipient,
        status=MessageStatus.DELIVERED,
        settled_at__gt=now,
    )
    if not message.usager_id or not message.recipient or arrived_since.exists():
        return
    RefusedContact.objects.bulk_create(
        [
            RefusedContact(
                usager_id=message.usager_id,
                channel=message.channel,
                contact=message.recipient,
                reason=reason[:200],
                message_id=message.pk,
                refused_at=now,
            )
        ],
        update_conflicts=True,
        unique_fields=["usager", "channel", "contact"],
        update_fields=["reason", "message", "refused_at"],
    )


def _forget_refusals(message_id: int, at: datetime) -> None:
    """What arrived proves that the number or the address works."""
    message = Message.objects.get(pk=message_id)
    RefusedContact.objects.filter(
        Q(refused_at__lte=at) | Q(message=message_id),
        usager=message.usager_id,
        channel=message.channel,
        contact=message.recipient,
    ).delete()


def refused_channels(usager_ids: Collection[int]) -> set[tuple[int, str]]:
    """Which channels lead nowhere for which of these people, as (usager id, channel). One query."""
    refused = RefusedContact.objects.current().filter(usager__in=usager_ids).order_by()
    return set(refused.values_list("usager_id", "channel"))
