"""What a file that was read gives, how large it may be, and the refusal that every other file gets."""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_BYTES = 20 * 1024 * 1024
MAX_FLOW_BYTES = 100 * 1024 * 1024
MAX_ROWS = 50_000
MAX_FLOW_PEOPLE = 200_000
MAX_COLUMNS = 200
MAX_SHEETS = 200
# Filled cells of a file: 60 in each of the rows allowed. Beyond, the memory of a page is at stake.
MAX_CELLS = 3_000_000
# What Excel itself holds in a cell. More is a quote closed much too late, or an attack.
MAX_CELL_LENGTH = 32_767

ADVICE = "Déposez un classeur Excel (.xlsx, .xls), LibreOffice (.ods) ou un fichier CSV."
EMPTY = f"Ce fichier est vide. {ADVICE}"


class UnreadableFile(ValueError):
    """The file cannot be used; nothing was written. The message is for the person who dropped it."""


@dataclass(frozen=True)
class Table:
    """Rows of texts, as many cells in each; `sheet` is empty for a CSV."""

    rows: list[list[str]]
    sheet: str = ""


def once_each(rows: Iterable[list[str]]) -> list[list[str]]:
    """The same rows, in which equal texts are one: columns repeat themselves, and memory is half as much."""
    known: dict[str, str] = {}
    keep = known.setdefault
    return [list(map(keep, cells, cells)) for cells in rows]


def check_size(size: int, *, flow: bool = False) -> None:
    """Raise UnreadableFile when a page refuses a file of this size, in bytes: to be asked before reading it.

    `flow`: the file is a CNAF flow, which is streamed; folders and commands take it at any size.
    """
    limit = MAX_FLOW_BYTES if flow else MAX_BYTES
    if size > limit:
        raise UnreadableFile(
            f"Ce {'flux' if flow else 'fichier'} pèse {size // 1024**2} Mo. "
            f"La limite est de {limit // 1024**2} Mo{_way_out(flow)}"
        )


def _way_out(flow: bool) -> str:
    if flow:
        return (
            " par cette page : déposez-le dans le dossier surveillé, ou utilisez la commande import_usagers."
        )
    return " : découpez-le en plusieurs."


def too_many_rows() -> UnreadableFile:
    """Said of a file with more rows than MAX_ROWS."""
    return UnreadableFile(f"Ce fichier dépasse {MAX_ROWS} lignes. Découpez-le en plusieurs.")


def too_many_columns(width: int) -> UnreadableFile:
    """Said of a table with more columns than MAX_COLUMNS."""
    return UnreadableFile(
        f"Ce fichier compte {width} colonnes, la limite est de {MAX_COLUMNS}. "
        "Gardez seulement les colonnes utiles."
    )


def too_many_cells() -> UnreadableFile:
    """Said of a file with more filled cells than MAX_CELLS."""
    millions = MAX_CELLS // 1_000_000
    return UnreadableFile(
        f"Ce fichier contient plus de {millions} millions de cellules remplies. "
        "Gardez seulement les colonnes utiles, ou découpez-le en plusieurs."
    )


def cell_too_long(row: int) -> UnreadableFile:
    """Said of a cell longer than MAX_CELL_LENGTH, by the number of its row from 1."""
    return UnreadableFile(
        f"À la ligne {row}, une cellule contient plus de {MAX_CELL_LENGTH} caractères : elle est abîmée, "
        "ou un guillemet n'est pas refermé. Corrigez-la, puis déposez le fichier à nouveau."
    )
