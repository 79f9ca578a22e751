"""Dates as French readers write and read them. Moments are aware; a wall clock belongs to a place.

What writes a date follows the active language: French everywhere but on the pages and in the messages of a
person who reads another one.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateformat import format as django_format
from django.utils.translation import gettext

from rdv_insertion.kernel import foreign_dates
from rdv_insertion.kernel.languages import Language, active
from rdv_insertion.kernel.text import squish, without_accents, without_marks, without_unseen

PARIS = ZoneInfo("Europe/Paris")
# Stands for "never expires" in columns that are compared with a moment.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)

_EXCEL_EPOCH = date(1899, 12, 30)
_MONTHS = ("janv", "fevr", "mars", "avr", "mai", "juin", "juil", "aout", "sept", "oct", "nov", "dec")
_OLDEST_AGE_IN_YEARS = 130
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ].*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})(?: .*)?")
_IN_WORDS = re.compile(r"(?:[a-z]+\.? )?(\d{1,2})(?:er)?[ \-/.]([a-z]{3,})\.?[ \-/](\d{4}|\d{2})(?: .*)?")
_SERIAL = re.compile(r"[0-9]{5}(?:[.,][0-9]+)?")


class InvalidDate(ValueError):
    """The text is no date. Its message is a French sentence."""


def parse(text: str, *, latest: date | None = None) -> date:
    """A date typed in French (`3/04/1985`, `3 avril 1985`), in ISO, or left as an Excel serial number.

    A year of two digits is the last one that is not after `latest`; without `latest` it is refused. A year
    alone is refused, since it would otherwise be read as the serial number of a day before 1927. Raises
    InvalidDate.
    """
    if day := plain(text):
        return day
    typed = _typed(text)
    if found := _YEAR_FIRST.fullmatch(typed):
        return _date(*map(int, found.groups()))
    if found := _DAY_FIRST.fullmatch(typed):
        day_number, month, year = found.groups()
        return _dated(year, int(month), int(day_number), latest)
    if found := _IN_WORDS.fullmatch(typed):
        day_number, word, year = found.groups()
        return _dated(year, _month(word), int(day_number), latest)
    if is_serial(typed):
        return _EXCEL_EPOCH + timedelta(days=int(re.split("[.,]", typed)[0]))
    raise InvalidDate("écrivez la date comme 03/04/1985")


def plain(text: str) -> date | None:
    """What `parse` answers for `03/04/1985` and `1985-04-03`; None for the rest."""
    if len(text) != 10 or not text.isascii():
        return None
    try:
        if text[2] == "/" == text[5]:
            return date.fromisoformat(f"{text[6:]}-{text[3:5]}-{text[:2]}")
        return date.fromisoformat(text) if text[4] == "-" == text[7] else None
    except ValueError:
        return None


def is_serial(text: str) -> bool:
    """Whether `text` is a day counted by a spreadsheet: `31140`, `31140.75`."""
    return _SERIAL.fullmatch(_typed(text)) is not None


def has_short_year(text: str) -> bool:
    """Whether the year of the date `text` has two digits."""
    typed = _typed(text)
    found = _DAY_FIRST.fullmatch(typed) or _IN_WORDS.fullmatch(typed)
    return found is not None and len(found.group(3)) == 2


def check_birth_date(birth_date: date, *, today: date) -> date:
    """`birth_date` itself, unless it is in the future or over 130 years ago (InvalidDate)."""
    if birth_date > today:
        raise InvalidDate("cette date de naissance est dans le futur")
    return check_date(birth_date, today=today)


def is_birth_date(day: date, *, today: date) -> bool:
    """Whether `check_birth_date` accepts `day`."""
    return day <= today and day.year >= today.year - _OLDEST_AGE_IN_YEARS


def check_date(day: date, *, today: date) -> date:
    """`day` itself, unless it is over 130 years ago (InvalidDate)."""
    if day.year < today.year - _OLDEST_AGE_IN_YEARS:
        raise InvalidDate("cette date remonte à plus de 130 ans")
    return day


def age(birth_date: date, *, today: date) -> int:
    """Whole years lived on `today`."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def at(day: date, clock_time: time, zone: ZoneInfo) -> datetime:
    """The moment when the clocks of `zone` show `clock_time` on `day`."""
    return datetime.combine(day, clock_time, tzinfo=zone)


def long_date(day: date) -> str:
    """`mardi 3 mars 2026`, with `1er` on the first of a month."""
    if (language := active()) != Language.FR:
        return foreign_dates.long_date(day, language)
    # The ordinal suffix of Django's formats is English whatever the language.
    return django_format(day, "l j F Y" if day.day > 1 else r"l j\e\r F Y")


def day_label(day: date) -> str:
    """`mardi 3 mars`: the year goes without saying within some weeks."""
    if (language := active()) != Language.FR:
        return foreign_dates.day_label(day, language)
    return django_format(day, "l j F" if day.day > 1 else r"l j\e\r F")


def day_and_month(day: date, *, with_year: bool = False) -> str:
    """`3 mars`, or `3 mars 2026`."""
    if (language := active()) != Language.FR:
        return foreign_dates.day_and_month(day, language, with_year=with_year)
    text = django_format(day, "j F" if day.day > 1 else r"j\e\r F")
    return f"{text} {day.year}" if with_year else text


def long_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`mardi 3 mars 2026 à 9 h 30`, on the clocks of `zone`."""
    local = moment.astimezone(zone)
    return _at_clock(long_date(local.date()), local)


def short_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`03/03/2026 à 9 h 30`, on the clocks of `zone`, for tables and SMS."""
    local = moment.astimezone(zone)
    return _at_clock(f"{local:%d/%m/%Y}", local)


def _at_clock(day: str, local: datetime) -> str:
    if active() == Language.FR:
        return f"{day} à {clock(local)}"
    return gettext("%(date)s à %(time)s") % {"date": day, "time": clock(local)}


def clock(moment: datetime) -> str:
    """`9 h 30`, or `9 h` on the hour."""
    if active() != Language.FR:
        return foreign_dates.clock(moment)
    return f"{moment.hour} h {moment.minute:02d}" if moment.minute else f"{moment.hour} h"


def days_left(until: datetime, *, now: datetime) -> int:
    """Whole days between `now` and `until`, never negative."""
    return max(0, (until - now).days)


def today(now: datetime) -> date:
    """The calendar day of `now` on the clocks of the current time zone."""
    return timezone.localtime(now).date()


def _typed(text: str) -> str:
    return without_accents(without_marks(squish(without_unseen(text))).lower())


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


def _dated(year: str, month: int, day: int, latest: date | None) -> date:
    if len(year) == 4:
        return _date(int(year), month, day)
    if latest is None:
        raise InvalidDate("écrivez la date comme 03/04/1985, avec les quatre chiffres de l'année")
    # The last year up to that of `latest` that ends so; a century earlier when the day is after it.
    full = latest.year - (latest.year - int(year)) % 100
    return _date(full - 100 if (full, month, day) > latest.timetuple()[:3] else full, month, day)


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise InvalidDate("cette date n'existe pas") from error
