"""From the texts of a row to a typed identity, with what was refused and why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from rdv_insertion.imports.columns import ADDRESS_PARTS, FIELD_LABELS, column_letter
from rdv_insertion.kernel import nir
from rdv_insertion.kernel.text import fold, squish
from rdv_insertion.usagers import values
from rdv_insertion.usagers.identity import ATTRIBUTES, Identity

_EMPTY_WORDS = frozenset({"neant", "nc", "n a", "na", "inconnu", "inconnue", "null", "non renseigne", "0"})
_NAMES = frozenset({"last_name", "first_name", "birth_name"})
_LONGEST_TAG, _LONGEST_ADDRESS = 60, 255


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One value that was not taken, or is doubtful: the cell, what it held, and a French sentence."""

    cell: str
    attribute: str
    raw: str
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """For storage and pages."""
        return {**asdict(self), "label": FIELD_LABELS[self.attribute]}


@dataclass(frozen=True)
class NormalisedRow:
    """A row once understood; `number` is the one that the spreadsheet shows."""

    number: int
    identity: Identity
    tags: list[str] = field(default_factory=list)
    referent_email: str = ""
    problems: list[Problem] = field(default_factory=list)


def normalise_row(number: int, cells: Sequence[str], columns: Sequence[str], *, today: date) -> NormalisedRow:
    """Understand one row: `columns` gives the attribute of each cell, empty when ignored.

    Never raises: a value that cannot be understood is left out and becomes a problem.
    """
    known: dict[str, Any] = {}
    problems: list[Problem] = []
    for place, (text, attribute) in enumerate(zip(cells, columns, strict=False)):
        if attribute in ADDRESS_PARTS or not _is_filled(attribute, text):
            continue
        parsed_as = "email" if attribute == "referent_email" else attribute
        if parsed_as not in ATTRIBUTES:
            continue
        try:
            known[attribute] = values.parse(parsed_as, text, today=today)
        except values.Refused as refusal:
            cell = f"{column_letter(place)}{number}"
            # A NIR is shown to nobody, not even a wrong one.
            raw = "" if attribute == "nir" else text[:200]
            problems.append(Problem(cell=cell, attribute=attribute, raw=raw, sentence=str(refusal)))
    referent_email = known.pop("referent_email", "")
    identity = Identity(**known, address=_address(cells, columns) or None)
    return NormalisedRow(
        number=number,
        identity=identity,
        tags=_tags(cells, columns),
        referent_email=referent_email,
        problems=[*problems, *_doubts(number, columns, identity)],
    )


def _is_filled(attribute: str, text: str) -> bool:
    """Whether a cell says something: not a dash, nor `néant`… which may be somebody's name."""
    folded = fold(text)
    if not folded:
        return bool(text) and attribute in _NAMES
    return attribute in _NAMES or folded not in _EMPTY_WORDS


def _of(attribute: str, cells: Sequence[str], columns: Sequence[str]) -> list[str]:
    return [
        text
        for text, name in zip(cells, columns, strict=False)
        if name == attribute and _is_filled(name, text)
    ]


def _tags(cells: Sequence[str], columns: Sequence[str]) -> list[str]:
    texts = [squish(tag) for text in _of("tags", cells, columns) for tag in text.split(",")]
    return [tag[:_LONGEST_TAG] for tag in dict.fromkeys(texts) if tag]


def _address(cells: Sequence[str], columns: Sequence[str]) -> str:
    """Street, complement, postcode then town, in this order whatever the columns'; nothing twice."""
    street = [part for name in ADDRESS_PARTS[:-1] for part in _of(name, cells, columns)]
    town = sorted(_of(ADDRESS_PARTS[-1], cells, columns), key=lambda part: not part[:1].isdigit())
    address = ""
    for part in (*street, *town):
        if f" {fold(part)} " not in f" {fold(address)} ":
            address = f"{address} {squish(part)}"
    return address.strip()[:_LONGEST_ADDRESS]


def _doubts(number: int, columns: Sequence[str], identity: Identity) -> list[Problem]:
    """What a valid NIR contradicts: shown on the row, not refused (design/domain.md § Values)."""
    if not identity.nir:
        return []
    birth_year = identity.birth_date.year if identity.birth_date else None
    cell = f"{column_letter(columns.index('nir'))}{number}"
    return [
        Problem(cell=cell, attribute="nir", raw="", sentence=sentence)
        for sentence in nir.contradictions(identity.nir, title=identity.title, birth_year=birth_year)
    ]
