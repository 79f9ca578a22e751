"""How many rdvs, and what became of them: counted by the database, one pass a question."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import (
    Aggregate,
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateField,
    F,
    FloatField,
    Func,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Greatest
from django.utils.dateformat import format as django_format

from rdv_insertion.agenda.enums import CreatedBy, LieuAvailability, LocationType
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.pilotage.rdv_filters import RdvFilters, RdvState, by_zone, in_state, rdvs_for
from rdv_insertion.territory.models import Organisation

SINGLE_USE_PLACES = "Lieux pour un seul rendez-vous"
NOBODY = "Sans agent"
# Beyond these, the time axis would hold too many bars to be read.
_LONGEST_BY_WEEK = timedelta(weeks=27)
_LONGEST_BY_MONTH = timedelta(days=3 * 366)


class Step(StrEnum):
    """How long one bar of the time axis lasts; the values are those of `date_trunc`."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True)
class Line:
    """The number of rdvs of one kind, by state; a state that none is in is absent."""

    label: str
    counts: dict[str, int]
    # The first day of the week, month or year, for a line of the time axis.
    day: date | None = None

    @property
    def total(self) -> int:
        """Whatever their state."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class RdvStatistics:
    """The answers to all questions about the same rdvs."""

    step: Step
    rdvs: dict[str, int]
    # Participations, which count people: a rdv of eight people counts eight times.
    people: dict[str, int]
    median_delay: float | None
    by_period: list[Line] = field(default_factory=list)
    by_motif: list[Line] = field(default_factory=list)
    by_lieu: list[Line] = field(default_factory=list)
    by_agent: list[Line] = field(default_factory=list)
    by_creator: list[Line] = field(default_factory=list)

    @property
    def rdv_count(self) -> int:
        """All of them, cancelled ones included."""
        return sum(self.rdvs.values())

    @property
    def people_count(self) -> int:
        """Participations in these rdvs."""
        return sum(self.people.values())

    @property
    def settled_count(self) -> int:
        """Participations of which somebody has said what became."""
        return sum(self.people.get(state, 0) for state in _SETTLED)

    @property
    def presence_rate(self) -> float | None:
        """Of the settled participations, the part that came; None when there is none."""
        return self._rate(RdvState.SEEN)

    @property
    def noshow_rate(self) -> float | None:
        """Of the settled participations, the part that did not come and did not say so."""
        return self._rate(RdvState.NOSHOW)

    @property
    def by_state(self) -> list[Line]:
        """One line a state, even when it is empty."""
        counts = self.rdvs
        return [Line(one.label, {one: counts[one]} if one in counts else {}) for one in RdvState]

    def _rate(self, state: RdvState) -> float | None:
        return self.people.get(state, 0) / self.settled_count if self.settled_count else None


_SETTLED = (RdvState.SEEN, RdvState.NOSHOW, RdvState.EXCUSED, RdvState.REVOKED)


def rdv_statistics(
    agent: Agent, organisations: Collection[Organisation], filters: RdvFilters, *, now: datetime
) -> RdvStatistics:
    """Everything about the rdvs that `filters` keep, with states as they are at `now`: seven queries.

    The period must be bounded. Weeks begin on Monday at midnight on the clocks of each organisation. Delays
    are in days, from taking to start, 0 for a rdv written down afterwards.
    """
    if filters.first_day is None or filters.last_day is None:
        raise ValueError("statistics need a first and a last day")
    rdvs = rdvs_for(agent, organisations, filters, now=now)
    step = step_for(filters.first_day, filters.last_day)
    figures = rdvs.aggregate(delay=_Median(_delay_in_days()), **_counts(now))
    participations = Participation.objects.filter(rdv__in=rdvs.values("pk")).order_by()
    return RdvStatistics(
        step=step,
        rdvs=_by_state(figures),
        people=_by_state(participations.aggregate(**_counts(now, "rdv__"))),
        median_delay=figures["delay"],
        by_period=_by_period(rdvs, organisations, step, (filters.first_day, filters.last_day), now),
        by_motif=_by_motif(rdvs, several=len(organisations) > 1, now=now),
        by_lieu=_by_lieu(rdvs, several=len(organisations) > 1, now=now),
        by_agent=_by_agent(rdvs, now),
        by_creator=_by_creator(rdvs, now),
    )


def step_for(first: date, last: date) -> Step:
    """The finest step that keeps the time axis readable."""
    if last - first < _LONGEST_BY_WEEK:
        return Step.WEEK
    return Step.MONTH if last - first < _LONGEST_BY_MONTH else Step.YEAR


def steps_between(first: date, last: date, step: Step) -> Iterator[date]:
    """The first day of each week, month or year that has a day from `first` to `last`, both included."""
    day = {
        Step.WEEK: first - timedelta(days=first.weekday()),
        Step.MONTH: first.replace(day=1),
        Step.YEAR: first.replace(month=1, day=1),
    }[step]
    length = {
        Step.WEEK: relativedelta(weeks=1),
        Step.MONTH: relativedelta(months=1),
        Step.YEAR: relativedelta(years=1),
    }[step]
    while day <= last:
        yield day
        day += length


class _Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class _Days(Func):
    template = "EXTRACT(EPOCH FROM %(expressions)s)::double precision / 86400"
    output_field = FloatField()


class _LocalStart(Func):
    """The first day of the week, month or year of a moment, on the clocks of a time zone given by name."""

    output_field = DateField()
    template = "date_trunc('%(step)s', timezone(%(expressions)s))::date"
    arg_joiner = ", "


def _delay_in_days() -> Greatest:
    return Greatest(_Days(F("starts_at") - F("created_at")), Value(0.0))


def _counts(now: datetime, rdv: str = "") -> dict[str, Count]:
    """One count a state; `_by_state` reads them back."""
    return {
        f"n_{number}": Count("pk", filter=in_state(state, now, rdv)) for number, state in enumerate(RdvState)
    }


def _by_state(row: Mapping[str, Any]) -> dict[str, int]:
    counts = {state.value: row[f"n_{number}"] for number, state in enumerate(RdvState)}
    return {state: count for state, count in counts.items() if count}


def _by_period(
    rdvs: QuerySet[Rdv],
    organisations: Collection[Organisation],
    step: Step,
    period: tuple[date, date],
    now: datetime,
) -> list[Line]:
    """Each week, month or year of the period, in order, the empty ones too."""
    zones = [When(organisation__in=ids, then=Value(zone.key)) for zone, ids in by_zone(organisations).items()]
    zone_name = Case(*zones, default=Value("Europe/Paris"), output_field=CharField())
    started = rdvs.annotate(day=_LocalStart(zone_name, F("starts_at"), step=step.value))
    counts = {row["day"]: _by_state(row) for row in started.values("day").annotate(**_counts(now))}
    return [Line(_step_label(day, step), counts.get(day, {}), day) for day in steps_between(*period, step)]


def _step_label(day: date, step: Step) -> str:
    return {
        Step.WEEK: f"Semaine du {day:%d/%m/%Y}",
        Step.MONTH: django_format(day, "F Y").capitalize(),
        Step.YEAR: str(day.year),
    }[step]


def _by_motif(rdvs: QuerySet[Rdv], *, several: bool, now: datetime) -> list[Line]:
    names = ("motif__name", "motif__location_type", "organisation__name")
    lines = []
    for row in rdvs.values("motif", *names).annotate(**_counts(now)):
        label, kind, organisation = (row[name] for name in names)
        if kind != LocationType.PUBLIC_OFFICE:
            label = f"{label} ({LocationType(kind).label.lower()})"
        lines.append(Line(_of(label, organisation, several), _by_state(row)))
    return _largest_first(lines)


def _by_lieu(rdvs: QuerySet[Rdv], *, several: bool, now: datetime) -> list[Line]:
    """Places by name; rdvs elsewhere by phone, in visio…; the places made for one rdv together."""
    single_use = Q(lieu__availability=LieuAvailability.SINGLE_USE)
    grouped = rdvs.annotate(
        place=Case(When(single_use, then=Value(0)), default=F("lieu"), output_field=BigIntegerField()),
        place_name=Case(When(single_use, then=Value(SINGLE_USE_PLACES)), default=F("lieu__name")),
        place_of=Case(When(single_use | Q(lieu=None), then=Value("")), default=F("organisation__name")),
        elsewhere=Case(When(lieu=None, then=F("motif__location_type")), default=Value("")),
    )
    lines = []
    names = ("place_name", "place_of", "elsewhere")
    for row in grouped.values("place", *names).annotate(**_counts(now)):
        name, organisation, elsewhere = (row[name] for name in names)
        label = LocationType(elsewhere).label if name is None else name
        lines.append(Line(_of(label, organisation, several), _by_state(row)))
    return _largest_first(lines)


def _by_agent(rdvs: QuerySet[Rdv], now: datetime) -> list[Line]:
    """A rdv of two agents counts for each of them."""
    names = ("agents__first_name", "agents__last_name")
    lines = []
    for row in rdvs.values("agents", *names).annotate(**_counts(now)):
        first_name, last_name = (row[name] for name in names)
        label = NOBODY if row["agents"] is None else f"{first_name} {last_name}".strip()
        lines.append(Line(label, _by_state(row)))
    return _largest_first(lines)


def _by_creator(rdvs: QuerySet[Rdv], now: datetime) -> list[Line]:
    rows = rdvs.values("created_by").annotate(**_counts(now))
    return _largest_first(Line(CreatedBy(row["created_by"]).label, _by_state(row)) for row in rows)


def _of(label: str, organisation: str, several: bool) -> str:
    """Two organisations may give one name to two things."""
    return f"{label} – {organisation}" if several and organisation else label


def _largest_first(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (-line.total, line.label))
