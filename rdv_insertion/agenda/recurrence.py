"""The days on which something recurs. Recurrences are RFC 5545 rules over calendar days, without a zone."""

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from dateutil.rrule import rrulestr

_WEEK_DAYS = 7


def days(
    first_day: date, rule: str, *, since: date, until: date, except_on: Collection[date] = ()
) -> Iterator[date]:
    """The days from `since` to `until`, both included, on which it occurs.

    Without a rule it occurs once, on `first_day`. Wall clocks are added by the caller, in the zone of the
    place, so that an opening at 9:00 stays at 9:00 on both sides of a clock change.
    """
    if rule:
        occurrences = _occurrences(_start_near(first_day, rule, since), rule, since, until)
    else:
        occurrences = (first_day,) if since <= first_day <= until else ()
    return (day for day in occurrences if day not in except_on)


def _start_near(first_day: date, rule: str, since: date) -> date:
    """A first day near `since` from which the rule gives the same days: a plage of years costs one week.

    Weekly rules only repeat themselves; one that counts its occurrences must be counted from the start.
    """
    if since <= first_day or "FREQ=WEEKLY" not in rule or "COUNT=" in rule:
        return first_day
    interval = re.search(r"INTERVAL=(\d+)", rule)
    period = _WEEK_DAYS * (int(interval.group(1)) if interval else 1)
    return first_day + timedelta(days=(since - first_day).days // period * period)


@lru_cache(maxsize=1024)
def _occurrences(first_day: date, rule: str, since: date, until: date) -> tuple[date, ...]:
    """Cached, because the agents of a service often have the same hours."""
    midnight = datetime.combine(first_day, time())
    start, end = datetime.combine(since, time()), datetime.combine(until, time())
    return tuple(moment.date() for moment in rrulestr(rule, dtstart=midnight).between(start, end, inc=True))
