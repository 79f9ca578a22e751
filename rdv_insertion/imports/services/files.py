"""From a file to a preview: what it holds is kept, its columns are understood, its rows are checked."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import SEEK_END, BytesIO
from typing import BinaryIO

from django.db import transaction

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.imports import columns as columns_of_file
from rdv_insertion.imports import contacts, preview
from rdv_insertion.imports.enums import Origin, Routing, Stage
from rdv_insertion.imports.models import KEPT, ColumnMapping, ImportFile, ImportRun
from rdv_insertion.imports.read import Reading, UnreadableFile, read_file
from rdv_insertion.imports.services.stages import advance, defer, lock
from rdv_insertion.territory.models import Organisation

# A preview of more rows than this takes more than a second: the worker builds it.
AT_ONCE = 5_000
_BLOCK_BYTES = 1024**2


@dataclass(frozen=True)
class File:
    """A file as it was given: its name, and what is in it, or a stream of it that can be read again."""

    name: str
    content: bytes | BinaryIO

    def stream(self) -> BinaryIO:
        """The bytes of the file, from the first."""
        stream = BytesIO(self.content) if isinstance(self.content, bytes) else self.content
        stream.seek(0)
        return stream

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.stream().seek(0, SEEK_END)

    @property
    def fingerprint(self) -> str:
        """The same for two files with the same bytes, whatever their names (SHA-256)."""
        digest, stream = hashlib.sha256(), self.stream()
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
        return digest.hexdigest()

    def read(self) -> Reading:
        """What the file holds. Raises UnreadableFile."""
        size = self.size
        return read_file(self.stream(), size=size)


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
    routing: str = Routing.HERE,
    origin: str = Origin.PAGE,
    now: datetime,
    in_background: bool = False,
) -> ImportRun:
    """Read the files and keep them; columns are those remembered for this header, else guessed.

    Those of a CNAF flow are known: it is previewed at once. Raises UnreadableFile, and nothing is written.
    """
    reading = file.read()
    table, header = columns_of_file.find_header(reading.tables)
    lines = _contacts(contacts_file) if contacts_file else []
    run = ImportRun.objects.create(
        organisation=organisation,
        motif_category=motif_category,
        agent=agent,
        origin=origin,
        routing=routing,
        file_name=file.name[:255],
        fingerprint=file.fingerprint,
        flow=reading.flow.label if reading.flow else "",
        sheet=table.sheet,
        contacts_name=contacts_file.name[:255] if contacts_file else "",
        header_row=header.row,
        columns=_columns(organisation, header),
        created_at=now,
        kept_until=now + KEPT,
    )
    ImportFile.objects.create(
        run=run, tables=[(one.sheet, one.rows) for one in reading.tables], contacts=contacts.as_json(lines)
    )
    if reading.flow:
        set_columns(run=run, columns=run.columns, now=now, in_background=in_background)
    return run


def _contacts(file: File) -> list[contacts.Contact]:
    try:
        return contacts.read_contacts(file.read().tables[0])
    except UnreadableFile as error:
        raise UnreadableContacts(f"Fichier de contacts : {error}") from error


def _columns(organisation: Organisation, header: columns_of_file.Header) -> list[str]:
    remembered = mapping_for(organisation, header)
    return remembered.columns if remembered else columns_of_file.guess(header, organisation.organisation_type)


def mapping_for(organisation: Organisation, header: columns_of_file.Header) -> ColumnMapping | None:
    """What this organisation said of a file with the same header, if it did."""
    return ColumnMapping.objects.filter(organisation=organisation, fingerprint=header.fingerprint).first()


@transaction.atomic
def choose_table(*, run: ImportRun, sheet: str, header_row: int) -> None:
    """Take another sheet of the file, or another row (from 0) for its titles; columns are guessed again.

    Raises UnreadableFile when the file has no such row, WrongStage once writing has begun.
    """
    lock(run, Stage.COLUMNS, Stage.PREVIEW)
    rows = dict(run.file.tables).get(sheet)
    if rows is None or not 0 <= header_row < len(rows):
        raise UnreadableFile("Ce fichier n'a pas cette feuille ou cette ligne.")
    run.sheet, run.header_row, run.stage = sheet, header_row, Stage.COLUMNS
    run.columns = _columns(run.organisation, preview.header_of(run))
    run.save(update_fields=["sheet", "header_row", "columns", "stage"])


@transaction.atomic
def set_columns(
    *, run: ImportRun, columns: Sequence[str], now: datetime, in_background: bool = False
) -> None:
    """Take these columns, remember them for the organisation, and preview every row.

    With `in_background`, a file of more than AT_ONCE rows is left to the worker. Raises UnreadableFile when
    the columns cannot be read as people, WrongStage once writing has begun.
    """
    lock(run, Stage.COLUMNS, Stage.PREVIEW)
    header = preview.header_of(run)
    columns_of_file.check(header, columns)
    ColumnMapping.objects.update_or_create(
        organisation=run.organisation,
        fingerprint=header.fingerprint,
        defaults={"columns": list(columns), "updated_at": now},
    )
    run.columns = list(columns)
    run.save(update_fields=["columns"])
    if in_background and len(run.file.rows_of(run.sheet)) > AT_ONCE:
        preview.erase_waiting(run)
        advance(run, Stage.CHECKING, Stage.COLUMNS, Stage.PREVIEW, now=now)
        defer(run)
    else:
        preview.build(run, now=now)


@transaction.atomic
def check(*, run: ImportRun, now: datetime) -> None:
    """Build the preview that was left to the worker, or check its rows again; nothing when it is done."""
    stage = ImportRun.objects.select_for_update().values_list("stage", flat=True).get(pk=run.pk)
    if stage != Stage.CHECKING:
        return
    numbers = set(run.rows.filter(written_at=None).order_by().values_list("number", flat=True))
    if numbers:
        preview.check_again(run, numbers, now=now, says_the_same=True)
        ImportRun.objects.filter(pk=run.pk).update(stage=Stage.PREVIEW)
    else:
        preview.build(run, now=now)
