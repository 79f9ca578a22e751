"""An agent fills an atelier to its last seat, then says who came."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rdv_insertion.agenda.models import Rdv
from tests.factories import (
    PASSWORD,
    FollowUpFactory,
    LieuFactory,
    MotifFactory,
    ParticipationFactory,
    RdvFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def atelier(organisation, configuration, agent):
    """What an atelier needs; nobody has created one yet."""
    category = configuration.motif_category
    MotifFactory(
        organisation=organisation,
        motif_category=category,
        collectif=True,
        max_participants_count=2,
        name="Information collective",
    )
    LieuFactory(organisation=organisation, name="Maison de Die")
    return [FollowUpFactory(organisation=organisation, motif_category=category) for _ in range(3)]


def log_in(page: Page, agent) -> None:
    page.goto("/organisations/")
    page.get_by_label("Adresse mail").fill(agent.email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").first.click()
    page.wait_for_load_state()


def test_an_atelier_is_created_and_filled_to_its_last_seat(
    new_page, assert_accessible, assert_fits, agent, atelier
):
    page = new_page(1280)
    log_in(page, agent)
    page.goto("/rdvs/ateliers/nouveau/")
    page.get_by_label("Motif", exact=True).select_option(index=1)
    expect(page.locator("#id_seats")).to_have_value("2")
    page.get_by_label("Intitulé").fill("Vos droits et vos démarches")
    day = timezone.localdate() + timedelta(days=10)
    page.get_by_label("Date", exact=True).fill(day.isoformat())
    page.get_by_label("Heure de début").fill("14:00")
    page.locator("#id_lieu").select_option(index=1)
    assert_accessible(page)
    page.get_by_role("button", name="Créer", exact=True).click()
    page.wait_for_load_state()
    if page.get_by_label("J'ai lu").count():  # A holiday, some years.
        page.get_by_text("J'ai lu").click()
        page.get_by_role("button", name="Créer", exact=True).click()

    page.get_by_role("link", name="Inscrire des personnes").first.click()
    page.get_by_text(str(atelier[0].usager)).click()
    page.get_by_text(str(atelier[1].usager)).click()
    expect(page.locator("[data-selected-count]")).to_have_text("2")
    assert_accessible(page)
    page.get_by_role("button", name="Inscrire", exact=True).click()
    expect(page.get_by_text("Complet")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)

    rdv = Rdv.objects.get()
    page.goto(f"/rdvs/ateliers/{rdv.pk}/inscrire/")
    expect(page.get_by_role("heading", name="L'atelier est complet")).to_be_visible()
    assert_accessible(page)
    assert rdv.seats_taken == 2


def test_the_attendance_is_filled_in_with_the_keyboard(
    new_page, assert_accessible, assert_fits, agent, atelier
):
    page = new_page(320)
    log_in(page, agent)
    rdv = begun_with(atelier[:2], agent)
    page.goto(f"/rdvs/ateliers/{rdv.pk}/presences/")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Tous présents").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Enregistré pour 2 personnes")).to_be_visible()
    assert {one.status for one in rdv.participations.all()} == {"seen"}


def begun_with(follow_ups, agent):
    """An atelier that began an hour ago, in which these people are expected."""
    motif = MotifFactory(organisation=agent.organisations.get(), collectif=True)
    rdv = RdvFactory(motif=motif, agents=[agent], starts_at=timezone.now() - timedelta(hours=1))
    for follow_up in follow_ups:
        ParticipationFactory(rdv=rdv, usager=follow_up.usager, follow_up=follow_up)
    return rdv
