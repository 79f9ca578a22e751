"""The person's path in a real Chromium: a phone of 320 px without JavaScript, and a wide screen."""

import re
from datetime import date, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rdv_insertion.agenda.models import Participation, PlageOuverture
from tests.e2e.person import check_page
from tests.factories import (
    CategoryConfigurationFactory,
    FollowUpFactory,
    InvitationFactory,
    LieuFactory,
    MotifCategoryFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    next_weekday,
)

# The whole journey is made on both screens; each other state on the one where room is short.
WIDTHS = pytest.mark.parametrize("width", [320, 1280])
NARROW = pytest.mark.parametrize("width", [320])


def _long_over() -> date:
    return timezone.localdate() - timedelta(days=10)


class Scene:
    """An organisation with two places and the phone, and what may happen to Marina Foïs."""

    def __init__(self) -> None:
        self.organisation = OrganisationFactory(name="Conseil départemental de la Drôme")
        self.category = MotifCategoryFactory()
        CategoryConfigurationFactory(organisation=self.organisation, motif_category=self.category)
        self.motif = self._motif(instruction="Présentez-vous à l'accueil.")
        self.valence = self._lieu("Centre médico-social de Valence", "13 avenue Maurice Faure, 26000 Valence")
        long_name = "Maison du département de Saint-Paul-Trois-Châteaux"
        self.other = self._lieu(long_name, "2 place Chausy, 26130 Saint-Paul-Trois-Châteaux")
        for lieu in (self.valence, self.other):
            PlageOuvertureFactory(motif=self.motif, lieu=lieu)
        afternoon = {"start_time": time(14), "end_time": time(16)}
        PlageOuvertureFactory(motif=self.motif, lieu=self.valence, **afternoon)
        self.phone = self._motif(by_phone=True)
        PlageOuvertureFactory(motif=self.phone)

    def _motif(self, **values):
        return MotifFactory(organisation=self.organisation, motif_category=self.category, **values)

    def _lieu(self, name, address):
        return LieuFactory(organisation=self.organisation, name=name, address=address)

    def follow_up(self):
        return FollowUpFactory(
            organisation=self.organisation,
            motif_category=self.category,
            usager__first_name="Marina",
            usager__last_name="Foïs",
        )

    def invitation(self, **values):
        values.setdefault("follow_up", self.follow_up())
        return InvitationFactory(organisation=self.organisation, **values)

    def rdv(self, starts_at, **values):
        defaults = {"rdv__motif": self.motif, "rdv__lieu": self.valence}
        follow_up = self.follow_up()
        return ParticipationFactory(follow_up=follow_up, rdv__starts_at=starts_at, **(defaults | values))


@pytest.fixture
def scene(transactional_db):
    return Scene()


@pytest.fixture
def assert_good(assert_accessible, assert_fits):
    """What every page of the path owes: axe finds nothing, nothing overflows, targets are big, no script.

    Only the columns of a week differ on a wide screen: axe, which is slow, reads the other pages once.
    """

    def check(page: Page) -> None:
        assert_fits(page)
        if page.viewport_size["width"] == 320 or page.locator(".person-week").count():
            assert_accessible(page)
        check_page(page)

    return check


def _give_name(page: Page, participation: Participation, letters: str = "foi") -> None:
    page.goto(f"/rdv/{participation.code}")
    page.get_by_label("Les 3 premières lettres").fill(letters)
    page.get_by_role("button", name="Voir mon rendez-vous").click()


