"""The rows of an import as its pages show them: never a NIR, never what the organisation may not hold."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rdv_insertion.imports.columns import ADDRESS_PARTS, CORRECTABLE, FIELD_LABELS, column_letter
from rdv_insertion.imports.content import RowContent
from rdv_insertion.imports.enums import NOT_SELECTABLE, Decision, RowState
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.normalise import ENDED, Problem, ProblemKind
from rdv_insertion.imports.preview.checking import changes
from rdv_insertion.kernel import phone
from rdv_insertion.usagers.enums import Role, Title
from rdv_insertion.usagers.identity import LABELS, forbidden_attributes
from rdv_insertion.usagers.matching import Asked
from rdv_insertion.usagers.models import Usager

# Colour and icon of each state; the words are those of the enumeration.
BADGES: Mapping[str, tuple[str, str]] = {
    RowState.TO_CREATE: ("blue", "fr-icon-user-add-line"),
    RowState.TO_UPDATE: ("blue", "fr-icon-edit-line"),
    RowState.UNCHANGED: ("grey", "fr-icon-check-line"),
    RowState.DUPLICATE: ("orange", "fr-icon-question-line"),
    RowState.UNASSIGNED: ("orange", "fr-icon-map-pin-2-line"),
    RowState.MERGED: ("grey", "fr-icon-links-line"),
    RowState.ERROR: ("red", "fr-icon-error-warning-line"),
    RowState.CREATED: ("green", "fr-icon-user-add-line"),
    RowState.UPDATED: ("green", "fr-icon-edit-line"),
    RowState.REFUSED: ("red", "fr-icon-error-warning-line"),
    RowState.UNDONE: ("grey", "fr-icon-arrow-go-back-line"),
}
# What each column of the table says, in the order of the columns; the names have one of their own, and where
# people go comes first, since somebody may have to choose it.
_LABELS = FIELD_LABELS | {"address": "Adresse", "referent_email": "Référent"}
COLUMNS: Mapping[str, str] = {
    name: _LABELS[name]
    for name in dict.fromkeys(["organisation", *_LABELS])
    if name in CORRECTABLE and name not in ("last_name", "first_name")
}
NAMES = ("last_name", "first_name")
# Of somebody whom none of the agent's organisations follows, only what tells them from another.
SHOWN_OF_STRANGERS = frozenset({"title", "last_name", "first_name", "birth_name", "birth_date"})
HIDDEN = "Non affiché"
_WIDE = frozenset({"address", "email", "referent_email", "organisation", "tags"})
_DATES = frozenset({"birth_date", "rights_opening_date", "rights_end_date"})


@dataclass(slots=True)
class Cell:
    """One cell: what was understood, or what is said when it was not; and what an agent should know of it."""

    attribute: str
    label: str
    text: str
    editable: bool = True
    # What is known of the person and would be replaced, when `changed`; blank when nothing was known.
    changed: bool = False
    old: str = ""
    erases: bool = False
    # The problems of the cell, and where it is in the file.
    problems: Sequence[Problem] = ()
    refused: bool = False
    reference: str = ""
    # What the file says, when somebody typed something else.
    corrected: bool = False
    from_file: str = ""
    from_contacts: bool = False

    @property
    def wide(self) -> bool:
        """Whether it takes the width of a card."""
        return self.attribute in _WIDE

    @property
    def plain(self) -> bool:
        """Whether the text says it all."""
        return not (self.changed or self.problems or self.corrected or self.from_contacts)


@dataclass(slots=True)
class RowView:
    """One row of the verification."""

    row: ImportRow
    number: int
    name: str
    names: list[Cell]
    cells: list[Cell]
    colour: str
    icon: str
    label: str
    remarks: list[str]
    selectable: bool
    editable: bool
    out: bool
    # The page of the known person, when the agent may see it.
    usager_id: int | None
    decision: str
    others: list[int] = field(default_factory=list)

    @property
    def decidable(self) -> bool:
        """Whether somebody has to say who this is."""
        return self.row.state == RowState.DUPLICATE

    @property
    def unassigned(self) -> bool:
        """Whether somebody has to say which organisation will follow this person."""
        return self.row.state == RowState.UNASSIGNED


def columns_of(run: ImportRun, *, several_organisations: bool, rows: Iterable[ImportRow] = ()) -> list[str]:
    """The attributes that the table shows beside the names: those of the file, of the contact file, and those
    that somebody typed in one of `rows`.
    """
    given = {"address" if name in ADDRESS_PARTS else name for name in run.columns}
    if run.contacts_name:
        given |= {"email", "phone_number"}
    for row in rows:
        given |= row.content.corrections.keys()
    given.discard("organisation")
    if several_organisations:
        given.add("organisation")
    given -= forbidden_attributes(run.organisation.organisation_type)
    return [name for name in COLUMNS if name in given]


def references_of(run: ImportRun) -> dict[str, str]:
    """The letters of the columns of each attribute; a CNAF flow has no cells."""
    letters: dict[str, list[str]] = {}
    for place, name in enumerate([] if run.flow else run.columns):
        attribute = "address" if name in ADDRESS_PARTS else name
        letters.setdefault(attribute, []).append(column_letter(place))
    return {name: " ".join(several) for name, several in letters.items() if name}


@dataclass(frozen=True)
class Sheet:
    """What all the rows of a page share: the columns, and whom the agent may see."""

    columns: Sequence[str]
    references: Mapping[str, str]
    organisation_type: str
    visible: Collection[int]
    others: Mapping[int, list[int]]

    def show(self, row: ImportRow) -> RowView:
        """One row; it comes with its `usager` and its `organisation`."""
        content = row.content
        colour, icon = BADGES[row.state]
        selectable = row.written_at is None and row.state not in NOT_SELECTABLE
        seen = row.usager_id in self.visible
        changed = _changes(row)
        cells = [self._cell(row, name, changed, seen=seen) for name in self.columns]
        names = [self._cell(row, name, changed, seen=seen) for name in NAMES]
        shown = {*self.columns, *NAMES}
        return RowView(
            row=row,
            number=row.number,
            name=" ".join(cell.text for cell in reversed(names) if cell.text) or "Sans nom",
            names=names,
            cells=cells,
            colour=colour,
            icon=icon,
            label=RowState(row.state).label,
            remarks=[*content.remarks, *_unplaced(content, shown), *_rights_ended(row, selectable)],
            selectable=selectable,
            editable=row.written_at is None,
            out=selectable and not row.selected,
            usager_id=row.usager_id if seen and row.state != RowState.DUPLICATE else None,
            decision=Decision(row.decision).label if row.decision != Decision.LATER else "",
            others=self.others.get(row.number, []),
        )

    def _cell(self, row: ImportRow, attribute: str, changed: Collection[str], *, seen: bool) -> Cell:
        content = row.content
        cell = Cell(attribute, COLUMNS.get(attribute) or FIELD_LABELS[attribute], value_of(row, attribute))
        cell.editable = row.written_at is None and may_correct(row, attribute, self.organisation_type)
        if content.problems:
            self._add_problems(cell, row.number, content)
        if attribute in content.corrections:
            cell.corrected, cell.from_file = (
                True,
                "" if attribute == "nir" else _from_file(content, attribute),
            )
        elif attribute in content.contacts:
            cell.from_contacts = True
        if row.usager and attribute in changed:
            self._add_change(cell, row.usager, content, seen=seen)
        return cell

    def _add_problems(self, cell: Cell, number: int, content: RowContent) -> None:
        cell.problems = [one for one in content.problems if one.attribute == cell.attribute]
        refused = next((one for one in cell.problems if one.kind == ProblemKind.REFUSED), None)
        if refused is not None:
            cell.refused, cell.text = True, refused.raw
        if cell.problems and cell.attribute not in content.corrections:
            letters = self.references.get(cell.attribute, "").split()
            cell.reference = ", ".join(f"{letter}{number}" for letter in letters)

    def _add_change(self, cell: Cell, usager: Usager, content: RowContent, *, seen: bool) -> None:
        known = getattr(usager, cell.attribute, None)
        shown = seen or cell.attribute in SHOWN_OF_STRANGERS or not known
        cell.changed = True
        cell.old = display(cell.attribute, known) if shown else HIDDEN
        cell.erases = cell.attribute in content.erased


def _changes(row: ImportRow) -> Collection[str]:
    """The attributes that writing would change of the known person, or of the one whom somebody chose."""
    if row.usager is None or row.written_at is not None:
        return ()
    if row.state != RowState.DUPLICATE:
        return row.content.changes
    return changes(row.usager, Asked(row.person), row.content.corrections)


def _from_file(content: RowContent, attribute: str) -> str:
    if attribute in content.contacts:
        return display(attribute, content.contacts[attribute])
    return content.values.get(attribute, "")


def _unplaced(content: RowContent, shown: Collection[str]) -> list[str]:
    """The problems of what has no column, in one sentence each."""
    return [
        f"{LABELS.get(problem.attribute, FIELD_LABELS.get(problem.attribute, ''))} : {problem.sentence}."
        for problem in content.problems
        if problem.attribute not in shown
    ]


def _rights_ended(row: ImportRow, selectable: bool) -> list[str]:
    if not row.rights_ended:
        return []
    end = row.content.rights_end
    since = f" depuis le {date.fromisoformat(end):%d/%m/%Y}" if end and end != ENDED else ""
    advice = " Cochez la ligne pour l'enregistrer quand même." if selectable and not row.selected else ""
    return [f"Les droits de cette personne sont fermés{since}.{advice}"]


def may_correct(row: ImportRow, attribute: str, organisation_type: str) -> bool:
    """Whether an agent may type something else; `organisation_type` is that of the import."""
    kind = row.organisation.organisation_type if row.organisation else organisation_type
    return attribute in CORRECTABLE and attribute not in forbidden_attributes(kind)


def value_of(row: ImportRow, attribute: str) -> str:
    """What was understood of a cell, as French readers write it; a NIR is only said to be there."""
    content = row.content
    if attribute == "organisation":
        return row.organisation.name if row.organisation else ""
    if attribute == "tags":
        return ", ".join(content.tags)
    if attribute == "referent_email":
        return content.referent_email
    if attribute == "rights_end_date":
        end = content.rights_end
        if end == ENDED:
            return "Droits fermés"
        return f"{date.fromisoformat(end):%d/%m/%Y}" if end else ""
    return display(attribute, getattr(content.identity, attribute))


def typed_value_of(row: ImportRow, attribute: str) -> str:
    """What the cell says when it opens to be corrected: dates and phones as the French write them when they
    were understood, else the very text; never a NIR. Left as it is, nothing is corrected.
    """
    content = row.content
    if attribute == "nir":
        return ""
    if attribute == "organisation":
        return row.organisation.slug if row.organisation else ""
    if attribute in ("title", "role"):
        return getattr(content.identity, attribute) or ""
    refused = any(one.attribute == attribute and one.kind == ProblemKind.REFUSED for one in content.problems)
    if not refused and (attribute in _DATES or attribute == "phone_number" or attribute in content.contacts):
        return value_of(row, attribute)
    return content.said.get(attribute) or ("" if refused else value_of(row, attribute))


def file_text_of(content: RowContent, attribute: str) -> str:
    """What to type for a cell to say again what the files say."""
    return content.contacts.get(attribute) or content.values.get(attribute, "")


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
