"""From the texts of a row to a typed identity, with what was refused and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rdv_insertion.imports.columns import ADDRESS_PARTS, column_letter
from rdv_insertion.kernel import nir
from rdv_insertion.kernel.text import squish
from rdv_insertion.usagers import values
from rdv_insertion.usagers.identity import ATTRIBUTES, LABELS, Identity

_EMPTY_WORDS = frozenset({"", "-", "--", "/", "neant", "néant", "nc", "n/a", "na", "inconnu", "null", "#n/a", "0"})


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One value that was not taken, or is doubtful: the cell, what it held, and a French sentence."""

    cell: str
    attribute: str
    raw: str
    sentence: str
    blocking: bool

    def as_json(self) -> dict[str, Any]:
        """For storage and pages."""
        label = LABELS.get(self.attribute, self.attribute)
        return {
            "cell": self.cell,
            "attribute": self.attribute,
            "label": label,
            "raw": self.raw,
            "sentence": self.sentence,
            "blocking": self.blocking,
        }


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

    Never raises: what cannot be understood becomes a problem. A refused name is blocking, any other refused
    value is left out.
    """
    known: dict[str, Any] = {}
    problems: list[Problem] = []
    for place, (text, attribute) in enumerate(zip(cells, columns, strict=False)):
        if attribute not in ATTRIBUTES or attribute in ADDRESS_PARTS or _is_blank(text):
            continue
        try:
            known[attribute] = values.parse(attribute, text, today=today)
        except values.Refused as refusal:
            cell = f"{column_letter(place)}{number}"
            problems.append(
                Problem(cell=cell, attribute=attribute, raw=text, sentence=str(refusal), blocking=False)
            )
    known["address"] = _address(cells, columns) or None
    identity = Identity(**known)
    problems += _doubts(number, identity)
    return NormalisedRow(
        number=number,
        identity=identity,
        tags=[squish(tag) for text in _of("tags", cells, columns) for tag in text.split(",") if squish(tag)],
        referent_email=next(iter(_of("referent_email", cells, columns)), "").lower(),
        problems=problems,
    )


def _is_blank(text: str) -> bool:
    return squish(text).lower() in _EMPTY_WORDS


def _of(attribute: str, cells: Sequence[str], columns: Sequence[str]) -> list[str]:
    return [text for text, name in zip(cells, columns, strict=False) if name == attribute and not _is_blank(text)]


def _address(cells: Sequence[str], columns: Sequence[str]) -> str:
    """Street, complement, postcode then town, in this order whatever the columns'."""
    street = [part for name in ADDRESS_PARTS[:-1] for part in _of(name, cells, columns)]
    town = sorted(_of(ADDRESS_PARTS[-1], cells, columns), key=lambda part: not part[:1].isdigit())
    return squish(" ".join([*street, *town]))[:255]


def _doubts(number: int, identity: Identity) -> list[Problem]:
    """What a valid NIR contradicts: shown on the row, not refused (design/domain.md § Values)."""
    if not identity.nir:
        return []
    birth_year = identity.birth_date.year if identity.birth_date else None
    return [
        Problem(cell=f"ligne {number}", attribute="nir", raw="", sentence=sentence, blocking=False)
        for sentence in nir.contradictions(identity.nir, title=identity.title, birth_year=birth_year)
    ]
