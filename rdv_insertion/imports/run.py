"""Writing what was previewed, then inviting: by blocks, each one transaction that says what it did.

A crash leaves whole blocks: starting again goes on with the rows that are still to do, nobody twice.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups import services as followups
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports.enums import WRITABLE, Decision, RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.preview import changed_attributes
from rdv_insertion.invitations import services as invitations
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.usagers.enums import CreatedThrough
from rdv_insertion.usagers.matching import Match, match
from rdv_insertion.usagers.models import Tag, Usager, nir_blind_index
from rdv_insertion.usagers.services import PersonToSave, lock_department, save_people

BLOCK = 500
_TAKEN_KEY = "Une autre personne du département a déjà ce NIR ou cet identifiant interne : corrigez la ligne."


def to_write() -> Q:
    """The rows that a run still has to write."""
    decided = Q(state=RowState.DUPLICATE) & ~Q(decision=Decision.LATER)
    return Q(selected=True) & (Q(state__in=WRITABLE) | decided)


def write(run: ImportRun, *, now: datetime) -> None:
    """Write all that remains to be written, block after block, then leave the run ready to invite."""
    while _write_block(run, now):
        pass
    with transaction.atomic():
        _share_merged(run)
        ImportRun.objects.filter(pk=run.pk, stage=Stage.WRITING).update(stage=Stage.WRITTEN, written_at=now)


@transaction.atomic
def _write_block(run: ImportRun, now: datetime) -> int:
    lock_department(run.organisation.department)
    waiting = ImportRow.objects.filter(to_write(), run=run, written_at=None)
    rows = list(waiting.order_by("number").select_related("usager__department")[:BLOCK])
    _recognise_again(run, rows)
    writable = [row for row in rows if row.state in WRITABLE]
    people = [_person(row) for row in writable]
    _label(run, writable, people)
    usagers = save_people(
        people=people, organisation=run.organisation, created_through=CreatedThrough.UPLOAD_PAGE, now=now
    )
    if run.motif_category:
        followups.open_follow_ups(usagers=usagers, motif_category=run.motif_category, now=now)
    for row, usager in zip(writable, usagers, strict=True):
        row.state = _WRITTEN[RowState(row.state)]
        row.usager = usager
    for row in rows:
        row.written_at = now
    ImportRow.objects.bulk_update(rows, ["state", "usager", "changes", "remarks", "written_at"], batch_size=BLOCK)
    return len(rows)


_WRITTEN = {
    RowState.TO_CREATE: RowState.CREATED,
    RowState.TO_UPDATE: RowState.UPDATED,
    RowState.UNCHANGED: RowState.UNCHANGED,
}


def _person(row: ImportRow) -> PersonToSave:
    return PersonToSave(identity=row.person, usager=row.usager)


def _recognise_again(run: ImportRun, rows: Sequence[ImportRow]) -> None:
    """Look once more for those to create: somebody may have been created since the preview."""
    new = [row for row in rows if row.usager is None and row.decision != Decision.DIFFERENT]
    for row, found in zip(new, match([row.person for row in new], run.organisation.department), strict=True):
        _become(row, found)
    for row in rows:
        if row.usager is not None:
            row.changes = changed_attributes(row.usager, row.person)
            row.state = RowState.TO_UPDATE if row.changes else RowState.UNCHANGED
    _refuse_taken_keys(run, [row for row in rows if row.usager is None and row.decision == Decision.DIFFERENT])


def _become(row: ImportRow, found: Match) -> None:
    row.usager = found.usager
    row.state = RowState.DUPLICATE if found.lookalikes else RowState.TO_CREATE
    row.remarks = [*row.remarks, *found.doubts]
    if found.lookalikes:
        # Undecided from now on: it waits for somebody instead of being written.
        row.decision = Decision.LATER


def _refuse_taken_keys(run: ImportRun, rows: Sequence[ImportRow]) -> None:
    """"A different person" cannot have the NIR or internal identifier of somebody known."""
    people = {row.number: row.person for row in rows}
    known = Usager.objects.filter(
        Q(nir_index__in=[nir_blind_index(person.nir) for person in people.values() if person.nir])
        | Q(department_internal_id__in=[one.department_internal_id for one in people.values()]),
        department=run.organisation.department,
    )
    taken = {value for usager in known for value in (usager.nir_index, usager.department_internal_id) if value}
    for row in rows:
        person = people[row.number]
        row.state = RowState.TO_CREATE
        if {nir_blind_index(person.nir), person.department_internal_id} & taken:
            row.state, row.remarks = RowState.REFUSED, [_TAKEN_KEY]


def _label(run: ImportRun, rows: Sequence[ImportRow], people: Sequence[PersonToSave]) -> None:
    """Add the tags of the department and the referents of the organisation that rows name."""
    tags = {tag.value: tag for tag in Tag.objects.filter(department=run.organisation.department)}
    mails = {row.referent_email for row in rows if row.referent_email}
    agents = Agent.objects.filter(email__in=mails, roles__organisation=run.organisation)
    referents = {agent.email: agent for agent in agents}
    for row, person in zip(rows, people, strict=True):
        person.tags = [tags[value] for value in row.tags if value in tags]
        person.referents = [referents[row.referent_email]] if row.referent_email in referents else []


def _share_merged(run: ImportRun) -> None:
    """Rows merged into another row show the same person."""
    written = dict(run.rows.exclude(usager=None).values_list("number", "usager_id"))
    merged = list(run.rows.filter(state=RowState.MERGED))
    for row in merged:
        row.usager_id = written.get(row.same_as or 0)
    ImportRow.objects.bulk_update(merged, ["usager"], batch_size=BLOCK)


def invite(run: ImportRun, *, now: datetime) -> None:
    """Invite the chosen rows that were not yet, block after block."""
    while _invite_block(run, now):
        pass
    ImportRun.objects.filter(pk=run.pk, stage=Stage.INVITING).update(stage=Stage.DONE, invited_at=now)


@transaction.atomic
def _invite_block(run: ImportRun, now: datetime) -> int:
    waiting = run.rows.filter(to_invite=True, invited_at=None).select_for_update(of=("self",))
    rows = list(waiting.order_by("number")[:BLOCK])
    if not rows:
        return 0
    follow_ups = FollowUp.objects.filter(
        motif_category=run.motif_category, usager__in=[row.usager_id for row in rows]
    )
    by_usager = {follow_up.usager_id: follow_up for follow_up in follow_ups}
    report = invitations.invite(
        follow_ups=list(by_usager.values()),
        configuration=configuration_of(run),
        channels=run.channels,
        origin=InvitationOrigin.USER_LIST_UPLOAD,
        now=now,
        agent=run.agent,
        even_without_slots=run.even_without_slots,
    )
    for row in rows:
        follow_up = by_usager.get(row.usager_id or 0)
        row.refusals = dict(report.refusals.get(follow_up.pk, {})) if follow_up else {}
        row.invited_at = now
    ImportRow.objects.bulk_update(rows, ["refusals", "invited_at"], batch_size=BLOCK)
    return len(rows)


def configuration_of(run: ImportRun) -> CategoryConfiguration:
    """How the run's organisation runs its category. Raises CategoryConfiguration.DoesNotExist."""
    return CategoryConfiguration.objects.select_related("organisation__department", "motif_category").get(
        organisation=run.organisation, motif_category=run.motif_category
    )
