"""Asking colleagues for créneaux, when there are fewer than people to invite: from lists and from imports."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from rdv_insertion.agents.models import Agent
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.invitations.services.slot_requests import ask_for_slots, asked_among
from rdv_insertion.web.agents.access import agent_of


@dataclass(frozen=True)
class Shortage:
    """People who wait in one category of an organisation, and the créneaux there are for them."""

    configuration: CategoryConfiguration
    waiting: int
    slots: int


@dataclass(frozen=True)
class Colleague:
    """Somebody who may open plages, and when they were asked to, if they were."""

    agent: Agent
    shortage: Shortage
    asked_at: datetime | None


def colleagues_of(shortages: Sequence[Shortage], *, about: str, but: Agent) -> list[Colleague]:
    """Those who may open plages where it lacks, each once, with when they were asked `about` it.

    Three queries.
    """
    places = {one.configuration.organisation_id: one for one in shortages}
    known = Agent.objects.filter(roles__organisation__in=places, is_active=True).exclude(pk=but.pk)
    by_place: defaultdict[int, list[Agent]] = defaultdict(list)
    for agent in known.distinct().prefetch_related("roles").order_by("last_name", "first_name", "pk"):
        theirs = {role.organisation_id for role in agent.roles.all()}
        by_place[next(pk for pk in places if pk in theirs)].append(agent)
    asked = asked_among([agent for several in by_place.values() for agent in several], about=about)
    return [
        Colleague(agent, shortage, asked.get(agent.pk))
        for pk, shortage in places.items()
        for agent in by_place.get(pk, [])
    ]


def ask(request: HttpRequest, colleagues: Sequence[Colleague], *, about: str, now: datetime) -> int:
    """Write to those of `colleagues` who are checked and were not asked yet; how many are told."""
    wanted = set(request.POST.getlist("collegues"))
    chosen = [one for one in colleagues if str(one.agent.pk) in wanted and one.asked_at is None]
    shortages = {one.shortage.configuration.pk: one.shortage for one in chosen}
    return sum(
        ask_for_slots(
            colleagues=[one.agent for one in chosen if one.shortage is shortage],
            configuration=shortage.configuration,
            waiting=shortage.waiting,
            free=shortage.slots,
            asked_by=agent_of(request),
            about=about,
            now=now,
        )
        for shortage in shortages.values()
    )
