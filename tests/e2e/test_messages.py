"""What became of messages, in a real browser: each page in each state, and one failure put right."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message, RefusedContact
from tests.e2e.login import log_in
from tests.factories import MessageFactory, UsagerFactory

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = ("", "a-corriger/", "en-panne/", "en-attente/")


@pytest.fixture(params=[1280, 320])
def page(request, new_page, configuration, admin) -> Page:
    """An agent who is logged in, at a desk and on a phone."""
    opened = new_page(request.param)
    log_in(opened)
    return opened


@pytest.fixture
def look(page, assert_accessible, assert_fits, organisation):
    def at(address):
        page.goto(f"/organisations/{organisation.slug}/messages/{address}")
        for details in page.locator("main details").all():
            details.locator("summary").first.click()
        assert_accessible(page)
        assert_fits(page)

    return at


@pytest.fixture
def usager(organisation):
    return UsagerFactory(
        organisation=organisation,
        first_name="Marina",
        last_name="Foïs",
        phone_number="+33782605941",
        email="une.adresse.plutot.longue.que.personne.ne.retient@exemple-de-domaine.example.org",
    )


@pytest.fixture
def everything(organisation, usager):
    """A message of each status by each channel, over a month, and a number to correct."""
    for number, status in enumerate(MessageStatus.values):
        for channel in Channel.values:
            MessageFactory(
                organisation=organisation,
                usager=usager,
                status=status,
                channel=channel,
                about=f"sujet-{number}",
                language="ar" if number == 3 else "fr",
                created_at=timezone.now() - timedelta(days=3 * number, minutes=1),
                not_before=timezone.now() + timedelta(hours=9) if status == "created" else None,
            )
    RefusedContact.objects.create(
        usager=usager,
        channel="sms",
        contact=usager.phone_number,
        reason="Ce numéro de mobile n'existe pas, ou n'est plus attribué.",
        refused_at=timezone.now(),
    )


def test_empty_pages(look):
    for address in PAGES:
        look(address)


def test_full_pages(look, everything, page, usager):
    for address in (*PAGES, "?jours=90&canal=sms", "en-attente/?repartis=5"):
        look(address)
    page.goto(page.url.partition("?")[0].replace("en-attente", "en-panne"))
    page.get_by_role("link", name="message").first.click()
    look(f"en-panne/?{page.url.partition('?')[2]}")


def test_the_messages_of_a_person(page, everything, usager, assert_accessible, assert_fits):
    page.goto(f"/usagers/{usager.pk}/?onglet=messages")
    for details in page.locator("article details").all():
        details.locator("summary").click()
    assert_accessible(page)
    assert_fits(page)


def test_a_failure_is_read_the_number_corrected_and_the_message_sent_again(
    new_page, configuration, admin, organisation, usager
):
    MessageFactory(organisation=organisation, usager=usager, status="permanent_failure")
    RefusedContact.objects.create(
        usager=usager,
        channel="sms",
        contact=usager.phone_number,
        reason="Ce numéro de mobile n'existe pas, ou n'est plus attribué.",
        refused_at=timezone.now(),
    )
    page = new_page(1280)
    log_in(page)
    page.get_by_role("link", name="1 contact à corriger").click()
    page.get_by_role("link", name="Corriger le contact de Marina Foïs").click()
    page.get_by_role("textbox", name="Téléphone").fill("06 12 34 56 78")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("heading", name="Rien à corriger")).to_be_visible()
    page.goto(f"/usagers/{usager.pk}/?onglet=messages")
    page.get_by_role("button", name="Renvoyer au 06 12 34 56 78").click()
    expect(page.get_by_text("Le message part au nouveau contact : 06 12 34 56 78.")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(2)
    assert Message.objects.filter(recipient="+33612345678").count() == 1


def test_all_that_stopped_is_sent_again_with_the_keyboard(
    new_page, configuration, admin, organisation, usager
):
    for number in range(3):
        MessageFactory(
            organisation=organisation, usager=usager, status="technical_failure", about=f"sujet-{number}"
        )
    page = new_page(1280)
    log_in(page)
    page.get_by_role("link", name="3 messages en panne").press("Enter")
    page.get_by_label("Choisir toutes les causes").press("Space")
    page.get_by_role("button", name="Renvoyer les messages choisis").press("Enter")
    expect(page.get_by_text("3 messages repartent.")).to_be_visible()
    Message.objects.filter(status="created").update(status="sent")
    expect(page.get_by_text("3 messages sont repartis.")).to_be_visible()
