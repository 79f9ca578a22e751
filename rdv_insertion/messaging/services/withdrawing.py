"""Calling back what has not left yet: it is kept, with the reason."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.outcomes import Reason
from rdv_insertion.messaging.services.planning import plan_again

# Later, the words of a message ("il reste 3 jours") may be true no more.
PUT_BACK_WITHIN = timedelta(hours=1)


@transaction.atomic
def withdraw(*, messages: Q, reason: Reason, now: datetime) -> int:
    """Have those of `messages` that no worker has taken yet not leave, for a reason that agents read; how
    many. Letters stay where they are: they leave by the hand of an agent. What a provider may already have
    stays too: nobody could say that it did not leave.
    """
    waiting = Message.objects.filter(messages, status=MessageStatus.CREATED, in_doubt=False)
    held = waiting.order_by("id").select_for_update(of=("self",)).values_list("pk", flat=True)
    return Message.objects.filter(pk__in=list(held)).update(
        status=MessageStatus.WITHDRAWN, failure=reason.sentence, settled_at=now
    )


@transaction.atomic
def put_back(*, messages: Q, reason: Reason, now: datetime) -> int:
    """Have those of `messages` withdrawn for `reason` within the last hour leave after all; how many."""
    withdrawn = Message.objects.filter(
        messages,
        status=MessageStatus.WITHDRAWN,
        failure=reason.sentence,
        settled_at__gt=now - PUT_BACK_WITHIN,
    )
    again = list(withdrawn.order_by("id").select_for_update(of=("self",)))
    plan_again(again, now=now, failure="", settled_at=None)
    return len(again)
