"""Zones from a file: what each row would do, before anything is written.

The columns are those of the services that departments come from: sector_id, city_code, city_name,
street_name, street_code; in any order, other columns aside.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from rdv_insertion.agenda.enums import ZoneLevel
from rdv_insertion.agenda.models import Sector, Zone
from rdv_insertion.kernel.text import fold, plural, squish
from rdv_insertion.territory.addresses import towns
from rdv_insertion.territory.addresses.lines import street_key
from rdv_insertion.territory.models import Department

COLUMNS = ("sector_id", "city_code", "city_name", "street_name", "street_code")
MAX_ROWS = 20_000
_LONGEST = {"sector_id": 80, "street_name": 200, "street_code": 20}
# How far the titles are looked for.
_TITLES_WITHIN = 10


class UnreadableZones(ValueError):
    """The file is not one of zones; nothing was written. The text is a French sentence."""


class Action(StrEnum):
    """What a row would do."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Row:
    """A row of the file as it was written, by column, and where it is."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Planned:
    """What becomes of one row."""

    line: int
    cells: Mapping[str, str]
    action: Action
    # Why it is refused, or what changes.
    reason: str = ""
    sector_id: str = ""
    # The columns of the zone.
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a file would do in a department."""

    department: Department
    rows: tuple[Planned, ...]
    sectors_to_create: tuple[str, ...] = ()

    @cached_property
    def counts(self) -> dict[Action, int]:
        """How many rows of each kind."""
        counted = Counter(row.action for row in self.rows)
        return {action: counted[action] for action in Action}

    @property
    def writes(self) -> int:
        """How many zones would be written."""
        return self.counts[Action.CREATE] + self.counts[Action.UPDATE]


def read(table: Sequence[Sequence[str]]) -> list[Row]:
    """The rows of zones of a table of texts, blank ones aside. Raises UnreadableZones."""
    place, columns = _titles(table)
    rows = [
        Row(line, {name: squish(cells[column]) for name, column in columns.items()})
        for line, cells in enumerate(table[place + 1 :], start=place + 2)
        if any(cells[column].strip() for column in columns.values())
    ]
    if not rows:
        raise UnreadableZones("Ce fichier ne contient aucune zone sous ses titres.")
    if len(rows) > MAX_ROWS:
        raise UnreadableZones(f"Ce fichier dépasse {plural(MAX_ROWS, 'zone')}. Découpez-le en plusieurs.")
    return rows


