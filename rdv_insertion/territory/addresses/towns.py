"""The towns of France with their postcodes, on this machine: what answers when the national base does not.

Current towns, the arrondissements of Paris, Lyon and Marseille, and the names of former towns, which lead to
the town they joined. Made by the command `build_towns`; read once a process, at the first question.
"""

import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from rapidfuzz import fuzz, process

from rdv_insertion.kernel.text import fold

DATA = Path(__file__).parent / "towns.tsv.gz"
SEPARATOR = "\t"

_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "s": "sur", "ss": "sous", "bg": "bourg", "mt": "mont"}
_LITTLE_WORDS = frozenset(["le", "la", "les", "l", "d", "de", "du", "des"])
# `CEDEX 9`, `12e arrondissement`, `01`: what follows the name of a town.
_AFTER_THE_NAME = re.compile(r"\s*\bcedex\b.*$|\s+\d+(er?|eme)?(\s+arrondissement)?$")
# How alike two names must be, out of 100, to be one name mistyped.
_ALIKE = 86


class Kind(StrEnum):
    """What a line of the data is about."""

    TOWN = "c"
    ARRONDISSEMENT = "a"
    FORMER = "f"


class Town(NamedTuple):
    """A town, or an arrondissement of one: its INSEE code, name and postcodes."""

    code: str
    name: str
    postcodes: tuple[str, ...]
    population: int
    # For an arrondissement, the code of its town.
    parent: str = ""

    @property
    def department(self) -> str:
        """The number of its department."""
        return department_of(self.code)


@dataclass
class _Towns:
    """The data, by what it is asked by."""

    by_code: dict[str, Town] = field(default_factory=dict)
    by_postcode: defaultdict[str, list[Town]] = field(default_factory=lambda: defaultdict(list))
    by_department: defaultdict[str, list[Town]] = field(default_factory=lambda: defaultdict(list))
    # By department: the code and name of each former town, and the town that it joined.
    former: defaultdict[str, list[tuple[str, str, Town]]] = field(default_factory=lambda: defaultdict(list))


def department_of(code: str) -> str:
    """The number of the department from an INSEE code: `26362` → `26`, `97411` → `974`."""
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def by_code(code: str) -> Town | None:
    """The current town, or arrondissement, of this INSEE code."""
    return _towns().by_code.get(code)


def of_department(number: str) -> tuple[Town, ...]:
    """The current towns of a department, without the arrondissements of the large ones."""
    return tuple(town for town in _towns().by_department.get(number, ()) if not town.parent)


def joined_by(code: str) -> Town | None:
    """The current town that a former one, of this INSEE code, became a part of."""
    former = _towns().former.get(department_of(code), [])
    return next((town for known, _, town in former if known == code and town.code != code), None)


def codes_around(code: str) -> tuple[str, ...]:
    """This INSEE code, then that of the whole town when it is an arrondissement's."""
    town = by_code(code)
    return (code, town.parent) if town and town.parent else (code,)


def find(name: str, *, postcode: str = "", department: str = "") -> Town | None:
    """The town that somebody names, by its postcode, or by its name alone inside `department`.

    None when nothing or several towns fit. A name slightly mistyped is understood beside its postcode.
    """
    key = town_key(name)
    here = _towns().by_postcode.get(postcode, [])
    number = department_of(here[0].code) if here else _department_of_postcode(postcode) or department
    names = _names(number)
    return (
        _one(_among(names.get(key, []), here))
        or _one(_begun(here, key))
        or _one(_mistyped(here, key))
        or _one(names.get(key, []))
        or _one(here)
    )


def same_name(name: str, town: Town) -> bool:
    """Whether `name` is the town's, shortened or slightly mistyped."""
    key, known = town_key(name), town_key(town.name)
    return bool(_begun([town], key) or _mistyped([town], key)) or key == known


def suggest(typed: str, *, department: str, limit: int = 10) -> list[Town]:
    """The towns of a department whose name or postcode begins with what is typed, the largest first."""
    key = town_key(typed)
    names = _names(department)
    if not key:
        return []
    if key.isdecimal():
        found = [town for code, here in _towns().by_postcode.items() if code.startswith(key) for town in here]
        found = [town for town in found if town.department == department]
    else:
        found = [
            town for name, several in names.items() if f" {name}".find(f" {key}") >= 0 for town in several
        ]
    if not found:
        close = process.extract(key, list(names), scorer=fuzz.ratio, score_cutoff=_ALIKE - 10, limit=limit)
        found = [town for name, *_ in close for town in names[name]]
    begun = {town for town in found if town_key(town.name).startswith(key)}
    return sorted(set(found), key=lambda town: (town not in begun, -town.population, town.name))[:limit]


@lru_cache(maxsize=50_000)
def town_key(name: str) -> str:
    """The name of a town as it is compared: `ST-JEAN EN ROYANS CEDEX` → `saint jean en royans`."""
    words = _AFTER_THE_NAME.sub("", fold(name)).split()
    kept = [_ABBREVIATIONS.get(word, word) for word in words if word not in _LITTLE_WORDS]
    return " ".join(kept or words)


def _department_of_postcode(postcode: str) -> str:
    """From the first digits, for the postcodes of companies (CEDEX), which belong to no town."""
    if not re.fullmatch(r"\d{5}", postcode):
        return ""
    if postcode.startswith("20"):
        return "2A" if postcode < "20200" else "2B"
    return department_of(postcode)


def _among(found: Sequence[Town], here: Sequence[Town]) -> list[Town]:
    return [town for town in found if town in here]


def _begun(here: Iterable[Town], key: str) -> list[Town]:
    """`Romans` for Romans-sur-Isère, or `Valence centre` for Valence."""
    if not key:
        return []
    names = [(town, town_key(town.name)) for town in here]
    return [
        town for town, name in names if f"{name} ".startswith(f"{key} ") or f"{key} ".startswith(f"{name} ")
    ]


def _mistyped(here: Sequence[Town], key: str) -> list[Town]:
    return [town for town in here if key and fuzz.ratio(town_key(town.name), key) >= _ALIKE]


def _one(found: Sequence[Town]) -> Town | None:
    """The only one, be it an arrondissement among its town's others; None when there are several."""
    distinct = set(found)
    narrow = [town for town in distinct if town.parent]
    for several in (narrow, list(distinct - set(narrow))):
        if len(several) == 1:
            return several[0]
    return None


@lru_cache(maxsize=1)
def _towns() -> _Towns:
    towns = _Towns()
    former: list[tuple[str, str, str]] = []
    for code, name, kind, parent, postcodes, population in _lines():
        if kind == Kind.FORMER:
            former.append((code, name, parent))
            continue
        town = Town(code, name, tuple(filter(None, postcodes.split(","))), int(population), parent)
        towns.by_code[code] = town
        towns.by_department[town.department].append(town)
        for postcode in town.postcodes:
            towns.by_postcode[postcode].append(town)
    for code, name, parent in former:
        if parent in towns.by_code:
            towns.former[department_of(code)].append((code, name, towns.by_code[parent]))
    return towns


@cache
def _names(department: str) -> dict[str, list[Town]]:
    """The towns of a department by name compared; a former name is another name, unless a town bears it."""
    names: defaultdict[str, list[Town]] = defaultdict(list)
    for town in _towns().by_department.get(department, []):
        names[town_key(town.name)].append(town)
    borne = set(names)
    for _, name, town in _towns().former.get(department, []):
        if town_key(name) not in borne:
            names[town_key(name)].append(town)
    return dict(names)


def _lines() -> Iterator[list[str]]:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n").split(SEPARATOR)
