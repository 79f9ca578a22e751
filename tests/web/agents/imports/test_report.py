"""The report, as it is downloaded."""

from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import load_workbook

from rdv_insertion.imports.models import ImportRun
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page


def lines(client: Client, run: ImportRun) -> list[list]:
    response = client.get(page(run, "import_report"))
    assert response.status_code == 200, response.content
    book = load_workbook(BytesIO(response.content))
    return book.get_sheet_by_name("Lignes").to_python()


def test_before_writing_the_report_says_what_would_be_done(agent_client: Client, checked: AtStep):
    run = checked(files.people(2))
    assert [line[:2] for line in lines(agent_client, run)] == [
        ["Ligne", "État"],
        [2.0, "À créer"],
        [3.0, "À créer"],
    ]


def test_once_written_it_says_what_was_done_and_is_named_like_the_file(agent_client: Client, written: AtStep):
    run = written(files.people(1))
    assert lines(agent_client, run)[1][1] == "Créé"
    response = agent_client.get(page(run, "import_report"))
    assert response.headers["Content-Disposition"] == 'attachment; filename="rapport-liste.xlsx"'
    assert response.headers["Content-Type"].endswith("spreadsheetml.sheet")


def test_a_file_whose_columns_are_not_chosen_has_no_report_yet(agent_client: Client, given: AtStep):
    run = given()
    assert agent_client.get(page(run, "import_report")).url == page(run, "import_columns")


def test_once_the_rows_are_erased_a_page_says_it_politely(agent_client: Client, written: AtStep):
    run = written(files.people(1))
    run.rows.all().delete()
    ImportRun.objects.filter(pk=run.pk).update(erased_at=timezone.now())
    response = agent_client.get(page(run, "import_report"))
    assert response.status_code == 404
    assert "Ce rapport n'existe plus" in response.content.decode()


@pytest.mark.parametrize("asked", [{"page": "zzz"}, {"format": "../../etc"}, {"run_id": "-1"}])
def test_odd_parameters_change_nothing(agent_client: Client, written: AtStep, asked: dict[str, str]):
    run = written(files.people(1))
    response = agent_client.get(page(run, "import_report"), asked)
    assert response.status_code == 200


def test_it_asks_as_many_questions_for_thirty_rows_as_for_three(agent_client: Client, written: AtStep):
    def asked(count: int, first: int) -> int:
        run = written(files.people(count, first=first))
        lines(agent_client, run)
        with CaptureQueriesContext(connection) as queries:
            lines(agent_client, run)
        return len(queries)

    assert asked(3, 0) == asked(30, 100)
