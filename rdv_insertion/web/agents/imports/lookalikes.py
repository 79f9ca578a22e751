"""A row beside the known people that it may be, with what differs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.kernel.text import fold
from rdv_insertion.usagers.identity import LABELS, Identity, forbidden_attributes
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.imports.rows import HIDDEN, SHOWN_OF_STRANGERS, display

# What tells people from one another first.
_COMPARED = (
    "last_name",
    "first_name",
    "birth_name",
    "birth_date",
    *(name for name in LABELS if name not in ("last_name", "first_name", "birth_name", "birth_date")),
)


class Mark(Enum):
    """How two values compare, in words: colour never says it alone."""

    SAME = ("same", "identique", "fr-icon-check-line")
    DIFFERENT = ("different", "différent", "fr-icon-close-line")
    NEW = ("new", "nouveau", "fr-icon-add-line")
    KNOWN = ("known", "absent du fichier", "")

    def __init__(self, key: str, label: str, icon: str) -> None:
        self.key = key
        self.label = label
        self.icon = icon


@dataclass(frozen=True)
class Comparison:
    """One attribute of the row beside that of a known person."""

    label: str
    given: str
    known: str
    mark: Mark


@dataclass(frozen=True)
class Lookalike:
    """A known person that a row may be."""

    usager: Usager
    visible: bool
    chosen: bool
    lines: list[Comparison]
    differences: int


def lookalikes_of(
    row: ImportRow, run: ImportRun, known: Iterable[Usager], visible: Collection[int]
) -> list[Lookalike]:
    """Each of the `known` people beside the row; of those out of `visible`, only what tells who they are."""
    kind = (row.organisation or run.organisation).organisation_type
    compared = [name for name in _COMPARED if name not in forbidden_attributes(kind)]
    return [_lookalike(row, usager, compared, seen=usager.pk in visible) for usager in known]


def _lookalike(row: ImportRow, usager: Usager, compared: Iterable[str], *, seen: bool) -> Lookalike:
    lines = list(_lines(row.person, usager, compared, seen=seen))
    return Lookalike(
        usager=usager,
        visible=seen,
        chosen=row.usager_id == usager.pk,
        lines=lines,
        differences=sum(line.mark == Mark.DIFFERENT for line in lines),
    )


def _lines(person: Identity, usager: Usager, compared: Iterable[str], *, seen: bool) -> Iterable[Comparison]:
    for name in compared:
        given, known = getattr(person, name), getattr(usager, name)
        if given or known:
            shown = display(name, known) if seen or name in SHOWN_OF_STRANGERS or not known else HIDDEN
            yield Comparison(LABELS[name], display(name, given), shown, _mark(given, known))


def _mark(given: Any, known: Any) -> Mark:
    if not known:
        return Mark.NEW
    if not given:
        return Mark.KNOWN
    # Case and accents tell nobody from another.
    same = given == known or (isinstance(given, str) and fold(given) == fold(known) != "")
    return Mark.SAME if same else Mark.DIFFERENT
