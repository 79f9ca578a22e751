"""Filters, search and order of the verification: from its address, and as the page says them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from rdv_insertion.imports.enums import RowState
from rdv_insertion.imports.preview import table
from rdv_insertion.imports.preview.table import Group, Wanted
from rdv_insertion.kernel.text import grouped
from rdv_insertion.territory.models import Organisation

_LABELS: Mapping[str, str] = {
    table.TO_CHECK: "À regarder",
    table.RIGHTS_ENDED: "Droits fermés",
    table.LEFT_OUT: "Non choisies",
}
SORT_LABELS: Mapping[str, str] = {
    "ligne": "Ligne du fichier",
    "nom": "Nom",
    "etat": "État",
    "organisation": "Organisation",
}
_LONGEST_SEARCH = 100
_MOST_ROWS = 100


@dataclass(frozen=True)
class FilterLink:
    """One figure at the top of the page, and the rows it leads to."""

    key: str
    label: str
    count: int
    current: bool

    @property
    def figure(self) -> str:
        """`50 000`."""
        return grouped(self.count)


@dataclass(frozen=True)
class Chip:
    """One active filter, and the parameter that holds it."""

    parameter: str
    label: str


@dataclass(frozen=True)
class OrganisationCount:
    """An organisation, and how many rows are its own."""

    organisation: Organisation
    count: int


def wanted_of(parameters: QueryDict, organisations: Iterable[Organisation]) -> Wanted:
    """What the address asks for; whatever it does not understand is ignored."""
    state = parameters.get("etat", "")
    slug = parameters.get("organisation", "")
    sort = parameters.get("tri", "")
    return Wanted(
        state=state if state in table.FILTERS else "",
        organisation_id=next((one.pk for one in organisations if one.slug == slug), None),
        search=parameters.get("q", "").replace("\x00", "").strip()[:_LONGEST_SEARCH],
        sort=sort if sort.removeprefix("-") in table.SORTS else "ligne",
    )


def organisations_among(groups: Sequence[Group]) -> list[OrganisationCount]:
    """The organisations of the rows, by name: one query, none when there are no rows."""
    counts: dict[int, int] = {}
    for group in groups:
        if group.organisation_id is not None:
            counts[group.organisation_id] = counts.get(group.organisation_id, 0) + group.count
    known = Organisation.objects.filter(pk__in=counts).order_by("name") if counts else ()
    return [OrganisationCount(one, counts[one.pk]) for one in known]


def filters(groups: Sequence[Group], wanted: Wanted) -> list[FilterLink]:
    """All the rows, those that deserve something, then each state that has rows; the current one always."""
    shown = []
    for key in ("", *table.FILTERS):
        keeps = replace(wanted, state=key).keeps
        count = sum(group.count for group in groups if keeps(group))
        if count or key in ("", wanted.state):
            shown.append(FilterLink(key, label_of(key), count, key == wanted.state))
    return shown


def label_of(key: str) -> str:
    """A filter in words."""
    if not key:
        return "Toutes les lignes"
    return _LABELS.get(key) or str(RowState(key).label)


def chips(wanted: Wanted, organisations: Iterable[OrganisationCount]) -> list[Chip]:
    """The active filters."""
    told = [Chip("etat", label_of(wanted.state))] if wanted.state else []
    told += [
        Chip("organisation", one.organisation.name)
        for one in organisations
        if one.organisation.pk == wanted.organisation_id
    ]
    return told + ([Chip("q", f"« {wanted.search} »")] if wanted.search else [])


def numbers_of(text: str) -> list[int]:
    """Row numbers as a page sends back those it shows: `2,3,5`; nonsense is ignored."""
    parts = text[: _MOST_ROWS * 11].split(",")[:_MOST_ROWS]
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10]
