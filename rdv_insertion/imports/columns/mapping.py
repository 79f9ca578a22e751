"""What the columns of a file mean: guessed from names seen in the field, corrected by an agent."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rdv_insertion.imports.columns.names import Names, name_key
from rdv_insertion.imports.read import Table, UnreadableFile
from rdv_insertion.kernel.text import squish
from rdv_insertion.usagers.identity import LABELS, forbidden_attributes

# Attributes of an import beyond the identity; the address may be spread over several columns.
ADDRESS_PARTS = ("address", "address_complement", "postcode_and_town")
FIELD_LABELS: dict[str, str] = {
    **LABELS,
    "address": "Adresse (numéro et rue)",
    "address_complement": "Complément d'adresse",
    "postcode_and_town": "Code postal et ville",
    "tags": "Tags",
    "referent_email": "Adresse mail du référent",
    "organisation": "Organisation",
    "rights_end_date": "Fin des droits",
}
# What an agent may type instead of the file: the address as a whole, everything else as it is.
CORRECTABLE = frozenset(FIELD_LABELS) - {"address_complement", "postcode_and_town"}
_MAY_REPEAT = frozenset({"address", "address_complement", "postcode_and_town", "tags"})

_NAMES = Names(FIELD_LABELS)
HEADER_SEARCHED_IN = 15
# Titles merged over two rows stand in the first of them.
_MERGED_OVER = 2
_PERSON = frozenset({"last_name", "first_name"})
_BOTH_NAMES = re.compile(r"(?=.*\bnoms?\b)(?=.*\bprenoms?\b)")


@dataclass(frozen=True)
class Header:
    """Where the header is (row number from 0) and what it says."""

    row: int
    names: list[str]

    @property
    def fingerprint(self) -> str:
        """Equal for headers that differ by accents, case or line breaks only."""
        return hashlib.sha256("|".join(map(name_key, self.names)).encode()).hexdigest()


def header_at(rows: Sequence[Sequence[str]], number: int) -> Header:
    """The header at a row, numbered from 0.

    A title that is merged over two rows stands in the first of them: where this row is blank, a known title
    just above is taken.
    """
    names = list(rows[number])
    for above in reversed(rows[max(number - _MERGED_OVER, 0) : number]):
        for place, title in enumerate(above[: len(names)]):
            if not names[place] and attribute_named(title):
                names[place] = title
    return Header(number, names)


def find_header(tables: Sequence[Table]) -> tuple[Table, Header]:
    """The first sheet with a row of titles that names people, and that row; failing that, one with several
    known titles; failing that, the first row that looks like titles. Raises UnreadableFile when none does.
    """
    for wanted in (2, 1, 0):
        for table in tables:
            number = _titles_in(table.rows, names=wanted)
            if number is not None:
                return table, header_at(table.rows, number)
    for table in tables:
        filled = next((place for place, row in enumerate(table.rows) if sum(map(bool, row)) > 1), None)
        if filled is not None:
            return table, header_at(table.rows, filled)
    raise UnreadableFile(
        "Ce fichier n'a pas d'en-tête utilisable : il faut une ligne de titres, avec plusieurs colonnes."
    )


def _titles_in(rows: Sequence[Sequence[str]], *, names: int) -> int | None:
    """Among the first rows, the first of those with the most known titles; `names` of them, at least, name
    somebody.
    """
    best, most = None, 1
    for number in range(min(len(rows), HEADER_SEARCHED_IN)):
        found = {attribute_named(name) for name in header_at(rows, number).names if name} - {""}
        if len(found) > most and len(found & _PERSON) >= names:
            best, most = number, len(found)
    return best


def attribute_named(name: str) -> str:
    """The attribute that a column with this name holds, or an empty string."""
    attribute, _ = _NAMES.meaning(name)
    return attribute


def guess(header: Header, organisation_type: str) -> list[str]:
    """The attribute of each column, empty where it is ignored or not for this type of organisation.

    Of two different titles for one attribute (`Nom d'usage`, `Nom`), the most usual one is taken; two
    columns of one title are both kept, for `check` to refuse: nobody but an agent can tell which is right.
    """
    allowed = offered_fields(organisation_type)
    named = [_NAMES.meaning(name) for name in header.names]
    best: dict[str, int] = {}
    for attribute, rank in named:
        best[attribute] = min(rank, best.get(attribute, rank))
    return [
        attribute if attribute in allowed and (attribute in _MAY_REPEAT or rank == best[attribute]) else ""
        for attribute, rank in named
    ]


def offered_fields(organisation_type: str) -> dict[str, str]:
    """What a column may hold for this type of organisation, with its label."""
    forbidden = forbidden_attributes(organisation_type)
    return {name: label for name, label in FIELD_LABELS.items() if name not in forbidden}


def check(header: Header, columns: Sequence[str]) -> None:
    """Raise UnreadableFile when the columns cannot be read as people."""
    missing = [FIELD_LABELS[name] for name in ("last_name", "first_name") if name not in columns]
    if missing:
        raise UnreadableFile(f"Aucune colonne ne donne : {', '.join(missing)}. {_what_to_do(header)}")
    for attribute, places in repeated(columns).items():
        titles = " et ".join(f"{column_letter(place)} « {squish(header.names[place])} »" for place in places)
        raise UnreadableFile(
            f"{len(places)} colonnes donnent « {FIELD_LABELS[attribute]} » : {titles}. "
            "Gardez-en une et n'importez pas les autres."
        )


def _what_to_do(header: Header) -> str:
    for place, name in enumerate(header.names):
        if _BOTH_NAMES.match(name_key(name)):
            return (
                f"La colonne {column_letter(place)} « {squish(name)} » semble donner les deux à la fois : "
                "séparez-les en deux colonnes dans votre tableur, puis déposez le fichier à nouveau."
            )
    return (
        "Indiquez quelle colonne les contient, ou vérifiez que la ligne "
        f"{header.row + 1} du fichier est bien celle des titres."
    )


def repeated(columns: Iterable[str]) -> dict[str, list[int]]:
    """The attributes that several columns give though one only may, with the places of those columns."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, attribute in enumerate(columns):
        if attribute and attribute not in _MAY_REPEAT:
            places[attribute].append(place)
    return {attribute: several for attribute, several in places.items() if len(several) > 1}


def column_letter(place: int) -> str:
    """`A` for the first column, `AB` for the 28th, as spreadsheets name them."""
    letters = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
