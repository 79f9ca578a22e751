"""Telling agents by mail what others changed in their rdvs, with an event that their agenda takes or removes.

Called from a job, after the change is written. What is told is the state of the rdv then: two changes in a
row make one mail, and no mail ever contradicts the agenda.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from rdv_insertion.agenda.announcements import Change
from rdv_insertion.agenda.calendar import Method, agent_event_file, place_for_agents, title_for_agents
from rdv_insertion.agenda.enums import CANCELLED, CreatedBy
from rdv_insertion.agenda.links import account_url, agent_rdv_url
from rdv_insertion.agenda.models import Rdv
from rdv_insertion.agents.enums import NotificationLevel
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.texts import FromTemplates


@dataclass(frozen=True, kw_only=True)
class RdvChange:
    """One change of one rdv.

    `by_agent_id` is the agent who did it, None when it was the person. For a move (of date, place or
    agents), `former_starts_at` is the start before it, None when it stays, and `former_agent_ids` are the
    agents before it: those who are new are told of a new rdv, those who are gone that it is no longer theirs.
    """

    rdv_id: int
    kind: Change
    by_agent_id: int | None = None
    former_starts_at: datetime | None = None
    former_agent_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _News:
    """What one agent must learn. `what` is a key of `_HEADINGS`."""

    rdv: Rdv
    to: Agent
    what: str
    sequence: int

    @property
    def method(self) -> Method:
        return Method.CANCEL if self.what in ("cancelled", "removed") else Method.REQUEST


def tell_agents(*, changes: Sequence[RdvChange], now: datetime) -> int:
    """Write a mail for each agent concerned who wants to know; returns how many that makes.

    Nobody is told of their own action, nor of the people whom colleagues put into a collective rdv. The
    level of each agent decides: every change, those of today and tomorrow (before or after the change, on
    the clocks of the place), or none. One mail for an agent, a rdv and its version (`Rdv.sequence`), however
    often this runs. A rdv that is gone, or over, is told to nobody. Constant number of queries.
    """
    rdvs = {rdv.pk: rdv for rdv in _rdvs([change.rdv_id for change in changes])}
    known, aware = _agents(changes), _already_told(rdvs.values())
    drafts = []
    for change in changes:
        rdv = rdvs.get(change.rdv_id)
        if rdv is None or _is_over(rdv, change, now):
            continue
        soon = _is_soon(rdv, change, now)
        drafts += [
            _draft(news, change, known, now)
            for news in _news(rdv, change, known, aware)
            if news.to.pk != change.by_agent_id and _wants(news.to, soon=soon)
        ]
    messaging.enqueue(drafts=drafts, now=now)
    return len({draft.unique_key for draft in drafts})


def _rdvs(rdv_ids: Sequence[int]) -> Iterator[Rdv]:
    rdvs = Rdv.objects.filter(pk__in=rdv_ids).select_related("motif", "lieu", "organisation__department")
    return rdvs.prefetch_related("agents", "former_agents").iterator(chunk_size=1_000)


def _agents(changes: Sequence[RdvChange]) -> dict[int, Agent]:
    """Those who held these rdvs before, and those who changed them."""
    wanted = {change.by_agent_id for change in changes if change.by_agent_id}
    return Agent.objects.in_bulk(wanted.union(*(change.former_agent_ids for change in changes)))


def _is_over(rdv: Rdv, change: RdvChange, now: datetime) -> bool:
    return rdv.ends_at <= now and (change.former_starts_at is None or change.former_starts_at <= now)


def _is_soon(rdv: Rdv, change: RdvChange, now: datetime) -> bool:
    """Whether it is, or was before the change, today or tomorrow where it happens."""
    today = now.astimezone(rdv.time_zone).date()
    moments = [rdv.starts_at, change.former_starts_at or rdv.starts_at]
    days = {moment.astimezone(rdv.time_zone).date() for moment in moments}
    return bool(days & {today, today + timedelta(days=1)})


def _has_moved(rdv: Rdv, change: RdvChange) -> bool:
    return change.former_starts_at not in (None, rdv.starts_at)


def _wants(agent: Agent, *, soon: bool) -> bool:
    level = agent.notification_level
    return agent.is_active and (level == NotificationLevel.ALL or (level == NotificationLevel.SOON and soon))


def _already_told(rdvs: Iterable[Rdv]) -> set[tuple[int, int]]:
    """Who has heard of which of these collective rdvs, as (rdv, agent): who planned it, or got a mail."""
    collective = [rdv for rdv in rdvs if rdv.motif.collective]
    keys = {
        f"agent-{agent.pk}:{Purpose.AGENT_RDV}:rdv-{rdv.pk}-": (rdv.pk, agent.pk)
        for rdv in collective
        for agent in rdv.agents.all()
    }
    aware = {(rdv.pk, rdv.created_by_agent_id) for rdv in collective if rdv.created_by_agent_id}
    if keys:
        written = Message.objects.filter(
            reduce(or_, (Q(unique_key__startswith=beginning) for beginning in keys))
        )
        for key in written.order_by().values_list("unique_key", flat=True):
            aware.add(next(pair for beginning, pair in keys.items() if key.startswith(beginning)))
    return aware


def _news(
    rdv: Rdv, change: RdvChange, known: dict[int, Agent], aware: set[tuple[int, int]]
) -> Iterator[_News]:
    """What each agent must learn from the state in which the rdv is now, whatever it went through since."""
    own = list(rdv.agents.all())
    for agent in own:
        what = _what(rdv, change, agent, aware=(rdv.pk, agent.pk) in aware)
        if what:
            yield _News(rdv, agent, what, rdv.sequence)
    versions = {part.agent_id: part.sequence for part in rdv.former_agents.all()}
    for agent_id in sorted(change.former_agent_ids - {agent.pk for agent in own}):
        if agent_id in known:
            yield _News(rdv, known[agent_id], "removed", versions.get(agent_id, rdv.sequence))


def _what(rdv: Rdv, change: RdvChange, agent: Agent, *, aware: bool) -> str:
    """The key of what an agent who holds the rdv must learn; empty when it is nothing.

    In a collective rdv, created and cancelled may be said of a person's place.
    """
    if rdv.status in CANCELLED:
        return "cancelled"
    if rdv.motif.collective and aware and change.kind != Change.MOVED:
        if change.by_agent_id:
            return ""
        return "joined" if change.kind == Change.CREATED else "left"
    is_new = change.former_agent_ids and agent.pk not in change.former_agent_ids
    if change.kind == Change.CREATED or is_new:
        return "created"
    return "moved" if _has_moved(rdv, change) else "changed"


def _draft(news: _News, change: RdvChange, known: dict[int, Agent], now: datetime) -> messaging.Draft:
    rdv = news.rdv
    # The agenda of somebody who is taken out learns it for them alone.
    attendees = [news.to] if news.what == "removed" else list(rdv.agents.all())
    return messaging.Draft(
        organisation=rdv.organisation,
        to=news.to,
        purpose=Purpose.AGENT_RDV,
        channel=Channel.EMAIL,
        about=f"rdv-{rdv.pk}",
        period=str(news.sequence),
        content=FromTemplates(Purpose.AGENT_RDV, _context(news, change, known)),
        calendar=agent_event_file(
            rdv, method=news.method, attendees=attendees, sequence=news.sequence, now=now
        ),
    )


_HEADINGS = {
    "created": "Nouveau rendez-vous",
    "moved": "Rendez-vous déplacé",
    "changed": "Rendez-vous modifié",
    "cancelled": "Rendez-vous annulé",
    "removed": "Rendez-vous retiré de votre agenda",
    # Of a person's place in a collective rdv
    "joined": "Nouvelle inscription",
    "left": "Désinscription",
}
_DONE = {
    "created": "Pris",
    "moved": "Déplacé",
    "changed": "Modifié",
    "cancelled": "Annulé",
    "joined": "Place prise",
    "left": "Place rendue",
}


def _context(news: _News, change: RdvChange, known: dict[int, Agent]) -> dict[str, Any]:
    """What the texts may say: nothing that names the person."""
    rdv = news.rdv
    zone, former = rdv.time_zone, change.former_starts_at
    # Who loses it knows it by the moment at which it was theirs.
    moment = former if news.what == "removed" and former else rdv.starts_at
    return {
        "heading": _HEADINGS[news.what],
        "what": news.what,
        "done": _DONE.get(news.what, "Déplacé" if _has_moved(rdv, change) else "Confié à un collègue"),
        "author": _author(rdv, change, known),
        "organisation": rdv.organisation.name,
        "title": title_for_agents(rdv),
        "moment": dates.long_moment(moment, zone),
        "former_moment": dates.long_moment(former, zone) if news.what == "moved" and former else "",
        "place": [place_for_agents(rdv)],
        "colleagues": [str(agent) for agent in rdv.agents.all() if agent.pk != news.to.pk],
        "link": agent_rdv_url(rdv),
        "account_link": account_url(),
        # The reader is at work: there is nobody to call about their own agenda.
        "help_phone": "",
        "access": "",
    }


def _author(rdv: Rdv, change: RdvChange, known: dict[int, Agent]) -> str:
    """Who did it, as after « par »."""
    by_partner = rdv.created_by == CreatedBy.PRESCRIPTEUR and change.kind == Change.CREATED
    agent = known.get(change.by_agent_id) if change.by_agent_id else None
    if agent:
        return f"{agent}, un partenaire" if by_partner else str(agent)
    return "un partenaire" if by_partner else "la personne"
