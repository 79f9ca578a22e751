"""Days off of the place: national ones, those of Alsace-Moselle and of each overseas department."""

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


@lru_cache(maxsize=256)
def _of_year(department_number: str, year: int) -> frozenset[date]:
    subdivision = _SUBDIVISIONS.get(department_number, department_number)
    known = list_supported_countries()["FR"]
    return frozenset(country_holidays("FR", years=year, subdiv=subdivision if subdivision in known else None))
