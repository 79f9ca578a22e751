"""An import from end to end: unusual titles, corrections, a duplicate, writing, invitations, report."""

import re
from io import BytesIO

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect
from python_calamine import CalamineWorkbook

from rdv_insertion.invitations.models import Invitation
from rdv_insertion.usagers.models import Usager
from tests.conftest import RunJobs
from tests.e2e.login import log_in
from tests.factories import LieuFactory, MotifFactory, PlageOuvertureFactory, UsagerFactory
from tests.imports import files

pytestmark = pytest.mark.django_db(transaction=True)

UNUSUAL = files.xlsx(
    [["Notes pour le service"]],
    [
        ["Entrants de novembre"],
        [],
        ["Ident. foyer", "Dénomination", "Appelé(e)", "Joindre par", "Tél", "Né(e) le"],
        ["1234567", "Roux", "Zoé", "zoe@courriel.test", "0639980001", "03/04/1985"],
        ["", "Delaunay", "Marine", "marine@@courriel.test", "0639980002", "21/07/1984"],
        ["", "Benali", "Karim", "karim@courriel.test", "12", "31/02/1990"],
        ["", "Vivier", "Anne", "anne@courriel.test", "", ""],
    ],
)


@pytest.fixture
def slots(configuration) -> None:
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(motif=motif, lieu=LieuFactory(organisation=configuration.organisation))


def name_columns(page: Page) -> None:
    """What no synonym could guess is told once."""
    for title, attribute in (
        ("Dénomination", "Nom"),
        ("Appelé(e)", "Prénom"),
        ("Joindre par", "Adresse mail"),
    ):
        page.get_by_label(title).select_option(label=attribute)
    page.get_by_role("button", name=re.compile("Vérifier")).click()
    expect(page.get_by_role("heading", name="Vérification")).to_be_visible()


def cell(page: Page, line: int, attribute: str) -> Locator:
    return page.locator(f"#c-{line}-{attribute}")


def correct(page: Page, line: int, attribute: str, text: str, shown: str) -> None:
    """As with a spreadsheet: open the cell, type, Enter."""
    cell(page, line, attribute).click()
    editor = page.locator("#editor")
    editor.fill(text)
    editor.press("Enter")
    expect(cell(page, line, attribute)).to_contain_text(shown)
    expect(cell(page, line, attribute)).to_contain_text("corrigé")


def report_rows(page: Page) -> dict[str, list[str]]:
    """The lines of the report by name."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger le rapport").click()
    book = CalamineWorkbook.from_filelike(BytesIO(download.value.path().read_bytes()))
    rows = book.get_sheet_by_index(1).to_python()
    return {
        next(name for name in ("Roux", "Delaunay", "Benali", "Vivier") if name in row): row
        for row in rows[1:]
    }


def test_an_unusual_file_becomes_people_who_are_invited(
    new_page, admin, configuration, slots, run_jobs: RunJobs, assert_accessible
):
    known = UsagerFactory(
        organisation=configuration.organisation,
        last_name="Vivier",
        first_name="Anne",
        email="autre@courriel.test",
    )
    page = new_page(1280)
    log_in(page)
    page.goto("/imports/nouveau/")
    page.get_by_label("Liste de personnes").set_input_files(
        FilePayload(name="entrants.xlsx", mimeType="application/octet-stream", buffer=UNUSUAL)
    )
    page.get_by_role("button", name="Lire le fichier").click()
    name_columns(page)

    assert_accessible(page)
    correct(page, 5, "email", "marine@courriel.test", "marine@courriel.test")
    correct(page, 6, "phone_number", "06 39 98 00 03", "06 39 98 00 03")
    correct(page, 6, "birth_date", "28/02/1990", "28/02/1990")

    page.get_by_role("link", name=re.compile("Comparer et décider")).click()
    expect(page.get_by_role("heading", name=re.compile("Doublon possible"))).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name=re.compile("^Même personne")).click()
    page.goto(re.sub(r"doublons/.*", "", page.url))
    expect(page.locator("#save-bar")).to_contain_text("3 personnes à créer")
    page.get_by_role("button", name=re.compile("Enregistrer 4 personnes")).click()
    run_jobs("imports")
    expect(page.get_by_text("L'enregistrement est terminé.")).to_be_visible()
    assert_accessible(page)
    known.refresh_from_db()
    assert (Usager.objects.count(), known.email) == (4, "anne@courriel.test")

    page.get_by_role("link", name="Choisir qui inviter").click()
    page.get_by_role("button", name=re.compile("Inviter")).last.click()
    expect(
        page.get_by_role("progressbar").or_(page.get_by_text(re.compile("Invitations? en cours"))).first
    ).to_be_visible()
    run_jobs("imports")
    expect(page.get_by_role("link", name="Télécharger le rapport")).to_be_visible()
    assert_accessible(page)
    assert set(Invitation.objects.values_list("follow_up__usager__last_name", flat=True)) == {
        "Roux", "Delaunay", "Benali", "Vivier",
    }  # fmt: skip

    rows = report_rows(page)
    assert rows.keys() == {"Roux", "Delaunay", "Benali", "Vivier"}
    assert "Créé" in rows["Roux"]
    assert "Mis à jour" in rows["Vivier"]
