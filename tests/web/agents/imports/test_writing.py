"""The fourth step: progress, then what came of each row."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ImportRun
from tests.factories import OrganisationFactory
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page


def shown(client: Client, run) -> str:
    return client.get(page(run, "import_writing")).content.decode()


def test_progress_refreshes_itself_with_and_without_javascript(agent_client: Client, checked: AtStep):
    run = checked(files.people(3))
    agent_client.post(page(run))
    content = shown(agent_client, run)
    assert '<progress class="progress" max="3" value="0"' in content
    assert 'hx-trigger="every 1s"' in content
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in content
    assert "Vous pouvez quitter cette page" in content


def test_progress_says_rows_a_second_and_the_time_left(agent_client: Client, checked: AtStep):
    run = checked(files.people(3))
    agent_client.post(page(run))
    began = timezone.now() - timedelta(seconds=1)
    ImportRun.objects.filter(pk=run.pk).update(stage_began_at=began)
    run.rows.filter(number__in=(2, 3)).update(written_at=timezone.now(), state=RowState.CREATED)
    content = shown(agent_client, run)
    assert "2 sur 3 personnes enregistrées, encore environ" in content
    assert "par seconde" in content


def test_the_progress_of_a_second_writing_is_its_own(agent_client: Client, written: AtStep):
    """What the first writing did is neither done nor to do in the second."""
    run = written(files.people(2))
    run.rows.filter(number=3).update(written_at=None, state=RowState.TO_CREATE, usager=None)
    agent_client.post(page(run))
    run.refresh_from_db()
    assert run.stage == Stage.WRITING
    assert '<progress class="progress" max="1" value="0"' in shown(agent_client, run)


def test_once_written_the_page_says_what_was_done_and_stops_refreshing(agent_client: Client, written: AtStep):
    run = written(files.people(3) + b"Seul;;;\n")
    content = shown(agent_client, run)
    assert "<strong>3</strong> personnes créées" in content
    assert "<strong>1</strong> ligne refusée" in content
    assert "Il manque le prénom." in content
    assert page(run, "import_invitation") in content
    assert page(run, "import_report") in content
    assert "http-equiv" not in content


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RowState.UNASSIGNED, "<strong>1</strong> sans organisation"),
        (RowState.DUPLICATE, "<strong>1</strong> doublon possible"),
        (RowState.MERGED, "<strong>1</strong> ligne d&#x27;une personne déjà comptée"),
        (RowState.TO_CREATE, "<strong>1</strong> laissée de côté"),
    ],
)
def test_what_was_not_written_is_counted_apart(agent_client: Client, written: AtStep, state: str, words: str):
    run = written(files.people(2))
    run.rows.filter(number=2).update(state=state, written_at=None, selected=False)
    content = shown(agent_client, run).replace("d'une", "d&#x27;une")
    assert words in content
    assert "<strong>1</strong> personne créée" in content


def test_several_organisations_are_counted_each(agent_client: Client, written: AtStep, department):
    run = written(files.people(3))
    elsewhere = OrganisationFactory(department=department, name="Plateforme de Die")
    assert "par organisation" not in shown(agent_client, run)
    run.rows.filter(number=2).update(organisation=elsewhere)
    content = shown(agent_client, run)
    assert '<th scope="row">Plateforme de Die</th><td data-label="Créées">1</td>' in content


def test_refused_rows_beyond_the_first_ones_are_left_to_the_report(agent_client: Client, written: AtStep):
    incomplete = [(f"N{number}", "", f"a{number}@x.test") for number in range(205)]
    run = written(files.csv(("Nom", "Prénom", "Mail"), ("A", "Zoé", "z@x.test"), *incomplete))
    content = shown(agent_client, run)
    assert content.count("Il manque le prénom.") == 200
    assert "Voici les 200 premières lignes refusées, sur 205." in content


def test_an_interrupted_work_is_told_and_goes_on_when_asked(agent_client: Client, checked: AtStep, run_jobs):
    run = checked(files.people(2))
    agent_client.post(page(run))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    content = shown(agent_client, run)
    assert "Le travail s'est interrompu" in content
    assert "Relancer" in content
    assert "http-equiv" not in content
    agent_client.post(page(run, "import_start_again"))
    run_jobs("imports")
    assert "<strong>2</strong> personnes créées" in shown(agent_client, run)


def test_without_a_category_the_import_ends_here(agent_client: Client, written: AtStep):
    run = written(files.people(1), with_category=False)
    content = shown(agent_client, run)
    assert "Étape 4 sur 4" in content
    assert "Choisir qui inviter" not in content
    response = agent_client.get(page(run, "import_invitation"), follow=True)
    assert response.redirect_chain == [(page(run, "import_writing"), 302)]
    assert "sans catégorie" in response.content.decode()


def test_the_page_asks_as_many_questions_for_thirty_rows_as_for_three(agent_client: Client, written: AtStep):
    def asked(count: int, first: int) -> int:
        run = written(files.people(count, first=first) + b"Seul;;;\n" * count)
        shown(agent_client, run)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            shown(agent_client, run)
        return len(queries)

    assert asked(3, 0) == asked(30, 100)
