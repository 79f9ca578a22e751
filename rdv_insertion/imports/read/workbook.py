"""Spreadsheets of every kind that calamine reads: .xlsx, .xls, .ods, by content."""

import importlib.util
import struct
import subprocess
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

from rdv_insertion.imports.read import spreadsheet
from rdv_insertion.imports.read.table import (
    ADVICE,
    MAX_CELL_LENGTH,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    Table,
    UnreadableFile,
    cell_too_long,
    once_each,
    too_many_cells,
    too_many_columns,
    too_many_rows,
)

MAX_UNZIPPED_BYTES = 300 * 1024 * 1024
# Of text once read: a text that is there once in a file may fill all of its cells.
_MAX_CHARACTERS = 20_000_000
# The slowest workbook allowed takes 5 s; this also covers a machine that is busy.
_PATIENCE_SECONDS = 30
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_WORKBOOK_PARTS = {"xl/workbook.xml", "content.xml"}
_BINARY_WORKBOOK = "xl/workbook.bin"
_ODS_MANIFEST = "META-INF/manifest.xml"
_LARGEST_MANIFEST = 1024 * 1024
_MOST_PARTS = 10_000
_TEXT_SUFFIXES = (".xml", ".csv", ".txt", ".xlsx", ".xls", ".ods")
# What zipfile raises on damaged archives, as fuzzing found.
_ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    OSError,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
)
_PROTECTED = (
    "Ce classeur est protégé par un mot de passe : enregistrez-le sans mot de passe, puis déposez-le."
)
_DAMAGED = f"Ce fichier n'est pas un classeur lisible : il est abîmé ou incomplet. {ADVICE}"
_OUTSIZED = "Ce classeur est démesuré une fois ouvert. Copiez le tableau seul dans un nouveau classeur."
_BINARY = "Ce classeur est au format .xlsb, qui n'est pas lu ici : enregistrez-le au format .xlsx."
_ARCHIVED = (
    "Ce fichier est une archive compressée : décompressez-la, puis déposez le fichier qu'elle contient."
)


def is_workbook(start: bytes) -> bool:
    """Whether a file that begins so is an archive or an OLE file: `read_workbook` tells what it is."""
    return start.startswith((ZIP, OLE))


def read_workbook(content: bytes) -> list[Table]:
    """The sheets that hold something, in order, the hidden ones only when no other does; at least one.

    Raises UnreadableFile.
    """
    if content.startswith(OLE) and _ENCRYPTED_STREAM in content:
        raise UnreadableFile(_PROTECTED)
    if content.startswith(ZIP):
        _check_archive(content)
    kind, *parts = _read_apart(content).split(spreadsheet.AFTER_SHEET)
    if kind != spreadsheet.SHEETS:
        raise _refusal(kind, *parts)
    if not parts:
        raise UnreadableFile("Ce classeur est vide : aucune feuille ne contient de texte.")
    return [_table(part) for part in parts]


def _table(part: str) -> Table:
    name, text = part.split(spreadsheet.AFTER_NAME)
    rows = once_each(line.split(spreadsheet.AFTER_CELL) for line in text.split(spreadsheet.AFTER_ROW))
    if len(rows) > MAX_ROWS + 1:
        raise too_many_rows()
    if len(rows[0]) > MAX_COLUMNS:
        raise too_many_columns(len(rows[0]))
    return Table(rows, name[:100])


def _refusal(kind: str, detail: str = "") -> UnreadableFile:
    if kind == spreadsheet.TOO_MANY_CELLS:
        return too_many_cells()
    if kind == spreadsheet.CELL_TOO_LONG:
        return cell_too_long(int(detail))
    if kind == spreadsheet.TOO_MANY_SHEETS:
        return UnreadableFile(
            f"Ce classeur compte {detail} feuilles, la limite est de {MAX_SHEETS}. "
            "Copiez la feuille utile dans un nouveau classeur."
        )
    return UnreadableFile(
        {spreadsheet.PASSWORD: _PROTECTED, spreadsheet.OUTSIZED: _OUTSIZED}.get(kind, _DAMAGED)
    )


def _check_archive(content: bytes) -> None:
    """Refuse an archive that is no workbook, from its table of contents: nothing large is unpacked."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            sizes = {part.filename: part.file_size for part in archive.infolist()}
            readable = 0 < sizes.get(_ODS_MANIFEST, 0) < _LARGEST_MANIFEST
            manifest = archive.read(_ODS_MANIFEST) if readable else b""
    except _ARCHIVE_ERRORS as error:
        raise UnreadableFile(_DAMAGED) from error
    if b"encryption-data" in manifest:
        raise UnreadableFile(_PROTECTED)
    if not _WORKBOOK_PARTS & sizes.keys():
        raise _no_workbook(sizes)
    if sum(sizes.values()) > MAX_UNZIPPED_BYTES or len(sizes) > _MOST_PARTS:
        raise UnreadableFile(_OUTSIZED)


def _no_workbook(parts: dict[str, int]) -> UnreadableFile:
    if _BINARY_WORKBOOK in parts:
        return UnreadableFile(_BINARY)
    # Documents have folders; a list or a flow that was compressed is alone, or beside its like.
    if parts and all(name.lower().endswith(_TEXT_SUFFIXES) and "/" not in name for name in parts):
        return UnreadableFile(_ARCHIVED)
    return UnreadableFile(f"Ce fichier est une archive ou un document, pas un classeur. {ADVICE}")


def _read_apart(content: bytes) -> str:
    """What `spreadsheet.py` answers, in its own process."""
    limits = (MAX_ROWS, MAX_SHEETS, MAX_CELLS, _MAX_CHARACTERS, MAX_CELL_LENGTH)
    # Isolated and without `site`: it starts twice as fast.
    command = [sys.executable, "-I", "-S", spreadsheet.__file__, _libraries(), *map(str, limits)]
    try:
        done = subprocess.run(  # noqa: S603 - our own file and numbers
            command, input=content, capture_output=True, timeout=_PATIENCE_SECONDS, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(_OUTSIZED) from error
    except subprocess.CalledProcessError as error:
        # A signal: memory or time ran out. Else the reader itself gave up on what it found.
        raise UnreadableFile(_OUTSIZED if error.returncode < 0 else _DAMAGED) from error
    return done.stdout.decode()


def _libraries() -> str:
    """The folder that calamine is installed in."""
    found = importlib.util.find_spec("python_calamine")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("python_calamine")
    return str(Path(found.origin).parent.parent)
