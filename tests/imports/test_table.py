"""The rows of a preview read as a table."""

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.imports import run as runner
from rdv_insertion.imports.enums import Decision, RowState
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.preview import table
from rdv_insertion.imports.preview.table import Wanted
from tests.factories import OrganisationFactory
from tests.imports import files
from tests.imports.conftest import Previewed

HEADER = ("Nom", "Prénom", "Mail", "Téléphone", "id iodas")


@pytest.fixture
def mixed(previewed: Previewed, department) -> ImportRun:
    """A run in which rows of every state, decision and choice are written and not."""
    run = previewed(files.people(6))
    model = run.rows.first()
    assert model is not None
    run.rows.all().delete()
    elsewhere = OrganisationFactory(department=department)
    rows = []
    for state in RowState:
        for decision in Decision:
            for bits in range(16):
                row = ImportRow(
                    run=run, number=len(rows) + 2, state=state, decision=decision, selected=bool(bits & 1),
                    to_check=bool(bits & 2), rights_ended=bool(bits & 4), name_key=f"nom{bits}",
                    search_document="", keys="", written_at=timezone.now() if bits & 8 else None,
                    organisation=(run.organisation, elsewhere, None)[len(rows) % 3],
                )  # fmt: skip
                row.content = model.content
                rows.append(row)
    ImportRow.objects.bulk_create(rows)
    return run


@pytest.mark.parametrize("key", ["", *table.FILTERS])
def test_a_figure_counts_the_rows_that_its_filter_shows(mixed: ImportRun, key: str):
    groups = table.groups_of(mixed)
    for organisation_id in (None, mixed.organisation_id):
        wanted = Wanted(state=key, organisation_id=organisation_id)
        assert len(wanted.places(mixed, groups)) == wanted.rows_of(mixed).count()


def test_what_is_said_to_be_written_is_what_writing_takes(mixed: ImportRun):
    told = table.to_write(table.groups_of(mixed))
    assert told.people == mixed.rows.filter(runner.to_write()).count() > 0
    here = mixed.rows.filter(runner.to_write(), organisation=mixed.organisation)
    assert told.by_organisation[mixed.organisation_id] == here.count()


def test_every_row_that_is_not_written_waits_or_is_left_out(mixed: ImportRun):
    told = table.to_write(table.groups_of(mixed))
    settled = (RowState.MERGED, RowState.REFUSED, RowState.UNDONE, RowState.CREATED, RowState.UPDATED)
    rest = mixed.rows.filter(written_at=None).exclude(state__in=settled)
    assert told.people + told.waiting + told.left_out == rest.count()


def test_groups_are_one_query(mixed: ImportRun, django_assert_num_queries):
    with django_assert_num_queries(1):
        table.groups_of(mixed)


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("rouviere", [2]),
        ("ZOÉ rouv", [2]),
        ("zoe rouvière z.r@courriel.test", [2]),
        ("roux zoe", []),
        ("06 12 34 56 78", [2]),
        ("+33612345678", [2]),
        ("0612", [2]),
        ("ID-7", [3]),
        ("%", [2, 3]),
        ("_", [2, 3]),
        ("n%m", []),
        ("\\", [2, 3]),
        ("+0000", []),
        ("", [2, 3]),
    ],
)
def test_every_typed_word_is_found(previewed: Previewed, typed: str, numbers: list[int]):
    run = previewed(
        files.csv(
            HEADER,
            ("Rouvière", "Zoé", "z.r@courriel.test", "0612345678", ""),
            ("Roux", "Ali", "a@courriel.test", "", "ID-7"),
        )
    )
    rows = Wanted(search=typed).rows_of(run).order_by("number")
    assert list(rows.values_list("number", flat=True)) == numbers


@given(st.text(max_size=30))
def test_whatever_is_typed_is_understood(typed: str):
    assert all(word for word in table.words_of(typed))


@pytest.mark.parametrize(
    ("sort", "numbers"),
    [
        ("ligne", [2, 3, 4]),
        ("-ligne", [4, 3, 2]),
        ("nom", [3, 4, 2]),
        ("-nom", [2, 4, 3]),
        ("etat", [4, 2, 3]),
        ("-etat", [2, 3, 4]),
        ("organisation", [2, 3, 4]),
        ("n'importe quoi", [2, 3, 4]),
    ],
)
def test_rows_are_sorted_both_ways(previewed: Previewed, sort: str, numbers: list[int]):
    run = previewed(
        files.csv(
            HEADER,
            ("Zola", "A", "z@courriel.test", "", ""),
            ("Abel", "A", "a@courriel.test", "", ""),
            ("Émile", "", "e@courriel.test", "", ""),
        )
    )
    for search in ("", "courriel"):
        wanted = Wanted(sort=sort, search=search)
        places = wanted.places(run, table.groups_of(run))
        assert [row.number for row in table.page_of(run, wanted, places)] == numbers


def test_a_page_opens_only_its_rows(previewed: Previewed, django_assert_num_queries):
    run = previewed(files.people(8))
    with django_assert_num_queries(2):
        rows = table.page_of(run, Wanted(), range(3, 5))
    assert [row.number for row in rows] == [5, 6]
