"""Sending again: what a technical failure stopped, what a dead worker left."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.planning import plan
from rdv_insertion.messaging.services.sending import MAX_ATTEMPTS, OUR_FAULT

STUCK_AFTER = timedelta(minutes=5)


@transaction.atomic
def send_again(*, message_ids: Collection[int]) -> int:
    """Send once more those of these messages that a technical failure stopped; how many leave."""
    stopped = Message.objects.filter(pk__in=message_ids, status=MessageStatus.TECHNICAL_FAILURE)
    again = list(stopped.select_for_update().order_by("id"))
    Message.objects.filter(pk__in=[message.pk for message in again]).update(
        status=MessageStatus.CREATED, attempts=0, failure=""
    )
    plan(again)
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
        status=MessageStatus.TECHNICAL_FAILURE, failure=OUR_FAULT.sentence
    )
    plan(again)
    return len(again)
