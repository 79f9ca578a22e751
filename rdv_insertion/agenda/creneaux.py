"""Free time, cut into bookable moments. What is shown and what is checked come from here.

free = plages d'ouverture − absences − public holidays of the place − busy rdvs of the agent, in any
organisation. Intervals are half-open: touching is not overlapping. Free intervals do not depend on `now`,
so a slot never moves because time passes; starts that are too soon are dropped afterwards
(design/domain.md § Créneaux). Three queries, whatever the number of agents, places and weeks.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import BigIntegerField, F, Func, Q

from rdv_insertion.agenda import public_holidays, recurrence
from rdv_insertion.agenda.enums import LieuAvailability, LocationType
from rdv_insertion.agenda.models import Absence, Lieu, Motif, PlageOuverture, RdvAgent
from rdv_insertion.kernel import dates
from rdv_insertion.territory import time_zones

# Seconds since the epoch, start included, end excluded.
Interval: TypeAlias = tuple[int, int]

# The first free start is nearly always soon: look near first, at the whole booking period at last.
_FIRST_SEARCHED_WITHIN = (timedelta(days=3), timedelta(days=14), None)


@dataclass(frozen=True, order=True)
class Creneau:
    """A bookable moment of one agent: aware datetimes in UTC."""

    starts_at: datetime
    agent_id: int
    motif_id: int
    lieu_id: int | None = field(compare=False)
    duration: timedelta = field(compare=False)

    @property
    def ends_at(self) -> datetime:
        """When the agent is free again, the pause aside."""
        return self.starts_at + self.duration


@dataclass(frozen=True)
class Offer:
    """One way to be received that a person may choose: a place, or the phone, with its motifs."""

    location_type: str
    lieu: Lieu | None
    motifs: tuple[Motif, ...]
    # The agents who may receive for a motif, by its id; anybody for a motif that is not there.
    receivers: Mapping[int, frozenset[int]] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> str:
        """How addresses and forms name it: `lieu-3`, `phone`, `visio`, `home`."""
        return f"lieu-{self.lieu.pk}" if self.lieu else self.location_type

    @property
    def time_zone(self) -> ZoneInfo:
        """The clocks that the person reads."""
        return self.lieu.time_zone if self.lieu else self.motifs[0].organisation.time_zone

    def lets(self, motif: Motif, agent_id: int) -> bool:
        """Whether this agent may receive for this motif of the offer."""
        receivers = self.receivers.get(motif.pk)
        return receivers is None or agent_id in receivers

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """First and last moments at which somebody other than an agent may book, both included."""
        return (
            now + min(motif.min_public_booking_delay for motif in self.motifs),
            now + max(motif.max_public_booking_delay for motif in self.motifs),
        )


def offers(motifs: Iterable[Motif]) -> list[Offer]:
    """What these motifs let a person choose from, with at least one plage d'ouverture behind each.

    Individual motifs only. Open places by name, then phone, visio and home. Two queries.
    """
    known = {motif.pk: motif for motif in motifs if not motif.collective}
    by_place: defaultdict[tuple[str, Lieu | None], list[Motif]] = defaultdict(list)
    links = PlageOuverture.motifs.through.objects.filter(motif__in=list(known))
    pairs = set(links.values_list("motif_id", "plageouverture__lieu_id"))
    lieux = Lieu.objects.exclude(availability=LieuAvailability.DISABLED).in_bulk(
        {lieu_id for _, lieu_id in pairs}
    )
    for motif_id, lieu_id in sorted(pairs, key=lambda pair: (pair[0], pair[1] or 0)):
        motif = known[motif_id]
        if motif.location_type != LocationType.PUBLIC_OFFICE:
            by_place[motif.location_type, None].append(motif)
        elif lieu_id in lieux:
            by_place[motif.location_type, lieux[lieu_id]].append(motif)
    found = [Offer(kind, lieu, tuple(dict.fromkeys(several))) for (kind, lieu), several in by_place.items()]
    return sorted(found, key=_office_first)


def _office_first(offer: Offer) -> tuple[int, str, int]:
    lieu = offer.lieu
    return (
        list(LocationType).index(LocationType(offer.location_type)),
        lieu.name if lieu else "",
        lieu.pk if lieu else 0,
    )


def find(
    offers_asked: Sequence[Offer],
    *,
    since: datetime,
    until: datetime,
    agents: Collection[int] | None = None,
    ignored_rdv: int | None = None,
) -> dict[str, list[Creneau]]:
    """The créneaux of each offer (by its key) starting from `since` to `until`, both included, in order.

    An agent is given once a start, with the first of the motifs that fit. `agents` restricts to these
    agents; None means all, an empty collection means none. `ignored_rdv` does not count as busy: a rdv that
    is moved may slide over itself.
    """
    bounds = {motif.pk: (since, until) for offer in offers_asked for motif in offer.motifs}
    return _creneaux(offers_asked, _Search(bounds, agents, ignored_rdv))


def find_for_public(
    offers_asked: Sequence[Offer],
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    agents: Collection[int] | None = None,
    ignored_rdv: int | None = None,
) -> dict[str, list[Creneau]]:
    """The same, within the booking delays of each motif: what an invited person may take at `now`."""
    bounds = _public_bounds(offers_asked, now, since, until)
    return _creneaux(offers_asked, _Search(bounds, agents, ignored_rdv))


def starts_for_public(
    offers_asked: Sequence[Offer],
    *,
    now: datetime,
    until: datetime | None = None,
    ignored_rdv: int | None = None,
) -> dict[str, list[datetime]]:
    """The moments at which at least one agent is free, in order, by offer: what a page shows, faster."""
    starts: dict[str, set[int]] = {offer.key: set() for offer in offers_asked}
    bounds = _public_bounds(offers_asked, now, None, until)
    for offer, _, _, moments in _free(offers_asked, _Search(bounds, None, ignored_rdv)):
        starts[offer.key].update(moments)
    return {key: [_moment(one) for one in sorted(several)] for key, several in starts.items()}


def first_for_public(offers_asked: Sequence[Offer], *, now: datetime) -> datetime | None:
    """The first moment at which somebody is free, whatever the offer; None over the whole booking period."""
    for period in _FIRST_SEARCHED_WITHIN:
        starts = starts_for_public(offers_asked, now=now, until=now + period if period else None)
        if any(starts.values()):
            return min(several[0] for several in starts.values() if several)
    return None


def count_for_public(offers_asked: Sequence[Offer], *, now: datetime, period: timedelta) -> int:
    """How many rdvs could be taken over `period`: one for each agent and start, wherever they receive."""
    starts: defaultdict[int, set[int]] = defaultdict(set)
    bounds = _public_bounds(offers_asked, now, None, now + period)
    for _, _, plage, moments in _free(offers_asked, _Search(bounds, None, None)):
        starts[plage.agent_id].update(moments)
    return sum(len(moments) for moments in starts.values())


@dataclass(frozen=True)
class _Search:
    """What is looked for: the first and last start of each motif, by its id; the agents; a rdv to ignore."""

    bounds: Mapping[int, tuple[datetime, datetime]]
    agents: Collection[int] | None
    ignored_rdv: int | None

    @property
    def since(self) -> datetime:
        return min(since for since, _ in self.bounds.values())

    @property
    def until(self) -> datetime:
        return max(until for _, until in self.bounds.values())


class _Plage(NamedTuple):
    """The columns of a plage d'ouverture that a search needs."""

    pk: int
    agent_id: int
    lieu_id: int | None
    lieu_zone: str | None
    department_number: str
    first_day: date
    start_time: time
    end_time: time
    recurrence: str
    exception_dates: Sequence[date]

    @property
    def zone(self) -> ZoneInfo:
        return (
            ZoneInfo(self.lieu_zone) if self.lieu_zone else time_zones.of_department(self.department_number)
        )


