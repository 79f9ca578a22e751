"""The steps of an import: each a function that the page, the command and the queue call alike."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.imports import columns as columns_of_file
from rdv_insertion.imports import contacts, preview
from rdv_insertion.imports.enums import Decision, RowState, Stage
from rdv_insertion.imports.models import ColumnMapping, ImportFile, ImportRow, ImportRun
from rdv_insertion.imports.read import UnreadableFile, read_tables
from rdv_insertion.imports.run import to_write
from rdv_insertion.kernel import jobs
from rdv_insertion.territory.models import Organisation

# Steps at which an agent may still say who is who, and have it written.
DECIDABLE = (Stage.PREVIEW, Stage.WRITTEN, Stage.DONE)
_JOBS = {Stage.WRITING: "write_import", Stage.INVITING: "invite_import"}


class WrongStage(Exception):
    """The run is elsewhere: somebody else went on with it, or the page is an old one."""


@dataclass(frozen=True)
class File:
    """A file as it was given: its name, and what is in it."""

    name: str
    content: bytes


class UnreadableContacts(UnreadableFile):
    """The list can be read, but not the contact file given with it."""


@transaction.atomic
def start(
    *,
    organisation: Organisation,
    motif_category: MotifCategory | None,
    agent: Agent | None,
    file: File,
    contacts_file: File | None = None,
    now: datetime,
) -> ImportRun:
    """Read the files and keep them; columns are those remembered for this header, else guessed.

    Raises UnreadableFile, and then nothing is written.
    """
    table, header = columns_of_file.find_header(read_tables(file.content))
    lines = _contacts(contacts_file) if contacts_file else []
    remembered = mapping_for(organisation, header)
    guessed = columns_of_file.guess(header, organisation.organisation_type)
    run = ImportRun.objects.create(
        organisation=organisation,
        motif_category=motif_category,
        agent=agent,
        file_name=file.name[:255],
        fingerprint=hashlib.sha256(file.content).hexdigest(),
        sheet=table.sheet,
        contacts_name=contacts_file.name[:255] if contacts_file else "",
        header_row=header.row,
        columns=remembered.columns if remembered else guessed,
        created_at=now,
    )
    ImportFile.objects.create(run=run, table=table.rows, contacts=contacts.as_json(lines))
    return run


def _contacts(file: File) -> list[contacts.Contact]:
    try:
        return contacts.read_contacts(read_tables(file.content)[0])
    except UnreadableFile as error:
        raise UnreadableContacts(f"Fichier de contacts : {error}") from error


def mapping_for(organisation: Organisation, header: columns_of_file.Header) -> ColumnMapping | None:
    """What this organisation said of a file with the same header, if it did."""
    return ColumnMapping.objects.filter(organisation=organisation, fingerprint=header.fingerprint).first()


@transaction.atomic
def set_columns(*, run: ImportRun, columns: Sequence[str], now: datetime) -> None:
    """Take these columns, remember them for the organisation, and preview every row.

    Raises UnreadableFile when they cannot be read as people, WrongStage once writing has begun.
    """
    _lock(run, Stage.COLUMNS, Stage.PREVIEW)
    header = preview.header_of(run)
    columns_of_file.check(header, columns)
    ColumnMapping.objects.update_or_create(
        organisation=run.organisation,
        fingerprint=header.fingerprint,
        defaults={"columns": list(columns), "updated_at": now},
    )
    run.columns = list(columns)
    run.save(update_fields=["columns"])
    preview.build(run, now=now)


@transaction.atomic
def decide(*, row: ImportRow, decision: str, usager_id: int | None = None) -> None:
    """Take down what an agent says of a possible duplicate: which known person it is, nobody known, or later.

    Raises WrongStage when the row is no possible duplicate any more, or `usager_id` not one it looks like.
    """
    _lock(row.run, *DECIDABLE)
    row.refresh_from_db(fields=["state"])
    same = decision == Decision.SAME
    chosen = row.lookalikes.filter(pk=usager_id).first() if same and usager_id else None
    if row.state != RowState.DUPLICATE or (same and chosen is None):
        raise WrongStage
    row.decision, row.usager, row.written_at = decision, chosen, None
    row.save(update_fields=["decision", "usager", "written_at"])


@transaction.atomic
def select(*, row: ImportRow, selected: bool) -> None:
    """Choose to write a row, or to leave it alone. Raises WrongStage once it is written."""
    _lock(row.run, *DECIDABLE)
    if not selectable_rows(row.run).filter(pk=row.pk).update(selected=selected):
        raise WrongStage


def selectable_rows(run: ImportRun) -> QuerySet[ImportRow]:
    """The rows of a run that may be chosen or left alone: not written, not wrong."""
    return run.rows.filter(written_at=None).exclude(state__in=(RowState.ERROR, RowState.MERGED))


@transaction.atomic
def start_writing(*, run: ImportRun, now: datetime, in_background: bool = True) -> None:
    """Have the chosen rows written: by the worker, or by the caller, with `run.write`."""
    _advance(run, Stage.WRITING, *DECIDABLE, now=now)
    if in_background:
        _defer(run)


@transaction.atomic
def start_inviting(
    *,
    run: ImportRun,
    row_ids: Collection[int] | None,
    channels: Sequence[str],
    now: datetime,
    even_without_slots: bool = False,
    in_background: bool = True,
) -> None:
    """Have these rows (None: all that were written) invited by these channels."""
    _advance(run, Stage.INVITING, Stage.WRITTEN, now=now)
    run.channels, run.even_without_slots = list(channels), even_without_slots
    run.save(update_fields=["channels", "even_without_slots"])
    rows = invitable_rows(run)
    if row_ids is not None:
        rows = rows.filter(pk__in=row_ids)
    rows.update(to_invite=True)
    if in_background:
        _defer(run)


@transaction.atomic
def start_again(*, run: ImportRun) -> None:
    """Give the present work back to the worker after it gave up. Raises WrongStage when it did not."""
    _lock(run, *_JOBS)
    if has_job(run):
        raise WrongStage
    _defer(run)


@transaction.atomic
def finish_without_inviting(*, run: ImportRun, now: datetime) -> None:
    """End the import: nobody is invited now."""
    _advance(run, Stage.DONE, Stage.WRITTEN, now=now)


def invitable_rows(run: ImportRun) -> QuerySet[ImportRow]:
    """The rows whose person was written and not invited by this run: one row a person."""
    written = (RowState.CREATED, RowState.UPDATED, RowState.UNCHANGED)
    return run.rows.filter(
        state__in=written, written_at__isnull=False, usager__isnull=False, invited_at__isnull=True
    )


def rows_to_write(run: ImportRun) -> QuerySet[ImportRow]:
    """The rows that writing would write now."""
    return run.rows.filter(to_write())


def has_job(run: ImportRun) -> bool:
    """Whether the worker has the present work of this run in hand, or still has to take it."""
    known = ProcrastinateJob.objects.filter(task_name=_JOBS.get(Stage(run.stage), ""), args__run_id=run.pk)
    return known.filter(status__in=("todo", "doing")).exists()


def _defer(run: ImportRun) -> None:
    # The lock keeps two workers from the same run.
    jobs.defer(_JOBS[Stage(run.stage)], {"run_id": run.pk}, queue="imports", lock=f"import-{run.pk}")


def _lock(run: ImportRun, *expected: str) -> None:
    stage = ImportRun.objects.select_for_update().values_list("stage", flat=True).get(pk=run.pk)
    if stage not in expected:
        raise WrongStage
    run.stage = stage


def _advance(run: ImportRun, stage: str, *expected: str, now: datetime) -> None:
    _lock(run, *expected)
    run.stage, run.stage_began_at = stage, now
    run.save(update_fields=["stage", "stage_began_at"])
