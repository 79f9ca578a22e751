"""Which rows are written, and for which organisation: one, a page, or all those that match."""

import pytest
from django.test import Client
from django.urls import reverse

from rdv_insertion.imports.enums import RowState
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.territory.models import Organisation
from tests.factories import AgentRoleFactory, OrganisationFactory
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page

LOST = "Structure perdue"


def several(client: Client, run: ImportRun, query: str = "", **data: str) -> str:
    """The page that follows."""
    address = reverse("import_several", args=[run.pk]) + query
    response = client.post(address, {"next": page(run) + query, **data}, follow=True)
    assert response.redirect_chain[0][0] == page(run) + query
    return response.content.decode()


def undo(client: Client, content: str) -> str:
    """Press *Annuler*."""
    form = content.split('class="undo">')[1].split("</form>", maxsplit=1)[0]
    action = content.split('class="undo">', maxsplit=1)[0].rsplit('action="', 1)[1].split('"', maxsplit=1)[0]
    fields = [part.split('"') for part in form.split('type="hidden" name="')[1:]]
    response = client.post(action, {field[0]: field[2] for field in fields}, follow=True)
    return response.content.decode()


def chosen(run: ImportRun) -> list[int]:
    return list(run.rows.filter(selected=True).order_by("number").values_list("number", flat=True))


@pytest.fixture
def elsewhere(agent, department) -> Organisation:
    """Another organisation of the agent."""
    organisation = OrganisationFactory(department=department, name="Mission locale", slug="mission")
    AgentRoleFactory(agent=agent, organisation=organisation)
    return organisation


def test_a_row_is_left_out_and_taken_again(agent_client: Client, checked: AtStep):
    run = checked(files.people(2))
    address = reverse("import_select", args=[run.pk, 2])
    back = f"{page(run)}?page=1"
    response = agent_client.post(address, {"next": back})
    assert response.headers["Location"] == f"{back}#ligne-2"
    content = agent_client.get(page(run)).content.decode()
    assert "Enregistrer 1 personne" in content
    assert "1 ligne laissée de côté" in content
    agent_client.post(address, {"choisie": "oui"})
    assert "Enregistrer 2 personnes" in agent_client.get(page(run)).content.decode()


def test_a_row_left_out_in_place_comes_back_with_the_figures(agent_client: Client, checked: AtStep):
    run = checked(files.people(3))
    address = reverse("import_select", args=[run.pk, 3])
    data = {"visibles": "2,3,4", "colonnes": "email"}
    content = agent_client.post(address, data, headers={"HX-Request": "true"}).content.decode()
    assert 'id="ligne-3" hx-swap-oob="true"' in content
    assert "Laissée de côté : ne sera pas enregistrée." in content
    assert "Enregistrer 2 personnes" in content
    assert 'id="ligne-2"' not in content


def test_all_that_match_are_left_out_beyond_the_page_and_taken_back(agent_client: Client, checked: AtStep):
    run = checked(files.people(60))
    content = several(agent_client, run, "?q=nom5", portee="toutes", action="laisser")
    assert "11 lignes laissées de côté." in content
    assert len(chosen(run)) == 49
    content = undo(agent_client, content)
    assert "11 lignes remises comme avant" in content
    assert len(chosen(run)) == 60


def test_taking_back_leaves_alone_what_was_already_so(agent_client: Client, checked: AtStep):
    run = checked(files.people(3))
    agent_client.post(reverse("import_select", args=[run.pk, 3]))
    content = several(agent_client, run, portee="toutes", action="laisser")
    assert "2 lignes laissées de côté." in content
    undo(agent_client, content)
    assert chosen(run) == [2, 4]


def test_the_bar_says_how_many_match(agent_client: Client, checked: AtStep):
    run = checked(files.people(60))
    content = agent_client.get(page(run) + "?q=nom").content.decode()
    assert "Les 60 lignes qui correspondent" in content
    assert "Les 50 lignes de cette page" in content


def test_only_the_rows_of_the_page_are_left_out(agent_client: Client, checked: AtStep):
    run = checked(files.people(4))
    several(agent_client, run, portee="page", lignes="2,3", action="laisser")
    assert chosen(run) == [4, 5]


def test_rows_with_nothing_to_write_are_not_chosen(agent_client: Client, checked: AtStep):
    run = checked(files.csv(("Nom", "Prénom", "Mail"), ("Roy", "", "a@courriel.test")))
    content = several(agent_client, run, portee="toutes", action="choisir")
    assert "rien n&#x27;a changé" in content
    assert chosen(run) == []


def test_rows_are_given_to_an_organisation_and_taken_back(
    agent_client: Client, checked: AtStep, elsewhere: Organisation
):
    people = [("Roux", "Zoé", "z@courriel.test", LOST), ("Roy", "Al", "al@courriel.test", LOST)]
    run = checked(files.csv(("Nom", "Prénom", "Mail", "Organisation"), *people))
    assert set(run.rows.values_list("state", flat=True)) == {RowState.UNASSIGNED}
    content = several(
        agent_client, run, "?etat=unassigned", portee="toutes", action="affecter", affectation="mission"
    )
    assert "2 lignes affectées à Mission locale." in content
    assert set(run.rows.values_list("organisation", flat=True)) == {elsewhere.pk}
    undo(agent_client, content)
    assert set(run.rows.values_list("state", flat=True)) == {RowState.UNASSIGNED}


def test_rows_of_one_organisation_go_back_to_it(
    agent_client: Client, checked: AtStep, elsewhere: Organisation, organisation
):
    run = checked(files.people(2))
    content = several(agent_client, run, portee="toutes", action="affecter", affectation="mission")
    undo(agent_client, content)
    assert set(run.rows.values_list("organisation", flat=True)) == {organisation.pk}


def test_rows_go_only_to_organisations_of_the_agent(agent_client: Client, checked: AtStep, department):
    OrganisationFactory(department=department, slug="ailleurs")
    run = checked(files.people(1))
    for slug in ("ailleurs", "", "inconnue"):
        content = several(agent_client, run, portee="toutes", action="affecter", affectation=slug)
        assert "Choisissez l&#x27;organisation qui suivra ces personnes." in content


def test_the_people_of_each_organisation_are_counted(
    agent_client: Client, checked: AtStep, elsewhere: Organisation, organisation
):
    run = checked(files.people(3))
    several(agent_client, run, portee="page", lignes="2", action="affecter", affectation="mission")
    content = agent_client.get(page(run)).content.decode()
    assert f"{organisation.name} : 2 personnes · Mission locale : 1 personne" in content
    content = agent_client.get(page(run) + "?organisation=mission").content.decode()
    assert 'id="ligne-2"' in content
    assert 'id="ligne-3"' not in content


def test_an_organisation_without_rows_any_more_matches_nothing(agent_client: Client, checked: AtStep):
    run = checked(files.people(2))
    several(agent_client, run, "?organisation=inconnue", portee="toutes", action="laisser")
    assert chosen(run) == [2, 3]
