"""Sectors in a real browser: drawn, served, imported, asked; with and without scripts."""

import pytest
from playwright.sync_api import expect

from rdv_insertion.agenda.models import Sector, Zone
from tests.addresses import address_base
from tests.e2e.login import log_in

__all__ = ["address_base"]

pytestmark = pytest.mark.django_db(transaction=True)

HOME = "/organisations/cd-drome/configuration/secteurs/"


@pytest.mark.parametrize(("width", "javascript"), [(1280, True), (320, False)])
def test_a_sector_is_drawn_then_answers_who_serves(
    new_page, admin, address_base, assert_accessible, assert_fits, width, javascript
):
    page = new_page(width, javascript)
    log_in(page)
    page.goto(HOME)
    for check in (assert_accessible, assert_fits):
        check(page)
    page.get_by_role("link", name="Ajouter un premier secteur").click()
    page.get_by_role("button", name="Créer le secteur").click()
    expect(page.get_by_text("Donnez un nom au secteur.")).to_be_visible()
    assert_accessible(page)
    page.locator("[name=name]").fill("Valence")
    page.get_by_role("button", name="Créer le secteur").click()
    expect(page.get_by_role("heading", name="Valence", exact=True)).to_be_visible()

    search = page.get_by_label("Ajouter une commune ou une rue")
    search.press_sequentially("rue pasteur valence")
    if not javascript:
        page.get_by_role("button", name="Chercher", exact=True).last.click()
    expect(page.get_by_text("Rue Pasteur 26000 Valence").first).to_be_visible()
    for check in (assert_accessible, assert_fits):
        check(page)
    page.get_by_role("button", name="Ajouter Rue Pasteur 26000 Valence").click()
    expect(page.get_by_text("Zone ajoutée : Rue Pasteur, Valence.")).to_be_visible()
    page.get_by_label("Ajouter une organisation ou un agent").select_option(label="Bob Admin seulement")
    page.get_by_role("button", name="Ajouter", exact=True).click()
    expect(page.get_by_text("Bob Admin reçoit maintenant les personnes de ce secteur.")).to_be_visible()
    for check in (assert_accessible, assert_fits):
        check(page)
    assert Zone.objects.get().street_code == "26362_0020"

    page.goto(HOME)
    page.get_by_role("link", name="Qui reçoit cette adresse ?").click()
    address = page.get_by_label("Adresse")
    address.press_sequentially("12 rue pasteur 26000 val")
    if javascript:
        page.get_by_role("link", name="12 Rue Pasteur 26000 Valence").click()
    else:
        address.press("Enter")
    expect(page.get_by_text("La règle de la rue décide")).to_be_visible()
    expect(page.get_by_text("Agents désignés")).to_contain_text("Bob Admin")
    for check in (assert_accessible, assert_fits):
        check(page)


@pytest.mark.parametrize("width", [1280, 320])
def test_a_file_is_checked_then_saved(new_page, admin, assert_accessible, assert_fits, width):
    page = new_page(width)
    log_in(page)
    page.goto(f"{HOME}importer/")
    assert_accessible(page)
    rows = "sector_id;city_code;street_name\ndie;26113;\ndie;26113;rue Pasteur\ndie;38185;\n"
    page.get_by_label("Fichier des zones").set_input_files(
        {"name": "zones.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    page.get_by_text("Créer les secteurs que le fichier nomme").click()
    page.get_by_role("button", name="Lire le fichier").click()
    expect(page.get_by_text("n'est pas celui d'une commune du département")).to_be_visible()
    for check in (assert_accessible, assert_fits):
        check(page)
    page.get_by_role("button", name="Enregistrer 2 zones").click()
    expect(page.get_by_text("2 zones ajoutées")).to_be_visible()
    for check in (assert_accessible, assert_fits):
        check(page)
    page.get_by_role("link", name="die").first.click()
    page.get_by_role("link", name="Supprimer").click()
    expect(page.get_by_role("button", name="Supprimer ce secteur")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Supprimer ce secteur").click()
    expect(page.get_by_text("Le secteur die est supprimé.")).to_be_visible()
    assert not Sector.objects.exists()
