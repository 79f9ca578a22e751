"""Tags and referents that the file names and that nobody created."""

import pytest
from django.test import Client
from django.urls import reverse

from rdv_insertion.agents.models import AgentRole
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.usagers.models import Tag
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page

HEADER = ("Nom", "Prénom", "Mail", "Tags", "Mail référent")


@pytest.fixture
def run(checked: AtStep) -> ImportRun:
    return checked(
        files.csv(HEADER, ("Roux", "Zoé", "z@courriel.test", "atelier, mobilité", "neuf@drome.test"))
    )


def test_unknown_tags_are_listed_once_and_created(agent_client: Client, run: ImportRun, department):
    content = agent_client.get(page(run)).content.decode()
    assert "2 tags n'existent pas encore" in content
    address = reverse("import_create_tags", args=[run.pk])
    content = agent_client.post(address, {"tags": ["atelier", "jamais vu"]}, follow=True).content.decode()
    assert "1 tag créé." in content
    assert "1 tag n'existe pas encore" in content
    assert list(Tag.objects.filter(department=department).values_list("value", flat=True)) == ["atelier"]


def test_no_tag_checked_is_said(agent_client: Client, run: ImportRun):
    content = agent_client.post(reverse("import_create_tags", args=[run.pk]), follow=True).content.decode()
    assert "Aucun tag à créer." in content


def test_an_administrator_adds_unknown_referents(client: Client, run: ImportRun, admin, organisation):
    client.force_login(admin)
    assert "Ajouter ces agents" in client.get(page(run)).content.decode()
    address = reverse("import_add_referents", args=[run.pk])
    content = client.post(address, {"referents": ["neuf@drome.test"]}, follow=True).content.decode()
    assert f"1 agent ajouté à {organisation.name}." in content
    assert AgentRole.objects.filter(organisation=organisation, agent__email="neuf@drome.test").exists()


def test_others_read_that_an_administrator_can(agent_client: Client, run: ImportRun, organisation):
    content = agent_client.get(page(run)).content.decode()
    assert "neuf@drome.test" in content
    assert "Un administrateur de" in content
    assert "Ajouter ces agents" not in content
    address = reverse("import_add_referents", args=[run.pk])
    assert agent_client.post(address, {"referents": ["neuf@drome.test"]}).status_code == 403
    assert not AgentRole.objects.filter(agent__email="neuf@drome.test").exists()


def test_many_junk_tags_stay_folded_and_unchecked(agent_client: Client, checked: AtStep):
    rows = [(f"Nom{n}", "Al", f"p{n}@courriel.test", f"déchet {n}", "") for n in range(200)]
    content = agent_client.get(page(checked(files.csv(HEADER, *rows)))).content.decode()
    assert "200 tags n'existent pas encore" in content
    panel = content.split("Voir et choisir parmi les 200")[1].split("</details>")[0]
    assert panel.count('name="tags"') == 200
    assert " checked" not in panel
