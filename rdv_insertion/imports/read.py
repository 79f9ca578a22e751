"""From bytes to tables of texts, by content and never by the file's name.

Every failure is an UnreadableFile whose message is a French sentence that says what and where.
"""

import csv
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from rdv_insertion.imports import spreadsheet

MAX_BYTES = 20 * 1024 * 1024
MAX_UNZIPPED_BYTES = 300 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 200

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_WORKBOOK_PARTS = {"xl/workbook.xml", "content.xml"}
_ODS_MANIFEST = "META-INF/manifest.xml"
_LARGEST_MANIFEST = 1024 * 1024
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
_SEPARATORS = ";,\t|"
_SAMPLE_LINES = 30
_KNOWN_BINARIES = {
    b"%PDF": "un document PDF",
    b"{\\rtf": "un document de traitement de texte",
    b"\x89PNG": "une image",
    b"\xff\xd8\xff": "une image",
    b"GIF8": "une image",
    b"\x1f\x8b": "une archive",
    b"Rar!": "une archive",
    b"7z\xbc\xaf": "une archive",
    b"PK\x05\x06": "une archive vide",
    b"MZ\x90": "un programme",
    b"\x7fELF": "un programme",
}
_ADVICE = "Déposez un classeur Excel (.xlsx, .xls), LibreOffice (.ods) ou un fichier CSV."
_PROTECTED = (
    "Ce classeur est protégé par un mot de passe : enregistrez-le sans mot de passe, puis déposez-le."
)
_DAMAGED = f"Ce fichier n'est pas un classeur lisible : il est abîmé ou incomplet. {_ADVICE}"
_OUTSIZED = "Ce classeur est démesuré une fois ouvert. Copiez le tableau seul dans un nouveau classeur."
_TOO_MANY_ROWS = f"Ce fichier dépasse {MAX_ROWS} lignes. Découpez-le en plusieurs."
# Letters that French files hold: which encoding gives the most of them is the right one.
_FRENCH = re.compile("[éèêëàâçîïôöûùüœÉÈÊËÀÂÇÎÏÔÛÙŒ°’«»€]")
_WESTERN_ENCODINGS = ("cp1252", "mac_roman", "cp850")
# What a database does not store and nobody types: control characters, tab and line break aside.
_UNTYPABLE = dict.fromkeys((code for code in range(32) if chr(code) not in "\t\n"), None)


class UnreadableFile(ValueError):
    """The file cannot be used; nothing was written. The message is for the person who dropped it."""


@dataclass(frozen=True)
class Table:
    """Rows of texts, as many cells in each; `sheet` is empty for a CSV."""

    rows: list[list[str]]
    sheet: str = ""


def check_size(size: int) -> None:
    """Raise UnreadableFile when a file of this size, in bytes, is refused: to be asked before reading it."""
    if size > MAX_BYTES:
        megabytes, limit = size // 1024**2, MAX_BYTES // 1024**2
        raise UnreadableFile(
            f"Ce fichier pèse {megabytes} Mo. La limite est de {limit} Mo : découpez-le en plusieurs."
        )


def read_tables(content: bytes) -> list[Table]:
    """The sheets that hold something, in order, or the one table of a CSV; at least one.

    At most 20 MB, 50 000 rows and 200 columns. Raises UnreadableFile.
    """
    check_size(len(content))
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe;,"):
        raise UnreadableFile("Ce fichier est vide.")
    for start, kind in _KNOWN_BINARIES.items():
        if content.startswith(start):
            raise UnreadableFile(f"Ce fichier est {kind}, quel que soit son nom. {_ADVICE}")
    if content.startswith((_ZIP, _OLE)):
        return [_checked(rows, sheet) for sheet, rows in _spreadsheet(content)]
    return [_checked(_csv(content))]


