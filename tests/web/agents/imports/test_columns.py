"""The second step: what each column holds."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
import xlsxwriter
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from tests.conftest import RunJobs
from tests.factories import AgentFactory, OrganisationFactory, valid_nir
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, columns_of, page, upload

LARGE = services.files.AT_ONCE + 1


def shown(client: Client, run: ImportRun, name: str = "import_columns") -> str:
    return client.get(page(run, name)).content.decode()


def samples(content: str) -> list[list[str]]:
    """The values shown beside each column, in the order of the page."""
    lists = re.findall(r'<ul class="import-samples".*?</ul>', content, re.DOTALL)
    return [re.findall("<li>(.*?)</li>", one) for one in lists]


def workbook(**sheets) -> bytes:
    """A workbook of named sheets."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


def test_each_column_shows_its_letter_title_and_first_values(agent_client: Client, given: AtStep):
    content = shown(agent_client, given())
    assert "12 colonnes reconnues" in content
    assert "17 colonnes non importées" in content
    assert '<span class="import-columns__letter">AC</span> id iodas' in content
    assert ["Delaunay", "Barthélemy-Roy", "Rouvière"] in samples(content)
    assert '<option value="affiliation_number" selected>Numéro CAF ou MSA</option>' in content


def test_three_different_values_are_shown_of_a_column(agent_client: Client, given: AtStep):
    rows = [("Roux", f"Zoé{number}", "26150") for number in range(5)]
    content = shown(agent_client, given(files.csv(("Nom", "Prénom", "CP"), *rows)))
    assert samples(content) == [["Roux"], ["Zoé0", "Zoé1", "Zoé2"], ["26150"]]


def test_columns_without_a_title_or_a_value_are_shown_and_ignored(agent_client: Client, given: AtStep):
    content = shown(agent_client, given(files.csv(("Nom", "", "", "Prénom"), ("Roux", "x", "", "Zoé"))))
    assert content.count("Sans titre") == 2
    assert samples(content)[2:] == [["x"], ["Colonne vide"]]
    assert "2 colonnes non importées" in content


def test_how_many_rows_will_be_read_is_said(agent_client: Client, given: AtStep):
    content = files.csv(("Nom", "Prénom"), *[("Roux", "Zoé")] * 1_240, ("", ""))
    assert "1\u00a0240 lignes</strong> à lire" in shown(agent_client, given(content))


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


def test_what_was_just_chosen_is_not_told_as_the_memory_of_another_file(
    agent_client: Client, checked: AtStep
):
    assert "Vous avez déjà importé" not in shown(agent_client, checked(files.people(1)))


def test_a_file_already_given_is_told_with_a_link(agent_client: Client, given: AtStep):
    first = given(files.people(1))
    content = shown(agent_client, given(files.people(1)))
    assert "Ce même fichier a déjà été déposé" in content
    assert page(first, "import_run") in content


def test_a_nir_is_never_shown_even_in_a_column_that_nothing_announces(agent_client: Client, given: AtStep):
    nir = valid_nir(1)
    run = given(files.csv(("Nom", "Prénom", "NIR", "Autre"), ("Roux", "Zoé", nir, f"{nir[:7]} {nir[7:]}")))
    content = shown(agent_client, run)
    assert samples(content)[2:] == [["NIR présent"], ["NIR présent"]]
    assert nir[7:] not in content


def test_a_nir_is_not_shown_among_the_rows_that_may_hold_the_titles(agent_client: Client, given: AtStep):
    nir = valid_nir(1)
    content = shown(agent_client, given(files.csv(("Nom", "Prénom", "Autre"), ("Roux", "Zoé", nir))))
    assert "Ligne 2 : Roux · Zoé · NIR présent" in content
    assert nir not in content


def test_the_padded_number_of_a_household_is_not_taken_for_a_nir(agent_client: Client, given: AtStep):
    run = given(files.csv(("Nom", "Prénom", "Matricule"), ("Roux", "Zoé", "123456700000000")))
    assert samples(shown(agent_client, run))[2] == ["123456700000000"]


