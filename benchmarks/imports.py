"""A department's file: previewed, then written, in a department of 200 000 people."""

from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile

import xlsxwriter
from django.db import connection
from django.utils import timezone

from benchmarks import population
from benchmarks.measure import Figure, median, queries, stopwatch
from benchmarks.peer import read_milliseconds
from rdv_insertion.imports import preview, run, services
from rdv_insertion.imports.enums import RowState
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.models import CategoryConfiguration

_KNOWN, _BLOCK = 200_000, 20_000
_TITLES = (
    "Civilité",
    "Nom",
    "Prénom",
    "Date de naissance",
    "Rôle",
    "Numéro CAF",
    "NIR",
    "ID interne",
    "Adresse mail",
    "Téléphone",
    "Adresse",
    "CP Ville",
    "Date d'ouverture des droits",
)


def measure() -> list[Figure]:
    """Half of the rows are people already known, half are new; the peer only reads the same file."""
    now = timezone.now()
    organisation = population.an_organisation()
    configuration = population.a_configuration(organisation)
    for since in range(0, _KNOWN, _BLOCK):
        population.people(organisation, _BLOCK, since=since, now=now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    figures = []
    for rows, since in ((10_000, _KNOWN), (50_000, _KNOWN + 5_000)):
        figures += _measure(configuration, rows, since=since, now=now)
    return figures


def _measure(configuration: CategoryConfiguration, rows: int, *, since: int, now: datetime) -> list[Figure]:
    content = workbook([*range(rows // 2), *range(since, since + rows // 2)])
    with NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        peer = read_milliseconds(Path(file.name))
    previews = []
    for _ in range(3):
        ImportRun.objects.all().delete()
        with stopwatch() as previewing:
            imported = _start(configuration, content, now)
            services.set_columns(run=imported, columns=imported.columns, now=now)
        previews.append(previewing.milliseconds)
    _check(imported, rows)
    statements = queries(lambda: preview.build(imported, now=now))
    services.start_writing(run=imported, now=now, in_background=False)
    with stopwatch() as writing:
        run.write(imported, now=now)
    preview_time = median(previews)
    ratio = f"; x {preview_time / peer:.1f} SheetJS only reading it ({peer:,.0f} ms)" if peer else ""
    return [
        Figure(
            f"{rows:,} rows: read, match, store",
            preview_time,
            goal=peer,
            compared=f"{_rate(rows, preview_time)}, {statements} queries{ratio}",
        ),
        Figure(
            f"{rows:,} rows: write people and follow-ups",
            writing.milliseconds,
            goal=rows,
            compared=_rate(rows, writing.milliseconds),
        ),
    ]


def _check(imported: ImportRun, rows: int) -> None:
    # Of so many names made of letters, some are nearly those of somebody born the same day.
    new = imported.rows.filter(state__in=(RowState.TO_CREATE, RowState.DUPLICATE)).count()
    if new != rows // 2:
        raise AssertionError(f"{new} new people instead of {rows // 2}")


def _rate(rows: int, milliseconds: float) -> str:
    return f"{rows / milliseconds * 1000:,.0f} rows/s"


def _start(configuration: CategoryConfiguration, content: bytes, now: datetime) -> ImportRun:
    return services.start(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        agent=None,
        file=services.File("allocataires.xlsx", content),
        now=now,
    )


def workbook(numbers: list[int]) -> bytes:
    """An .xlsx of these people, spelled as a department spells them."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet("Liste")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(0, 0, _TITLES)
    for row, number in enumerate(numbers, start=1):
        birth = date(1960, 1, 1) + timedelta(days=number * 7 % 15_000)
        sheet.write_row(
            row,
            0,
            ["MME", population.last_name(number).upper(), population.FIRST_NAMES[number // 10 % 10].upper()],
        )
        sheet.write_datetime(row, 3, datetime(birth.year, birth.month, birth.day), day)  # noqa: DTZ001 - a cell has no zone
        sheet.write_row(
            row,
            4,
            [
                "DEM",
                f"{1_000_000 + number}",
                population.a_nir(number, birth),
                f"26-{number}",
                f"personne{number}@courriel.test",
                f"06{12_000_000 + number}",
                f"{number % 90 + 1} rue de la République",
                "26000 Valence",
                "01/03/2026",
            ],
        )
    book.close()
    return target.getvalue()
