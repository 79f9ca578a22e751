"""The second step: what each column holds."""

from django.test import Client
from django.urls import reverse

from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from tests.factories import AgentFactory, OrganisationFactory, valid_nir
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, columns_of, page, upload


def shown(client: Client, run: ImportRun) -> str:
    return client.get(page(run, "import_columns")).content.decode()


def test_each_column_shows_its_letter_title_and_first_values(agent_client: Client, given: AtStep):
    content = shown(agent_client, given())
    assert "12 colonnes reconnues" in content
    assert "17 colonnes non importées" in content
    assert '<span class="import-columns__letter">AC</span> id iodas' in content
    assert "Delaunay · Barthélemy-Roy · Rouvière" in content
    assert '<option value="affiliation_number" selected>Numéro CAF ou MSA</option>' in content


def test_two_columns_for_one_thing_are_refused_and_nothing_is_previewed(agent_client: Client, given: AtStep):
    run = given()
    choice = columns_of(run) | {"colonne-15": "email"}
    content = agent_client.post(page(run, "import_columns"), choice).content.decode()
    assert "2 colonnes donnent « Adresse mail » : N « Adresses Mails » et P « Commentaires »" in content
    run.refresh_from_db()
    assert (run.stage, run.rows.count()) == (Stage.COLUMNS, 0)


def test_two_identical_columns_are_told_at_once(agent_client: Client, given: AtStep):
    run = given(files.csv(("Nom", "Prénom", "Mail", "Mail"), ("A", "B", "a@b.fr", "")))
    assert "2 colonnes donnent « Adresse mail » : C « Mail » et D « Mail »" in shown(agent_client, run)


def test_a_missing_name_is_told_with_the_line_of_titles(agent_client: Client, given: AtStep):
    run = given(files.csv(("Nom", "Mail"), ("A", "a@b.fr")))
    assert "Aucune colonne ne donne : Prénom" in shown(agent_client, run)


def test_choices_are_remembered_and_it_is_said(agent_client: Client, checked: AtStep, given: AtStep):
    checked(files.people(1))
    run = given(files.people(2))
    assert "Vous avez déjà importé un fichier avec ces colonnes" in shown(agent_client, run)


def test_a_file_already_given_is_told_with_a_link(agent_client: Client, given: AtStep):
    first = given(files.people(1))
    content = shown(agent_client, given(files.people(1)))
    assert "Ce même fichier a déjà été déposé" in content
    assert page(first, "import_run") in content


def test_a_nir_is_never_shown_even_in_a_column_that_nothing_announces(agent_client: Client, given: AtStep):
    nir = valid_nir(1)
    run = given(files.csv(("Nom", "Prénom", "NIR", "Autre"), ("Roux", "Zoé", nir, f"{nir[:7]} {nir[7:]}")))
    content = shown(agent_client, run)
    assert content.count("NIR présent") == 2
    assert nir[7:] not in content


def test_what_the_organisation_may_not_hold_is_not_offered_nor_taken(client: Client, department):
    siae = OrganisationFactory(department=department, siae=True)
    client.force_login(AgentFactory(organisation=siae))
    content = files.csv(("Nom", "Prénom", "Mail", "NIR"), ("Roux", "Zoé", "z@courriel.test", valid_nir(1)))
    client.post(reverse("import_new"), {"file": upload(content), "category": ""})
    run = ImportRun.objects.get()
    assert '<option value="nir"' not in shown(client, run)
    client.post(page(run, "import_columns"), columns_of(run) | {"colonne-3": "nir"})
    assert run.rows.get().person.nir is None
