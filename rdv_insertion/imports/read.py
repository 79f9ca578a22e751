"""From bytes to a table of texts, by content and never by the file's name.

Every failure is an UnreadableFile whose message is a French sentence that says what and where.
"""

import csv
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from typing import Any

import charset_normalizer
import python_calamine

MAX_BYTES = 20 * 1024 * 1024
MAX_UNZIPPED_BYTES = 300 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 200

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_SEPARATORS = ";,\t|"
_KNOWN_BINARIES = {
    b"%PDF": "un document PDF",
    b"\x89PNG": "une image",
    b"\xff\xd8\xff": "une image",
    b"GIF8": "une image",
    b"\x1f\x8b": "une archive",
    b"Rar!": "une archive",
    b"7z\xbc\xaf": "une archive",
    b"MZ": "un programme",
    b"\x7fELF": "un programme",
}
_ADVICE = "Déposez un classeur Excel (.xlsx, .xls), LibreOffice (.ods) ou un fichier CSV."


class UnreadableFile(ValueError):
    """The file cannot be used; nothing was written. The message is for the person who dropped it."""


@dataclass(frozen=True)
class Table:
    """Rows of texts, as many cells in each; `sheet` is empty for a CSV."""

    rows: list[list[str]]
    sheet: str = ""


def read_table(content: bytes) -> Table:
    """Read a spreadsheet or a CSV of at most 20 MB, 50 000 rows and 200 columns. Raises UnreadableFile."""
    if len(content) > MAX_BYTES:
        size, limit = len(content) // 1024**2, MAX_BYTES // 1024**2
        raise UnreadableFile(f"Ce fichier pèse {size} Mo, la limite est de {limit} Mo. Découpez-le en plusieurs.")
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile("Ce fichier est vide.")
    for start, kind in _KNOWN_BINARIES.items():
        if content.startswith(start):
            raise UnreadableFile(f"Ce fichier est {kind}, quel que soit son nom. {_ADVICE}")
    table = _spreadsheet(content) if content.startswith((_ZIP, _OLE)) else Table(_csv(content))
    return _checked(table)


def _spreadsheet(content: bytes) -> Table:
    if content.startswith(_OLE) and _ENCRYPTED_STREAM in content:
        raise UnreadableFile("Ce classeur est protégé par un mot de passe : enregistrez-le sans, puis déposez-le.")
    if content.startswith(_ZIP):
        _refuse_zip_bomb(content)
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(BytesIO(content))
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=MAX_ROWS + 50)
            if any(any(cell != "" for cell in row) for row in rows):
                return Table([[_text(cell) for cell in row] for row in rows], name)
    except python_calamine.PasswordError as error:
        raise UnreadableFile(
            "Ce classeur est protégé par un mot de passe : enregistrez-le sans, puis déposez-le."
        ) from error
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise UnreadableFile(f"Ce fichier n'est pas un classeur lisible : il est abîmé ou incomplet. {_ADVICE}") from error
    raise UnreadableFile("Ce classeur est vide : aucune feuille ne contient de texte.")


def _refuse_zip_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            unzipped = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableFile(f"Ce fichier est abîmé ou incomplet. {_ADVICE}") from error
    if unzipped > MAX_UNZIPPED_BYTES:
        raise UnreadableFile("Ce classeur est démesuré une fois décompressé. Découpez-le en plusieurs.")


def _text(cell: Any) -> str:
    """A cell as an agent would have typed it: whole numbers without `.0`, dates in ISO."""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return str(cell).strip()


def _csv(content: bytes) -> list[list[str]]:
    text = _decode(content)
    if "\x00" in text or _looks_binary(text):
        raise UnreadableFile(f"Ce fichier n'est ni un classeur ni un CSV, quel que soit son nom. {_ADVICE}")
    if text.lstrip().lower().startswith(("<!doctype", "<html", "<?xml", "<table")):
        raise UnreadableFile(f"Ce fichier est une page web ou un XML, quel que soit son nom. {_ADVICE}")
    csv.field_size_limit(MAX_BYTES)
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=_separator(text))
        return [[cell.strip() for cell in row] for row in reader]
    except csv.Error as error:
        raise UnreadableFile("Ce fichier CSV est mal formé : un guillemet n'est pas refermé.") from error


def _decode(content: bytes) -> str:
    """UTF-8 when it is, UTF-16 when it says so, else the most likely of the encodings of Western Europe."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(content, cp_isolation=["cp1252", "latin_1", "mac_roman"]).best()
        return str(best) if best else content.decode("cp1252", errors="replace")


def _looks_binary(text: str) -> bool:
    sample = text[:4_000]
    odd = sum(1 for character in sample if (character < " " and character not in "\t\r\n") or character == "\ufffd")
    return odd > len(sample) / 50


def _separator(text: str) -> str:
    """The separator that cuts the first lines into the most cells."""
    start = "\n".join(text.splitlines()[:5])
    return max(_SEPARATORS, key=lambda separator: start.count(separator))


def _checked(table: Table) -> Table:
    rows = table.rows
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((len(row) for row in rows), default=0)
    if len(rows) > MAX_ROWS + 1:
        raise UnreadableFile(f"Ce fichier dépasse {MAX_ROWS} lignes. Découpez-le en plusieurs.")
    if width > MAX_COLUMNS:
        raise UnreadableFile(f"Ce fichier compte {width} colonnes, la limite est de {MAX_COLUMNS}.")
    return Table([[*row, *[""] * (width - len(row))] for row in rows], table.sheet)
