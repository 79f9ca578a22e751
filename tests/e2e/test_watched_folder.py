"""The folder in which files are dropped: set up in a browser, then fed."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from rdv_insertion.imports import folders
from rdv_insertion.usagers.models import Usager
from tests.imports import files

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "javascript"), [(320, True), (1280, False)])
def test_a_folder_is_set_up_fed_and_its_result_seen(
    admin, configuration, new_page, assert_accessible, assert_fits, run_jobs, settings, tmp_path,
    width: int, javascript: bool,
):  # fmt: skip
    settings.IMPORT_FOLDERS = str(tmp_path / "depots")
    page = new_page(width=width, javascript=javascript)
    address = "/organisations/cd-drome/configuration/import/"
    page.goto(address)
    page.get_by_label("Adresse mail professionnelle").fill(admin.email)
    page.get_by_label("Mot de passe").fill("demo")
    page.get_by_label("Mot de passe").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dépôt de fichiers")
    assert_accessible(page)
    assert_fits(page)

    page.get_by_label("Adresse mail qui reçoit le résultat").fill("dsi@drome")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("main")).to_contain_text("Saisissez une adresse de courriel valide.")
    assert_accessible(page)
    assert_fits(page)

    page.get_by_text("Importer tout seul les fichiers déposés").click()
    page.get_by_label("Adresse mail qui reçoit le résultat").fill("dsi@drome.test")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("main")).to_contain_text("Le dossier est regardé chaque minute.")

    drop(tmp_path / "depots" / "cd-drome", "un-nom-de-fichier-tres-long-" * 6 + ".xml")
    folders.watch(now=timezone.now())
    run_jobs("imports", until=timezone.now() + timedelta(seconds=11))
    page.goto(address)
    expect(page.get_by_role("table")).to_contain_text("1 personne créée")
    assert Usager.objects.get().last_name == "Marchand"
    assert_accessible(page)
    assert_fits(page)


def drop(place: Path, name: str) -> None:
    place.mkdir(parents=True)
    (place / name).write_bytes(files.flow(kind="I"))
    at = timezone.now().timestamp() - 60
    os.utime(place / name, (at, at))
