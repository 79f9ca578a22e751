"""What the columns of a file mean: guessed, remembered, and corrected on one screen."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from rdv_insertion.imports import columns as columns_of_file
from rdv_insertion.imports import preview, services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ColumnMapping, ImportRun
from rdv_insertion.imports.read import Table, UnreadableFile
from rdv_insertion.kernel.text import squish
from rdv_insertion.web.agents.imports.forms import columns_from
from rdv_insertion.web.agents.imports.steps import at_stages, current_step, of_run

_SAMPLES = 3
_LONGEST_SAMPLE = 60
_LONGEST_ROW = 90
_MASKED = "NIR présent"
# No birth has the number 000: a number padded with zeros is that of a household.
_LIKE_A_NIR = re.compile(r"[1-478]\d{4}(\d{2}|2[AB])\d{3}(?!000)\d{3}(\d{2})?", re.IGNORECASE)
_NOT_IN_A_NIR = re.compile(r"[\s.\-_/'’]")


@dataclass(frozen=True)
class Column:
    """One column of the file, as the page shows it."""

    place: int
    letter: str
    title: str
    samples: list[str]
    attribute: str
    repeated: bool


@dataclass(frozen=True)
class TitleRow:
    """A row that may hold the titles: its number from 0, as the spreadsheet numbers it, and what it says."""

    number: int
    line: int
    words: str


@require_http_methods(["GET", "HEAD", "POST"])
@at_stages(Stage.COLUMNS, Stage.PREVIEW)
def show(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Say what each column holds."""
    header = preview.header_of(run)
    offered = columns_of_file.offered_fields(run.organisation.organisation_type)
    chosen = columns_from(request.POST, run, offered) if request.method == "POST" else run.columns
    error = _refusal(header, chosen)
    if request.method == "POST" and not error:
        services.set_columns(run=run, columns=chosen, now=timezone.now(), in_background=True)
        return redirect(current_step(run), run.pk)
    body = run.file.rows_of(run.sheet)[run.header_row + 1 :]
    hidden = _nir_places(header, chosen)
    columns = _columns(header, chosen, body, hidden)
    context = {
        "run": run,
        "stepper": of_run(run, 2),
        "error": error,
        "header_line": header.row + 1,
        "line_count": sum(1 for row in body if any(row)),
        "recognised": [one for one in columns if one.attribute],
        "others": [one for one in columns if not one.attribute],
        "offered": offered,
        "remembered": _remembered(run, header),
        "same_file": same_file(run),
        "sheets": [sheet for sheet, _ in run.file.tables],
        "title_rows": _title_rows(run, hidden),
        "names_nobody": not {"last_name", "first_name"} & set(chosen),
    }
    return render(request, "agents/imports/columns.html", context)


def _refusal(header: columns_of_file.Header, chosen: Sequence[str]) -> str:
    try:
        columns_of_file.check(header, chosen)
    except UnreadableFile as error:
        return str(error)
    return ""


def _columns(
    header: columns_of_file.Header,
    chosen: Sequence[str],
    body: Sequence[Sequence[str]],
    hidden: Collection[int],
) -> list[Column]:
    repeated = {place for places in columns_of_file.repeated(chosen).values() for place in places}
    return [
        Column(
            place=place,
            letter=columns_of_file.column_letter(place),
            title=_short(name, _LONGEST_ROW) or "Sans titre",
            samples=_samples(body, place, hidden=place in hidden),
            attribute=chosen[place],
            repeated=place in repeated,
        )
        for place, name in enumerate(header.names)
    ]


def _samples(body: Sequence[Sequence[str]], place: int, *, hidden: bool) -> list[str]:
    """The first different values of a column."""
    filled = dict.fromkeys(
        islice((text for row in body if row[place] and (text := squish(row[place]))), _SAMPLES * 10)
    )
    first = list(islice(filled, _SAMPLES))
    # A NIR is shown to nobody, not even one that nothing announces.
    masked = hidden or any(_is_like_a_nir(value) for value in filled)
    return [_MASKED] if masked and first else [_short(value, _LONGEST_SAMPLE) for value in first]


def _nir_places(header: columns_of_file.Header, chosen: Sequence[str]) -> set[int]:
    """The columns that hold NIR, by their title or by somebody's word, allowed here or not."""
    return {
        place
        for place, (title, attribute) in enumerate(zip(header.names, chosen, strict=True))
        if "nir" in (attribute, columns_of_file.attribute_named(title))
    }


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _is_like_a_nir(value: str) -> bool:
    return _LIKE_A_NIR.fullmatch(_NOT_IN_A_NIR.sub("", value)) is not None


def _short(text: str, length: int) -> str:
    text = squish(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _title_rows(run: ImportRun, hidden: Collection[int]) -> list[TitleRow]:
    """The first rows of the sheet that hold something, and that of the titles wherever it is."""
    rows = run.file.rows_of(run.sheet)
    numbers = [
        number for number in range(min(len(rows), columns_of_file.HEADER_SEARCHED_IN)) if any(rows[number])
    ]
    if run.header_row not in numbers:
        numbers.append(run.header_row)
    return [TitleRow(number, number + 1, _words(rows[number], hidden)) for number in numbers]


def _words(row: Sequence[str], hidden: Collection[int]) -> str:
    cells = (
        _MASKED if _is_like_a_nir(cell) or (place in hidden and _has_digit(cell)) else squish(cell)
        for place, cell in enumerate(row)
        if cell
    )
    return _short(" · ".join(islice(cells, 12)), _LONGEST_ROW)


def _remembered(run: ImportRun, header: columns_of_file.Header) -> ColumnMapping | None:
    """The choices of an earlier file with this header, when they are those shown."""
    mapping = services.mapping_for(run.organisation, header)
    earlier = mapping is not None and mapping.updated_at < run.created_at
    return mapping if mapping and earlier and mapping.columns == run.columns else None


def same_file(run: ImportRun) -> ImportRun | None:
    """An earlier import of the very same file by this organisation."""
    earlier = ImportRun.objects.filter(organisation=run.organisation, fingerprint=run.fingerprint)
    return earlier.filter(pk__lt=run.pk).select_related("agent").order_by("-pk").first()


@require_POST
@at_stages(Stage.COLUMNS, Stage.PREVIEW)
def choose_table(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Read the people on another sheet, or under another row of titles."""
    sheet = request.POST.get("feuille", run.sheet)
    try:
        row = _asked_row(request, run) if sheet == run.sheet else _guessed_row(run, sheet)
        services.choose_table(run=run, sheet=sheet, header_row=row)
    except UnreadableFile as error:
        messages.error(request, str(error))
    return redirect("import_columns", run.pk)


def _asked_row(request: HttpRequest, run: ImportRun) -> int:
    asked = request.POST.get("ligne", "")
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 7):  # noqa: PLR2004 - no file has a million rows
        raise UnreadableFile("Choisissez la ligne des titres parmi celles proposées.")
    return int(asked)


def _guessed_row(run: ImportRun, sheet: str) -> int:
    rows = dict(run.file.tables).get(sheet)
    if rows is None:
        raise UnreadableFile("Ce fichier n'a pas cette feuille.")
    try:
        return columns_of_file.find_header([Table(rows, sheet)])[1].row
    except UnreadableFile:
        # Nothing there looks like titles: the agent will see it, and choose.
        return 0
