"""The whole path of a file in the pages, and who may walk it."""

import pytest
from django.test import Client
from django.urls import reverse

from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.usagers.models import Usager
from tests.conftest import RunJobs
from tests.factories import AgentFactory
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, columns_of, page, upload

STEPS = (
    "import_run",
    "import_columns",
    "import_preview",
    "import_writing",
    "import_invitation",
)
ACTIONS = (
    "import_columns",
    "import_preview",
    "import_start_again",
    "import_invitation",
    "import_skip_invitation",
    "import_letters",
)


def test_a_list_and_its_contacts_become_people_invited(
    agent_client: Client, configuration, slots, run_jobs: RunJobs
):
    data = {
        "file": upload(files.drome()), "contacts": upload(files.contacts(), "contacts.csv"),
        "category": configuration.pk,
    }  # fmt: skip
    response = agent_client.post(reverse("import_new"), data, follow=True)
    run = ImportRun.objects.get()
    assert response.redirect_chain == [(page(run, "import_columns"), 302)]
    response = agent_client.post(page(run, "import_columns"), columns_of(run), follow=True)
    assert "Enregistrer 3 personnes" in response.content.decode()
    assert "2 personnes complétées par contacts.csv" in response.content.decode()
    response = agent_client.post(page(run), follow=True)
    assert "0 sur 3 personnes enregistrées" in response.content.decode()
    run_jobs("imports")
    assert "personnes créées" in agent_client.get(page(run, "import_writing")).content.decode()
    rows = [str(row.pk) for row in run.rows.all()]
    choice = {"sms": rows, "email": rows}
    response = agent_client.post(page(run, "import_invitation"), choice, follow=True)
    assert "0 sur 3 personnes invitées" in response.content.decode()
    run_jobs("imports")
    response = agent_client.get(page(run, "import_invitation"))
    assert "En attente d&#x27;envoi" in response.content.decode()
    assert (Usager.objects.count(), Invitation.objects.count()) == (3, 6)


@pytest.mark.parametrize("name", STEPS)
def test_a_stranger_does_not_find_an_import(
    given: AtStep, client: Client, stranger, colleague_elsewhere, name: str
):
    run = given()
    for agent in (stranger, colleague_elsewhere):
        client.force_login(agent)
        assert client.get(page(run, name)).status_code == 404


@pytest.mark.parametrize("name", ACTIONS)
def test_a_stranger_does_nothing_to_an_import(given: AtStep, client: Client, stranger, name: str):
    run = given()
    client.force_login(stranger)
    assert client.post(page(run, name)).status_code == 404
    for address in ("import_select", "import_decide"):
        assert client.post(reverse(address, args=[run.pk, 2])).status_code == 404


def test_a_colleague_goes_on_with_the_import(given: AtStep, client: Client, organisation):
    run = given()
    client.force_login(AgentFactory(organisation=organisation))
    response = client.get(page(run, "import_run"), follow=True)
    assert response.redirect_chain == [(page(run, "import_columns"), 302)]
    client.post(page(run, "import_columns"), columns_of(run))
    run.refresh_from_db()
    assert run.stage == Stage.PREVIEW


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [
        ("import_preview", "import_columns", "« Colonnes »"),
        ("import_writing", "import_columns", "« Colonnes »"),
        ("import_invitation", "import_columns", "« Colonnes »"),
    ],
)
def test_a_step_that_is_not_open_leads_to_the_one_that_is(
    agent_client: Client, given: AtStep, name: str, place: str, sentence: str
):
    run = given()
    response = agent_client.get(page(run, name), follow=True)
    assert response.redirect_chain == [(page(run, place), 302)]
    assert sentence in response.content.decode()


def test_an_old_page_of_a_written_import_changes_nothing(agent_client: Client, written: AtStep):
    run = written()
    before = list(run.rows.values())
    for name, data in (
        ("import_columns", columns_of(run)),
        ("import_start_again", {}),
    ):
        response = agent_client.post(page(run, name), data, follow=True)
        assert "Cet import en est à l" in response.content.decode()
    agent_client.post(reverse("import_select", args=[run.pk, 2]), {"choisie": ""})
    assert list(run.rows.values()) == before


@pytest.mark.parametrize("name", ["imports", "import_new"])
def test_an_agent_without_any_organisation_is_sent_to_choose(client: Client, db, name: str):
    client.force_login(AgentFactory())
    assert client.get(reverse(name)).headers["Location"] == reverse("organisations")
