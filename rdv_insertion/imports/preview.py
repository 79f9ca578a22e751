"""What each row would do, before anything is written: a constant number of queries for the whole file."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports.columns import Header
from rdv_insertion.imports.contacts import ContactBook, from_json
from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.normalise import NormalisedRow, normalise_row
from rdv_insertion.kernel import bulk, dates
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.matching import Match, match, same_person
from rdv_insertion.usagers.models import Tag, Usager, UsagerOrganisation, nir_blind_index
from rdv_insertion.usagers.services import MissingIdentity, check_identity

_ARCHIVED = "Cette personne est archivée dans votre organisation. Cochez la ligne pour la désarchiver."
_CLOSED = "Le suivi de cette personne est clos dans cette catégorie. Cochez la ligne pour le rouvrir."
_ELSEWHERE = "Cette personne est suivie par une autre organisation du département. Vous la suivrez aussi."


@transaction.atomic
def build(run: ImportRun, *, now: datetime) -> None:
    """Replace the rows of `run` by what its file and columns say now, matched with known people."""
    rows = _normalised(run, now)
    people = [row.identity for row in rows]
    merged = same_person(people, run.organisation.department)
    for place, first in merged.items():
        people[first] = people[first].completed_by(people[place])
    matches = match(people, run.organisation.department)
    _merge_same_usager(people, matches, merged)
    described = [_row(run, *one) for one in zip(rows, people, matches, strict=True)]
    for place, first in merged.items():
        described[place].state, described[place].same_as = RowState.MERGED, rows[first].number
        described[place].usager, described[place].remarks = None, []
    _refuse_shared_keys(described)
    _remark_memberships(run, described)
    _remark_unknown_labels(run, described)
    for row in described:
        row.to_check = bool(row.problems or row.remarks)
    run.rows.all().delete()
    bulk.insert(described)
    link_lookalikes(described, matches)
    run.stage = Stage.PREVIEW
    run.save(update_fields=["stage", "contacts_found"])


def header_of(run: ImportRun) -> Header:
    """The header of the run's file."""
    return Header(run.header_row, run.file.table[run.header_row])


def _normalised(run: ImportRun, now: datetime) -> list[NormalisedRow]:
    """The rows that hold something, understood, completed by the contact file."""
    today = dates.today(now)
    book = ContactBook(from_json(run.file.contacts), today=today)
    rows = []
    run.contacts_found = 0
    for number, cells in enumerate(run.file.table[run.header_row + 1 :], start=run.header_row + 2):
        if any(cells):
            row = normalise_row(number, cells, run.columns, today=today)
            completed = book.complete(row.identity)
            run.contacts_found += completed != row.identity
            rows.append(replace(row, identity=completed.allowed_for(run.organisation.organisation_type)))
    return rows


def _merge_same_usager(people: list[Identity], matches: Sequence[Match], merged: dict[int, int]) -> None:
    """Rows that nothing relates but that are one known person: the first of them speaks for all."""
    first_of: dict[int, int] = {}
    for place, found in enumerate(matches):
        if found.usager is None or place in merged:
            continue
        first = first_of.setdefault(found.usager.pk, place)
        if first != place:
            merged[place] = first
            people[first] = people[first].completed_by(people[place])


def _row(run: ImportRun, row: NormalisedRow, person: Identity, found: Match) -> ImportRow:
    described = ImportRow(
        run=run,
        number=row.number,
        identity=person.as_json(),
        problems=[problem.as_json() for problem in row.problems],
        tags=row.tags,
        referent_email=row.referent_email,
        usager=found.usager,
        remarks=list(found.doubts),
    )
    described.state, described.changes = _state(person, found)
    missing = "" if found.usager else _missing(person)
    if missing:
        described.state, described.remarks = RowState.ERROR, [missing]
    return described


def _state(person: Identity, found: Match) -> tuple[RowState, list[str]]:
    if found.usager is None:
        return (RowState.DUPLICATE if found.lookalikes else RowState.TO_CREATE), []
    changes = changed_attributes(found.usager, person)
    return (RowState.TO_UPDATE if changes else RowState.UNCHANGED), changes


