"""The rows of a preview read as a table of up to fifty thousand: counted once, filtered, searched, sorted.

The rows are counted by one query, in groups; each figure of the page is a sum of groups, and each filter
exists twice, as a predicate on groups and as a condition in SQL: tests hold them equal.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import BooleanField, Case, Count, ExpressionWrapper, F, Q, QuerySet, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.functions import Collate
from phonenumbers import NumberParseException

from rdv_insertion.imports.enums import NOT_SELECTABLE, WRITABLE, Decision, RowState
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.kernel import phone
from rdv_insertion.kernel.text import fold

TO_CHECK, RIGHTS_ENDED, LEFT_OUT = "a-regarder", "droits-fermes", "non-choisies"
_LONGEST_SEARCH = 100
# What waits for somebody comes first, what is settled last.
_STATE_ORDER = (
    RowState.ERROR,
    RowState.UNASSIGNED,
    RowState.DUPLICATE,
    RowState.TO_CREATE,
    RowState.TO_UPDATE,
    RowState.UNCHANGED,
    RowState.MERGED,
    RowState.REFUSED,
    RowState.UNDONE,
    RowState.CREATED,
    RowState.UPDATED,
)
SORTS = ("ligne", "nom", "etat", "organisation")


@dataclass(frozen=True)
class Group:
    """Rows that nothing tells apart at the top of the page, and how many they are."""

    state: str
    decision: str
    selected: bool
    to_check: bool
    rights_ended: bool
    organisation_id: int | None
    written: bool
    count: int


def groups_of(run: ImportRun) -> list[Group]:
    """All the rows of a run, by what the page counts: one query."""
    written = ExpressionWrapper(Q(written_at__isnull=False), output_field=BooleanField())
    rows = run.rows.order_by().annotate(written=written)
    counted = rows.values_list(
        "state", "decision", "selected", "to_check", "rights_ended", "organisation_id", "written"
    )
    return [Group(*values) for values in counted.annotate(rows=Count("*"))]


_MAY_CHOOSE = Q(written_at=None) & ~Q(state__in=NOT_SELECTABLE)
_FILTERS: Mapping[str, tuple[Callable[[Group], bool], Q]] = {
    TO_CHECK: (lambda group: group.to_check, Q(to_check=True)),
    RIGHTS_ENDED: (lambda group: group.rights_ended, Q(rights_ended=True)),
    LEFT_OUT: (
        lambda group: not group.selected and not group.written and group.state not in NOT_SELECTABLE,
        Q(selected=False) & _MAY_CHOOSE,
    ),
}
FILTERS = (TO_CHECK, RIGHTS_ENDED, LEFT_OUT, *RowState.values)


@dataclass(frozen=True)
class Wanted:
    """What a reader asks of the table: blanks keep everything."""

    # One of FILTERS.
    state: str = ""
    organisation_id: int | None = None
    search: str = ""
    # One of SORTS, after a dash to turn it over.
    sort: str = "ligne"

    def keeps(self, group: Group) -> bool:
        """Whether the filters, search aside, keep the rows of this group."""
        if self.organisation_id is not None and group.organisation_id != self.organisation_id:
            return False
        if self.state in _FILTERS:
            return _FILTERS[self.state][0](group)
        return self.state in ("", group.state)

    def rows_of(self, run: ImportRun) -> QuerySet[ImportRow]:
        """The rows of `run` that are asked for, in no order."""
        rows = run.rows.order_by()
        if self.organisation_id is not None:
            rows = rows.filter(organisation=self.organisation_id)
        if self.state in _FILTERS:
            rows = rows.filter(_FILTERS[self.state][1])
        elif self.state:
            rows = rows.filter(state=self.state)
        for word in words_of(self.search):
            rows = rows.filter(search_document__contains=word)
        return rows

    def places(self, run: ImportRun, groups: Iterable[Group]) -> Sequence[int]:
        """What there is to cut into pages: when something is searched, the numbers of the rows found (one
        reading tells how many and which); else the places of the rows, which `groups` count.
        """
        if words_of(self.search):
            return list(self.rows_of(run).order_by(*_order(self.sort)).values_list("number", flat=True))
        return range(sum(group.count for group in groups if self.keeps(group)))


def words_of(typed: str) -> list[str]:
    """What each row found must contain: the digits of a phone together, else each word, folded."""
    typed = typed[:_LONGEST_SEARCH]
    digits = re.sub(r"[\s.\-]", "", typed)
    if re.fullmatch(r"\+?[0-9]{4,}", digits):
        try:
            return [phone.search_key(digits)]
        except NumberParseException:
            return [digits.removeprefix("+")]
    return list(dict.fromkeys(fold(typed).split()))


def page_of(run: ImportRun, wanted: Wanted, places: Sequence[int]) -> list[ImportRow]:
    """The rows at these consecutive `places`, with the known person and the organisation of each.

    What is sorted is light, and only the rows shown are opened.
    """
    if not isinstance(places, range):
        return rows_numbered(run, places)
    sorted_rows = wanted.rows_of(run).order_by(*_order(wanted.sort)).values_list("number", flat=True)
    return rows_numbered(run, sorted_rows[places.start : places.stop])


def rows_numbered(run: ImportRun, numbers: Iterable[int]) -> list[ImportRow]:
    """These rows, in this order, with the known person and the organisation of each; others are ignored."""
    asked = list(numbers)
    rows = run.rows.filter(number__in=asked).select_related("usager", "organisation").order_by()
    found = {row.number: row for row in rows}
    for row in found.values():
        row.run = run
    return [found[number] for number in asked if number in found]


def _order(sort: str) -> list[str | OrderBy]:
    backwards = sort.startswith("-")
    name = sort.removeprefix("-")
    keys: dict[str, Collate | Case | F] = {
        "nom": Collate("name_key", "C"),
        "etat": Case(*(When(state=state, then=Value(rank)) for rank, state in enumerate(_STATE_ORDER))),
        "organisation": F("organisation__name"),
    }
    if name not in keys:
        return ["-number" if backwards else "number"]
    key = keys[name]
    return [key.desc() if backwards else key.asc(), "number"]


def place_of(run: ImportRun, number: int) -> int:
    """How many rows of the run come before row `number`."""
    return run.rows.filter(number__lt=number).count()


def merged_into(run: ImportRun, numbers: Iterable[int]) -> dict[int, list[int]]:
    """By row, the other rows of the same person for which it speaks."""
    merged: dict[int, list[int]] = {}
    others = run.rows.filter(same_as__in=list(numbers), state=RowState.MERGED).order_by("number")
    for first, number in others.values_list("same_as", "number"):
        if first is not None:
            merged.setdefault(first, []).append(number)
    return merged


@dataclass
class ToWrite:
    """What writing would do now, and what it would leave, in rows."""

    create: int = 0
    update: int = 0
    unchanged: int = 0
    # Left alone on purpose.
    left_out: int = 0
    # What waits for somebody, and would be left.
    undecided: int = 0
    to_assign: int = 0
    errors: int = 0
    # By organisation, the people to write.
    by_organisation: Counter[int] = field(default_factory=Counter)

    @property
    def people(self) -> int:
        """How many people would be written."""
        return self.create + self.update + self.unchanged

    @property
    def waiting(self) -> int:
        """How many rows wait for somebody."""
        return self.undecided + self.to_assign + self.errors


def to_write(groups: Iterable[Group]) -> ToWrite:
    """What writing would do of these rows: the same rows as `run.to_write` in SQL."""
    told = ToWrite()
    for group in groups:
        if group.written:
            continue
        fate = _FATES.get(_fate(group))
        if fate is None:
            continue
        setattr(told, fate, getattr(told, fate) + group.count)
        if fate in ("create", "update", "unchanged") and group.organisation_id is not None:
            told.by_organisation[group.organisation_id] += group.count
    return told


_FATES: Mapping[str, str] = {
    RowState.TO_CREATE: "create",
    RowState.TO_UPDATE: "update",
    RowState.UNCHANGED: "unchanged",
    RowState.DUPLICATE: "undecided",
    RowState.UNASSIGNED: "to_assign",
    RowState.ERROR: "errors",
    LEFT_OUT: "left_out",
}


def _fate(group: Group) -> str:
    """What will become of the rows of a group: what they are, once decided and unless they are left out."""
    if not group.selected and group.state in (*WRITABLE, RowState.DUPLICATE):
        return LEFT_OUT
    if group.state == RowState.DUPLICATE and group.decision != Decision.LATER:
        return RowState.TO_UPDATE if group.decision == Decision.SAME else RowState.TO_CREATE
    return group.state
