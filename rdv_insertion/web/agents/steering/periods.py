"""Periods that are asked for all the time, by their name in the address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

# Before and after these, a date is a slip of the keyboard.
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True)
class Preset:
    """A period relative to today: both days are included."""

    key: str
    label: str
    days: Callable[[date], tuple[date, date]]


def _this_month(today: date) -> tuple[date, date]:
    first = today.replace(day=1)
    return first, first + relativedelta(months=1, days=-1)


def _last_month(today: date) -> tuple[date, date]:
    return _this_month(today - relativedelta(months=1))


def _last(**length: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (today - relativedelta(**length), today)  # type: ignore[arg-type]


def _year(ago: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (date(today.year - ago, 1, 1), date(today.year - ago, 12, 31))


OF_STATISTICS = (
    Preset("30-jours", "30 derniers jours", _last(days=30)),
    Preset("3-mois", "3 derniers mois", _last(months=3)),
    Preset("12-mois", "12 derniers mois", _last(months=12)),
    Preset("annee", "Cette année", _year(0)),
    Preset("annee-derniere", "L'an dernier", _year(1)),
)
OF_LISTS = (
    Preset("aujourd-hui", "Aujourd'hui", lambda today: (today, today)),
    Preset("7-prochains-jours", "7 prochains jours", lambda today: (today, today + timedelta(days=7))),
    Preset("ce-mois", "Ce mois-ci", _this_month),
    Preset("mois-dernier", "Le mois dernier", _last_month),
    Preset("3-mois", "3 derniers mois", _last(months=3)),
)
