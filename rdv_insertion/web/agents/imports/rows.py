"""The rows of an import as its pages show them: never a NIR, never what the organisation may not hold."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rdv_insertion.imports.enums import RowState
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.kernel import phone
from rdv_insertion.usagers.enums import Role, Title
from rdv_insertion.usagers.identity import LABELS, Identity, forbidden_attributes
from rdv_insertion.usagers.models import Usager

# Colour and icon of each state; the words are those of the enumeration.
BADGES: Mapping[str, tuple[str, str]] = {
    RowState.TO_CREATE: ("blue", "fr-icon-user-add-line"),
    RowState.TO_UPDATE: ("blue", "fr-icon-edit-line"),
    RowState.UNCHANGED: ("grey", "fr-icon-check-line"),
    RowState.DUPLICATE: ("orange", "fr-icon-question-line"),
    RowState.MERGED: ("grey", "fr-icon-links-line"),
    RowState.ERROR: ("red", "fr-icon-error-warning-line"),
    RowState.CREATED: ("green", "fr-icon-user-add-line"),
    RowState.UPDATED: ("green", "fr-icon-edit-line"),
    RowState.REFUSED: ("red", "fr-icon-error-warning-line"),
}
# What the table says of a person under their name, and how it is announced there.
_KEY_ATTRIBUTES: Mapping[str, str] = {
    "birth_date": "naissance le",
    "affiliation_number": "CAF ou MSA",
    "role": "",
    "department_internal_id": "identifiant interne",
    "france_travail_id": "France Travail",
    "nir": "",
    "phone_number": "",
    "email": "",
    "address": "",
}
# Of somebody whom none of the agent's organisations follows, only what tells them from another.
_SHOWN_OF_STRANGERS = frozenset({"title", "last_name", "first_name", "birth_name", "birth_date"})
_COMPARED = (
    *(name for name in LABELS if name in _SHOWN_OF_STRANGERS),
    *(name for name in _KEY_ATTRIBUTES if name not in _SHOWN_OF_STRANGERS),
)
_HIDDEN = "Non affiché"


@dataclass(frozen=True)
class Change:
    """One attribute, before and after; a blank `old` when nothing was known."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Comparison:
    """One attribute of the row beside that of a known person."""

    label: str
    given: str
    known: str
    same: bool


@dataclass(frozen=True)
class Lookalike:
    """A known person that a row may be."""

    usager: Usager
    visible: bool
    lines: list[Comparison]


@dataclass(frozen=True)
class RowView:
    """One row of the verification."""

    row: ImportRow
    name: str
    facts: list[str]
    colour: str
    icon: str
    label: str
    changes: list[Change]
    lookalikes: list[Lookalike]
    selectable: bool
    decidable: bool


def show(rows: Iterable[ImportRow], run: ImportRun, *, visible: Collection[int]) -> list[RowView]:
    """The rows for a table; `visible` are the ids of the known people whom the agent may see.

    Rows come with their `usager` and `lookalikes`.
    """
    hidden = forbidden_attributes(run.organisation.organisation_type)
    return [_row_view(row, hidden=hidden, visible=visible) for row in rows]


def _row_view(row: ImportRow, *, hidden: frozenset[str], visible: Collection[int]) -> RowView:
    person = row.person
    colour, icon = BADGES[row.state]
    undecided = row.state == RowState.DUPLICATE
    lookalikes = row.lookalikes.all() if undecided else ()
    seen = row.usager_id in visible
    return RowView(
        row=row,
        name=" ".join(part for part in (person.first_name, person.last_name) if part) or "Sans nom",
        facts=_facts(person, hidden),
        colour=colour,
        icon=icon,
        label=RowState(row.state).label,
        changes=_changes(row, person, seen=seen) if row.usager and row.written_at is None else [],
        lookalikes=[_lookalike(person, one, hidden, visible) for one in lookalikes],
        selectable=row.written_at is None and row.state not in (RowState.ERROR, RowState.MERGED),
        decidable=undecided,
    )


def _facts(person: Identity, hidden: Collection[str]) -> list[str]:
    shown = (
        (announced, display(name, getattr(person, name)))
        for name, announced in _KEY_ATTRIBUTES.items()
        if name not in hidden
    )
    return [f"{announced} {value}".strip() for announced, value in shown if value]


def _changes(row: ImportRow, person: Identity, *, seen: bool) -> list[Change]:
    changes = []
    for name in row.changes:
        old = getattr(row.usager, name)
        if name == "nir":
            changes.append(Change("NIR", "", "NIR modifié" if old else "NIR ajouté"))
        else:
            shown = display(name, old) if seen or name in _SHOWN_OF_STRANGERS or not old else _HIDDEN
            changes.append(Change(LABELS[name], shown, display(name, getattr(person, name))))
    return changes


def _lookalike(
    person: Identity, usager: Usager, hidden: Collection[str], visible: Collection[int]
) -> Lookalike:
    seen = usager.pk in visible
    lines = []
    for name in _COMPARED:
        given, known = getattr(person, name), getattr(usager, name)
        if name not in hidden and (given or known):
            shown = display(name, known) if seen or name in _SHOWN_OF_STRANGERS or not known else _HIDDEN
            lines.append(Comparison(LABELS[name], display(name, given), shown, same=given == known))
    return Lookalike(usager, visible=seen, lines=lines)


def display(attribute: str, value: Any) -> str:
    """A value as French readers write it; a NIR is only said to be there."""
    if not value:
        return ""
    if attribute == "nir":
        return "NIR présent"
    if attribute == "phone_number":
        return phone.display(value)
    if attribute in ("title", "role"):
        return str((Title if attribute == "title" else Role)(value).label)
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)
