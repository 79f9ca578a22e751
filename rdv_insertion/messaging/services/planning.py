"""The jobs of messages: which leave together, and when."""

from collections.abc import Sequence
from datetime import timedelta

from procrastinate.types import JSONDict

from rdv_insertion.kernel import jobs
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Message

MESSAGES_PER_JOB = 25


def plan(messages: Sequence[Message], *, wait: timedelta | None = None) -> None:
    """Plan the sending: one job for several messages, since a job costs as much as sending one."""
    for channel in (Channel.SMS, Channel.EMAIL):
        ids = [message.pk for message in messages if message.channel == channel]
        blocks = [ids[start : start + MESSAGES_PER_JOB] for start in range(0, len(ids), MESSAGES_PER_JOB)]
        planned: list[JSONDict] = [{"message_ids": [*block]} for block in blocks]
        jobs.defer("deliver", *planned, queue=channel.value, wait=wait)
