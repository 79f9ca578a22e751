"""What the database says of a search: when agents receive, and what takes their time. Four queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from rdv_insertion.agenda import public_holidays, recurrence
from rdv_insertion.agenda.enums import LieuAvailability, LocationType
from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.kernel import dates
from rdv_insertion.territory import time_zones

# Seconds since the epoch, start included, end excluded.
Interval: TypeAlias = tuple[int, int]

_DAY = timedelta(days=1)
# No rdv lasts longer: the years of rdvs that an agent has had are not read again at each search.
_LONGEST_RDV = timedelta(days=7)


@dataclass(frozen=True)
class Search:
    """What is looked for: first and last start of each motif, by its id, and whose time.

    `agents` restricts to these agents: None means all, an empty collection none. `ignored_rdv` takes no time.
    What is kept at `held_at` for the waiting list is taken, `ignored_offer` aside; when None, it is free.
    """

    bounds: Mapping[int, tuple[datetime, datetime]]
    agents: Collection[int] | None = None
    ignored_rdv: int | None = None
    held_at: datetime | None = None
    ignored_offer: int | None = None

    @property
    def since(self) -> datetime:
        return min(since for since, _ in self.bounds.values())

    @property
    def until(self) -> datetime:
        return max(until for _, until in self.bounds.values())

    @property
    def empty(self) -> bool:
        """Whether nothing can be found, without asking the database."""
        return not self.bounds or self.since > self.until

    def between(self, since: datetime, until: datetime) -> "Search":
        """The same search in this part of its period."""
        bounds = {pk: (max(since, first), min(until, last)) for pk, (first, last) in self.bounds.items()}
        return replace(self, bounds=bounds)


# ---- When agents receive.


class Hours(NamedTuple):
    """What the days and hours of a plage depend on."""

    first_day: date
    start_time: time
    end_time: time
    recurrence: str
    exception_dates: tuple[date, ...]
    lieu_zone: str | None
    department_number: str

    @property
    def zone(self) -> ZoneInfo:
        return (
            ZoneInfo(self.lieu_zone) if self.lieu_zone else time_zones.of_department(self.department_number)
        )


class Plage(NamedTuple):
    """An agent's plage d'ouverture in a search: its motifs among those looked for, and when it is open."""

    agent_id: int
    lieu_id: int | None
    motif_ids: set[int]
    openings: tuple[Interval, ...]


_PLAGE_COLUMNS = (
    "motif_id",
    "plageouverture_id",
    "plageouverture__agent_id",
    "plageouverture__lieu_id",
    "plageouverture__exception_dates",
    "plageouverture__first_day",
    "plageouverture__start_time",
    "plageouverture__end_time",
    "plageouverture__recurrence",
    "plageouverture__lieu__time_zone_name",
    "plageouverture__organisation__department__number",
)


def plages(search: Search) -> list[Plage]:
    """The plages that are open in the period, whose motif, agent and place are still in use."""
    links = PlageOuverture.motifs.through.objects.filter(
        Q(plageouverture__last_day__isnull=True)
        | Q(plageouverture__last_day__gte=(search.since - _DAY).date()),
        plageouverture__first_day__lte=(search.until + _DAY).date(),
        plageouverture__agent__is_active=True,
        motif__in=list(search.bounds),
        motif__deleted_at=None,
    ).exclude(
        motif__location_type=LocationType.PUBLIC_OFFICE,
        plageouverture__lieu__availability=LieuAvailability.DISABLED,
    )
    if search.agents is not None:
        links = links.filter(plageouverture__agent__in=search.agents)
    found: dict[int, Plage] = {}
    for motif_id, pk, agent_id, lieu_id, exceptions, *columns in links.order_by(
        "plageouverture_id"
    ).values_list(*_PLAGE_COLUMNS):
        if pk not in found:
            first_day, start_time, end_time, rule, lieu_zone, number = columns
            hours = Hours(first_day, start_time, end_time, rule, tuple(exceptions), lieu_zone, number)
            found[pk] = Plage(agent_id, lieu_id, set(), _openings(hours, search))
        found[pk].motif_ids.add(motif_id)
    return [plage for plage in found.values() if plage.openings]


def _openings(hours: Hours, search: Search) -> tuple[Interval, ...]:
    zone = hours.zone
    return _open(hours, search.since.astimezone(zone).date(), search.until.astimezone(zone).date())


@lru_cache(maxsize=1024)
def _open(hours: Hours, first: date, last: date) -> tuple[Interval, ...]:
    """Each occurrence from the day `first` to the day `last`, in order, holidays of the place aside."""
    closed = public_holidays.between(hours.department_number, first, last)
    days = recurrence.days(
        hours.first_day,
        hours.recurrence,
        since=first,
        until=last,
        except_on=closed.union(hours.exception_dates),
    )
    return tuple(_intervals(days, hours.start_time, hours.end_time, hours.zone))


# ---- What takes their time.


def taken(found: Collection[Plage], search: Search) -> defaultdict[int, list[Interval]]:
    """What the agents of these plages are busy with from the first opening to the last, in order of start."""
    agent_ids = sorted({plage.agent_id for plage in found})
    start = moment(min(plage.openings[0][0] for plage in found))
    end = moment(max(plage.openings[-1][1] for plage in found))
    by_agent: defaultdict[int, list[Interval]] = defaultdict(list)
    period: dict[str, Any] = {
        "agents": agent_ids,
        "start": start,
        "end": end,
        "earliest": start - _LONGEST_RDV,
        "ignored_rdv": search.ignored_rdv,
        "held_at": search.held_at,
        "ignored_offer": search.ignored_offer,
    }
    with connection.cursor() as cursor:
        for statement in (_BUSY, _PAUSES):
            cursor.execute(statement, period)
            for agent_id, starts, ends in cursor.fetchall():
                by_agent[agent_id] += zip(starts, ends, strict=True)
    for agent_id, interval in _absences(agent_ids, start, end):
        by_agent[agent_id].append(interval)
    for intervals in by_agent.values():
        intervals.sort()
    return by_agent


# Written in SQL, since each search asks them: as one row an agent, of numbers, because rows and dates cost
# far more to receive. Live rdvs, and what is kept for the waiting list.
_BUSY = """
    SELECT agent_id, array_agg(extract(epoch FROM starts_at)::bigint ORDER BY starts_at),
        array_agg(extract(epoch FROM ends_at)::bigint ORDER BY starts_at)
    FROM (
        SELECT agent_id, starts_at, ends_at FROM agenda_rdvagent
        WHERE busy AND agent_id = ANY(%(agents)s) AND rdv_id IS DISTINCT FROM %(ignored_rdv)s::bigint
            AND starts_at > %(earliest)s AND starts_at < %(end)s AND ends_at > %(start)s
        UNION ALL
        SELECT held.agent_id, held.starts_at, held.ends_at + motif.pause
        FROM agenda_earlierslotoffer AS held JOIN agenda_motif AS motif ON motif.id = held.motif_id
        WHERE held.answer = 'waiting' AND held.expires_at > %(held_at)s::timestamptz
            AND held.agent_id = ANY(%(agents)s) AND held.id IS DISTINCT FROM %(ignored_offer)s::bigint
            AND held.starts_at > %(earliest)s AND held.starts_at < %(end)s
    ) AS taken GROUP BY agent_id
