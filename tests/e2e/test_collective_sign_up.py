"""Signing up for a workshop on a phone of 320 px without JavaScript, until it is full."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rdv_insertion.agenda.models import Participation, Rdv
from tests.e2e.person import check_page
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    LieuFactory,
    MotifCategoryFactory,
    MotifFactory,
    OrganisationFactory,
    RdvFactory,
    next_weekday,
)


class Scene:
    """A workshop with one seat left and two people invited to it."""

    def __init__(self) -> None:
        self.organisation = OrganisationFactory(name="Conseil départemental de la Drôme")
        self.category = MotifCategoryFactory(atelier=True)
        self.motif = MotifFactory(
            organisation=self.organisation,
            motif_category=self.category,
            collectif=True,
            name="Atelier CV",
            duration=timedelta(hours=2),
            restriction="Cet atelier demande de lire et d'écrire en français.",
            instruction_before="Apportez votre dernier CV, même ancien.",
        )
        self.lieu = LieuFactory(
            organisation=self.organisation, name="Maison du département de Saint-Paul-Trois-Châteaux"
        )
        self.last_seat = self.workshop(5, seats=1, taken=0)

    def workshop(self, days: int, *, seats: int, taken: int) -> Rdv:
        return RdvFactory(
            motif=self.motif,
            lieu=self.lieu,
            starts_at=next_weekday(timezone.now() + timedelta(days=days)),
            max_participants_count=seats,
            seats_taken=taken,
        )

    def code(self) -> str:
        follow_up = FollowUpFactory(
            organisation=self.organisation, motif_category=self.category, usager__last_name="Foïs"
        )
        return InvitationFactory(organisation=self.organisation, follow_up=follow_up).code


@pytest.fixture
def scene(transactional_db):
    return Scene()


@pytest.fixture
def assert_good(assert_accessible, assert_fits):
    """What every page of the path owes."""

    def check(page: Page) -> None:
        assert_fits(page)
        assert_accessible(page)
        check_page(page)

    return check


def _to_the_confirmation(page: Page, code: str, assert_good=lambda page: None) -> None:
    page.goto(f"/r/{code}")
    expect(page.get_by_text("Apportez votre dernier CV, même ancien.")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="Choisir ma date").click()
    expect(page.get_by_text("Cet atelier demande de lire")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="J'ai compris, je continue").click()
    expect(page.get_by_text("Étape 1 sur 2")).to_be_visible()
    expect(page.get_by_text("Dernière place")).to_be_visible()
    assert_good(page)
    page.locator(".person-card").first.click()
    expect(page.get_by_text("Étape 2 sur 2")).to_be_visible()
    assert_good(page)


def test_the_last_seat_is_taken_and_the_next_person_is_shown_the_other_date(scene, new_page, assert_good):
    scene.workshop(12, seats=10, taken=0)
    first, second = (new_page(width=320, javascript=False) for _ in range(2))
    _to_the_confirmation(first, scene.code(), assert_good)
    _to_the_confirmation(second, scene.code())

    first.get_by_role("button", name="Confirmer ce rendez-vous").click()
    expect(first.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    assert_good(first)

    second.get_by_role("button", name="Confirmer ce rendez-vous").click()
    heading = "Cette date n'est plus disponible. En voici une autre."
    expect(second.get_by_role("heading", name=heading)).to_be_visible()
    assert_good(second)
    second.locator(".person-card").click()
    second.get_by_role("button", name="Confirmer ce rendez-vous").click()
    expect(second.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    assert list(Rdv.objects.order_by("starts_at").values_list("seats_taken", flat=True)) == [1, 1]


def test_when_everything_is_full_the_page_says_whom_to_call_until_a_seat_is_given_back(
    scene, new_page, assert_good
):
    first, second = (new_page(width=320, javascript=False) for _ in range(2))
    code = scene.code()
    _to_the_confirmation(first, scene.code())
    first.get_by_role("button", name="Confirmer ce rendez-vous").click()

    second.goto(f"/r/{code}/lieux")
    expect(second.get_by_role("heading", name="Il n'y a plus de créneau libre")).to_be_visible()
    expect(second.get_by_role("link", name="Appeler le 04 75 00 00 00")).to_be_in_viewport()
    assert_good(second)

    first.get_by_role("link", name="Annuler").click()
    first.get_by_role("button", name="Oui, annuler mon rendez-vous").click()
    _to_the_confirmation(second, code)
    second.get_by_role("button", name="Confirmer ce rendez-vous").click()
    expect(second.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    assert sorted(Participation.objects.values_list("status", flat=True)) == ["excused", "unknown"]