def test_a_column_entitled_nir_is_masked_whatever_is_in_it(client: Client, department):
    siae = OrganisationFactory(department=department, siae=True)
    client.force_login(AgentFactory(organisation=siae))
    content = files.csv(("Nom", "Prénom", "Mail", "NIR"), ("Roux", "Zoé", "z@courriel.test", "28503269990"))
    client.post(reverse("import_new"), {"file": upload(content), "category": ""})
    assert "28503269990" not in shown(client, ImportRun.objects.get())


def test_what_the_organisation_may_not_hold_is_not_offered_nor_taken(client: Client, department):
    siae = OrganisationFactory(department=department, siae=True)
    client.force_login(AgentFactory(organisation=siae))
    content = files.csv(("Nom", "Prénom", "Mail", "NIR"), ("Roux", "Zoé", "z@courriel.test", valid_nir(1)))
    client.post(reverse("import_new"), {"file": upload(content), "category": ""})
    run = ImportRun.objects.get()
    assert '<option value="nir"' not in shown(client, run)
    client.post(page(run, "import_columns"), columns_of(run) | {"colonne-3": "nir"})
    assert run.rows.get().person.nir is None


SHEETS = {
    "Notes": [("Lisez-moi", "Important")],
    "Mars": [("Liste de mars", ""), ("Nom", "Prénom"), ("Roux", "Zoé")],
    "Avril": [("", ""), ("Nom", "Prénom", "Mail"), ("Vivier", "Anne", "anne@vivier.test")],
}


def test_another_sheet_is_chosen_and_its_titles_are_found(agent_client: Client, given: AtStep):
    run = given(workbook(**SHEETS))
    assert (run.sheet, run.header_row) == ("Mars", 1)
    content = agent_client.post(page(run, "import_table"), {"feuille": "Avril"}, follow=True).content.decode()
    run.refresh_from_db()
    assert (run.sheet, run.header_row, run.columns) == ("Avril", 1, ["last_name", "first_name", "email"])
    assert "dans la feuille «&nbsp;Avril&nbsp;»" in content


def test_a_sheet_without_titles_may_be_chosen_too(agent_client: Client, given: AtStep):
    run = given(workbook(**SHEETS, Vide=[("Seul",), ("un",)]))
    content = agent_client.post(page(run, "import_table"), {"feuille": "Vide"}, follow=True).content.decode()
    assert "Aucune colonne ne donne : Nom, Prénom" in content


def test_another_row_of_titles_is_chosen(agent_client: Client, given: AtStep):
    run = given(files.csv(("Nom", "Prénom"), ("Nom", "Prenom"), ("Roux", "Zoé")))
    content = shown(agent_client, run)
    assert '<option value="0" selected>Ligne 1 : Nom · Prénom</option>' in content
    assert '<option value="2">Ligne 3 : Roux · Zoé</option>' in content
    agent_client.post(page(run, "import_table"), {"feuille": "", "ligne": "1"})
    run.refresh_from_db()
    assert run.header_row == 1


def test_after_another_row_is_chosen_the_columns_are_to_be_checked_again(
    agent_client: Client, checked: AtStep
):
    run = checked(files.csv(("Nom", "Prénom"), ("Nom", "Prenom"), ("Roux", "Zoé")))
    agent_client.post(page(run, "import_table"), {"feuille": "", "ligne": "1"})
    run.refresh_from_db()
    assert run.stage == Stage.COLUMNS


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"feuille": "Ailleurs"}, "Ce fichier n&#x27;a pas cette feuille."),
        ({"feuille": ""}, "Choisissez la ligne des titres"),
        ({"ligne": "abc"}, "Choisissez la ligne des titres"),
        ({"ligne": "-1"}, "Choisissez la ligne des titres"),
        ({"ligne": "²"}, "Choisissez la ligne des titres"),
        ({"ligne": "9" * 30}, "Choisissez la ligne des titres"),
        ({"ligne": "99"}, "Ce fichier n&#x27;a pas cette feuille ou cette ligne."),
    ],
)
def test_a_table_that_is_not_there_is_told_and_nothing_changes(
    agent_client: Client, given: AtStep, data: dict[str, str], sentence: str
):
    run = given(files.people(1))
    response = agent_client.post(page(run, "import_table"), data, follow=True)
    assert sentence in response.content.decode()
    before = (run.sheet, run.header_row, run.columns)
    run.refresh_from_db()
    assert (run.sheet, run.header_row, run.columns) == before


