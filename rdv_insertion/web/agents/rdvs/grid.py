"""The week of free slots, place by place, with the first one of each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.creneaux import Creneau, Offer
from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.web.agents.rdvs.people import Person
from rdv_insertion.web.agents.rdvs.questions import Question

# How far the first free slot of each place is looked for.
_FIRST_WITHIN = timedelta(days=180)
# How far from the very first slot the agent of the other first ones is said.
_NAMED_WITHIN = timedelta(days=14)
# Beyond so many agents at one place, starts are listed once, whoever is free.
_AGENTS_SHOWN = 6
_COLOURS = 8
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Slot:
    """A start that a click takes. `words` are `label` without the place."""

    clock: str
    words: str
    label: str
    url: str


@dataclass(frozen=True)
class Group:
    """The starts of one agent in one cell; `agent` is None when several agents are put together."""

    agent: Agent | None
    words: str
    colour: int
    slots: list[Slot]


@dataclass
class Place:
    """A line of the grid: a place, phone, visio or home."""

    offer: Offer
    name: str
    key: str
    first: Slot | None = None
    days: list[tuple[date, list[Group]]] = field(default_factory=list)
    count: int = 0


def place_name(offer: Offer) -> str:
    """`Maison du département de Die`, or `Par téléphone`."""
    return offer.lieu.name if offer.lieu else str(LocationType(offer.location_type).label)


class Grid:
    """The week shown, place by place. Two searches, whatever the number of agents and places."""

    def __init__(self, question: Question, offers: Sequence[Offer], now: datetime) -> None:
        self.question, self.zone = question, question.organisation.time_zone
        self.agents = {one.pk: one for one in question.agents}
        self.motifs = {one.pk: one for one in question.motifs}
        self.wanted = [question.agent.pk] if question.agent else None
        since = question.since
        moments = creneaux.first_by_offer(
            offers, since=since, until=since + _FIRST_WITHIN, agents=self.wanted
        )
        # The first free slot of all; None when there is none within six months.
        self.first = min(moments.values(), default=None)
        self.this_week = _monday(now.astimezone(self.zone).date())
        self.monday = question.monday or _monday((self.first or since).astimezone(self.zone).date())
        self._read(offers, moments)

    def _read(self, offers: Sequence[Offer], moments: dict[str, datetime]) -> None:
        since, until = self._bounds()
        found = creneaux.find(offers, since=since, until=until, agents=self.wanted)
        firsts = self._named(offers, moments)
        self.days = self._days(found, offers)
        shown = sorted({one.agent_id for several in found.values() for one in several})
        self.colours = {agent_id: number % _COLOURS + 1 for number, agent_id in enumerate(shown)}
        self.places = [
            self._place(one, found[one.key], moments.get(one.key), firsts.get(one.key)) for one in offers
        ]
        self.count = sum(place.count for place in self.places)

    def _named(self, offers: Sequence[Offer], moments: dict[str, datetime]) -> dict[str, Creneau]:
        """The first slot of each place with its agent, unless it is far from the others."""
        if self.first is None:
            return {}
        until = min(max(moments.values()), self.first + _NAMED_WITHIN)
        found = creneaux.find(offers, since=self.first, until=until, agents=self.wanted)
        return {key: several[0] for key, several in found.items() if several}

    def _bounds(self) -> tuple[datetime, datetime]:
        start = dates.at(self.monday, time(), self.zone)
        end = dates.at(self.monday + _WEEK, time(), self.zone)
        return max(start, self.question.since), end - timedelta(minutes=1)

    def _days(self, found: dict[str, list[Creneau]], offers: Sequence[Offer]) -> list[date]:
        """The working days, and those of the week-end on which somebody receives."""
        received = {
            creneau.starts_at.astimezone(offer.time_zone).date()
            for offer in offers
            for creneau in found.get(offer.key, [])
        }
        week = [self.monday + timedelta(days=number) for number in range(7)]
        return [day for day in week if day.weekday() < 5 or day in received]

    @property
    def sunday(self) -> date:
        """The last day shown."""
        return self.monday + timedelta(days=6)

    @property
    def previous(self) -> date | None:
        """The week before, unless it is over or before the day asked for."""
        earliest = _monday(self.question.since.astimezone(self.zone).date())
        return self.monday - _WEEK if self.monday > earliest else None

    @property
    def next(self) -> date:
        """The week after."""
        return self.monday + _WEEK

    def _place(
        self, offer: Offer, found: Sequence[Creneau], moment: datetime | None, first: Creneau | None
    ) -> Place:
        place = Place(offer, place_name(offer), offer.key, count=len(found))
        several = len(offer.motifs) > 1
        if first:
            place.first = self._slot(offer, first, several=several)
        elif moment:
            words = dates.long_moment(moment, offer.time_zone).capitalize()
            place.first = Slot("", words, words, slot_url(offer, moment, self.question.person))
        cells = self._cells(offer, found, several=several)
        place.days = [(day, cells[day]) for day in self.days]
        return place

    def _cells(
        self, offer: Offer, found: Sequence[Creneau], *, several: bool
    ) -> defaultdict[date, list[Group]]:
        by_day: defaultdict[date, defaultdict[int, list[Creneau]]] = defaultdict(lambda: defaultdict(list))
        together = len({one.agent_id for one in found}) > _AGENTS_SHOWN
        known: set[datetime] = set()
        for creneau in found:
            if together and creneau.starts_at in known:
                continue
            known.add(creneau.starts_at)
            day = creneau.starts_at.astimezone(offer.time_zone).date()
            by_day[day][0 if together else creneau.agent_id].append(creneau)
        cells: defaultdict[date, list[Group]] = defaultdict(list)
        for day, by_agent in by_day.items():
            for agent_id in sorted(by_agent, key=self._order):
                slots = [self._slot(offer, one, several=several) for one in by_agent[agent_id]]
                agent = self.agents.get(agent_id)
                words = str(agent) if agent else "Au moins un agent libre"
                cells[day].append(Group(agent, words, self.colours.get(agent_id, 0), slots))
        return cells

    def _order(self, agent_id: int) -> tuple[str, str, int]:
        agent = self.agents.get(agent_id)
        return (agent.last_name, agent.first_name, agent.pk) if agent else ("", "", 0)

    def _slot(self, offer: Offer, creneau: Creneau, *, several: bool) -> Slot:
        words = [
            dates.long_moment(creneau.starts_at, offer.time_zone).capitalize(),
            str(self.agents.get(creneau.agent_id, "")),
            self.motifs[creneau.motif_id].name if several else "",
        ]
        said = " · ".join(word for word in words if word)
        return Slot(
            dates.clock(creneau.starts_at.astimezone(offer.time_zone)),
            said,
            f"{said} · {place_name(offer)}",
            slot_url(offer, creneau.starts_at, self.question.person, creneau),
        )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def slot_url(offer: Offer, starts_at: datetime, person: Person | None, creneau: Creneau | None = None) -> str:
    """The page that asks to confirm a slot: that of `creneau`, or whoever is free then."""
    asked: dict[str, Any] = {"lieu": offer.key, "debut": moment_text(starts_at)}
    asked["motif"] = creneau.motif_id if creneau else offer.motifs[0].pk
    if creneau:
        asked["agent"] = creneau.agent_id
    if person:
        asked["usager"] = person.value
    return f"{reverse('find_slot_confirm')}?{urlencode(asked)}"


def moment_text(moment: datetime) -> str:
    """A moment as addresses say it, in UTC: `20261124T0830`."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M}"


def read_moment(typed: str) -> datetime | None:
    """Reverse `moment_text`; None when it makes no sense."""
    try:
        return datetime.strptime(typed, "%Y%m%dT%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
