"""Cells corrected in place, and checked at once."""

import pytest
from django.test import Client
from django.urls import reverse

from rdv_insertion.imports.enums import Routing, RowState
from rdv_insertion.imports.models import ImportRow, ImportRun
from tests.factories import AgentRoleFactory, OrganisationFactory, UsagerFactory, valid_nir
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page

HEADER = ("Nom", "Prénom", "Mail", "Tél", "id iodas", "NIR", "Civilité", "Date de naissance", "Tags")
ZOE = ("Roux", "Zoé", "z@courriel.test", "12", "", "", "Mme", "03/04/1985", "")
SCRIPT = {"HX-Request": "true"}


def address(run: ImportRun, number: int = 2) -> str:
    return reverse("import_row", args=[run.pk, number])


def opened(client: Client, run: ImportRun, attribute: str, number: int = 2) -> str:
    """The cell as it opens in the table."""
    response = client.get(address(run, number), {"champ": attribute}, headers=SCRIPT)
    assert response.status_code == 200
    return response.content.decode()


def typed(client: Client, run: ImportRun, attribute: str, text: str, number: int = 2, **more: str) -> str:
    """What comes back when `text` is typed in a cell of the table, of which rows 2 to 9 are on screen."""
    data = {
        "champ": attribute,
        "texte": text,
        "visibles": "2,3,4,5,6,7,8,9",
        "colonnes": "title,birth_date,nir,department_internal_id,email,phone_number,tags,organisation",
        **more,
    }
    headers = {**SCRIPT, "HX-Current-URL": f"http://testserver{page(run)}?etat=error"}
    response = client.post(address(run, number), data, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def row(run: ImportRun, number: int = 2) -> ImportRow:
    found: ImportRow = run.rows.get(number=number)
    return found


@pytest.fixture
def run(checked: AtStep) -> ImportRun:
    return checked(files.csv(HEADER, ZOE, ("Roy", "", "al@courriel.test", "", "A1", "", "", "", "")))


def test_a_cell_opens_with_what_it_says(agent_client: Client, run: ImportRun):
    assert 'name="texte" type="text" inputmode="tel" value="12"' in opened(agent_client, run, "phone_number")
    assert 'value="03/04/1985"' in opened(agent_client, run, "birth_date")
    assert '<option value="madame" selected>Madame</option>' in opened(agent_client, run, "title")


def test_a_correction_is_checked_at_once(agent_client: Client, run: ImportRun):
    content = typed(agent_client, run, "first_name", "Al", number=3)
    assert 'id="ligne-3" hx-swap-oob="true"' in content
    assert "À créer" in content
    assert "<strong>0</strong> En erreur" in content
    assert "Enregistrer 2 personnes" in content
    assert "Ligne 3 : à créer." in content
    assert 'id="ligne-2"' not in content
    assert row(run, 3).state == RowState.TO_CREATE


def test_the_filters_that_come_back_are_those_of_the_page(agent_client: Client, run: ImportRun):
    content = typed(agent_client, run, "first_name", "Al", number=3)
    assert f'href="{page(run)}?etat=error" aria-current="page"' in content
    assert f'name="next" value="{page(run)}?etat=error"' in content


def test_other_rows_that_change_come_back_too(agent_client: Client, run: ImportRun):
    content = typed(agent_client, run, "department_internal_id", "A1")
    assert 'id="ligne-2"' in content
    assert 'id="ligne-3"' in content
    assert "1 autre ligne a changé" in content


def test_what_is_refused_stays_and_says_why(agent_client: Client, run: ImportRun):
    content = typed(agent_client, run, "phone_number", "pas un numéro")
    assert "« pas un numéro »" in content
    assert "sheet-problem--refused" in content
    assert 'value="pas un numéro"' in opened(agent_client, run, "phone_number")


def test_a_corrected_cell_keeps_the_text_of_the_file_and_takes_it_back(agent_client: Client, run: ImportRun):
    content = typed(agent_client, run, "phone_number", "06 12 34 56 78")
    assert 'title="Le fichier dit : 12">corrigé</span>' in content
    assert "Reprendre la valeur du fichier" in opened(agent_client, run, "phone_number")
    content = typed(agent_client, run, "phone_number", "", reprendre="phone_number")
    assert "« 12 »" in content
    assert row(run).content.corrections == {}


def test_a_cell_left_as_it_was_is_no_correction(agent_client: Client, run: ImportRun):
    for attribute, text in (
        ("birth_date", "03/04/1985"),
        ("title", "madame"),
        ("nir", ""),
        ("phone_number", "12"),
    ):
        typed(agent_client, run, attribute, text)
    assert row(run).content.corrections == {}


def test_a_value_the_service_already_understood_opens_as_the_french_write_it(
    agent_client: Client, checked: AtStep
):
    run = checked(files.csv(HEADER, (*ZOE[:3], "612345678", *ZOE[4:])))
    assert 'value="06 12 34 56 78"' in opened(agent_client, run, "phone_number")
    typed(agent_client, run, "phone_number", "06 12 34 56 78")
    assert row(run).content.corrections == {}


def test_emptying_a_cell_says_what_it_erases(agent_client: Client, checked: AtStep, organisation):
    known = UsagerFactory(
        organisation=organisation, department_internal_id="A1", email="ancien@courriel.test"
    )
    run = checked(
        files.csv(HEADER, (known.last_name, known.first_name, "neuf@courriel.test", "", "A1", "", "", "", ""))
    )
    assert "Vider la case effacera la valeur connue." in opened(agent_client, run, "email")
    content = typed(agent_client, run, "email", "")
    assert "Sera effacé" in content
    assert "ancien@courriel.test" in content


def test_a_nir_is_replaced_or_removed_without_being_shown(agent_client: Client, checked: AtStep):
    nir, other = valid_nir(1), valid_nir(2)
    run = checked(files.csv(HEADER, (*ZOE[:5], nir, *ZOE[6:])))
    editor = opened(agent_client, run, "nir")
    assert "Retirer le NIR" in editor
    assert nir[:10] not in editor
    content = typed(agent_client, run, "nir", other)
    assert row(run).person.nir == other
    assert nir[:10] not in content
    assert other[:10] not in content
    typed(agent_client, run, "nir", "", effacer="nir")
    assert row(run).person.nir is None


def test_an_attribute_that_the_organisation_may_not_hold_is_not_found(
    agent_client: Client, run: ImportRun, organisation
):
    organisation.organisation_type = "siae"
    organisation.save()
    for attribute in ("nir", "inconnu", "address_complement", ""):
        assert agent_client.get(address(run), {"champ": attribute}, headers=SCRIPT).status_code == 404
    assert agent_client.post(address(run), {"champ": "nir", "texte": valid_nir(1)}).status_code == 404


def test_the_organisation_is_chosen_among_those_of_the_agent(
    agent_client: Client, checked: AtStep, agent, department
):
    mine = OrganisationFactory(department=department, name="Mission locale", slug="mission")
    AgentRoleFactory(agent=agent, organisation=mine)
    other = OrganisationFactory(department=department, name="Ailleurs", slug="ailleurs")
    run = checked(
        files.csv((*HEADER[:3], "Organisation"), ("Roux", "Zoé", "z@courriel.test", "Structure perdue"))
    )
    content = agent_client.get(page(run)).content.decode()
    assert '<option value="mission">Mission locale</option>' in content
    assert other.name not in content
    data = {"champ": "organisation", "texte": other.slug}
    assert agent_client.post(address(run), data).status_code == 404
    content = typed(agent_client, run, "organisation", "mission")
    assert "À créer" in content
    assert row(run).organisation == mine


def test_without_a_script_the_whole_row_is_a_page(agent_client: Client, run: ImportRun):
    content = agent_client.get(address(run, 3)).content.decode()
    assert "Il manque le prénom." in content
    data = {"texte-first_name": "Al", "texte-email": "al@courriel.test", "next": f"{page(run)}?etat=error"}
    response = agent_client.post(address(run, 3), data)
    assert response.headers["Location"] == f"{page(run)}?etat=error#ligne-3"
    assert row(run, 3).content.corrections == {"first_name": "Al"}
    assert "La ligne 3 est corrigée : à créer." in agent_client.get(page(run)).content.decode()


def test_without_a_script_what_is_refused_comes_back_with_the_rest_kept(agent_client: Client, run: ImportRun):
    data = {"texte-first_name": "Al", "texte-email": "pas une adresse"}
    response = agent_client.post(address(run, 3), data, follow=True)
    content = response.content.decode()
    assert "À revoir : Adresse mail. Le reste est corrigé." in content
    assert 'value="pas une adresse"' in content
    assert "cette adresse mail est incorrecte" in content
    assert row(run, 3).person.first_name == "Al"


def test_without_a_script_a_value_is_taken_back(agent_client: Client, run: ImportRun):
    agent_client.post(address(run), {"texte-phone_number": "0612345678"})
    assert row(run).content.corrections
    agent_client.post(address(run), {"texte-phone_number": "06 12 34 56 78", "reprendre": "phone_number"})
    assert row(run).content.corrections == {}


def test_a_correction_asks_a_constant_number_of_questions(
    agent_client: Client, checked: AtStep, django_assert_max_num_queries
):
    run = checked(files.people(60))
    visible = ",".join(str(number) for number in range(2, 52))
    with django_assert_max_num_queries(55):
        typed(agent_client, run, "email", "neuf@courriel.test", visibles=visible)


def test_rows_sent_by_their_address_show_their_organisation(agent_client: Client, checked: AtStep):
    run = checked(files.people(2))
    ImportRun.objects.filter(pk=run.pk).update(routing=Routing.ADDRESS)
    assert 'data-label="Organisation"' in agent_client.get(page(run)).content.decode()
