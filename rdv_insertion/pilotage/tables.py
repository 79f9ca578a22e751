"""Tables as a spreadsheet file. What people typed stays text: a name that begins with `=` is no formula."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, time
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

import xlsxwriter

Cell = str | int | date | time | None

# What a spreadsheet holds in one cell.
_LONGEST_TEXT = 32_767
_OPTIONS = {
    # Rows leave memory as they are written.
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "default_date_format": "dd/mm/yyyy",
}
_WIDTH = 18


class Book:
    """A spreadsheet being written: sheets are named once, then take rows in order."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._title = book.add_format({"bold": True})
        self._time = book.add_format({"num_format": "hh:mm"})
        self._rows: dict[str, int] = {}

    def add_sheet(self, name: str, columns: Sequence[str]) -> None:
        """Add a sheet with its titles in the first row, which stays in view."""
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        for column, title in enumerate(columns):
            sheet.write_string(0, column, title, self._title)
        self._rows[name] = 1

    def add_row(self, name: str, cells: Iterable[Cell]) -> None:
        """Add a row to a sheet: texts as texts, dates as dates, and nothing for None or an empty text."""
        sheet, row = self._book.get_worksheet_by_name(name), self._rows[name]
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                if cell:
                    sheet.write_string(row, column, cell[:_LONGEST_TEXT])
            elif isinstance(cell, time):
                sheet.write_datetime(row, column, cell, self._time)
            elif isinstance(cell, date):
                sheet.write_datetime(row, column, cell)
            elif cell is not None:
                sheet.write_number(row, column, cell)
        self._rows[name] = row + 1


@contextmanager
def written_to(file: IO[bytes]) -> Iterator[Book]:
    """A book that is written to `file` at the end, its rows waiting on disk meanwhile."""
    with TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(file, {**_OPTIONS, "tmpdir": folder})
        yield Book(book)
        book.close()


def temporary_book(write: Callable[[Book], None]) -> IO[bytes]:
    """A temporary file, to be closed by the caller, with the book that `write` fills."""
    file = TemporaryFile()  # noqa: SIM115 - given to the answer, which closes it
    try:
        with written_to(file) as book:
            write(book)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def content_of(sheets: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Cell]]]]) -> bytes:
    """A small spreadsheet with these sheets, by name: (columns, rows)."""

    def write(book: Book) -> None:
        for name, (columns, rows) in sheets.items():
            book.add_sheet(name, columns)
            for row in rows:
                book.add_row(name, row)

    with temporary_book(write) as file:
        return file.read()