def _public_bounds(
    offers_asked: Sequence[Offer], now: datetime, since: datetime | None, until: datetime | None
) -> dict[int, tuple[datetime, datetime]]:
    """First and last start of each motif for somebody other than an agent, both included, to the minute."""
    bounds = {}
    for motif in {motif.pk: motif for offer in offers_asked for motif in offer.motifs}.values():
        earliest, latest = now + motif.min_public_booking_delay, now + motif.max_public_booking_delay
        bounds[motif.pk] = (max(since or earliest, earliest), min(until or latest, latest))
    return bounds


def _creneaux(offers_asked: Sequence[Offer], search: _Search) -> dict[str, list[Creneau]]:
    found: dict[str, dict[tuple[int, int], tuple[int, Motif, int | None]]] = {
        offer.key: {} for offer in offers_asked
    }
    for offer, motif, plage, moments in _free(offers_asked, search):
        taken = found[offer.key]
        lieu_id = plage.lieu_id if offer.lieu else None
        for moment in moments:
            known = taken.get((moment, plage.agent_id))
            if known is None or motif.pk < known[0]:
                taken[moment, plage.agent_id] = (motif.pk, motif, lieu_id)
    return {
        key: [
            Creneau(_moment(moment), agent_id, motif_id, lieu_id, motif.duration)
            for (moment, agent_id), (motif_id, motif, lieu_id) in sorted(taken.items(), key=_by_start)
        ]
        for key, taken in found.items()
    }