def _follow(page: Page, name: str | re.Pattern[str]) -> None:
    """Click the first such link and wait for its page: what is examined next is the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("link", name=name).first.click()


def _see_half_days(page: Page, assert_good) -> None:
    """One tap for the afternoons, one for the mornings, kept from week to week."""
    _follow(page, "Après-midi")
    expect(page.get_by_role("heading", name="Matin")).to_have_count(0)
    _follow(page, "Plus tard")
    expect(page.get_by_role("heading", name="Matin")).to_have_count(0)
    _follow(page, "Plus tôt")
    assert_good(page)
    _follow(page, "Matin")
    expect(page.get_by_role("heading", name="Après-midi")).to_have_count(0)


def _phone_in_sight(page: Page) -> None:
    expect(page.locator(".person-help a[href^='tel:+33']")).to_be_in_viewport()


@WIDTHS
def test_a_person_books_moves_cancels_and_books_again_without_javascript(scene, new_page, assert_good, width):
    page = new_page(width=width, javascript=False)
    page.goto(f"/r/{scene.invitation().code}")
    expect(page.get_by_text("Bonjour Marina F.")).to_be_visible()
    expect(page.get_by_role("link", name="Choisir mon créneau")).to_be_in_viewport(ratio=1)
    _phone_in_sight(page)
    assert_good(page)

    page.get_by_role("link", name="Choisir mon créneau").click()
    expect(page.get_by_text("Étape 1 sur 3")).to_be_visible()
    _phone_in_sight(page)
    assert_good(page)

    page.get_by_role("link", name="Centre médico-social de Valence").click()
    expect(page.get_by_text("Étape 2 sur 3")).to_be_visible()
    _phone_in_sight(page)
    assert_good(page)
    _see_half_days(page, assert_good)
    for _ in range(2):
        _follow(page, "Plus tard")
    page.get_by_role("link", name=re.compile(r"^mardi .* à 9 h 30$")).click()
    expect(page.get_by_text("Étape 3 sur 3")).to_be_visible()
    assert_good(page)

    page.get_by_role("button", name="Confirmer ce rendez-vous").click()
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    expect(page.locator(".person-moment")).to_have_text(re.compile(r"^Mardi \d.* à 9.h.30$"))
    _phone_in_sight(page)
    assert_good(page)

    _follow(page, "Déplacer")
    assert_good(page)
    _follow(page, "Choisir un autre lieu")
    assert_good(page)
    page.get_by_role("link", name="Par téléphone").click()
    for _ in range(2):
        _follow(page, "Plus tard")
    _follow(page, re.compile(r"^jeudi .* à 10 h$"))
    assert_good(page)
    page.get_by_role("button", name="Oui, déplacer mon rendez-vous").click()
    expect(page.get_by_text("C'est fait : votre rendez-vous est déplacé.")).to_be_visible()
    assert_good(page)

    _follow(page, "Annuler")
    assert_good(page)
    page.get_by_role("button", name="Oui, annuler mon rendez-vous").click()
    expect(page.get_by_role("heading", name="Votre rendez-vous est annulé")).to_be_visible()
    assert_good(page)

    page.get_by_role("link", name="Choisir un autre créneau").click()
    page.get_by_role("link", name="Choisir mon créneau").click()
    page.get_by_role("link", name="Centre médico-social de Valence").click()
    page.locator(".slot-list a").first.click()
    page.get_by_role("button", name="Confirmer ce rendez-vous").click()
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    assert sorted(Participation.objects.values_list("status", flat=True)) == ["excused", "unknown"]


@NARROW
def test_a_code_typed_with_a_mistake_then_well(scene, new_page, assert_good, width):
    invitation = scene.invitation(code="ABCD2345")
    page = new_page(width=width, javascript=False)
    page.goto("/invitation")
    assert_good(page)
    for typed, said in (("ABCO2345", "Vous avez tapé « O »"), ("ABCD2346", "Ce code n'existe pas.")):
        page.get_by_label("Votre code").fill(typed)
        page.get_by_role("button", name="Continuer").click()
        expect(page.get_by_text(said)).to_be_visible()
        assert_good(page)
    page.get_by_label("Votre code").fill("abcd 2345")
    page.get_by_role("button", name="Continuer").click()
    expect(page).to_have_url(re.compile(rf"/r/{invitation.code}$"))


@NARROW
def test_links_that_open_nothing_help(scene, new_page, assert_good, width):
    page = new_page(width=width, javascript=False)
    page.goto(f"/r/{scene.invitation(expired=True).code}")
    expect(page.get_by_role("link", name="Appeler le 04 75 00 00 00")).to_be_in_viewport()
    assert_good(page)
    page.goto("/r/ZZZZ2222")
    expect(page.get_by_text("Ce code n'existe pas.")).to_be_visible()
    assert_good(page)


@NARROW
def test_when_a_slot_is_taken_meanwhile_others_are_proposed(scene, new_page, assert_good, width):
    page = new_page(width=width, javascript=False)
    page.goto(f"/r/{scene.invitation().code}/creneaux/lieu-{scene.valence.pk}")
    _follow(page, "Plus tard")
    page.locator(".slot-list a").nth(2).click()
    expect(page.get_by_role("button", name="Confirmer ce rendez-vous")).to_be_visible()
    PlageOuverture.objects.filter(lieu=scene.valence).update(start_time="10:30")
    page.get_by_role("button", name="Confirmer ce rendez-vous").click()
    expect(
        page.get_by_role("heading", name="Ce créneau vient d'être pris. En voici trois autres.")
    ).to_be_visible()
    assert_good(page)
    page.locator(".person-alternatives a").first.click()
    page.get_by_role("button", name="Confirmer ce rendez-vous").click()
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()


@NARROW
def test_when_nothing_is_left_the_page_says_whom_to_call(scene, new_page, assert_good, width):
    page = new_page(width=width, javascript=False)
    invitation = scene.invitation()
    PlageOuverture.objects.filter(lieu=scene.valence).update(last_day=_long_over())
    page.goto(f"/r/{invitation.code}/creneaux/lieu-{scene.valence.pk}")
    expect(page.get_by_role("heading", name="Il n'y a plus de créneau libre ici")).to_be_visible()
    assert_good(page)
    page.get_by_role("link", name="Choisir un autre lieu").click()
    expect(page.get_by_text("Aucun créneau libre pour le moment")).to_be_visible()
    assert_good(page)
    PlageOuverture.objects.update(last_day=_long_over())
    page.goto(f"/r/{invitation.code}/lieux")
    expect(page.get_by_role("link", name="Appeler le 04 75 00 00 00")).to_be_in_viewport()
    assert_good(page)


@NARROW
def test_the_name_is_asked_then_a_pause_is_taken(scene, new_page, assert_good, width):
    participation = scene.rdv(next_weekday(timezone.now() + timedelta(days=9)))
    page = new_page(width=width, javascript=False)
    page.goto(f"/rdv/{participation.code}")
    assert_good(page)
    _give_name(page, participation, "zzz")
    expect(page.get_by_text("Il vous reste 4 essais.")).to_be_visible()
    assert_good(page)
    for _ in range(4):
        _give_name(page, participation, "zzz")
    expect(page.get_by_role("heading", name="Faisons une pause")).to_be_visible()
    assert_good(page)


@NARROW
@pytest.mark.parametrize(
    ("starts_in", "values", "title"),
    [
        (timedelta(days=1), {}, "Votre rendez-vous est confirmé"),
        (timedelta(hours=2), {}, "Votre rendez-vous est confirmé"),
        (timedelta(days=9), {"created_by": "agent"}, "Votre rendez-vous est confirmé"),
        (-timedelta(minutes=10), {}, "Votre rendez-vous a commencé"),
        (-timedelta(days=3), {}, "Votre rendez-vous est passé"),
        (timedelta(days=9), {"status": "revoked"}, "Votre rendez-vous est annulé"),
    ],
)
def test_every_state_of_a_rdv_has_a_page_that_helps(
    scene, new_page, assert_good, width, starts_in, values, title
):
    page = new_page(width=width, javascript=False)
    _give_name(page, scene.rdv(timezone.now() + starts_in, **values))
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator("a[href^='tel:+33']").first).to_be_visible()
    assert_good(page)


def test_the_whole_choice_is_made_with_the_keyboard_alone(scene, new_page):
    page = new_page(width=320, javascript=False)
    page.goto(f"/r/{scene.invitation().code}")
    for words in ("Choisir mon créneau", "Par téléphone", "11 h 30", "Confirmer ce rendez-vous"):
        _reach(page, words)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()


def _reach(page: Page, words: str) -> None:
    """Press Tab until what has these words has the focus; each thing on the way is seen, above the phone."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        hidden = focused.evaluate(
            """element => {
                const box = element.getBoundingClientRect();
                const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                return !(element.contains(top) || top?.contains(element));
            }"""
        )
        assert not hidden, f"hidden while it has the focus: {focused.inner_text()}"
        if words in " ".join(focused.inner_text().split()):
            return
    pytest.fail(f"no way to {words} with the keyboard")


def test_the_agenda_file_is_downloaded(scene, new_page):
    page = new_page(width=320, javascript=False)
    _give_name(page, scene.rdv(next_weekday(timezone.now() + timedelta(days=9))))
    with page.expect_download() as download:
        page.get_by_role("link", name="Ajouter à mon agenda").click()
    assert download.value.suggested_filename == "rendez-vous.ics"
    assert "BEGIN:VEVENT" in download.value.path().read_text()


def test_going_back_after_booking_does_not_book_twice(scene, new_page):
    page = new_page(width=320, javascript=False)
    page.goto(f"/r/{scene.invitation().code}/creneaux/lieu-{scene.valence.pk}")
    page.locator(".slot-list a").first.click()
    page.get_by_role("button", name="Confirmer ce rendez-vous").click()
    booked = page.url
    page.go_back()
    expect(page).to_have_url(booked)
    assert Participation.objects.count() == 1
