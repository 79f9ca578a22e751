"""The days on which something recurs. Recurrences are RFC 5545 rules over calendar days, without a zone."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, time

from dateutil.rrule import rrulestr


def days(first_day: date, rule: str, *, since: date, until: date, except_on: Collection[date] = ()) -> Iterator[date]:
    """The days from `since` to `until`, both included, on which it occurs.

    Without a rule it occurs once, on `first_day`. Wall clocks are added by the caller, in the zone of the
    place, so that an opening at 9:00 stays at 9:00 on both sides of a clock change.
    """
    if not rule:
        occurrences = [first_day]
    else:
        midnight = datetime.combine(first_day, time())
        start, end = datetime.combine(since, time()), datetime.combine(until, time())
        occurrences = [moment.date() for moment in rrulestr(rule, dtstart=midnight).between(start, end, inc=True)]
    return (day for day in occurrences if since <= day <= until and day not in except_on)