"""
# The pauses after live rdvs. Apart from the rdvs: few motifs have one, and the motif of every rdv is long to
# find.
_PAUSES = """
    SELECT part.agent_id, array_agg(extract(epoch FROM part.ends_at)::bigint ORDER BY part.ends_at),
        array_agg(extract(epoch FROM part.ends_at + motif.pause)::bigint ORDER BY part.ends_at)
    FROM agenda_motif AS motif JOIN agenda_rdv AS rdv ON rdv.motif_id = motif.id
    JOIN agenda_rdvagent AS part ON part.rdv_id = rdv.id
    WHERE motif.pause > interval '0' AND part.busy AND part.agent_id = ANY(%(agents)s)
        AND part.rdv_id IS DISTINCT FROM %(ignored_rdv)s::bigint
        AND part.starts_at > %(earliest)s AND part.starts_at < %(end)s
        AND part.ends_at + motif.pause > %(start)s
    GROUP BY part.agent_id
"""


def _absences(agent_ids: list[int], start: datetime, end: datetime) -> Iterator[tuple[int, Interval]]:
    # Days are those of each absence's own clocks: a day of margin on both sides.
    first, last = (start - _DAY).date(), (end + _DAY).date()
    absences = Absence.objects.filter(
        Q(last_day__isnull=True) | Q(last_day__gte=first),
        agent__in=agent_ids,
        first_day__lte=last,
    )
    for absence in absences.order_by():
        length = absence.end_day - absence.first_day
        days = recurrence.days(
            absence.first_day,
            absence.recurrence,
            since=first - length,
            until=last,
            except_on=absence.exception_dates,
        )
        zone = ZoneInfo(absence.time_zone_name)
        for interval in _intervals(days, absence.start_time, absence.end_time, zone, length):
            yield absence.agent_id, interval


# ---- Clocks.


def _intervals(
    days: Iterable[date], starts: time, ends: time, zone: ZoneInfo, length: timedelta = timedelta(0)
) -> Iterator[Interval]:
    """From one clock time of each day to another, `length` later; nothing in an hour that clocks skip."""
    for day in days:
        start, end = _wall(day, starts, zone), _wall(day + length, ends, zone)
        if start < end:
            yield start, end


@lru_cache(maxsize=4096)
def _wall(day: date, clock_time: time, zone: ZoneInfo) -> int:
    """Cached, because the agents of a service often have the same hours."""
    return int(dates.at(day, clock_time, zone).timestamp())


@lru_cache(maxsize=8192)
def moment(epoch: int) -> datetime:
    """The moment that is so many seconds after the epoch, in UTC."""
    return datetime.fromtimestamp(epoch, UTC)
