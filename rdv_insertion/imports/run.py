"""Writing what was previewed, then inviting: by blocks, each one transaction that says what it did.

A crash leaves whole blocks: starting again goes on with the rows that are still to do, nobody twice.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q

from rdv_insertion.agents.models import AgentRole
from rdv_insertion.followups import services as followups
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports.enums import WRITABLE, Decision, RowState, Stage
from rdv_insertion.imports.models import ImportFile, ImportRow, ImportRun
from rdv_insertion.imports.preview.checking import changes
from rdv_insertion.invitations import services as invitations
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel import bulk
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.enums import CreatedThrough
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.matching import Asked, Match, match
from rdv_insertion.usagers.models import Tag, Usager, nir_blind_index
from rdv_insertion.usagers.services import PersonToSave, lock_department, save_people

logger = structlog.get_logger(__name__)

BLOCK = 500
_TAKEN_KEY = "Une autre personne du département a déjà ce NIR ou cet identifiant interne. Corrigez la ligne."
_NOT_TAKEN = "Cette ligne n'a pas pu être enregistrée. Vérifiez ses valeurs, puis importez-la de nouveau."
_WRITTEN_COLUMNS = ("state", "usager", "sealed", "to_check", "decision", "written_at")
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
        row = run.rows.get(pk=row_id)
        row.state, row.written_at = RowState.REFUSED, now
        _remark(row, [_NOT_TAKEN])
        row.save(update_fields=["state", "sealed", "to_check", "written_at"])
        return 1


@transaction.atomic
def _write_block(run: ImportRun, now: datetime, *, only: int | None = None) -> int:
    lock_department(run.organisation.department)
    waiting = ImportRow.objects.filter(to_write(), run=run, **({"pk": only} if only else {}))
    rows = list(waiting.order_by("number").select_related("usager__department", "organisation")[:BLOCK])
    for row in rows:
        if row.organisation is not None:
            row.organisation.department = run.organisation.department
    _recognise_again(run, rows)
    rows = _once_each(rows)
    _refuse_taken_keys(run, rows)
    _save([row for row in rows if row.state in WRITABLE], run, now)
    for row in rows:
        row.written_at = now
    bulk.update_columns(rows, _WRITTEN_COLUMNS)
    return len(rows)


def _save(rows: Sequence[ImportRow], run: ImportRun, now: datetime) -> None:
    people = [
        PersonToSave(
            identity=row.person.only(row.content.changes) if row.usager else row.person,
            usager=row.usager,
            erased=row.content.erased,
        )
        for row in rows
    ]
    _label(rows, people)
    by_organisation: defaultdict[Organisation, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        by_organisation[row.organisation or run.organisation].append(place)
    for organisation, places in by_organisation.items():
        usagers = save_people(
            people=[people[place] for place in places],
            organisation=organisation,
            created_through=CreatedThrough.UPLOAD_PAGE,
            now=now,
        )
        for place, usager in zip(places, usagers, strict=True):
            rows[place].state, rows[place].usager = _WRITTEN[RowState(rows[place].state)], usager
    if run.motif_category:
        usagers = [row.usager for row in rows if row.usager]
        followups.open_follow_ups(usagers=usagers, motif_category=run.motif_category, now=now)


def _recognise_again(run: ImportRun, rows: Sequence[ImportRow]) -> None:
    """Look once more for those to create: somebody may have been created since the preview."""
    new = [row for row in rows if row.usager is None and row.decision != Decision.DIFFERENT]
    matches = match([row.person for row in new], run.organisation.department)
    found = Usager.objects.select_related("department").in_bulk(
        [one.known.pk for one in matches if one.known]
    )
    for row, one in zip(new, matches, strict=True):
        row.usager = found.get(one.known.pk) if one.known else None
        row.state = RowState.DUPLICATE if one.lookalikes else RowState.TO_CREATE
        if one.lookalikes:
            # It waits for somebody instead of being written.
            row.decision = Decision.LATER
            _remark(row, one.doubts)
    _link_lookalikes(new, matches)
    for row in rows:
        if row.usager is not None:
            content = row.content
            content.changes = changes(row.usager, Asked(row.person), content.corrections)
            row.content = content
            row.state = RowState.TO_UPDATE if content.changes else RowState.UNCHANGED
        elif row.decision == Decision.DIFFERENT:
            row.state = RowState.TO_CREATE


def _remark(row: ImportRow, remarks: Sequence[str]) -> None:
    content = row.content
    content.remarks = list(remarks)
    row.content, row.to_check = content, True


def _link_lookalikes(rows: Sequence[ImportRow], matches: Sequence[Match]) -> None:
    link = ImportRow.lookalikes.through
    link.objects.bulk_create(
        (
            link(importrow_id=row.pk, usager_id=usager)
            for row, found in zip(rows, matches, strict=True)
            for usager in found.lookalikes
        ),
        ignore_conflicts=True,
    )


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
            row.state = RowState.REFUSED
            _remark(row, [_TAKEN_KEY])


def _keys(person: Identity) -> set[str]:
    return {key for key in (nir_blind_index(person.nir), person.department_internal_id) if key}


def _label(rows: Sequence[ImportRow], people: Sequence[PersonToSave]) -> None:
    """Add the tags of the department, and the referents who work in the organisation of their row."""
    values = {tag for row in rows for tag in row.content.tags}
    mails = {row.content.referent_email for row in rows} - {""}
    departments = {row.organisation.department_id for row in rows if row.organisation}
    tags = {tag.value: tag for tag in Tag.objects.filter(department__in=departments, value__in=values)}
    roles = AgentRole.objects.filter(agent__email__in=mails).select_related("agent") if mails else ()
    referents = {(role.agent.email, role.organisation_id): role.agent for role in roles}
    for row, person in zip(rows, people, strict=True):
        person.tags = [tags[value] for value in row.content.tags if value in tags]
        referent = referents.get((row.content.referent_email, row.organisation_id or 0))
        person.referents = [referent] if referent else []


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
    rows = list(waiting.select_related("organisation").order_by("number")[:BLOCK])
    if not rows:
        return 0
    follow_ups = FollowUp.objects.filter(
        motif_category=run.motif_category, usager__in=[row.usager_id for row in rows]
    )
    by_usager = {follow_up.usager_id: follow_up for follow_up in follow_ups}
    configurations = configurations_of(run)
    groups: defaultdict[tuple[int, tuple[str, ...]], list[ImportRow]] = defaultdict(list)
    for row in rows:
        row.invited_at = now
        groups[row.organisation_id or run.organisation_id, tuple(row.channels)].append(row)
    for (organisation, _), several in groups.items():
        _invite(several, by_usager, configurations.get(organisation), run, now=now)
    bulk.update_columns(rows, ["refusals", "invited_at"])
    return len(rows)


def _invite(
    rows: Sequence[ImportRow],
    by_usager: Mapping[int, FollowUp],
    configuration: CategoryConfiguration | None,
    run: ImportRun,
    *,
    now: datetime,
) -> None:
    """Invite the people of rows of one organisation, all by the channels of the first; keep the refusals."""
    channels = rows[0].channels
    if configuration is None:
        for row in rows:
            row.refusals = dict.fromkeys(channels, Refusal.CHANNEL_OFF)
        return
    report = invitations.invite(
        follow_ups=[by_usager[row.usager_id] for row in rows if row.usager_id and row.usager_id in by_usager],
        configuration=configuration,
        channels=channels,
        origin=InvitationOrigin.USER_LIST_UPLOAD,
        now=now,
        agent=run.agent,
        even_without_slots=run.even_without_slots,
    )
    for row in rows:
        follow_up = by_usager.get(row.usager_id or 0)
        row.refusals = dict(report.refusals.get(follow_up.pk, {})) if follow_up else {}


def configurations_of(run: ImportRun) -> dict[int, CategoryConfiguration]:
    """How the organisations of the department run the category of the run, by organisation id."""
    known = CategoryConfiguration.objects.filter(
        organisation__department=run.organisation.department_id, motif_category=run.motif_category
    )
    several = known.select_related("organisation__department", "motif_category")
    return {configuration.organisation_id: configuration for configuration in several}


def configuration_of(run: ImportRun) -> CategoryConfiguration:
    """How the run's organisation runs its category. Raises CategoryConfiguration.DoesNotExist."""
    return CategoryConfiguration.objects.select_related("organisation__department", "motif_category").get(
        organisation=run.organisation, motif_category=run.motif_category
    )
