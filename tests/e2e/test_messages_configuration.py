"""An administrator changes the words of a category and the presentation of the organisation, in a browser."""

import pytest
from playwright.sync_api import expect

from rdv_insertion.followups.models import Wording
from rdv_insertion.messaging.models import Message, MessagesConfiguration
from tests.factories import UsagerFactory
from tests.web.configuration.test_messages import png

pytestmark = pytest.mark.django_db(transaction=True)
CONFIGURATION = "/organisations/cd-drome/configuration/"


@pytest.fixture
def open_page(admin, new_page):
    """A page of the configuration, once logged in."""

    def open_(address, width, javascript):
        page = new_page(width=width, javascript=javascript)
        page.goto(CONFIGURATION + address)
        page.get_by_label("Adresse mail professionnelle").fill(admin.email)
        page.get_by_label("Mot de passe").fill("demo")
        page.get_by_label("Mot de passe").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        return page

    return open_


@pytest.mark.parametrize(("width", "javascript"), [(320, True), (1280, False)])
def test_words_are_typed_shown_tried_saved_and_taken_back(
    configuration, organisation, open_page, assert_accessible, assert_fits, width, javascript
):
    UsagerFactory(organisation=organisation, first_name="Zélie", last_name="Quentin")
    page = open_page(f"categories/{configuration.pk}/textes/", width, javascript)
    assert_accessible(page)
    assert_fits(page)

    page.get_by_label("Titre du rendez-vous", exact=False).first.fill("goûter d'accueil")
    page.get_by_label("Ou une vraie personne").fill("quentin")
    if not javascript:
        page.get_by_label("Ou une vraie personne").press("Enter")
        expect(page.locator("main")).to_contain_text("Pas encore enregistré")
        assert not Wording.objects.exists()
    expect(page.locator(".phone-screen mark")).to_have_text("gouter d'accueil")
    expect(page.locator(".paper__recipient")).to_contain_text("Zélie QUENTIN")
    mail = page.frame_locator("iframe.message-preview__mail")
    expect(mail.locator("mark").first).to_have_text("goûter d'accueil")
    assert_accessible(page)
    assert_fits(page)

    page.get_by_role("button", name="Recevoir le mail").click()
    expect(page.locator("#trial")).to_contain_text("Le mail d'essai part vers bob@drome.test")
    assert Message.objects.get().subject.startswith("[Essai]")
    page.get_by_label("Votre mobile").fill("12")
    page.get_by_role("button", name="Recevoir le SMS").click()
    expect(page.locator("#trial")).to_contain_text("Tapez un numéro de mobile")
    assert_accessible(page)

    page.get_by_role("button", name="Enregistrer les textes").click()
    expect(page.locator("main")).to_contain_text("Les textes sont enregistrés (1 texte à vous)")
    page.get_by_role("button", name="Revenir au texte national : Titre du rendez-vous", exact=True).click()
    expect(page.locator("[name=rdv_title]")).to_have_value("")
    page.get_by_role("button", name="Enregistrer les textes").click()
    expect(page.locator("main")).to_contain_text("tous nationaux")

    page.get_by_role("link", name="Historique").click()
    expect(page.locator(".version")).to_have_count(2)
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Reprendre cette version 1").click()
    expect(page.locator("[name=rdv_title]")).to_have_value("goûter d'accueil")
    assert Wording.objects.count() == 3


@pytest.mark.parametrize(("width", "javascript"), [(320, True), (1280, False)])
def test_the_presentation_is_typed_refused_and_saved(
    organisation, open_page, assert_accessible, assert_fits, width, javascript
):
    page = open_page("messages/", width, javascript)
    assert_accessible(page)
    assert_fits(page)

    page.get_by_label("Ville").fill("Die-en-Drôme")
    if javascript:
        expect(page.locator(".paper__date")).to_contain_text("Die-en-Drôme, le")
    image = {"name": "logo.png", "mimeType": "image/png", "buffer": png(60, 30)}
    page.locator("[name=logo_0_file]").set_input_files(image)
    page.locator("[name=signature_file]").set_input_files(image | {"buffer": b"GIF89a"})
    page.get_by_role("button", name="Enregistrer la présentation").click()
    expect(page.locator("main")).to_contain_text("2 champs sont à corriger")
    assert_accessible(page)
    assert_fits(page)

    page.locator("[name=logo_0_name]").fill("La Drôme")
    page.get_by_role("button", name="Enregistrer la présentation").click()
    expect(page.locator("main")).to_contain_text("La présentation est enregistrée")
    expect(page.locator(".paper__logos img")).to_have_attribute("alt", "La Drôme")
    assert MessagesConfiguration.objects.get().sender_city == "Die-en-Drôme"

    page.get_by_role("button", name="Arrêter les SMS").click()
    expect(page.locator("main")).to_contain_text("SMS : arrêtés")
    assert_accessible(page)
    page.get_by_role("link", name="Historique").click()
    expect(page.locator(".version")).to_have_count(1)
    assert_accessible(page)
    assert_fits(page)


@pytest.mark.parametrize(("width", "javascript"), [(320, True), (1280, False)])
def test_categories_are_listed_set_up_and_ordered_by_keyboard(
    configuration, open_page, assert_accessible, assert_fits, width, javascript
):
    page = open_page("categories/", width, javascript)
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name="RSA orientation", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Validité de l'invitation")).to_have_value("10")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_label("Validité de l'invitation").fill("5")
    page.get_by_label("Validité de l'invitation").press("Enter")
    expect(page.locator("main")).to_contain_text("une lettre met plusieurs jours à arriver")
    assert_accessible(page)
    assert_fits(page)
