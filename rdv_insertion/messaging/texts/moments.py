"""Moments that only messages tell; `kernel/dates.py` tells the others, in the language being written."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from rdv_insertion.kernel import dates


def rough_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`mardi 3 mars 2026 vers 9 h 30`: when somebody comes and the road is not known."""
    return _rough(dates.long_date(moment.astimezone(zone).date()), moment, zone)


def brief_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`mardi 3 mars à 9 h 30`, for SMS: the weekday says the year."""
    local = moment.astimezone(zone)
    return gettext("%(date)s à %(time)s") % {
        "date": dates.day_label(local.date()),
        "time": dates.clock(local),
    }


def brief_rough_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`mardi 3 mars vers 9 h 30`: see `rough_moment` and `brief_moment`."""
    return _rough(dates.day_label(moment.astimezone(zone).date()), moment, zone)


def _rough(day: str, moment: datetime, zone: ZoneInfo) -> str:
    return gettext("%(date)s vers %(time)s") % {
        "date": day,
        "time": dates.clock(moment.astimezone(zone)),
    }
