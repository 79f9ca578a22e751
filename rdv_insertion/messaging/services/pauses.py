"""An administrator stops the messages of an organisation by one channel, and lets them leave again."""

from datetime import datetime

from django.db import transaction

from rdv_insertion.agents.models import Agent
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import ChannelPause, Message
from rdv_insertion.messaging.services.planning import plan
from rdv_insertion.territory.models import Organisation


def pause(*, organisation: Organisation, channel: str, by: Agent, now: datetime) -> None:
    """Keep the messages of `organisation` by this channel (SMS or mail) until `resume`; none is lost.

    What a worker holds at that instant still leaves. Already paused, nothing changes; one statement, since a
    colleague may resume at the same instant. Raises ValueError for a letter, which an agent prints.
    """
    if channel not in (Channel.SMS, Channel.EMAIL):
        raise ValueError(f"{channel} cannot be paused")
    paused = ChannelPause(organisation=organisation, channel=channel, paused_at=now, paused_by=by)
    ChannelPause.objects.bulk_create([paused], ignore_conflicts=True)


@transaction.atomic
def resume(*, organisation: Organisation, channel: str, now: datetime) -> int:
    """Let the messages of `organisation` leave again; how many waited.

    Those whose job still waits in the queue get another one: the first that runs sends them, the other finds
    nothing.
    """
    ChannelPause.objects.filter(organisation=organisation, channel=channel).delete()
    kept = Message.objects.filter(organisation=organisation, channel=channel, status=MessageStatus.CREATED)
    waiting = list(kept.only("channel", "even_at_night", "not_before").order_by("id"))
    plan(waiting, now=now)
    return len(waiting)