def _spreadsheet(content: bytes) -> list[tuple[str, list[list[str]]]]:
    if content.startswith(_OLE) and _ENCRYPTED_STREAM in content:
        raise UnreadableFile(_PROTECTED)
    if content.startswith(_ZIP):
        _check_archive(content)
    answer = _read_apart(content)
    if answer.get("error"):
        raise UnreadableFile(_PROTECTED if answer["error"] == spreadsheet.PASSWORD else _DAMAGED)
    if not answer["sheets"]:
        raise UnreadableFile("Ce classeur est vide : aucune feuille ne contient de texte.")
    return [(name[:100], rows) for name, rows in answer["sheets"]]


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
        raise UnreadableFile(f"Ce fichier est une archive ou un document, pas un classeur. {_ADVICE}")
    if sum(sizes.values()) > MAX_UNZIPPED_BYTES:
        raise UnreadableFile(_OUTSIZED)


def _read_apart(content: bytes) -> dict[str, Any]:
    """What `spreadsheet.py` answers, in its own process."""
    command = [sys.executable, "-P", str(Path(spreadsheet.__file__)), str(MAX_ROWS + 1)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=30, check=True)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(_OUTSIZED) from error
    except subprocess.CalledProcessError as error:
        # A signal: memory or time ran out. Else the reader itself gave up on what it found.
        raise UnreadableFile(_OUTSIZED if error.returncode < 0 else _DAMAGED) from error
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _csv(content: bytes) -> list[list[str]]:
    text = _decode(content)
    if "\x00" in text or _looks_binary(text):
        raise UnreadableFile(f"Ce fichier n'est ni un classeur ni un CSV, quel que soit son nom. {_ADVICE}")
    if text.lstrip().lower().startswith(("<!doctype", "<html", "<?xml", "<table")):
        raise UnreadableFile(f"Ce fichier est une page web ou un XML, quel que soit son nom. {_ADVICE}")
    csv.field_size_limit(MAX_BYTES)
    rows: list[list[str]] = []
    line = 0
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=_separator(text), strict=True)
        for cells in reader:
            rows.append(_trimmed(cells))
            line = reader.line_num
            if len(rows) > 2 * MAX_ROWS:
                raise UnreadableFile(_TOO_MANY_ROWS)
    except csv.Error as error:
        raise UnreadableFile(
            f"Ce fichier CSV est mal formé à la ligne {line + 1} : un guillemet n'y est pas refermé."
        ) from error
    return rows


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _decode(content: bytes) -> str:
    """UTF-8 when it is, UTF-16 when it says so, else the Western encoding that reads best in French."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        readings = [content.decode(encoding, errors="replace") for encoding in _WESTERN_ENCODINGS]
        return max(readings, key=lambda reading: len(_FRENCH.findall(reading)))


def _looks_binary(text: str) -> bool:
    sample = text[:4_000]
    odd = sum((one < " " and one not in "\t\r\n") or one == "\ufffd" for one in sample)
    return odd > len(sample) / 50


def _separator(text: str) -> str:
    """The separator that cuts the first lines most evenly, into the most cells.

    One that does not cut the first line, or leaves quotes inside cells, is most likely text: an address.
    """
    sample = "\n".join(islice((line for line in text[:100_000].splitlines() if line.strip()), _SAMPLE_LINES))

    def evenness(separator: str) -> float:
        rows = [cells for cells in csv.reader(StringIO(sample, newline=""), delimiter=separator) if cells]
        if not rows:
            return 0
        cells, times = Counter(map(len, rows)).most_common(1)[0]
        doubtful = len(rows[0]) < 2 or any('"' in cell for row in rows for cell in row)
        return (cells - 1) * (times / len(rows)) ** 3 * (0.1 if doubtful else 1)

    return max(_SEPARATORS, key=evenness)


def _checked(rows: list[list[str]], sheet: str = "") -> Table:
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((len(row) for row in rows), default=0)
    if len(rows) > MAX_ROWS + 1:
        raise UnreadableFile(_TOO_MANY_ROWS)
    if width > MAX_COLUMNS:
        raise UnreadableFile(f"Ce fichier compte {width} colonnes, la limite est de {MAX_COLUMNS}.")
    return Table([[*map(_typed, row), *[""] * (width - len(row))] for row in rows], sheet)


def _typed(cell: str) -> str:
    return (cell if cell.isprintable() else cell.translate(_UNTYPABLE)).strip()
