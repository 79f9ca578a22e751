"""When a plage or an absence takes place, apart from the row that stores it: what a change would leave."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rdv_insertion.agenda import recurrence
from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agenda.recurrence_rule import RecurrenceRule, UnknownRule, words
from rdv_insertion.kernel import dates

# How far the next occurrence is looked for: a 5th weekday of a month every 12 months is rare.
_FAR = timedelta(days=366 * 6)
_STEP = timedelta(days=62)


class Scope(StrEnum):
    """Which occurrences a change is about, seen from one of them."""

    ONE = "jour"
    FOLLOWING = "suite"
    ALL = "toutes"


@dataclass(frozen=True)
class Schedule:
    """Days and wall clocks. `recurrence` is an RRULE, empty when it happens once."""

    first_day: date
    start_time: time
    end_time: time
    end_day: date
    recurrence: str = ""
    exception_dates: tuple[date, ...] = ()

    @classmethod
    def of(cls, opening: PlageOuverture | Absence) -> "Schedule":
        """That of a stored row."""
        return cls(
            first_day=opening.first_day,
            start_time=opening.start_time,
            end_time=opening.end_time,
            end_day=opening.end_day if isinstance(opening, Absence) else opening.first_day,
            recurrence=opening.recurrence,
            exception_dates=tuple(opening.exception_dates),
        )

    @property
    def last_day(self) -> date | None:
        """The last day that it may touch; None when it goes on for ever."""
        try:
            rule = RecurrenceRule.parse(self.recurrence)
        except UnknownRule:
            return None
        return rule.last_day(self.first_day) if rule else self.end_day

    @property
    def length(self) -> timedelta:
        """Days between the start and the end of an occurrence: none, but for an absence of several days."""
        return self.end_day - self.first_day

    def days(self, since: date, until: date) -> Iterator[date]:
        """The days on which it starts, from `since` to `until`, both included."""
        return recurrence.days(
            self.first_day, self.recurrence, since=since, until=until, except_on=self.exception_dates
        )

    def starts_on(self, day: date) -> bool:
        """Whether one of its occurrences starts on `day`."""
        return any(self.days(day, day))

    def next_day(self, since: date) -> date | None:
        """The first day from `since` on that it touches; None when it is over."""
        end = self.last_day
        first = max(since - self.length, self.first_day)
        limit = min(end, first + _FAR) if end else first + _FAR
        while first <= limit:
            found = next(self.days(first, min(first + _STEP, limit)), None)
            if found:
                return found
            first += _STEP + timedelta(days=1)
        return None

    def intervals(self, since: date, until: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """Start and end of each occurrence that touches the days from `since` to `until`, in UTC offsets."""
        for day in self.days(since - self.length, until):
            yield dates.at(day, self.start_time, zone), dates.at(day + self.length, self.end_time, zone)

    def without(self, scope: Scope, day: date) -> "Schedule | None":
        """What remains once the occurrence of `day`, or it and the following ones, is taken out."""
        if scope == Scope.ALL or not self.recurrence:
            return None
        if scope == Scope.ONE:
            left = replace(self, exception_dates=tuple(sorted({*self.exception_dates, day})))
        else:
            left = self._ended_before(day)
        return left if left.next_day(left.first_day) else None

    def _ended_before(self, day: date) -> "Schedule":
        """The part before `day`. A rule that the forms do not make is left to RFC 5545's UNTIL."""
        until = day - timedelta(days=1)
        kept = tuple(one for one in self.exception_dates if one < day)
        try:
            rule = RecurrenceRule.parse(self.recurrence)
        except UnknownRule:
            rule = None
        if rule is None:
            parts = [part for part in self.recurrence.split(";") if not part.startswith(("UNTIL", "COUNT"))]
            return replace(self, recurrence=";".join([*parts, f"UNTIL={until:%Y%m%d}"]), exception_dates=kept)
        return replace(self, recurrence=rule.until_before(day).text(self.first_day), exception_dates=kept)

    def from_day(self, day: date) -> "Schedule":
        """The part from `day` on, `day` being one of its occurrences: what a new series begins with."""
        rule = RecurrenceRule.parse(self.recurrence)
        if rule is None:
            return self
        if rule.count:
            gone = sum(
                1
                for _ in recurrence.days(
                    self.first_day, self.recurrence, since=self.first_day, until=day - timedelta(days=1)
                )
            )
            rule = replace(rule, count=rule.count - gone)
        return replace(
            self,
            first_day=day,
            end_day=day + self.length,
            recurrence=rule.text(day),
            exception_dates=tuple(one for one in self.exception_dates if one > day),
        )

    def on_day(self, day: date) -> "Schedule":
        """The occurrence of `day`, alone."""
        return replace(self, first_day=day, end_day=day + self.length, recurrence="", exception_dates=())

    @property
    def words(self) -> str:
        """`toutes les semaines, le lundi`; empty when it happens once."""
        return words(self.first_day, self.recurrence)


def weekly_start(schedule: Schedule, rule: RecurrenceRule) -> Schedule:
    """`schedule` repeated by `rule`, begun on the first day that the rule gives."""
    first = rule.first_occurrence(schedule.first_day)
    return replace(schedule, first_day=first, end_day=first + schedule.length, recurrence=rule.text(first))