def test_titles_merged_over_two_rows_are_those_of_the_page(agent_client: Client, given: AtStep):
    rows = [("N° CAF", "Identité", ""), ("", "Nom", "Prénom"), ("1234567", "Roux", "Zoé")]
    content = shown(agent_client, given(files.csv(*rows)))
    assert '<span class="import-columns__letter">A</span> N° CAF' in content


def test_whatever_is_sent_as_columns_is_ignored_when_it_means_nothing(agent_client: Client, given: AtStep):
    run = given(files.people(1))
    data = columns_of(run) | {"colonne-2": "password", "colonne-99": "email", "colonne-x": "é"}
    agent_client.post(page(run, "import_columns"), data)
    run.refresh_from_db()
    assert run.columns == ["last_name", "first_name", "", "department_internal_id"]


def test_a_flow_says_that_its_columns_are_known_and_lets_go_on(agent_client: Client, given: AtStep):
    run = given(files.flow())
    assert run.stage == Stage.PREVIEW
    content = shown(agent_client, run)
    assert "Ses colonnes sont connues" in content
    assert 'name="ligne"' not in content
    response = agent_client.post(page(run, "import_columns"), columns_of(run))
    assert response.headers["Location"] == page(run)


@pytest.fixture
def large(agent_client: Client, given: AtStep) -> ImportRun:
    """A large file that the worker has to check."""
    run = given(files.people(LARGE))
    response = agent_client.post(page(run, "import_columns"), columns_of(run))
    assert response.headers["Location"] == page(run, "import_checking")
    run.refresh_from_db()
    return run


def test_a_large_file_is_checked_by_the_worker_while_the_page_waits(
    agent_client: Client, large: ImportRun, run_jobs: RunJobs
):
    content = shown(agent_client, large, "import_checking")
    assert "5\u00a0001 lignes" in content
    assert "Encore environ" in content
    assert "Vous pouvez quitter cette page" in content
    assert agent_client.get(page(large, "import_checking_state")).status_code == 204
    run_jobs("imports")
    assert large.rows.count() == LARGE
    answer = agent_client.get(page(large, "import_checking_state"))
    assert answer.headers["HX-Redirect"] == page(large, "import_run")
    response = agent_client.get(page(large, "import_checking"), follow=True)
    assert response.redirect_chain[-1] == (page(large), 302)


def test_when_it_takes_longer_than_expected_no_time_is_promised(agent_client: Client, large: ImportRun):
    ImportRun.objects.update(stage_began_at=timezone.now() - timedelta(minutes=5))
    content = shown(agent_client, large, "import_checking")
    assert "C'est presque fini." in content
    assert "Encore environ" not in content


def test_a_worker_that_gave_up_is_started_again(agent_client: Client, large: ImportRun, run_jobs: RunJobs):
    ProcrastinateJob.objects.filter(task_name="check_import").delete()
    assert agent_client.get(page(large, "import_checking_state")).headers["HX-Refresh"] == "true"
    assert "Relancer" in shown(agent_client, large, "import_checking")
    response = agent_client.post(page(large, "import_start_again"))
    assert response.headers["Location"] == page(large, "import_checking")
    run_jobs("imports")
    large.refresh_from_db()
    assert large.stage == Stage.PREVIEW


def test_the_other_steps_lead_to_the_page_that_waits(agent_client: Client, large: ImportRun):
    for name in ("import_columns", "import_preview", "import_writing", "import_run"):
        assert agent_client.get(page(large, name)).headers["Location"] == page(large, "import_checking")


def test_an_import_that_is_elsewhere_has_nothing_to_wait_for(agent_client: Client, given: AtStep):
    run = given(files.people(1))
    response = agent_client.get(page(run, "import_checking"), follow=True)
    assert response.redirect_chain[-1] == (page(run, "import_columns"), 302)
