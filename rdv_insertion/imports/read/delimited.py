"""Text cut by separators: CSV and TXT, in the encodings and with the separators seen in the field."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from rdv_insertion.imports.read.spreadsheet import UNTYPABLE
from rdv_insertion.imports.read.table import (
    ADVICE,
    EMPTY,
    MAX_BYTES,
    MAX_CELL_LENGTH,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    Table,
    UnreadableFile,
    cell_too_long,
    once_each,
    too_many_cells,
    too_many_columns,
    too_many_rows,
)

_SEPARATORS = ";,\t|"
_SAMPLE_LINES = 30
_SAMPLE_CHARACTERS = 100_000
# What Excel writes on a first line of its own, for itself: it shows the next line as the first.
_DECLARED = re.compile(r'"?sep=([;,\t|])"?\n', re.IGNORECASE)
_UNTYPABLE = re.compile("[" + "".join(map(re.escape, map(chr, UNTYPABLE))) + "]")
# What Excel writes of a formula that failed; in a workbook such a cell is read as a blank one.
_ERRORS = frozenset(["#N/A", "#REF!", "#DIV/0!", "#VALEUR!", "#NOM?", "#NUL!", "#NOMBRE!"])
_ERRORS |= frozenset(["#VALUE!", "#NAME?", "#NULL!", "#NUM!"])
# How much a letter tells that a reading is French: the encoding whose reading gives the most is taken.
_FRENCH = dict.fromkeys("é", 5) | dict.fromkeys("èàÉ", 4) | dict.fromkeys("êç", 3)
_FRENCH |= dict.fromkeys("ôîïëûùÇÀÈÊ", 2) | dict.fromkeys("âöüœËÂÎÏÔÛÙŒ°’«»", 1)
# As a sign, and not inside a word.
_EURO = re.compile(r"(?<![^\W\d])€(?![^\W\d])")
# The first is the usual one: it is preferred to one that is hardly better, as for a single capital.
_WESTERN_ENCODINGS = {"cp1252": 1.5, "mac_roman": 0, "cp850": 0, "utf-8-sig": 0}
_JUDGED_BYTES = 200_000
_LOST, _PENALTY = "\ufffd", 5
_MARKUP = re.compile(
    r"<(!doctype|html|head|body|table|meta|style|\?xml|\?mso|workbook|office:document)\b", re.I
)


def read_delimited(content: bytes) -> Table:
    """The one table of a CSV or TXT. Raises UnreadableFile."""
    text = _decode(content)
    _check_is_text(text)
    # Lone carriage returns end lines too; what nobody types is dropped once for the whole file.
    text = _UNTYPABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    declared = _DECLARED.match(text)
    separator = declared[1] if declared else _separator(text)
    rows = _rows(text[declared.end() :] if declared else text, separator)
    width = max(map(len, rows), default=0)
    if width == 0:
        raise UnreadableFile(EMPTY)
    if width > MAX_COLUMNS:
        raise too_many_columns(width)
    if len(rows) > MAX_ROWS + 1:
        raise too_many_rows()
    for row in rows:
        row.extend([""] * (width - len(row)))
    return Table(once_each(rows))


def _check_is_text(text: str) -> None:
    if "\x00" in text or _looks_binary(text):
        raise UnreadableFile(f"Ce fichier n'est ni un classeur ni un CSV, quel que soit son nom. {ADVICE}")
    if _MARKUP.match(text.lstrip("\ufeff \t\r\n")[:100]):
        raise UnreadableFile(
            "Ce fichier est une page web ou un XML, quel que soit son nom. Ouvrez-le avec Excel ou "
            "LibreOffice, enregistrez-le comme classeur Excel (.xlsx), puis déposez-le."
        )


def _rows(text: str, separator: str) -> list[list[str]]:
    """The rows without the blanks at the end of each and of all of them."""
    rows: list[list[str]] = []
    last, filled = 0, 0
    for number, cells in enumerate(_cells(text, separator), start=1):
        row = [cell.strip() for cell in cells]
        while row and not row[-1]:
            row.pop()
        rows.append(row)
        if row:
            last = number
            filled += len(row) - row.count("")
        if number > 2 * MAX_ROWS:
            raise too_many_rows()
        if filled > MAX_CELLS:
            raise too_many_cells()
        if (
            len(row) < MAX_COLUMNS
            and sum(map(len, row)) > MAX_CELL_LENGTH
            and max(map(len, row)) > MAX_CELL_LENGTH
        ):
            raise cell_too_long(number)
    del rows[last:]
    return _without_errors(rows) if "#" in text else rows


def _cells(text: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_BYTES)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 0
    try:
        for cells in reader:
            yield cells
            line = reader.line_num
    except csv.Error as error:
        raise UnreadableFile(
            f"Ce fichier CSV est mal formé à la ligne {line + 1} : un guillemet n'y est pas refermé. "
            "Corrigez cette ligne, ou enregistrez la liste comme classeur Excel (.xlsx)."
        ) from error


def _without_errors(rows: list[list[str]]) -> list[list[str]]:
    return [["" if cell in _ERRORS else cell for cell in row] for row in rows]


def _decode(content: bytes) -> str:
    """UTF-8 when it is, UTF-16 when it says so or looks so, else the encoding that reads best in French.

    Counting the letters of French tells encodings apart from the first accent on, where detectors made for
    long texts err (tests/imports/test_read_csv.py says how often). UTF-8 with a few damaged bytes is UTF-8.
    """
    utf_16 = _is_utf_16(content)
    if utf_16:
        return content.decode(utf_16, errors="replace").removeprefix("\ufeff")
    content = content.rstrip(b"\x1a\x00")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        sample = content[:_JUDGED_BYTES]
        scores = {
            encoding: bonus + _frenchness(sample.decode(encoding, errors="replace"))
            for encoding, bonus in _WESTERN_ENCODINGS.items()
        }
        return content.decode(max(scores, key=scores.__getitem__), errors="replace")


def _frenchness(reading: str) -> int:
    weights = sum(weight * reading.count(letter) for letter, weight in _FRENCH.items())
    return weights + len(_EURO.findall(reading)) - _PENALTY * reading.count(_LOST)


def _is_utf_16(content: bytes) -> str:
    """`utf-16-le` or `utf-16-be` of a content marked so, or whose every second byte is zero; else blank."""
    marks = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
    if content[:2] in marks:
        return marks[content[:2]]
    sample = content[:4_000]
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    # French text in UTF-16 has a zero for each letter, but for ’, œ and €.
    if half and odd > half * 0.8 and even == 0:
        return "utf-16-le"
    return "utf-16-be" if half and even > half * 0.8 and odd == 0 else ""


def _looks_binary(text: str) -> bool:
    sample = text[:4_000]
    odd = sum((one < " " and one not in "\t\r\n") or one == _LOST for one in sample)
    return odd > len(sample) / 50


def _separator(text: str) -> str:
    """The separator that cuts the first lines most evenly, into the most cells.

    One that leaves whole the first line that another one cuts, leaves quotes inside cells, or is followed by
    a space, is most likely text: an address, a title above the table.
    """
    lines = (line for line in text[:_SAMPLE_CHARACTERS].split("\n") if line.strip())
    sample = "\n".join(islice(lines, _SAMPLE_LINES))
    cuts = {separator: _cut(sample, separator) for separator in _SEPARATORS}
    first = min((_first_cut(rows) for rows in cuts.values()), default=0)

    def evenness(separator: str) -> float:
        rows = cuts[separator]
        if not rows:
            return 0
        cells, times = Counter(map(len, rows)).most_common(1)[0]
        whole = len(rows) <= first or len(rows[first]) < 2
        doubtful = whole or _reads_as_text(rows) or any('"' in cell for row in rows for cell in row)
        return (cells - 1) * (times / len(rows)) ** 3 * (0.1 if doubtful else 1)

    return max(_SEPARATORS, key=evenness)


def _cut(sample: str, separator: str) -> list[list[str]]:
    return [cells for cells in csv.reader(StringIO(sample, newline=""), delimiter=separator) if cells]


def _first_cut(rows: list[list[str]]) -> int:
    """The first row cut as a table is: a comma in a sentence has a space after it."""
    cut = (place for place, row in enumerate(rows) if any(cell[:1] != " " for cell in row[1:]))
    return next(cut, len(rows))


def _reads_as_text(rows: list[list[str]]) -> bool:
    after = [cell for row in rows for cell in row[1:] if cell]
    return sum(cell[:1] == " " for cell in after) * 2 > len(after)