def _titles(table: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """Where the line of titles is, then each column in it."""
    for place, titles in enumerate(table[:_TITLES_WITHIN]):
        columns = _columns(titles)
        if "sector_id" in columns and ("city_code" in columns or "city_name" in columns):
            return place, columns
    raise UnreadableZones(
        "Ce fichier n'a pas les colonnes attendues : sector_id, puis city_code ou city_name. "
        "Téléchargez le modèle, remplissez-le, puis déposez-le."
    )


def _columns(titles: Sequence[str]) -> dict[str, int]:
    """Where each column is; the first one when a title is repeated."""
    found = {fold(title).replace(" ", "_"): column for column, title in reversed(list(enumerate(titles)))}
    return {name: found[name] for name in COLUMNS if name in found}


def plan(rows: Iterable[Row], department: Department, *, create_sectors: bool = False) -> Plan:
    """What these rows would do now. Two queries.

    `create_sectors` accepts the sectors that the department does not have yet. A town or a street that is
    twice in the file for one sector is refused the second time.
    """
    sectors = {sector.human_id: sector.pk for sector in Sector.objects.filter(department=department)}
    known = {
        (zone.sector_id, zone.city_code, zone.street_key): zone
        for zone in Zone.objects.filter(sector__department=department)
    }
    planned: list[Planned] = []
    seen: dict[tuple[str, str, str], int] = {}
    new_sectors: dict[str, None] = {}
    for row in rows:
        try:
            sector_id, values = _understand(row.cells, department)
            if sector_id not in sectors and not create_sectors:
                raise _Refusal(
                    f"Aucun secteur n'a l'identifiant « {sector_id} ». Créez-le, ou cochez la création."
                )
            key = (sector_id, values["city_code"], values["street_key"])
            if key in seen:
                raise _Refusal(f"Déjà dans ce fichier, à la ligne {seen[key]}.")
        except _Refusal as refusal:
            planned.append(Planned(row.line, row.cells, Action.REFUSED, str(refusal)))
            continue
        seen[key] = row.line
        if sector_id not in sectors:
            new_sectors[sector_id] = None
        zone = known.get((sectors.get(sector_id, 0), *key[1:]))
        action, change = _compare(zone, values)
        planned.append(Planned(row.line, row.cells, action, change, sector_id, values))
    return Plan(department, tuple(planned), tuple(new_sectors))


class _Refusal(Exception):
    """Why a row is refused, in French."""


def _understand(cells: Mapping[str, str], department: Department) -> tuple[str, dict[str, Any]]:
    """The sector's identifier and the columns of the zone. Raises _Refusal."""
    if not cells.get("sector_id"):
        raise _Refusal("Il manque l'identifiant du secteur.")
    for name, longest in _LONGEST.items():
        if len(cells.get(name, "")) > longest:
            raise _Refusal(f"La colonne {name} dépasse {longest} caractères.")
    town = _town(cells, department)
    street, street_code = cells.get("street_name", ""), cells.get("street_code", "")
    if street and not street_key(street):
        raise _Refusal("Le nom de la rue ne contient aucune lettre.")
    if street_code and not street:
        raise _Refusal("Il y a un code de rue sans nom de rue.")
    if street_code and not re.fullmatch(rf"{town.code}_[0-9A-Za-z]+", street_code):
        raise _Refusal(f"Le code de la rue doit commencer par {town.code}_, le code de la commune.")
    return cells["sector_id"], {
        "level": ZoneLevel.STREET if street else ZoneLevel.CITY,
        "city_code": town.code,
        "city_name": town.name,
        "street_name": street,
        "street_code": street_code,
        "street_key": street_key(street) if street else "",
    }


def _town(cells: Mapping[str, str], department: Department) -> towns.Town:
    """By its code, that must be its name's too; by its name alone when there is no code."""
    # A spreadsheet takes the zero of 01004 away.
    code, name = cells.get("city_code", "").upper(), cells.get("city_name", "")
    code = code.zfill(5) if code.isdecimal() else code
    if not code:
        return _town_by_name(name, department)
    if towns.department_of(code) != department.number:
        raise _Refusal(f"Le code {code} n'est pas celui d'une commune du département {department}.")
    town = towns.by_code(code)
    joined = towns.joined_by(code)
    if town is None and joined:
        raise _Refusal(f"Cette commune fait maintenant partie de {joined.name} ({joined.code}).")
    if town is None:
        raise _Refusal(f"Aucune commune n'a le code INSEE {code}. Ce n'est pas le code postal.")
    if name and not towns.same_name(name, town):
        raise _Refusal(f"Le code {code} est celui de {town.name}, pas de {name}.")
    return town


def _town_by_name(name: str, department: Department) -> towns.Town:
    town = towns.find(name, department=department.number) if name else None
    if town is None:
        raise _Refusal(
            f"Aucune commune du département ne s'appelle {name}." if name else "Il manque la commune."
        )
    return town


def _compare(zone: Zone | None, values: Mapping[str, Any]) -> tuple[Action, str]:
    if zone is None:
        return Action.CREATE, ""
    labels = {"city_name": "commune", "street_name": "rue", "street_code": "code de la rue"}
    changes = [
        f"{label} : {getattr(zone, name) or 'rien'} → {values[name] or 'rien'}"
        for name, label in labels.items()
        if getattr(zone, name) != values[name]
    ]
    return (Action.UPDATE, " ; ".join(changes)) if changes else (Action.UNCHANGED, "")


def packed(rows: Iterable[Row]) -> list[list[Any]]:
    """Rows as JSON holds them, between the preview and the writing."""
    return [[row.line, *(row.cells.get(name, "") for name in COLUMNS)] for row in rows]


def unpacked(rows: Collection[Sequence[Any]]) -> list[Row]:
    """What `packed` gave."""
    return [Row(int(line), dict(zip(COLUMNS, cells, strict=True))) for line, *cells in rows]
