"""Writing what was previewed, then inviting: by blocks, each one transaction that says what it did.

A crash leaves whole blocks: starting again goes on with the rows that are still to do, nobody twice.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups import services as followups
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports.enums import WRITABLE, Decision, RowState, Stage
from rdv_insertion.imports.models import ImportFile, ImportRow, ImportRun
from rdv_insertion.imports.preview import changed_attributes, link_lookalikes
from rdv_insertion.invitations import services as invitations
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel import bulk
from rdv_insertion.usagers.enums import CreatedThrough
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.matching import match
from rdv_insertion.usagers.models import Tag, Usager, nir_blind_index
from rdv_insertion.usagers.services import PersonToSave, lock_department, save_people

logger = structlog.get_logger(__name__)

BLOCK = 500
_TAKEN_KEY = "Une autre personne du département a déjà ce NIR ou cet identifiant interne. Corrigez la ligne."
_NOT_TAKEN = "Cette ligne n'a pas pu être enregistrée. Vérifiez ses valeurs, puis importez-la de nouveau."
_WRITTEN = {
    RowState.TO_CREATE: RowState.CREATED,
    RowState.TO_UPDATE: RowState.UPDATED,
    RowState.UNCHANGED: RowState.UNCHANGED,
}


def to_write() -> Q:
    """The rows that a run still has to write."""
    decided = Q(state=RowState.DUPLICATE) & ~Q(decision=Decision.LATER)
    return Q(selected=True, written_at=None) & (Q(state__in=WRITABLE) | decided)


def write(run: ImportRun, *, now: datetime) -> None:
    """Write all that remains to be written, block after block, then leave the run ready to invite."""
    while _write_next_block(run, now):
        pass
    with transaction.atomic():
        _share_merged(run)
        # Its rows are kept; the file itself, which holds every NIR, has served.
        ImportFile.objects.filter(run=run).delete()
        ImportRun.objects.filter(pk=run.pk, stage=Stage.WRITING).update(stage=Stage.WRITTEN, written_at=now)


def _write_next_block(run: ImportRun, now: datetime) -> int:
    """Write a block; when the database refuses it, its rows one by one, so that one row stops no other."""
    try:
        return _write_block(run, now)
    except (IntegrityError, DataError) as error:
        logger.warning("import_block_refused", run_id=run.pk, error=type(error).__name__)
    waiting = run.rows.filter(to_write()).order_by("number")
    return sum(
        _write_alone(run, row_id, now) for row_id in list(waiting.values_list("pk", flat=True)[:BLOCK])
    )


def _write_alone(run: ImportRun, row_id: int, now: datetime) -> int:
    try:
        return _write_block(run, now, only=row_id)
    except (IntegrityError, DataError):
        refused = run.rows.filter(pk=row_id)
        return refused.update(state=RowState.REFUSED, remarks=[_NOT_TAKEN], written_at=now)


@transaction.atomic
def _write_block(run: ImportRun, now: datetime, *, only: int | None = None) -> int:
    lock_department(run.organisation.department)
    waiting = ImportRow.objects.filter(to_write(), run=run, **({"pk": only} if only else {}))
    rows = list(waiting.order_by("number").select_related("usager__department")[:BLOCK])
    _recognise_again(run, rows)
    rows = _once_each(rows)
    _refuse_taken_keys(run, rows)
    _save([row for row in rows if row.state in WRITABLE], run, now)
    for row in rows:
        row.written_at = now
    bulk.update_columns(rows, ["state", "usager", "changes", "remarks", "decision", "written_at"])
    return len(rows)


def _save(rows: Sequence[ImportRow], run: ImportRun, now: datetime) -> None:
    people = [PersonToSave(identity=row.person, usager=row.usager) for row in rows]
    _label(run, rows, people)
    usagers = save_people(
        people=people, organisation=run.organisation, created_through=CreatedThrough.UPLOAD_PAGE, now=now
    )
    if run.motif_category:
        followups.open_follow_ups(usagers=usagers, motif_category=run.motif_category, now=now)
    for row, usager in zip(rows, usagers, strict=True):
        row.state, row.usager = _WRITTEN[RowState(row.state)], usager


def _recognise_again(run: ImportRun, rows: Sequence[ImportRow]) -> None:
    """Look once more for those to create: somebody may have been created since the preview."""
    new = [row for row in rows if row.usager is None and row.decision != Decision.DIFFERENT]
    matches = match([row.person for row in new], run.organisation.department)
    for row, found in zip(new, matches, strict=True):
        row.usager = found.usager
        row.state = RowState.DUPLICATE if found.lookalikes else RowState.TO_CREATE
        if found.lookalikes:
            # It waits for somebody instead of being written.
            row.decision, row.remarks = Decision.LATER, list(found.doubts)
    link_lookalikes(new, matches)
    for row in rows:
        if row.usager is not None:
            row.changes = changed_attributes(row.usager, row.person)
            row.state = RowState.TO_UPDATE if row.changes else RowState.UNCHANGED
        elif row.decision == Decision.DIFFERENT:
            row.state = RowState.TO_CREATE


def _once_each(rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Rows of which no two are the same known person: the others wait for the next block, to add to it."""
    seen: set[int] = set()
    kept = []
    for row in rows:
        if row.usager_id is None or row.usager_id not in seen:
            kept.append(row)
            seen |= {row.usager_id} if row.usager_id else set()
    return kept


def _refuse_taken_keys(run: ImportRun, rows: Sequence[ImportRow]) -> None:
    """Nobody gets the NIR or the internal identifier of somebody else."""
    keys = {row.pk: _keys(row.person) for row in rows}
    wanted = set().union(*keys.values())
    known = Usager.objects.filter(
        Q(nir_index__in=wanted) | Q(department_internal_id__in=wanted), department=run.organisation.department
    )
    owners: dict[str | None, int] = {}
    for pk, *values in known.values_list("pk", "nir_index", "department_internal_id"):
        owners |= dict.fromkeys(values, pk)
    for row in rows:
        others = {owners[key] for key in keys[row.pk] if key in owners} - {row.usager_id}
        if row.state in WRITABLE and others:
            row.state, row.remarks = RowState.REFUSED, [_TAKEN_KEY]


def _keys(person: Identity) -> set[str]:
    return {key for key in (nir_blind_index(person.nir), person.department_internal_id) if key}


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
    bulk.update_columns(merged, ["usager"])


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
    bulk.update_columns(rows, ["refusals", "invited_at"])
    return len(rows)


def configuration_of(run: ImportRun) -> CategoryConfiguration:
    """How the run's organisation runs its category. Raises CategoryConfiguration.DoesNotExist."""
    return CategoryConfiguration.objects.select_related("organisation__department", "motif_category").get(
        organisation=run.organisation, motif_category=run.motif_category
    )
