"""The jobs of messages: which leave together, and when."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from procrastinate.types import JSONDict

from rdv_insertion.kernel import jobs
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message

MESSAGES_PER_JOB = 25
# What somebody has just asked for leaves before the ten thousand invitations that wait.
_AT_ONCE = 10


def plan(messages: Sequence[Message], *, now: datetime) -> None:
    """Plan the sending, each message at its `not_before`: one job for several messages, since a job costs as
    much as sending one. The queue is the channel: letters have none, and mails never delay SMS."""
    groups: dict[tuple[str, bool, datetime | None], list[int]] = defaultdict(list)
    for message in messages:
        if message.channel in (Channel.SMS, Channel.EMAIL):
            later = message.not_before if message.not_before and message.not_before > now else None
            groups[message.channel, message.even_at_night, later].append(message.pk)
    for (channel, at_once, later), ids in groups.items():
        blocks = [ids[start : start + MESSAGES_PER_JOB] for start in range(0, len(ids), MESSAGES_PER_JOB)]
        planned: list[JSONDict] = [{"message_ids": [*block]} for block in blocks]
        # A second more: the queue counts in whole seconds, and a job that is early finds nothing to send.
        wait = later - now + timedelta(seconds=1) if later else None
        jobs.defer("deliver", *planned, queue=channel, wait=wait, priority=_AT_ONCE if at_once else 0)


def plan_again(messages: Sequence[Message], *, now: datetime, **changes: object) -> None:
    """Have these messages sent once more, with `changes` of their columns: at once, or in the morning, since
    whoever takes them looks at the hour."""
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(
        status=MessageStatus.CREATED, not_before=None, **changes
    )
    for message in messages:
        message.not_before = None
    plan(messages, now=now)
