"""A spreadsheet read in a process of its own, whose memory and time are bounded.

A workbook of five kilobytes may claim a cell in the last row of the last column: the reader then asks for
hundreds of gigabytes and aborts. Here it takes only this process with it. Run as a script, it reads the
workbook on its standard input and writes JSON on its standard output; it must import nothing of ours, so
that it starts at once.
"""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import python_calamine

MEMORY_BYTES = 1024**3
SECONDS = 15
PASSWORD, UNREADABLE = "password", "unreadable"  # noqa: S105 - names of two answers


def main() -> None:
    """Answer `{"sheets": [[name, rows], …]}`, or `{"error": …}`; `max_rows` is the only argument."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    answer: dict[str, Any]
    try:
        answer = {"sheets": list(_sheets(sys.stdin.buffer.read(), max_rows=int(sys.argv[1])))}
    except python_calamine.PasswordError:
        answer = {"error": PASSWORD}
    except (python_calamine.CalamineError, ValueError, OSError):
        answer = {"error": UNREADABLE}
    sys.stdout.write(json.dumps(answer))


def _sheets(content: bytes, *, max_rows: int) -> Iterator[tuple[str, list[list[str]]]]:
    """The sheets that hold something, with one row more than allowed so that the caller can say so."""
    workbook = python_calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    for metadata in workbook.sheets_metadata:
        if metadata.typ == python_calamine.SheetTypeEnum.WorkSheet:
            sheet = workbook.get_sheet_by_name(metadata.name)
            rows = [_row(row) for row in sheet.to_python(skip_empty_area=False, nrows=max_rows + 1)]
            if any(rows):
                yield metadata.name, rows


def _row(cells: list[Any]) -> list[str]:
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


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


if __name__ == "__main__":
    main()
