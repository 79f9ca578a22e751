"""A spreadsheet read in a process of its own, whose memory and time are bounded.

A workbook of five kilobytes may claim a cell in the last row of the last column: the reader then asks for
hundreds of gigabytes and aborts. Here it takes only this process with it. Run as a script, it reads the
workbook on its standard input and writes its answer on its standard output; it must import nothing of ours,
and as little as it can of anything else, so that it starts at once.

The answer is plain text, cut by the separators that ASCII has for this: of cells, rows, parts and sheets. No
cell holds one, since control characters are dropped. Both ends join and cut it faster than JSON.
"""

import gc
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

MEMORY_BYTES = 768 * 1024**2
SECONDS = 15
# The first word of an answer: what follows is sheets, or nothing.
SHEETS, PASSWORD, UNREADABLE, TOO_MANY_SHEETS = "sheets", "password", "unreadable", "too many sheets"  # noqa: S105 - names of answers
TOO_MANY_CELLS, CELL_TOO_LONG, OUTSIZED = "too many cells", "cell too long", "outsized"
AFTER_SHEET, AFTER_NAME, AFTER_ROW, AFTER_CELL = "\x1c", "\x1d", "\x1e", "\x1f"
# What a database does not store and nobody types: control characters but tab and line break, soft hyphens,
# and the marks without width that come along with a copy from a mail or a web page.
UNTYPABLE = dict.fromkeys(
    [code for code in range(32) if chr(code) not in "\t\n"]
    + [*range(0x7F, 0xA0), 0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, 0xFEFF]
)
# As Excel writes a carriage return in XML.
_CARRIAGE_RETURN = "_x000D_"
_SPACE_BEFORE, _SPACE_AFTER = " " + AFTER_CELL, AFTER_CELL + " "


class Limits:
    """How much is read: rows of a sheet; sheets, filled cells and characters of all; length of a cell."""

    def __init__(self, rows: int, sheets: int, cells: int, characters: int, length: int) -> None:
        self.rows, self.sheets, self.cells = rows, sheets, cells
        self.characters, self.length = characters, length


class Refused(Exception):
    """The workbook goes beyond what is read; the arguments are the answer and its detail."""


def clean(text: str) -> str:
    """A text without what nobody types, its line breaks as `\\n`, and nothing blank around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(UNTYPABLE).strip()


def main(libraries: str, limits: Limits) -> str:
    """The answer about the workbook on the standard input, read with the libraries of this folder."""
    import resource  # noqa: PLC0415 - after `clean`, which the other side imports on every system

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    # Nothing here is cyclic, and there are as many objects as cells.
    gc.disable()
    sys.path.append(libraries)
    import python_calamine  # noqa: PLC0415 - its folder is not known before

    try:
        return AFTER_SHEET.join([SHEETS, *_read(sys.stdin.buffer.read(), limits)])
    except Refused as refusal:
        return AFTER_SHEET.join(refusal.args)
    except python_calamine.PasswordError:
        return PASSWORD
    except MemoryError:
        return OUTSIZED
    except (python_calamine.CalamineError, ValueError, OSError):
        return UNREADABLE


def _read(content: bytes, limits: Limits) -> Iterator[str]:
    """The sheets that hold something: those an agent sees, or the hidden ones when nothing else is there."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum  # noqa: PLC0415 - as in main

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    known = [one for one in workbook.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
    if len(known) > limits.sheets:
        raise Refused(TOO_MANY_SHEETS, str(len(known)))
    seen = [one.name for one in known if one.visible == SheetVisibleEnum.Visible]
    hidden = [one.name for one in known if one.visible != SheetVisibleEnum.Visible]
    # One row more than allowed is read, so that the caller can say so.
    most = limits.rows + 2
    filled = characters = 0
    for names in (seen, hidden):
        for name in names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=most)
            filled += sum(len(row) - row.count("") for row in rows)
            if filled > limits.cells:
                raise Refused(TOO_MANY_CELLS)
            lines = _rectangle(_lines(rows, limits))
            characters += sum(map(len, lines))
            if characters > limits.characters:
                raise Refused(OUTSIZED)
            if lines:
                yield clean(name) + AFTER_NAME + AFTER_ROW.join(lines)
        if filled:
            return


def _lines(rows: Sequence[Sequence[object]], limits: Limits) -> list[str]:
    """Each row as text, without the blanks at its end."""
    # By a table: this is done for each of a million cells.
    lines = [
        AFTER_CELL.join([cell if type(cell) is str else _TEXTS.get(type(cell), str)(cell) for cell in row])
        for row in rows
    ]
    whole = AFTER_CELL.join(lines)
    # A sheet is tested whole, its rows and cells only when something is found: it is ten times faster.
    if whole.count(AFTER_CELL) != sum(map(len, rows)) - 1:
        lines = [AFTER_CELL.join([clean(_TEXTS.get(type(cell), str)(cell)) for cell in row]) for row in rows]
    elif not _is_clean(whole):
        lines = [line if _is_clean(line) else _cleaned(line) for line in lines]
    for number, line in enumerate(lines, start=1):
        if len(line) > limits.length and max(map(len, line.split(AFTER_CELL))) > limits.length:
            raise Refused(CELL_TOO_LONG, str(number))
    return [line.rstrip(AFTER_CELL) for line in lines]


def _is_clean(cells: str) -> bool:
    """Whether cells hold nothing to be dropped. A space is the only blank that is printable."""
    return (
        cells.replace(AFTER_CELL, "").isprintable()
        and _SPACE_BEFORE not in cells
        and _SPACE_AFTER not in cells
        and cells[:1] != " "
        and cells[-1:] != " "
        and _CARRIAGE_RETURN not in cells
    )


def _cleaned(line: str) -> str:
    cells = line.replace(_CARRIAGE_RETURN, "").split(AFTER_CELL)
    return AFTER_CELL.join([clean(cell) for cell in cells])


def _number(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


# The types of cells that calamine gives, as an agent would have typed them: whole numbers without `.0`, dates
# in ISO, a moment at midnight as a day.
_TEXTS: dict[type, Callable[..., str]] = {
    bool: lambda cell: "oui" if cell else "non",
    float: _number,
    date: date.isoformat,
    datetime: lambda cell: str(cell).removesuffix(" 00:00:00"),
}


def _rectangle(lines: list[str]) -> list[str]:
    """The rows with as many cells in each, without the blank ones at the end."""
    while lines and not lines[-1]:
        lines.pop()
    places = [line.count(AFTER_CELL) for line in lines]
    width = max(places, default=0)
    return [line + AFTER_CELL * (width - place) for line, place in zip(lines, places, strict=True)]


if __name__ == "__main__":
    sys.stdout.buffer.write(main(sys.argv[1], Limits(*map(int, sys.argv[2:]))).encode())
    sys.stdout.flush()
    # Nothing is worth being tidied up, cell by cell, in a process that ends.
    os._exit(0)
