"""Where an address is: the memory, then the national base, then the local list of towns."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import cache

from django.utils import timezone

from rdv_insertion.kernel.text import fold
from rdv_insertion.territory.addresses import lines, local, memory, national
from rdv_insertion.territory.addresses.location import Location
from rdv_insertion.territory.models import Department

# Below, the base guesses; it says itself that a good answer is over 0.5 or so.
_BELIEVED = 0.5
_CANDIDATES = 5


class Wanted(StrEnum):
    """What is being searched, by the national base's own names."""

    ANYTHING = ""
    STREET = "street"


def locate(text: str | None, department: Department, *, now: datetime | None = None) -> Location | None:
    """Where `text` is, for somebody followed in `department`; None when not even the town is recognised.

    Remembered answers first, then the national base (2 seconds at most), then the local list. Trouble with
    the base is never an error here. `now` is the real time unless given. Two queries at most.
    """
    now = now or timezone.now()
    if not fold(text):
        return None
    typed, number = str(text), department.number
    remembered = memory.recall([typed], department=number, now=now)
    if typed in remembered:
        return remembered[typed] or local.locate(typed, department=number)
    try:
        found = _best(typed, department)
    except national.Unavailable:
        return local.locate(typed, department=number)
    memory.remember(typed, found, department=number, now=now)
    return memory.as_kept(found) if found else local.locate(typed, department=number)


def locate_several(
    texts: Iterable[str], department: Department, *, now: datetime | None = None
) -> dict[str, Location | None]:
    """Where many addresses are, without any network: the memory, else the local list. One query."""
    asked = list(dict.fromkeys(texts))
    remembered = memory.recall(asked, department=department.number, now=now or timezone.now())
    return {text: remembered.get(text) or local.locate(text, department=department.number) for text in asked}


def suggest(
    typed: str, department: Department, *, wanted: Wanted = Wanted.ANYTHING, limit: int = 8
) -> list[Location]:
    """The places of the department that look like what is being typed, the closest first.

    From the national base, else towns of the local list and the address as it is typed. An address of another
    department is given too when its postcode is typed, never a street when streets are wanted. Nothing is
    kept.
    """
    number = department.number
    if not fold(typed):
        return []
    try:
        answers = national.search(
            typed, limit=limit * 2, kind=wanted, autocomplete=True, near=_near(typed, department)
        )
    except national.Unavailable:
        answers = []
    found = [location for location, _ in answers if location.department_number == number]
    if not found:
        found = local.suggest(typed, department=number, limit=limit)
    if wanted == Wanted.STREET:
        found = [one for one in found if one.street and one.department_number == number]
    return list({(one.city_code, one.label): one for one in found}.values())[:limit]


def _near(text: str, department: Department) -> tuple[float, float] | None:
    """Where to look first, when the text itself does not say where. Raises Unavailable."""
    return None if lines.split(text).postcode else _centre(department.number, department.capital)


@cache
def _centre(number: str, capital: str) -> tuple[float, float] | None:
    """Where the capital of a department is; asked once a process. Raises Unavailable."""
    for location, _ in national.search(capital, limit=_CANDIDATES, kind="municipality"):
        if location.department_number == number and location.latitude and location.longitude:
            return location.latitude, location.longitude
    return None


def _best(text: str, department: Department) -> Location | None:
    """The answer of the base that may be believed: in the department, unless the text has a postcode."""
    line = lines.split(text)
    answers = national.search(text, limit=_CANDIDATES, near=_near(text, department))
    believed = [one for one, score in answers if score >= _BELIEVED]
    here = [one for one in believed if one.department_number == department.number]
    found = next(iter(here or (believed if line.postcode else [])), None)
    # The base may know the town and not the street: what was typed is then compared by name.
    return replace(found, street=line.street) if found and not found.street else found
