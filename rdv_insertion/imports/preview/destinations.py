"""Which organisation will follow the person of each row: the one it names, that of its address, or ours."""

from collections.abc import Iterable, Sequence

from rdv_insertion.agenda.sectors import serving_several
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.imports.enums import Routing, RowState
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.preview.checked import CheckedRow
from rdv_insertion.kernel.text import fold
from rdv_insertion.territory import addresses
from rdv_insertion.territory.models import Organisation

_NO_ADDRESS = "Sans adresse reconnue, le secteur n'est pas connu. Choisissez l'organisation."
_NO_SECTOR = "Aucun secteur de vos organisations ne couvre cette adresse. Choisissez l'organisation."
_SEVERAL_SECTORS = "Plusieurs de vos organisations couvrent cette adresse. Choisissez l'organisation."


def candidates_of(run: ImportRun) -> list[Organisation]:
    """The organisations to which rows may go: those of the department in which the agent of the import works,
    all the open ones when it came without an agent; always that of the import.
    """
    open_ones = Organisation.objects.filter(department=run.organisation.department_id, archived_at=None)
    if run.agent is not None:
        open_ones = open_ones.filter(pk__in=organisations_of(run.agent).order_by().values("pk"))
    others = [one for one in open_ones.order_by("name") if one.pk != run.organisation_id]
    for organisation in others:
        organisation.department = run.organisation.department
    return [run.organisation, *others]


def assign(rows: Sequence[CheckedRow], run: ImportRun) -> None:
    """Give each row its organisation, or the state of those for which somebody has to choose."""
    named = [row for row in rows if row.content.organisation]
    others = [row for row in rows if not row.content.organisation]
    if named:
        _by_name(named, candidates_of(run))
    if run.routing == Routing.ADDRESS:
        _by_address(others, run)
    else:
        for row in others:
            row.organisation = run.organisation


def _by_name(rows: Iterable[CheckedRow], candidates: Sequence[Organisation]) -> None:
    found: dict[str, Organisation | None] = {}
    for row in rows:
        name = row.content.organisation
        if name not in found:
            found[name] = named(name, candidates)
        row.organisation = found[name]
        if row.organisation is None:
            _wait(row, f"Aucune de vos organisations ne s'appelle « {name} ». Choisissez l'organisation.")


def named(name: str, candidates: Sequence[Organisation]) -> Organisation | None:
    """The candidate of this short name or name, else the first whose name contains it."""
    wanted = fold(name)
    exact = (one for one in candidates if wanted in (fold(one.slug), fold(one.name)))
    partial = (one for one in candidates if wanted and wanted in fold(one.name))
    return next(exact, None) or next(partial, None)


def _by_address(rows: Sequence[CheckedRow], run: ImportRun) -> None:
    candidates = {one.pk: one for one in candidates_of(run)}
    department = run.organisation.department
    texts = {row.content.identity.address for row in rows if row.content.identity.address}
    located = addresses.locate_several(texts, department)
    serving = serving_several(located, department)
    for row in rows:
        address = row.content.identity.address
        place = serving.get(address) if address and located.get(address) else None
        if place is None:
            _wait(row, _NO_ADDRESS)
            continue
        organisations = sorted(place.most_relevant & candidates.keys())
        if len(organisations) == 1:
            row.organisation = candidates[organisations[0]]
        else:
            _wait(row, _SEVERAL_SECTORS if organisations else _NO_SECTOR)


def _wait(row: CheckedRow, why: str) -> None:
    row.organisation, row.state = None, RowState.UNASSIGNED
    row.content.remarks.append(why)