def _by_start(item: tuple[tuple[int, int], Any]) -> tuple[int, int]:
    return item[0]


def _free(
    offers_asked: Sequence[Offer], search: _Search
) -> Iterator[tuple[Offer, Motif, _Plage, Iterable[int]]]:
    """For each offer, motif and plage, the starts that are free, in seconds."""
    if not search.bounds or search.since > search.until:
        return
    plages = _plages(search)
    taken = _taken({plage.agent_id for plage in plages}, search)
    for plage, motif_ids in plages.items():
        openings = _openings(plage, search.since, search.until)
        free = list(subtract(openings, taken[plage.agent_id]))
        for offer in offers_asked:
            if offer.lieu is None or offer.lieu.pk == plage.lieu_id:
                for motif in offer.motifs:
                    if motif.pk in motif_ids and offer.lets(motif, plage.agent_id):
                        yield offer, motif, plage, _cut(free, motif, search.bounds[motif.pk])


def _plages(search: _Search) -> dict[_Plage, set[int]]:
    """The plages that may matter, each with its motifs among those looked for."""
    links = PlageOuverture.motifs.through.objects.filter(
        Q(plageouverture__last_day__isnull=True)
        | Q(plageouverture__last_day__gte=(search.since - timedelta(days=1)).date()),
        plageouverture__first_day__lte=(search.until + timedelta(days=1)).date(),
        plageouverture__agent__is_active=True,
        motif__in=list(search.bounds),
    )
    if search.agents is not None:
        links = links.filter(plageouverture__agent__in=search.agents)
    found: defaultdict[_Plage, set[int]] = defaultdict(set)
    for motif_id, *columns in links.order_by("plageouverture_id").values_list("motif_id", *_PLAGE_COLUMNS):
        *simple, exception_dates = columns
        found[_Plage._make([*simple, tuple(exception_dates)])].add(motif_id)
    return found


_PLAGE_COLUMNS = (
    "plageouverture_id",
    "plageouverture__agent_id",
    "plageouverture__lieu_id",
    "plageouverture__lieu__time_zone_name",
    "plageouverture__organisation__department__number",
    "plageouverture__first_day",
    "plageouverture__start_time",
    "plageouverture__end_time",
    "plageouverture__recurrence",
    "plageouverture__exception_dates",
)


