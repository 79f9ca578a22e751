"""A department's file: previewed, then written, in a base of 50 000 people."""

from datetime import date, datetime, timedelta
from io import BytesIO

import xlsxwriter
from django.db import connection
from django.utils import timezone
from python_calamine import CalamineWorkbook

from benchmarks import population
from benchmarks.measure import Figure, median, queries, repeated, stopwatch
from rdv_insertion.imports import preview, run, services
from rdv_insertion.imports.enums import RowState
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.models import CategoryConfiguration

_KNOWN = 50_000
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
    """Half of the rows are people already known, half are new."""
    now = timezone.now()
    organisation = population.an_organisation()
    configuration = population.a_configuration(organisation)
    population.people(organisation, _KNOWN, now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    figures = []
    for rows, since in ((2_000, _KNOWN), (10_000, _KNOWN + 5_000)):
        figures += _measure(configuration, rows, since=since, now=now)
    return figures


def _measure(configuration: CategoryConfiguration, rows: int, *, since: int, now: datetime) -> list[Figure]:
    content = _workbook([*range(rows // 2), *range(since, since + rows // 2)])
    floor = median(repeated(lambda: _read_only(content), times=5))
    with stopwatch() as reading:
        imported = _start(configuration, content, now)
    with stopwatch() as previewing:
        services.set_columns(run=imported, columns=imported.columns, now=now)
    states = {state: imported.rows.filter(state=state).count() for state in RowState}
    expected = rows // 2
    if states[RowState.TO_CREATE] != expected:
        raise AssertionError(f"{states} instead of {expected} to create")
    statements = queries(lambda: preview.build(imported, now=now))
    services.start_writing(run=imported, now=now, in_background=False)
    with stopwatch() as writing:
        run.write(imported, now=now)
    total = reading.milliseconds + previewing.milliseconds
    return [
        Figure(f"{rows:,} rows: read and preview", total, compared=_rate(rows, total, floor)),
        Figure(f"{rows:,} rows: of which reading the file", reading.milliseconds),
        Figure(f"{rows:,} rows: of which preview", previewing.milliseconds, compared=f"{statements} queries"),
        Figure(
            f"{rows:,} rows: write people and follow-ups",
            writing.milliseconds,
            goal=rows,
            compared=_rate(rows, writing.milliseconds, floor),
        ),
    ]


def _rate(rows: int, milliseconds: float, floor: float) -> str:
    ratio = f"x {milliseconds / floor:.0f} calamine reading the file ({floor:.0f} ms)"
    return f"{rows / milliseconds * 1000:,.0f} rows/s; {ratio}"


def _start(configuration: CategoryConfiguration, content: bytes, now: datetime) -> ImportRun:
    return services.start(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        agent=None,
        file=services.File("allocataires.xlsx", content),
        now=now,
    )


def _read_only(content: bytes) -> int:
    return len(CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python())


def _workbook(numbers: list[int]) -> bytes:
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
