"""Dates for the people who read another language than French. `kernel/dates.py` decides which are called.

Clocks show 24 hours in every language, as those of the places do. Figures are the European ones, which
phones, clocks and tickets show in France.
"""

from collections.abc import Mapping
from datetime import date, datetime

from babel.dates import format_date

# Where the language of a country rather than another is written.
_LOCALES: Mapping[str, str] = {"en": "en_GB", "pt": "pt_PT"}
# How a day is said without its year; Babel only knows that in short.
_DAY_AND_MONTH: Mapping[str, str] = {"es": "d 'de' MMMM", "pt": "d 'de' MMMM"}
_WEEKDAY: Mapping[str, str] = {"ar": "EEEE، {}", "tr": "{} EEEE", "fa": "EEEE {}"}


def long_date(day: date, language: str) -> str:
    """`Tuesday, 3 March 2026`."""
    return _written(day, "full", language)


def day_label(day: date, language: str) -> str:
    """`Tuesday, 3 March`."""
    return _written(day, _WEEKDAY.get(language, "EEEE, {}").format(_day_and_month(language)), language)


def day_and_month(day: date, language: str, *, with_year: bool) -> str:
    """`3 March`, or `3 March 2026`."""
    return _written(day, "long" if with_year else _day_and_month(language), language)


def clock(moment: datetime) -> str:
    """`09:30`."""
    return f"{moment:%H:%M}"


def _day_and_month(language: str) -> str:
    return _DAY_AND_MONTH.get(language, "d MMMM")


def _written(day: date, pattern: str, language: str) -> str:
    text = format_date(day, pattern, locale=_LOCALES.get(language, language))
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ")
