"""How often something comes back: the RRULE that is stored, the form that sets it, the sentence that says it.

Only what agents may choose: every n weeks on given weekdays, or every n months on the nth weekday, which is
that of the first day. Rules are over calendar days, without a zone (rdv_insertion/agenda/recurrence.py).
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from dateutil.rrule import rrulestr

from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import plural

MAX_INTERVAL = 12
MAX_COUNT = 200
_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_WORKING_DAYS = (0, 1, 2, 3, 4)


class UnknownRule(ValueError):
    """The RRULE is not one that the forms can make."""


class Frequency(StrEnum):
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True)
class RecurrenceRule:
    """Every `interval` weeks on `weekdays` (0 is Monday), or every `interval` months on the nth weekday.

    It ends on `until` (included), after `count` occurrences, or never. Values that make no sense raise
    ValueError.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    until: date | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.interval <= MAX_INTERVAL:
            raise ValueError(f"Choisissez un rythme de 1 à {MAX_INTERVAL}.")
        if self.count is not None and not 1 <= self.count <= MAX_COUNT:
            raise ValueError(f"Choisissez un nombre de fois de 1 à {MAX_COUNT}.")
        if self.until is not None and self.count is not None:
            raise ValueError("La répétition finit à une date ou après un nombre de fois, pas les deux.")
        if not all(0 <= weekday <= 6 for weekday in self.weekdays):
            raise ValueError("Un jour de la semaine va de lundi à dimanche.")

    @classmethod
    def parse(cls, text: str) -> "RecurrenceRule | None":
        """The rule of an RRULE; None when it happens once. Raises UnknownRule."""
        if not text:
            return None
        try:
            parts = dict(part.split("=", 1) for part in text.removeprefix("RRULE:").split(";"))
            rule = cls(
                frequency=Frequency(parts.pop("FREQ").lower()),
                interval=int(parts.pop("INTERVAL", "1")),
                weekdays=_weekdays(text, parts.pop("BYDAY", "")),
                until=_day(parts.pop("UNTIL", "")),
                count=int(parts.pop("COUNT")) if "COUNT" in parts else None,
            )
        except (ValueError, KeyError) as error:
            raise UnknownRule(text) from error
        if parts:
            raise UnknownRule(text)
        return rule

    def text(self, first_day: date) -> str:
        """The RRULE of a series that begins on `first_day`, its first occurrence."""
        if self.frequency == Frequency.WEEKLY:
            on = ",".join(_CODES[weekday] for weekday in self.weekdays_from(first_day))
        else:
            on = f"{_nth(first_day)}{_CODES[first_day.weekday()]}"
        parts = [f"FREQ={self.frequency.upper()}", f"INTERVAL={self.interval}", f"BYDAY={on}"]
        if self.until:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        if self.count:
            parts.append(f"COUNT={self.count}")
        return ";".join(parts)

    def weekdays_from(self, first_day: date) -> tuple[int, ...]:
        """The weekdays of a weekly rule, in order: none chosen means that of the first day."""
        return tuple(sorted(set(self.weekdays))) or (first_day.weekday(),)

    def first_occurrence(self, first_day: date) -> date:
        """The first day from `first_day` on that the rule gives: what the agent means by a first day."""
        if self.frequency == Frequency.MONTHLY:
            return first_day
        wanted = self.weekdays_from(first_day)
        return next(
            day
            for day in (first_day + timedelta(days=number) for number in range(7))
            if day.weekday() in wanted
        )

    def last_day(self, first_day: date) -> date | None:
        """The day of the last occurrence; None when it goes on for ever."""
        if self.until is None and self.count is None:
            return None
        start = datetime.combine(first_day, time())
        last = start
        for last in rrulestr(self.text(first_day), dtstart=start):  # noqa: B007 - the last one is wanted
            pass
        return last.date()

    def until_before(self, day: date) -> "RecurrenceRule":
        """The same one, ended the day before `day`."""
        return replace(self, until=day - timedelta(days=1), count=None)

    def words(self, first_day: date) -> str:
        """`toutes les 2 semaines, le lundi et le jeudi, jusqu'au 30 juin 2026`."""
        return f"{self._rhythm_words(first_day)}{self._end_words()}"

    def _rhythm_words(self, first_day: date) -> str:
        if self.frequency == Frequency.MONTHLY:
            every = "tous les mois" if self.interval == 1 else f"tous les {self.interval} mois"
            return f"{every}, {nth_weekday_words(first_day)}"
        weekdays = self.weekdays_from(first_day)
        every = "toutes les semaines" if self.interval == 1 else f"toutes les {self.interval} semaines"
        if weekdays == _WORKING_DAYS:
            return f"{every}, du lundi au vendredi"
        return f"{every}, {_joined([f'le {WEEKDAYS[weekday]}' for weekday in weekdays])}"

    def _end_words(self) -> str:
        if self.until:
            return f", jusqu'au {dates.long_date(self.until).partition(' ')[2]}"
        return f", {plural(self.count, 'fois', 'fois')}" if self.count else ""


def nth_weekday_words(day: date) -> str:
    """`le 2e mercredi du mois`, of the month of `day`."""
    nth = _nth(day)
    return f"le {'1er' if nth == 1 else f'{nth}e'} {WEEKDAYS[day.weekday()]} du mois"


def words(first_day: date, text: str) -> str:
    """The sentence of a stored RRULE; empty when it happens once."""
    try:
        rule = RecurrenceRule.parse(text)
    except UnknownRule:
        return "selon un rythme particulier"
    return rule.words(first_day) if rule else ""


def _nth(day: date) -> int:
    return (day.day - 1) // 7 + 1


def _weekdays(text: str, by_day: str) -> tuple[int, ...]:
    """Those of a weekly rule; a monthly one names the nth weekday of its first day, and nothing else."""
    if "FREQ=MONTHLY" in text:
        if not re.fullmatch(r"[1-5](?:MO|TU|WE|TH|FR|SA|SU)", by_day):
            raise UnknownRule(text)
        return ()
    return tuple(_CODES.index(code) for code in by_day.split(",")) if by_day else ()


def _day(text: str) -> date | None:
    return datetime.strptime(text[:8], "%Y%m%d").date() if text else None  # noqa: DTZ007 - a day, no clock


def _joined(several: list[str]) -> str:
    return several[0] if len(several) == 1 else f"{', '.join(several[:-1])} et {several[-1]}"
