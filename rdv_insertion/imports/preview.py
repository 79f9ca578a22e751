"""What each row would do, before anything is written: a constant number of queries for the whole file."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports.columns import Header
from rdv_insertion.imports.contacts import ContactBook, from_json
from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.normalise import NormalisedRow, normalise_row
from rdv_insertion.kernel import dates
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.matching import Match, match, same_person
from rdv_insertion.usagers.models import Usager, UsagerOrganisation
from rdv_insertion.usagers.services import MissingIdentity, check_identity

_ARCHIVED = "Cette personne est archivée dans votre organisation."
_CLOSED = "Le suivi de cette personne est clos dans cette catégorie."


@transaction.atomic
def build(run: ImportRun, *, now: datetime) -> None:
    """Replace the rows of `run` by what its file and columns say now, matched with known people."""
    rows = _normalised(run, now)
    people = [row.identity for row in rows]
    merged = same_person(people, run.organisation.department)
    for place, first in merged.items():
        people[first] = people[first].completed_by(people[place])
    matches = match(people, run.organisation.department)
    described = [
        _row(run, row, person, found)
        for row, person, found in zip(rows, people, matches, strict=True)
    ]
    for place, first in merged.items():
        described[place].state = RowState.MERGED
        described[place].same_as = rows[first].number
        described[place].usager = None
    _unselect_ended(run, described)
    run.rows.all().delete()
    ImportRow.objects.bulk_create(described, batch_size=1_000)
    _link_lookalikes(described, matches)
    run.stage = Stage.PREVIEW
    run.save(update_fields=["stage"])


def header_of(run: ImportRun) -> Header:
    """The header of the run's file."""
    return Header(run.header_row, run.file.table[run.header_row])


def _normalised(run: ImportRun, now: datetime) -> list[NormalisedRow]:
    """The rows that hold something, understood, completed by the contact file."""
    today = dates.today(now)
    book = ContactBook(from_json(run.file.contacts), today=today)
    rows = []
    for number, cells in enumerate(run.file.table[run.header_row + 1 :], start=run.header_row + 2):
        if any(cells):
            row = normalise_row(number, cells, run.columns, today=today)
            identity = book.complete(row.identity).allowed_for(run.organisation.organisation_type)
            rows.append(NormalisedRow(number, identity, row.tags, row.referent_email, row.problems))
    return rows


def _row(run: ImportRun, row: NormalisedRow, person: Identity, found: Match) -> ImportRow:
    described = ImportRow(
        run=run,
        number=row.number,
        identity=person.as_json(),
        problems=[problem.as_json() for problem in row.problems],
        tags=row.tags,
        referent_email=row.referent_email,
        usager=found.usager,
    )
    described.state, described.changes = _state(person, found)
    described.remarks = list(found.doubts)
    try:
        check_identity(found.usager.identity if found.usager else person)
    except MissingIdentity as error:
        described.state, described.usager = RowState.ERROR, None
        described.remarks = [str(error)]
    return described


def _state(person: Identity, found: Match) -> tuple[RowState, list[str]]:
    if found.usager is None:
        return (RowState.DUPLICATE if found.lookalikes else RowState.TO_CREATE), []
    changes = changed_attributes(found.usager, person)
    return (RowState.TO_UPDATE if changes else RowState.UNCHANGED), changes


def changed_attributes(usager: Usager, person: Identity) -> list[str]:
    """The attributes that `person` would change."""
    return [name for name, value in person.known().items() if getattr(usager, name) != value]


def _unselect_ended(run: ImportRun, rows: Sequence[ImportRow]) -> None:
    """Archived people and closed follow-ups are shown, and left alone unless an agent chooses them."""
    usagers = {row.usager_id for row in rows if row.usager_id}
    archived = _archived(run, usagers)
    closed = _closed(run, usagers)
    for row in rows:
        if row.usager_id in archived:
            row.remarks.append(_ARCHIVED)
        if row.usager_id in closed:
            row.remarks.append(_CLOSED)
        row.selected = row.usager_id is None or row.usager_id not in archived | closed


def _archived(run: ImportRun, usagers: Collection[int]) -> set[int]:
    archived = UsagerOrganisation.objects.filter(
        organisation=run.organisation, usager__in=usagers, archived_at__isnull=False
    )
    return set(archived.values_list("usager_id", flat=True))


def _closed(run: ImportRun, usagers: Collection[int]) -> set[int]:
    closed = FollowUp.objects.filter(
        motif_category=run.motif_category, usager__in=usagers, closed_at__isnull=False
    )
    return set(closed.values_list("usager_id", flat=True))


def _link_lookalikes(rows: Sequence[ImportRow], matches: Sequence[Match]) -> None:
    link = ImportRow.lookalikes.through
    link.objects.bulk_create(
        link(importrow_id=row.pk, usager_id=usager.pk)
        for row, found in zip(rows, matches, strict=True)
        if row.state == RowState.DUPLICATE
        for usager in found.lookalikes
    )
