"""From bytes to tables of texts, by content and never by the file's name.

Every failure is an UnreadableFile whose message is a French sentence that says what is wrong, and what to do.
"""

from dataclasses import dataclass
from typing import BinaryIO

from rdv_insertion.imports.read.delimited import read_delimited
from rdv_insertion.imports.read.flow import (
    SNIFFED_BYTES,
    TITLES,
    FlowIdentification,
    FlowReader,
    flow_rows,
    is_flow,
)
from rdv_insertion.imports.read.table import (
    ADVICE,
    EMPTY,
    MAX_BYTES,
    MAX_CELL_LENGTH,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_FLOW_BYTES,
    MAX_FLOW_PEOPLE,
    MAX_ROWS,
    MAX_SHEETS,
    Table,
    UnreadableFile,
    check_size,
)
from rdv_insertion.imports.read.workbook import MAX_UNZIPPED_BYTES, is_workbook, read_workbook

__all__ = [
    "MAX_BYTES",
    "MAX_CELLS",
    "MAX_CELL_LENGTH",
    "MAX_COLUMNS",
    "MAX_FLOW_BYTES",
    "MAX_FLOW_PEOPLE",
    "MAX_ROWS",
    "MAX_SHEETS",
    "MAX_UNZIPPED_BYTES",
    "SNIFFED_BYTES",
    "TITLES",
    "FlowIdentification",
    "Reading",
    "Table",
    "UnreadableFile",
    "check_size",
    "flow_rows",
    "is_flow",
    "read_file",
    "read_tables",
]

_BLANKS = b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe;,"
_KNOWN_BINARIES = {
    b"%PDF": "un document PDF",
    b"{\\rtf": "un document de traitement de texte",
    b"\x89PNG": "une image",
    b"\xff\xd8\xff": "une image",
    b"GIF8": "une image",
    b"PK\x05\x06": "une archive vide",
    b"MZ\x90": "un programme",
    b"\x7fELF": "un programme",
}
_ARCHIVES = (b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


@dataclass(frozen=True)
class Reading:
    """What a file holds; `flow` when it is a CNAF flow, whose people are then the rows of the only table."""

    tables: list[Table]
    flow: FlowIdentification | None = None


def read_file(stream: BinaryIO, *, size: int) -> Reading:
    """The one door: a CNAF flow is streamed whatever its size, any other file of `size` bytes is read whole.

    Raises UnreadableFile: see `read_tables` and `flow_rows`.
    """
    start = stream.read(SNIFFED_BYTES)
    if is_flow(start):
        reader = FlowReader(stream, start=start)
        rows = [list(TITLES), *reader.rows()]
        return Reading([Table(rows)], reader.identification)
    check_size(size)
    return Reading(read_tables(start + stream.read(MAX_BYTES + 1)))


def read_tables(content: bytes) -> list[Table]:
    """The sheets that hold something, in order, or the one table of a CSV; at least one.

    At most 20 MB, 50 000 rows and 200 columns. Raises UnreadableFile.
    """
    check_size(len(content))
    if not content.strip(_BLANKS):
        raise UnreadableFile(EMPTY)
    for start, kind in _KNOWN_BINARIES.items():
        if content.startswith(start):
            raise UnreadableFile(f"Ce fichier est {kind}, quel que soit son nom. {ADVICE}")
    if content.startswith(_ARCHIVES):
        raise UnreadableFile(
            "Ce fichier est une archive compressée, quel que soit son nom : décompressez-la, puis déposez le "
            "fichier qu'elle contient."
        )
    return read_workbook(content) if is_workbook(content) else [read_delimited(content)]
