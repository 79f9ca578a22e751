"""The steps of an import: each a function that the page, the command and the queue call alike."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.imports import columns as columns_of_file
from rdv_insertion.imports import contacts, preview
from rdv_insertion.imports.enums import Decision, RowState, Stage
from rdv_insertion.imports.models import ColumnMapping, ImportFile, ImportRow, ImportRun
from rdv_insertion.imports.read import read_table
from rdv_insertion.territory.models import Organisation


class WrongStage(Exception):
    """The run is elsewhere: somebody else went on with it, or the page is an old one."""


@transaction.atomic
def start(
    *,
    organisation: Organisation,
    motif_category: MotifCategory | None,
    agent: Agent | None,
    file_name: str,
    content: bytes,
    contacts_name: str = "",
    contacts_content: bytes | None = None,
    now: datetime,
) -> ImportRun:
    """Read the files and keep them; columns are those remembered for this header, else guessed.

    Raises UnreadableFile, and then nothing is written.
    """
    table = read_table(content)
    header = columns_of_file.find_header(table)
    lines = contacts.read_contacts(read_table(contacts_content)) if contacts_content is not None else []
    remembered = ColumnMapping.objects.filter(organisation=organisation, fingerprint=header.fingerprint).first()
    run = ImportRun.objects.create(
        organisation=organisation,
        motif_category=motif_category,
        agent=agent,
        file_name=file_name[:255],
        fingerprint=hashlib.sha256(content).hexdigest(),
        sheet=table.sheet,
        contacts_name=contacts_name[:255],
        header_row=header.row,
        columns=remembered.columns if remembered else columns_of_file.guess(header),
        created_at=now,
    )
    ImportFile.objects.create(run=run, table=table.rows, contacts=contacts.as_json(lines))
    return run


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
def decide(*, row: ImportRow, decision: str) -> None:
    """Take down what an agent says of a possible duplicate: the first person it looks like, or nobody."""
    _lock(row.run, Stage.PREVIEW)
    if row.state != RowState.DUPLICATE:
        raise WrongStage
    row.decision = decision
    row.usager = row.lookalikes.order_by("id").first() if decision == Decision.SAME else None
    row.save(update_fields=["decision", "usager"])


@transaction.atomic
def select(*, row: ImportRow, selected: bool) -> None:
    """Choose to write a row, or to leave it alone."""
    _lock(row.run, Stage.PREVIEW)
    row.selected = selected
    row.save(update_fields=["selected"])


@transaction.atomic
def start_writing(*, run: ImportRun, in_background: bool = True) -> None:
    """Have the chosen rows written: by the worker, or by the caller, with `run.write`."""
    _advance(run, Stage.WRITING, Stage.PREVIEW)
    if in_background:
        app.configure_task("write_import", queue="imports").defer(run_id=run.pk)


@transaction.atomic
def start_inviting(
    *,
    run: ImportRun,
    row_ids: Collection[int] | None,
    channels: Sequence[str],
    even_without_slots: bool = False,
    in_background: bool = True,
) -> None:
    """Have these rows (None: all that were written) invited by these channels."""
    _advance(run, Stage.INVITING, Stage.WRITTEN)
    run.channels, run.even_without_slots = list(channels), even_without_slots
    run.save(update_fields=["channels", "even_without_slots"])
    rows = invitable_rows(run)
    if row_ids is not None:
        rows = rows.filter(pk__in=row_ids)
    rows.update(to_invite=True)
    if in_background:
        app.configure_task("invite_import", queue="imports").defer(run_id=run.pk)


@transaction.atomic
def finish_without_inviting(*, run: ImportRun) -> None:
    """End the import: nobody is invited now."""
    _advance(run, Stage.DONE, Stage.WRITTEN)


def invitable_rows(run: ImportRun) -> QuerySet[ImportRow]:
    """The rows whose person was written: one row a person."""
    return run.rows.filter(state__in=(RowState.CREATED, RowState.UPDATED, RowState.UNCHANGED), selected=True)


def _lock(run: ImportRun, *expected: str) -> None:
    stage = ImportRun.objects.select_for_update().values_list("stage", flat=True).get(pk=run.pk)
    if stage not in expected:
        raise WrongStage
    run.stage = stage


def _advance(run: ImportRun, stage: str, *expected: str) -> None:
    _lock(run, *expected)
    run.stage = stage
    run.save(update_fields=["stage"])
