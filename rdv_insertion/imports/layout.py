"""Where a file says what, told by somebody who knows it: the sheet, the row of titles, what columns mean."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from rdv_insertion.imports import columns as columns_of_file
from rdv_insertion.imports import preview, services
from rdv_insertion.imports.columns import Header, column_letter
from rdv_insertion.imports.columns.names import name_key
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.read import Table, UnreadableFile
from rdv_insertion.kernel.text import plural, squish

_SHAPE = (
    "La correspondance des colonnes doit être un objet JSON, par exemple "
    '{"Nom": "last_name", "B": "first_name"} : un titre ou une lettre de colonne, puis ce qu\'elle donne.'
)


@dataclass(frozen=True)
class Layout:
    """What is known of a file; what is not said is found as usual."""

    sheet: str | None = None
    # The row of titles as a spreadsheet numbers it, from 1.
    header_row: int | None = None
    # By title or letter of column, the attribute it gives; columns not named are left out.
    mapping: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self != Layout()


def read_mapping(text: str) -> dict[str, str]:
    """From JSON to a mapping; a blank or null attribute is a column left out. Raises UnreadableFile."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(_SHAPE) from error
    if not isinstance(given, dict) or not given:
        raise UnreadableFile(_SHAPE)
    if not all(value is None or isinstance(value, str) for value in given.values()):
        raise UnreadableFile(_SHAPE)
    return {name: value or "" for name, value in given.items()}


def apply(run: ImportRun, layout: Layout) -> None:
    """Take the sheet, the row of titles and the columns that `layout` gives. Raises UnreadableFile."""
    if not layout:
        return
    if run.flow:
        raise UnreadableFile(
            "Ce fichier est un flux de la CNAF : ses colonnes sont connues. Retirez --sheet, --header-row et "
            "--mapping."
        )
    if layout.sheet is not None or layout.header_row is not None:
        _take_table(run, layout)
    if layout.mapping:
        kind = run.organisation.organisation_type
        run.columns = columns_for(preview.header_of(run), layout.mapping, kind)


def _take_table(run: ImportRun, layout: Layout) -> None:
    tables = dict(run.file.tables)
    sheet = run.sheet if layout.sheet is None else layout.sheet
    if sheet not in tables:
        named = ", ".join(f"« {name} »" for name in tables if name)
        known = f"Ses feuilles : {named}." if named else "C'est un tableau seul : retirez --sheet."
        raise UnreadableFile(f"Ce fichier n'a pas de feuille « {squish(sheet)} ». {known}")
    rows = tables[sheet]
    if layout.header_row is None:
        number = columns_of_file.find_header([Table(rows, sheet)])[1].row
    else:
        number = layout.header_row - 1
    if not 0 <= number < len(rows):
        raise UnreadableFile(
            f"La ligne de titres {number + 1} n'existe pas : ce tableau a {plural(len(rows), 'ligne')}."
        )
    services.choose_table(run=run, sheet=sheet, header_row=number)


def columns_for(header: Header, mapping: Mapping[str, str], organisation_type: str) -> list[str]:
    """The attribute of each column of a file. Raises UnreadableFile, in words, for what makes no sense."""
    offered = columns_of_file.offered_fields(organisation_type)
    columns = [""] * len(header.names)
    named: dict[int, str] = {}
    for name, attribute in mapping.items():
        if attribute and attribute not in offered:
            raise UnreadableFile(
                f"« {squish(attribute)} » n'est pas ce qu'une colonne peut donner à cette organisation. "
                f"Choisissez parmi : {', '.join(sorted(offered))}."
            )
        place = _place_of(name, header)
        if place in named:
            raise UnreadableFile(
                f"« {squish(named[place])} » et « {squish(name)} » désignent la même colonne "
                f"{column_letter(place)}. Gardez l'un des deux."
            )
        named[place], columns[place] = name, attribute
    return columns


def _place_of(name: str, header: Header) -> int:
    """The column of this title, case and accents aside, else of this letter."""
    wanted = name_key(name)
    found = [place for place, title in enumerate(header.names) if wanted and name_key(title) == wanted]
    if len(found) > 1:
        several = " et ".join(column_letter(place) for place in found)
        raise UnreadableFile(
            f"Plusieurs colonnes s'appellent « {squish(name)} » ({several}). Donnez la lettre de la bonne."
        )
    letters = {column_letter(place): place for place in range(len(header.names))}
    if not found and name.strip().upper() not in letters:
        titles = [f"{letter} « {squish(header.names[place])} »" for letter, place in letters.items()]
        raise UnreadableFile(
            f"Aucune colonne ne s'appelle « {squish(name)} ». Colonnes du fichier : {', '.join(titles)}."
        )
    return found[0] if found else letters[name.strip().upper()]
