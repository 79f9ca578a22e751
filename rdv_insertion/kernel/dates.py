"""Dates as French readers write and read them. Moments are aware; a wall clock belongs to a place."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateformat import format as django_format

from rdv_insertion.kernel.text import without_accents

PARIS = ZoneInfo("Europe/Paris")
# Stands for "never expires" in columns that are compared with a moment.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)

_EXCEL_EPOCH = date(1899, 12, 30)
_MONTHS = ("janv", "fevr", "mars", "avr", "mai", "juin", "juil", "aout", "sept", "oct", "nov", "dec")
_OLDEST_AGE_IN_YEARS = 130


class InvalidDate(ValueError):
    """The text is no date. Its message is a French sentence."""


def parse(text: str) -> date:
    """A date typed in French (`3/04/1985`, `3 avril 1985`), in ISO, or left as an Excel serial number.

    Two-digit years are refused rather than guessed, and so is a year alone, which would otherwise be read as
    the serial number of a day before 1927. Raises InvalidDate.
    """
    typed = without_accents(text.strip().lower())
    for pattern, order in (
        (r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ].*)?", (1, 2, 3)),
        (r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})(?: .*)?", (3, 2, 1)),
    ):
        if found := re.fullmatch(pattern, typed):
            return _date(*(int(found.group(place)) for place in order))
    if found := re.fullmatch(r"(?:[a-z]+ )?(\d{1,2})(?:er)? ([a-z]{3,})\.? (\d{4})", typed):
        return _date(int(found.group(3)), _month(found.group(2)), int(found.group(1)))
    if re.fullmatch(r"\d{5}(\.\d+)?", typed):
        return _EXCEL_EPOCH + timedelta(days=int(float(typed)))
    raise InvalidDate("écrivez la date comme 03/04/1985")


def check_birth_date(birth_date: date, *, today: date) -> date:
    """`birth_date` itself, unless it is in the future or over 130 years ago (InvalidDate)."""
    if birth_date > today:
        raise InvalidDate("cette date de naissance est dans le futur")
    if birth_date.year < today.year - _OLDEST_AGE_IN_YEARS:
        raise InvalidDate("cette date de naissance remonte à plus de 130 ans")
    return birth_date


def age(birth_date: date, *, today: date) -> int:
    """Whole years lived on `today`."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def at(day: date, clock_time: time, zone: ZoneInfo) -> datetime:
    """The moment when the clocks of `zone` show `clock_time` on `day`."""
    return datetime.combine(day, clock_time, tzinfo=zone)


def long_date(day: date) -> str:
    """`mardi 3 mars 2026`, with `1er` on the first of a month."""
    # The ordinal suffix of Django's formats is English whatever the language.
    return django_format(day, "l j F Y" if day.day > 1 else r"l j\e\r F Y")


def long_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`mardi 3 mars 2026 à 9 h 30`, on the clocks of `zone`."""
    local = moment.astimezone(zone)
    return f"{long_date(local.date())} à {clock(local)}"


def short_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`03/03/2026 à 9 h 30`, on the clocks of `zone`, for tables and SMS."""
    local = moment.astimezone(zone)
    return f"{local:%d/%m/%Y} à {clock(local)}"


def clock(moment: datetime) -> str:
    """`9 h 30`, or `9 h` on the hour."""
    return f"{moment.hour} h {moment.minute:02d}" if moment.minute else f"{moment.hour} h"


def days_left(until: datetime, *, now: datetime) -> int:
    """Whole days between `now` and `until`, never negative."""
    return max(0, (until - now).days)


def today(now: datetime) -> date:
    """The calendar day of `now` on the clocks of the current time zone."""
    return timezone.localtime(now).date()


def _month(word: str) -> int:
    found = [
        number
        for number, start in enumerate(_MONTHS, start=1)
        if word.startswith(start) or start.startswith(word)
    ]
    # `jui` is June as well as July.
    if len(found) != 1:
        raise InvalidDate("le mois de cette date n'est pas reconnu")
    return found[0]


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise InvalidDate("cette date n'existe pas") from error
