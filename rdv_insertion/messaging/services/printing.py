"""Letters that an agent printed."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message


@transaction.atomic
def mark_printed(*, message_ids: Collection[int], now: datetime) -> int:
    """Note that these letters were printed at `now`, and return for how many it is the first time.

    Those printed already keep their first date: they may be printed again as often as one likes.
    """
    waiting = Message.objects.filter(pk__in=message_ids, status=MessageStatus.TO_PRINT)
    return waiting.update(status=MessageStatus.PRINTED, settled_at=now)
