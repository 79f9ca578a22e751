"""Asking colleagues for créneaux, when there are fewer than people to invite."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from rdv_insertion.agents.models import Agent
from rdv_insertion.invitations.links import openings_page
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.texts import FromTemplates


@transaction.atomic
def ask_for_slots(
    *,
    colleagues: Sequence[Agent],
    configuration: CategoryConfiguration,
    waiting: int,
    free: int,
    asked_by: Agent,
    about: str,
    now: datetime,
) -> int:
    """Have `colleagues` told by mail that `waiting` people are to be invited, with `free` créneaux left.

    Once a colleague for each `about` (`import-12`), whoever asks. Returns how many are told now.
    """
    known = asked_among(colleagues, about=about)
    context = {
        "asked_by": str(asked_by),
        "waiting": waiting,
        "free": free,
        "category": configuration.motif_category.name,
        "organisation": configuration.organisation.name,
        "link": openings_page(),
        "help_phone": "",
    }
    drafts = [
        messaging.Draft(
            organisation=configuration.organisation,
            to=colleague,
            purpose=Purpose.SLOT_REQUEST,
            channel=Channel.EMAIL,
            about=about,
            content=FromTemplates(Purpose.SLOT_REQUEST, context),
        )
        for colleague in colleagues
        if colleague.pk not in known
    ]
    messaging.enqueue(drafts=drafts, now=now)
    return len(drafts)


def requests_about(about: str) -> list[Message]:
    """The requests already written `about` it, with whom they were for; the first one first. One query."""
    asked = Message.objects.filter(about=about, purpose=Purpose.SLOT_REQUEST, agent__isnull=False)
    return list(asked.select_related("agent").order_by("created_at", "pk"))


def asked_among(colleagues: Iterable[Agent], *, about: str) -> dict[int, datetime]:
    """When those of `colleagues` who were asked already were, by id of agent. One query."""
    keys = [messaging.key_of(one, Purpose.SLOT_REQUEST, about, Channel.EMAIL) for one in colleagues]
    asked = Message.objects.filter(unique_key__in=keys, agent__isnull=False).order_by()
    return {agent: created_at for agent, created_at in asked.values_list("agent", "created_at") if agent}
