"""Each page of a rdv, in each of its states: axe finds nothing, and nothing is wider than the screen."""

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
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
    UsagerFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def motif(organisation, configuration):
    return MotifFactory(organisation=organisation, motif_category=configuration.motif_category, name="Point")


@pytest.fixture
def expected(organisation, motif, agent):
    """Somebody whom the agent expects, since twenty minutes or in a few days."""
    lieu = LieuFactory(organisation=organisation, name="Maison de Die")

    def one(starts_at):
        follow_up = FollowUpFactory(organisation=organisation, motif_category=motif.motif_category)
        rdv = RdvFactory(motif=motif, lieu=lieu, agents=[agent], starts_at=starts_at)
        return ParticipationFactory(rdv=rdv, usager=follow_up.usager, follow_up=follow_up)

    return one


@pytest.fixture(params=[1280, 320])
def page(request, new_page, agent) -> Page:
    """An agent who is logged in, at a desk and on a phone."""
    opened = new_page(request.param)
    opened.goto("/organisations/")
    opened.get_by_label("Adresse mail").fill(agent.email)
    opened.get_by_label("Mot de passe").fill(PASSWORD)
    opened.get_by_role("button", name="Se connecter").first.click()
    opened.wait_for_load_state()
    return opened


@pytest.fixture
def look(page, assert_accessible, assert_fits):
    """Open an address, if any, and examine what is shown."""

    def at(address=""):
        if address:
            page.goto(address)
        page.wait_for_load_state()
        assert_accessible(page)
        assert_fits(page)

    return at


def test_empty_pages(look, organisation):
    for address in (
        "creneaux/",
        "creneaux/partenaires/",
        "nouveau/",
        "jour/",
        "ateliers/",
        "ateliers/nouveau/",
    ):
        look(f"/rdvs/{address}")


def test_a_rdv_to_come_past_and_cancelled(look, page, expected):
    coming = expected(timezone.now() + timedelta(days=3))
    past = expected(timezone.now() - timedelta(minutes=20))
    for participation in (coming, past):
        look(f"/rdvs/{participation.rdv_id}/")
        for summary in page.locator("main details:not([open]) > summary").all():
            summary.click()
        look()
        look(f"/rdvs/{participation.rdv_id}/modifier/")
    look(f"/rdvs/{coming.rdv_id}/annuler/")
    page.get_by_role("button", name="Annuler le rendez-vous").click()
    expect(page.get_by_text("Le rendez-vous est annulé")).to_be_visible()
    look()
    look(f"/usagers/{past.usager_id}/?onglet=rendez-vous")


def test_saying_who_came_then_taking_it_back(look, page, expected):
    participation = expected(timezone.now() - timedelta(minutes=20))
    day = timezone.localtime(participation.rdv.starts_at).date()
    look(f"/rdvs/jour/?jour={day}")
    page.get_by_role("checkbox", name=str(participation.usager)).check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("link", name="Prendre le prochain rendez-vous")).to_be_visible()
    look()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("retrouve son statut")).to_be_visible()


def test_a_new_rdv_with_a_search_a_creation_and_warnings(look, page, organisation, motif):
    LieuFactory(organisation=organisation)
    UsagerFactory(organisation=organisation, first_name="Marina", last_name="Foïs")
    look("/rdvs/nouveau/?jour=2027-03-02&debut=09:00")
    page.locator("#people-search").fill("foïs")
    page.locator("#people-search").press("Enter")
    expect(page.get_by_role("button", name="Marina Foïs")).to_be_visible()
    look()
    page.get_by_role("button", name="Marina Foïs").click()
    expect(page.get_by_role("button", name="Retirer Marina Foïs")).to_be_visible()
    page.locator("summary", has_text="Créer une personne").click()
    page.get_by_role("button", name="Créer la personne").click()
    expect(page.locator(".people-new .fr-error-text").first).to_be_visible()
    look()
    page.locator("#id_motif").select_option(index=1)
    page.locator("#id_lieu").select_option(index=1)
    page.get_by_role("button", name="Prendre le rendez-vous").click()
    expect(page.get_by_text("À lire avant de prendre ce rendez-vous")).to_be_visible()
    look()
    page.get_by_text("J'ai lu, prendre").click()
    page.get_by_role("button", name="Prendre le rendez-vous").click()
    expect(page.get_by_text("Le rendez-vous est pris")).to_be_visible()
    assert Rdv.objects.get().motif == motif


def test_summoning_somebody_whom_only_a_letter_reaches(look, page, organisation, motif, agent):
    motif.bookable_by, motif.convocation = "agents", True
    motif.save()
    lieu = LieuFactory(organisation=organisation, name="Maison de Die")
    PlageOuvertureFactory(motif=motif, lieu=lieu, agent=agent)
    usager = UsagerFactory(
        organisation=organisation, email=None, phone_number=None, address="1 rue Haute 26150 Die"
    )
    page.goto(f"/rdvs/creneaux/?usager={usager.pk}")
    page.locator(".first-slot").first.click()
    expect(page.get_by_role("heading", name="Confirmer la convocation")).to_be_visible()
    look()
    page.get_by_role("button", name="Convoquer").click()
    page.get_by_role("link", name="le courrier de convocation est prêt à imprimer").click()
    expect(page.get_by_role("button", name="Imprimer la convocation")).to_be_in_viewport()
    look()


def test_archiving_somebody_then_taking_them_back(look, page, organisation, configuration):
    usager = UsagerFactory(organisation=organisation, first_name="Marina", last_name="Foïs")
    FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    look(f"/usagers/{usager.pk}/")
    page.get_by_role("link", name="Archiver dans").click()
    expect(page.get_by_role("heading", name="Archiver Marina Foïs dans")).to_be_visible()
    look()
    page.get_by_label("Pourquoi").fill("A déménagé")
    page.get_by_role("button", name="Archiver").click()
    expect(page.get_by_text("dossier archivé dans")).to_be_visible()
    look()
    page.get_by_role("button", name="Désarchiver").first.click()
    expect(page.get_by_text("dossier de nouveau actif dans")).to_be_visible()
    look()


def test_a_partners_slot_and_its_confirmation(look, page, department, category, organisation):
    partner = OrganisationFactory(department=department, name="Mission locale", slug="mission-locale")
    motif = MotifFactory(organisation=partner, motif_category=category)
    PlageOuvertureFactory(motif=motif)
    usager = UsagerFactory(organisation=organisation)
    look(f"/rdvs/creneaux/partenaires/?usager={usager.pk}&motif={motif.pk}")
    page.locator("a.first-slot").first.click()
    expect(page.get_by_role("button", name="Confirmer")).to_be_visible()
    look()
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mission locale")
    look()


def test_a_slot_that_is_gone(look, page, motif, organisation, agent):
    lieu = LieuFactory(organisation=organisation)
    PlageOuvertureFactory(motif=motif, lieu=lieu, agent=agent)
    page.goto("/rdvs/creneaux/")
    address = page.locator("a.first-slot").first.get_attribute("href")
    look(f"{address}&q=a")
    look(address.replace("debut=2", "debut=1"))
