"""Moments that only messages tell; `kernel/dates.py` tells the others, in the language being written."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from rdv_insertion.kernel import dates


def rough_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`mardi 3 mars 2026 vers 9 h 30`: when somebody comes and the road is not known."""
    local = moment.astimezone(zone)
    return gettext("%(date)s vers %(time)s") % {
        "date": dates.long_date(local.date()),
        "time": dates.clock(local),
    }
