"""A file given, its columns corrected, its rows awaited, then the history; with and without scripts."""

from datetime import timedelta
from io import BytesIO

import pytest
import xlsxwriter
from django.utils import timezone
from playwright.sync_api import FilePayload, Page, expect

from rdv_insertion.imports import retention, services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import KEPT, ImportRun
from tests.e2e.login import log_in
from tests.imports import files

pytestmark = pytest.mark.django_db(transaction=True)

CSV = "text/csv"


def workbook() -> bytes:
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.add_worksheet("Notes").write_row(0, 0, ["Lisez-moi", "Important"])
    sheet = book.add_worksheet("Entrants")
    sheet.write_row(0, 0, ["Liste des entrants de mars"])
    sheet.write_row(2, 0, ["Nom", "Prénom", "Joindre", "Observations"])
    sheet.write_row(3, 0, ["Roux", "Zoé", "zoe@courriel.test", ""])
    other = book.add_worksheet("Avril")
    other.write_row(0, 0, ["Nom", "Prénom", "Mail"])
    other.write_row(1, 0, ["Vivier", "Anne", "anne@vivier.test"])
    book.close()
    return buffer.getvalue()


def give(page: Page, name: str, content: bytes) -> None:
    page.goto("/imports/nouveau/")
    page.get_by_label("Liste de personnes").set_input_files(
        FilePayload(name=name, mimeType=CSV, buffer=content)
    )
    page.get_by_role("button", name="Lire le fichier").click()


def choose(page: Page, label: str, attribute: str) -> None:
    page.get_by_label(label, exact=True).select_option(label=attribute)


BROWSERS = pytest.mark.parametrize(("width", "javascript"), [(1280, True), (320, False)])


@BROWSERS
def test_the_columns_of_an_unusual_file_are_corrected_and_remembered(
    new_page, admin, configuration, assert_accessible, assert_fits, width, javascript
):
    def check() -> None:
        assert_accessible(page)
        assert_fits(page)

    page, entrants = new_page(width, javascript), workbook()
    log_in(page)
    page.goto("/imports/")
    expect(page.get_by_role("heading", name="Aucun import pour l'instant")).to_be_visible()
    check()
    page.get_by_role("link", name="Importer une liste").first.click()
    check()
    give(page, "faux.xlsx", b"%PDF-1.7")
    expect(page.get_by_role("alert")).to_contain_text("Ce fichier est un document PDF")
    check()

    give(page, "entrants.xlsx", entrants)
    expect(page.get_by_text("dans la feuille « Entrants »")).to_be_visible()
    expect(page.get_by_role("heading", name="2 colonnes reconnues")).to_be_visible()
    check()
    page.get_by_text("Ce n'est pas la bonne feuille ou la bonne ligne de titres ?").click()
    page.get_by_label("Feuille").select_option("Avril")
    check()
    page.get_by_role("button", name="Lire cette feuille").click()
    expect(page.get_by_text("anne@vivier.test", exact=True)).to_be_visible()
    page.get_by_text("Ce n'est pas la bonne feuille ou la bonne ligne de titres ?").click()
    page.get_by_label("Feuille").select_option("Entrants")
    page.get_by_role("button", name="Lire cette feuille").click()

    choose(page, "C Joindre", "Nom")
    page.get_by_role("button", name="Vérifier 1 ligne").last.click()
    expect(page.get_by_role("alert")).to_contain_text("2 colonnes donnent « Nom »")
    check()
    choose(page, "C Joindre", "Adresse mail")
    page.get_by_role("button", name="Vérifier 1 ligne").last.click()
    page.wait_for_url("**/verification/")
    assert ImportRun.objects.get().rows.get().person.email == "zoe@courriel.test"

    give(page, "entrants.xlsx", entrants)
    expect(page.get_by_text("vos choix du")).to_be_visible()
    expect(page.get_by_text("Ce même fichier a déjà été déposé")).to_be_visible()
    check()


@BROWSERS
def test_the_page_waits_for_a_large_file_then_goes_on_by_itself(
    new_page, admin, configuration, assert_accessible, assert_fits, width, javascript
):
    page = new_page(width, javascript)
    log_in(page)
    give(page, "grand.csv", files.people(services.files.AT_ONCE + 1))
    page.get_by_role("button", name="Vérifier 5 001 lignes").click()
    page.wait_for_url("**/lecture/")
    expect(page.get_by_text("Vous pouvez quitter cette page")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    services.check(run=ImportRun.objects.get(), now=timezone.now())
    page.wait_for_url("**/verification/")


@BROWSERS
def test_the_history_keeps_what_was_done_once_rows_are_erased(
    new_page, admin, configuration, assert_accessible, assert_fits, width, javascript
):
    page = new_page(width, javascript)
    log_in(page)
    give(page, "liste.csv", files.people(2))
    page.wait_for_url("**/colonnes/")
    run = ImportRun.objects.get()
    services.set_columns(run=run, columns=run.columns, now=timezone.now())
    ImportRun.objects.update(stage=Stage.DONE, written_at=timezone.now())
    page.goto("/imports/?fichier=liste&origine=page")
    expect(page.get_by_role("link", name="Rapport de liste.csv")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    retention.erase_expired(now=timezone.now() + KEPT + timedelta(days=1))
    page.reload()
    expect(page.get_by_text("lignes effacées le")).to_be_visible()
    page.get_by_role("link", name="liste.csv").click()
    expect(page.get_by_text("2 lignes : 2 non créées.")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    page.goto("/imports/?fichier=rien")
    expect(page.get_by_role("heading", name="Aucun import ne correspond")).to_be_visible()
    assert_accessible(page)