def _openings(plage: _Plage, since: datetime, until: datetime) -> Iterator[Interval]:
    """Each occurrence of a plage that touches the period, in order, holidays of the place aside."""
    zone = plage.zone
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    closed = public_holidays.between(plage.department_number, first, last)
    for day in recurrence.days(
        plage.first_day,
        plage.recurrence,
        since=first,
        until=last,
        except_on=closed.union(plage.exception_dates),
    ):
        yield _wall(day, plage.start_time, zone), _wall(day, plage.end_time, zone)


def _taken(agent_ids: Collection[int], search: _Search) -> defaultdict[int, list[Interval]]:
    """What each agent is busy with around the period, in order of start."""
    # A plage that begins before the period is cut from its own start: look a day around.
    start, end = search.since - timedelta(days=1), search.until + timedelta(days=1)
    taken: defaultdict[int, list[Interval]] = defaultdict(list)
    rdvs = RdvAgent.objects.filter(agent__in=agent_ids, busy=True, starts_at__lt=end, ends_at__gt=start)
    busy = rdvs.exclude(rdv=search.ignored_rdv).order_by().values_list("agent_id")
    for agent_id, busy_from, busy_until in busy.annotate(
        busy_from=ArrayAgg(_Epoch(F("starts_at")), order_by="starts_at"),
        busy_until=ArrayAgg(_Epoch(F("ends_at") + F("rdv__motif__pause")), order_by="starts_at"),
    ):
        taken[agent_id] += zip(busy_from, busy_until, strict=True)
    absences = Absence.objects.filter(
        Q(last_day__isnull=True) | Q(last_day__gte=start.date()),
        agent__in=agent_ids,
        first_day__lte=end.date(),
    )
    for absence in absences:
        taken[absence.agent_id] += _occurrences(absence, start.date(), end.date())
    for intervals in taken.values():
        intervals.sort()
    return taken


class _Epoch(Func):
    """Seconds since the epoch, read by the database: a number costs far less to receive than a date."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)::bigint"
    output_field = BigIntegerField()


def _occurrences(absence: Absence, first: date, last: date) -> Iterator[Interval]:
    zone = ZoneInfo(absence.time_zone_name)
    length = absence.end_day - absence.first_day
    for day in recurrence.days(absence.first_day, absence.recurrence, since=first - length, until=last):
        yield _wall(day, absence.start_time, zone), _wall(day + length, absence.end_time, zone)


def subtract(openings: Iterable[Interval], taken: Sequence[Interval]) -> Iterator[Interval]:
    """What remains of `openings` once `taken` is removed, both in order of start; never an empty piece."""
    past = 0
    for start, end in openings:
        while past < len(taken) and taken[past][1] <= start:
            past += 1
        free_from = start
        for busy_from, busy_until in islice(taken, past, None):
            if busy_from >= end:
                break
            if busy_from > free_from:
                yield free_from, busy_from
            free_from = max(free_from, busy_until)
        if free_from < end:
            yield free_from, end


def _cut(free: Iterable[Interval], motif: Motif, bounds: tuple[datetime, datetime]) -> list[int]:
    """Cut each free interval from its own start; the last start leaves room for a whole rdv."""
    length = int(motif.duration.total_seconds())
    step = length + int(motif.pause.total_seconds())
    earliest, latest = math.ceil(bounds[0].timestamp()), math.floor(bounds[1].timestamp())
    starts: list[int] = []
    for start, end in free:
        first = start if start >= earliest else start + -(-(earliest - start) // step) * step
        starts += range(first, min(end - length, latest) + 1, step)
    return starts


@lru_cache(maxsize=4096)
def _wall(day: date, clock_time: time, zone: ZoneInfo) -> int:
    """Cached, because the agents of a service often have the same hours."""
    return _epoch(dates.at(day, clock_time, zone))


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
