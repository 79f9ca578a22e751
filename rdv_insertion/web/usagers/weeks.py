"""Free starts laid out as a person reads them: by week, by day, morning and afternoon."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as django_format

from rdv_insertion.kernel import dates

_NOON = 12


@dataclass(frozen=True)
class Slot:
    """A start that can be chosen, whatever the number of agents free at that moment."""

    label: str
    url: str


@dataclass(frozen=True)
class HalfDay:
    """The starts of a morning or of an afternoon; never empty."""

    label: str
    slots: list[Slot]


@dataclass(frozen=True)
class Day:
    """A day with at least one start: `mardi 3 mars`."""

    label: str
    half_days: list[HalfDay]


@dataclass(frozen=True)
class Week:
    """A week with at least one start, and its neighbours that have some too (their Mondays)."""

    monday: date
    days: list[Day]
    previous: date | None
    next: date | None

    @property
    def label(self) -> str:
        """`2 mars 2026`, its Monday."""
        return _short_day(self.monday, with_year=True)

    @property
    def previous_label(self) -> str:
        """The Monday of the previous week with a start."""
        return _short_day(self.previous) if self.previous else ""

    @property
    def next_label(self) -> str:
        """The Monday of the next week with a start."""
        return _short_day(self.next) if self.next else ""


def week_at(
    wanted: date | None, starts: Iterable[datetime], zone: ZoneInfo, address: Callable[[datetime], str]
) -> Week | None:
    """The week of `wanted` on the clocks of `zone`, or the next one with a start; past the last, the last.

    The first one when nothing is wanted. None without any start. `address` gives the page of a start.
    """
    by_week: defaultdict[date, list[datetime]] = defaultdict(list)
    for start in sorted(set(starts)):
        by_week[_monday(start.astimezone(zone).date())].append(start)
    if not by_week:
        return None
    mondays = sorted(by_week)
    place = _nearest(mondays, wanted)
    return Week(
        monday=mondays[place],
        days=_days(by_week[mondays[place]], zone, address),
        previous=mondays[place - 1] if place > 0 else None,
        next=mondays[place + 1] if place + 1 < len(mondays) else None,
    )


def _nearest(mondays: list[date], wanted: date | None) -> int:
    if wanted is None:
        return 0
    later = [place for place, monday in enumerate(mondays) if monday >= _monday(wanted)]
    return later[0] if later else len(mondays) - 1


def _days(starts: Iterable[datetime], zone: ZoneInfo, address: Callable[[datetime], str]) -> list[Day]:
    by_day: defaultdict[date, defaultdict[str, list[Slot]]] = defaultdict(lambda: defaultdict(list))
    for start in starts:
        local = start.astimezone(zone)
        half = "Matin" if local.hour < _NOON else "Après-midi"
        by_day[local.date()][half].append(Slot(dates.clock(local), address(start)))
    return [
        Day(day_label(day), [HalfDay(label, slots) for label, slots in halves.items()])
        for day, halves in by_day.items()
    ]


def day_label(day: date) -> str:
    """`mardi 3 mars`: the year goes without saying within some weeks."""
    return django_format(day, "l j F" if day.day > 1 else "l jS F")


def _short_day(day: date, *, with_year: bool = False) -> str:
    text = django_format(day, "j F" if day.day > 1 else "jS F")
    return f"{text} {day.year}" if with_year else text


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
