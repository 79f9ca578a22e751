"""The verification of an import in a real browser: cells, duplicates, all that match."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Decision
from rdv_insertion.imports.models import ImportRun
from tests.e2e.login import log_in
from tests.factories import UsagerFactory
from tests.imports import files

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = ("Nom", "Prénom", "Mail", "Téléphone", "id iodas", "Tags", "Fin des droits")


@pytest.fixture
def run(organisation, configuration, agent) -> ImportRun:
    """Row 2 has a wrong phone, row 3 looks like somebody, row 4 lacks a first name; sixty more are right."""
    UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé", email="autre@courriel.test")
    others = [(f"Nom{n}", f"Prenom{n}", f"p{n}@courriel.test", "", f"ID{n}", "", "") for n in range(60)]
    rows = [
        ("Petit", "Ugo", "ugo@courriel.test", "12", "", "atelier", ""),
        ("Roux", "Zoé", "z@courriel.test", "", "", "", ""),
        ("Grand", "", "grand@courriel.test", "", "", "", "03/02/2026"),
        *others,
    ]
    run = services.start(
        organisation=organisation,
        motif_category=configuration.motif_category,
        agent=agent,
        file=services.File("liste.csv", files.csv(HEADER, *rows)),
        now=timezone.now(),
    )
    services.set_columns(run=run, columns=run.columns, now=timezone.now())
    return run


@pytest.mark.parametrize("width", [1280, 320])
def test_a_cell_is_corrected_a_duplicate_decided_and_all_that_match_left_out(
    new_page, run: ImportRun, assert_accessible, assert_fits, width: int
):
    page = new_page(width)
    log_in(page, "alice@drome.test")
    page.goto(f"/imports/{run.pk}/verification/")
    for check in (assert_accessible, assert_fits):
        check(page)

    phone = page.locator("#c-2-phone_number")
    expect(phone).to_contain_text("D2 : ce numéro de téléphone n'existe pas")
    phone.get_by_role("link").click()
    editor = page.get_by_label("Téléphone, ligne 2")
    expect(editor).to_be_focused()
    for check in (assert_accessible, assert_fits):
        check(page)
    editor.fill("13")
    editor.press("Escape")
    expect(phone.get_by_role("link")).to_be_focused()
    expect(phone).to_contain_text("« 12 »")
    page.keyboard.press("F2")
    editor.fill("0612345678")
    editor.press("Enter")
    expect(phone).to_contain_text("06 12 34 56 78")
    expect(phone.get_by_role("link")).to_be_focused()
    expect(page.locator("#sheet-said")).to_have_text("Ligne 2 : à créer.")

    expect(page.get_by_role("link", name="1 En erreur")).to_be_visible()
    page.locator("#c-4-first_name").get_by_role("link").click()
    page.get_by_label("Prénom, ligne 4").fill("Ava")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Nom, ligne 4", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="0 En erreur")).to_have_count(0)

    box = page.locator("#choice-5")
    box.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Enregistrer 60 personnes")).to_be_visible()
    expect(box).to_be_focused()
    expect(box).not_to_be_checked()

    page.get_by_role("link", name="Décider du doublon possible").click()
    expect(page.get_by_role("heading", name="Doublon possible 1 sur 1")).to_be_visible()
    for check in (assert_accessible, assert_fits):
        check(page)
    page.keyboard.press("m")
    expect(page.get_by_text("Tous les doublons possibles sont décidés.")).to_be_visible()
    assert_accessible(page)
    assert run.rows.get(number=3).decision == Decision.SAME

    page.goto(f"/imports/{run.pk}/verification/?q=nom5")
    if width < 1000:
        page.get_by_text("Agir sur plusieurs lignes").click()
    page.get_by_label("Pour quelles lignes").select_option(label="Les 11 lignes qui correspondent")
    page.get_by_role("button", name="Laisser de côté", exact=True).click()
    expect(page.get_by_text("11 lignes laissées de côté.", exact=True)).to_be_visible()
    for check in (assert_accessible, assert_fits):
        check(page)
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("C'est annulé : 11 lignes remises comme avant.")).to_be_visible()


def test_what_did_not_reach_the_service_is_said_and_kept(new_page, run: ImportRun):
    page = new_page(1280)
    log_in(page, "alice@drome.test")
    page.goto(f"/imports/{run.pk}/verification/")
    page.locator("#c-2-phone_number").get_by_role("link").click()
    editor = page.get_by_label("Téléphone, ligne 2")
    editor.fill("0612345678")
    page.context.set_offline(True)
    editor.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("rien n'a été enregistré")
    expect(editor).to_have_value("0612345678")
    page.context.set_offline(False)
    editor.press("Enter")
    expect(page.locator("#c-2-phone_number")).to_contain_text("06 12 34 56 78")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_everything_is_done_without_scripts(new_page, run: ImportRun, assert_accessible, assert_fits):
    page = new_page(320, javascript=False)
    log_in(page, "alice@drome.test")
    page.goto(f"/imports/{run.pk}/verification/?etat=error")
    for check in (assert_accessible, assert_fits):
        check(page)
    page.get_by_role("link", name="Modifier la ligne 4").click()
    for check in (assert_accessible, assert_fits):
        check(page)
    page.get_by_label("Prénom", exact=True).fill("Ava")
    page.get_by_role("button", name="Corriger la ligne").click()
    expect(page.get_by_text("La ligne 4 est corrigée : à créer.")).to_be_visible()
    expect(page.get_by_text("Aucune ligne ne correspond à ces filtres.")).to_be_visible()
    assert_accessible(page)
    page.goto(f"/imports/{run.pk}/verification/?q=petit")
    page.get_by_label("Enregistrer la ligne 2").uncheck(force=True)
    page.get_by_role("button", name="Appliquer").click()
    expect(page.get_by_text("Laissée de côté : ne sera pas enregistrée.")).to_be_visible()
