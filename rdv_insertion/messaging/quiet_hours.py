"""The hours at which nobody wants an SMS: `SMS_QUIET_HOURS`, on the clocks of the organisation."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_HOURS = re.compile(r"(\d{1,2})-(\d{1,2})", re.ASCII)


def leaves_at(at: datetime, zone: ZoneInfo) -> datetime | None:
    """When an SMS that is ready `at` may leave, in UTC; None when it may at once."""
    hours = configured(settings.SMS_QUIET_HOURS)
    if hours is None:
        return None
    begin, end = hours
    here = at.astimezone(zone)
    if not _is_quiet(here.hour, begin, end):
        return None
    morning = datetime.combine(here.date(), time(end), zone)
    if morning <= here:
        morning = datetime.combine(here.date() + timedelta(days=1), time(end), zone)
    return morning.astimezone(UTC)


def _is_quiet(hour: int, begin: int, end: int) -> bool:
    return begin <= hour < end if begin < end else hour >= begin or hour < end


@lru_cache
def configured(setting: str) -> tuple[int, int] | None:
    """The first and the last hour of `20-8`; None when it is empty. Raises ImproperlyConfigured."""
    if not setting:
        return None
    found = _HOURS.fullmatch(setting)
    begin, end = (int(found[1]), int(found[2])) if found else (24, 24)
    if max(begin, end) > 23 or begin == end:
        raise ImproperlyConfigured(
            "SMS_QUIET_HOURS must be two different hours, as 20-8, or empty to let SMS leave at any time."
        )
    return begin, end
