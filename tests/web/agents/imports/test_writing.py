"""The fourth step: progress, then what came of each row."""

from django.db import connection
from django.test import Client

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


def test_once_written_the_page_says_what_was_done_and_stops_refreshing(agent_client: Client, written: AtStep):
    run = written(files.people(3) + b"Seul;;;\n")
    content = shown(agent_client, run)
    assert "<strong>3</strong> personnes créées" in content
    assert "<strong>1</strong> ligne refusée" in content
    assert "Il manque le prénom." in content
    assert page(run, "import_invitation") in content
    assert "http-equiv" not in content


def test_an_interrupted_work_is_told_and_goes_on_when_asked(agent_client: Client, checked: AtStep, run_jobs):
    run = checked(files.people(2))
    agent_client.post(page(run))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    content = shown(agent_client, run)
    assert "Le travail s'est interrompu" in content
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
