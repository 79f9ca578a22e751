"""Days off of the place: national ones, those of Alsace-Moselle and of each overseas department."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from holidays import country_holidays, list_supported_countries

# Department numbers that the holidays library names otherwise.
_SUBDIVISIONS = {
    "67": "6AE",
    "68": "6AE",
    "975": "PM",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}


@lru_cache(maxsize=256)
def between(department_number: str, since: date, until: date) -> frozenset[date]:
    """The public holidays in this department from `since` to `until`, both included."""
    years = range(since.year, until.year + 1)
    return frozenset(
        day for year in years for day in _of_year(department_number, year) if since <= day <= until
    )


def named_between(department_number: str, since: date, until: date) -> dict[date, str]:
    """The same days in order, each with its French name: `Lundi de Pâques`."""
    days = sorted(between(department_number, since, until))
    return {day: _names(department_number, day.year)[day] for day in days}


@lru_cache(maxsize=256)
def _names(department_number: str, year: int) -> dict[date, str]:
    return dict(_calendar(department_number, year))


@lru_cache(maxsize=256)
def _of_year(department_number: str, year: int) -> frozenset[date]:
    return frozenset(_calendar(department_number, year))


def _calendar(department_number: str, year: int) -> Mapping[date, str]:
    subdivision = _SUBDIVISIONS.get(department_number, department_number)
    known = list_supported_countries()["FR"]
    found: Mapping[date, str] = country_holidays(
        "FR", years=year, subdiv=subdivision if subdivision in known else None, language="fr"
    )
    return found
