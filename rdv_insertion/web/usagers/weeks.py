"""Free starts laid out as a person reads them: by week, by day, morning and afternoon."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from rdv_insertion.kernel import dates

_NOON = 12


class Half(StrEnum):
    """Which half of the days a person wants to see. The values are those of addresses."""

    ALL = ""
    MORNING = "matin"
    AFTERNOON = "apres-midi"

    @classmethod
    def asked(cls, written: str) -> "Half":
        """The one that an address names; all when it names nothing that we know."""
        return cls(written) if written in (cls.MORNING, cls.AFTERNOON) else cls.ALL

    @classmethod
    def of(cls, local: datetime) -> "Half":
        """The one in which the clocks of the place show this moment."""
        return cls.MORNING if local.hour < _NOON else cls.AFTERNOON

    @property
    def label(self) -> str:
        """`Matin`, `Après-midi`, `Toute la journée`."""
        if self is Half.ALL:
            return gettext("Toute la journée")
        return gettext("Matin") if self is Half.MORNING else gettext("Après-midi")


@dataclass(frozen=True)
class HalfDays:
    """The free starts of an offer, and the half of the days that the person asked for."""

    starts: Sequence[datetime]
    zone: ZoneInfo
    asked: Half

    @cached_property
    def _by_half(self) -> dict[Half, list[datetime]]:
        found: dict[Half, list[datetime]] = {Half.MORNING: [], Half.AFTERNOON: []}
        for start in self.starts:
            found[Half.of(start.astimezone(self.zone))].append(start)
        return found

    @property
    def both(self) -> bool:
        """Whether there is something to choose: starts in the morning and in the afternoon."""
        return all(self._by_half.values())

    @property
    def shown(self) -> Half:
        """The half asked for; all when it has nothing, so that nobody is left with an empty page."""
        return self.asked if self._by_half.get(self.asked) else Half.ALL

    @property
    def kept(self) -> Sequence[datetime]:
        """The starts to show."""
        return self._by_half.get(self.shown, self.starts)

    @property
    def note(self) -> str:
        """What to say when one of the halves has nothing; an empty string when both have."""
        if self.both:
            return ""
        mornings = bool(self._by_half[Half.MORNING])
        if self.asked not in (Half.ALL, self.shown):
            if mornings:
                return gettext("Il n'y a plus de créneau l'après-midi. Voici ceux du matin.")
            return gettext("Il n'y a plus de créneau le matin. Voici ceux de l'après-midi.")
        if mornings:
            return gettext("Il n'y a de créneaux que le matin.")
        return gettext("Il n'y a de créneaux que l'après-midi.")


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
        return dates.day_and_month(self.monday, with_year=True)

    @property
    def previous_label(self) -> str:
        """The Monday of the previous week with a start."""
        return dates.day_and_month(self.previous) if self.previous else ""

    @property
    def next_label(self) -> str:
        """The Monday of the next week with a start."""
        return dates.day_and_month(self.next) if self.next else ""


def week_at(
    wanted: date | None, starts: Iterable[datetime], zone: ZoneInfo, address: Callable[[datetime], str]
) -> Week:
    """The week of `wanted` on the clocks of `zone`, or the next one with a start; past the last, the last.

    The first one when nothing is wanted. There is at least one start. `address` gives the page of a start.
    """
    by_week: defaultdict[date, list[datetime]] = defaultdict(list)
    for start in sorted(set(starts)):
        by_week[_monday(start.astimezone(zone).date())].append(start)
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
        by_day[local.date()][Half.of(local).label].append(Slot(dates.clock(local), address(start)))
    return [
        Day(dates.day_label(day), [HalfDay(label, slots) for label, slots in halves.items()])
        for day, halves in by_day.items()
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