def _missing(person: Identity) -> str:
    """What this person lacks to be created, as a French sentence, or an empty string."""
    names = {"le nom": person.last_name, "le prénom": person.first_name}
    absent = [label for label, name in names.items() if not name]
    if absent:
        return f"Il manque {' et '.join(absent)}."
    try:
        check_identity(person)
    except MissingIdentity as error:
        return str(error)
    return ""


def changed_attributes(usager: Usager, person: Identity) -> list[str]:
    """The attributes that `person` would change."""
    return [name for name, value in person.known().items() if getattr(usager, name) != value]


def _refuse_shared_keys(rows: Sequence[ImportRow]) -> None:
    """Two different people of one file cannot have one NIR or one internal identifier."""
    first_with: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.state in (RowState.MERGED, RowState.ERROR):
            continue
        person = row.person
        keys = {"NIR": nir_blind_index(person.nir), "identifiant interne": person.department_internal_id}
        given = [(label, key) for label, key in keys.items() if key]
        shared = [(label, first_with[label, key]) for label, key in given if (label, key) in first_with]
        if shared:
            label, number = shared[0]
            row.state, row.usager = RowState.ERROR, None
            row.remarks = [f"La ligne {number} donne le même {label} à une autre personne. Corrigez-les."]
        else:
            first_with |= dict.fromkeys(given, row.number)


def _remark_memberships(run: ImportRun, rows: Sequence[ImportRow]) -> None:
    """Archived people and closed follow-ups are shown, and left alone unless an agent chooses them."""
    usagers = {row.usager_id for row in rows if row.usager_id}
    memberships = UsagerOrganisation.objects.filter(organisation=run.organisation, usager__in=usagers)
    archived_at = dict(memberships.values_list("usager_id", "archived_at"))
    closed = _closed(run, usagers)
    for row in rows:
        if row.usager_id is None:
            continue
        archived = archived_at.get(row.usager_id) is not None
        facts = {
            _ELSEWHERE: row.usager_id not in archived_at,
            _ARCHIVED: archived,
            _CLOSED: row.usager_id in closed,
        }
        row.remarks += [remark for remark, applies in facts.items() if applies]
        row.selected = not archived and row.usager_id not in closed


def _closed(run: ImportRun, usagers: Collection[int]) -> set[int]:
    closed = FollowUp.objects.filter(
        motif_category=run.motif_category, usager__in=usagers, closed_at__isnull=False
    )
    return set(closed.values_list("usager_id", flat=True))


def _remark_unknown_labels(run: ImportRun, rows: Sequence[ImportRow]) -> None:
    """Tags and referents that nobody created are ignored, and the row says so."""
    wanted = {tag for row in rows for tag in row.tags}
    tags = Tag.objects.filter(department=run.organisation.department, value__in=wanted)
    known_tags = set(tags.values_list("value", flat=True))
    mails = {row.referent_email for row in rows if row.referent_email}
    agents = Agent.objects.filter(email__in=mails, roles__organisation=run.organisation)
    known_agents = set(agents.values_list("email", flat=True))
    for row in rows:
        row.remarks += [
            f"Le tag « {tag} » n'existe pas : il est ignoré." for tag in row.tags if tag not in known_tags
        ]
        if row.referent_email and row.referent_email not in known_agents:
            row.remarks.append(f"Aucun agent de l'organisation n'a l'adresse {row.referent_email}.")


def link_lookalikes(rows: Sequence[ImportRow], matches: Sequence[Match]) -> None:
    """Keep whom each possible duplicate looks like; the rows are already written."""
    link = ImportRow.lookalikes.through
    link.objects.bulk_create(
        (
            link(importrow_id=row.pk, usager_id=usager.pk)
            for row, found in zip(rows, matches, strict=True)
            if row.state == RowState.DUPLICATE
            for usager in found.lookalikes
        ),
        batch_size=1_000,
        ignore_conflicts=True,
    )
