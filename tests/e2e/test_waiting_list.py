"""The waiting list on a phone of 320 px without JavaScript: ask, be offered an earlier rdv, take it."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rdv_insertion.agenda.models import EarlierSlotOffer, Participation, WaitingListEntry
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.models import Message
from tests.e2e.person import check_page
from tests.factories import (
    FollowUpFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
    next_weekday,
)


class Scene:
    """Marina Foïs has a rdv in four weeks; a créneau of next week is free."""

    def __init__(self) -> None:
        self.organisation = OrganisationFactory(name="Conseil départemental de la Drôme")
        self.motif = MotifFactory(organisation=self.organisation)
        lieu = LieuFactory(organisation=self.organisation)
        self.plage = PlageOuvertureFactory(motif=self.motif, lieu=lieu)
        follow_up = FollowUpFactory(
            organisation=self.organisation,
            motif_category=self.motif.motif_category,
            usager__last_name="Foïs",
        )
        self.participation: Participation = ParticipationFactory(
            follow_up=follow_up,
            rdv__motif=self.motif,
            rdv__lieu=lieu,
            rdv__agents=[self.plage.agent],
            rdv__starts_at=next_weekday(timezone.now() + timedelta(days=28)),
        )
        self.sooner = next_weekday(timezone.now() + timedelta(days=6), time(9, 30))

    def offer(self) -> EarlierSlotOffer:
        """What the job of the waiting list writes; the hours at which it does must not matter here."""
        now = timezone.now()
        return EarlierSlotOffer.objects.create(
            entry=WaitingListEntry.objects.get(),
            agent=self.plage.agent,
            motif=self.motif,
            lieu=self.plage.lieu,
            starts_at=self.sooner,
            ends_at=self.sooner + timedelta(minutes=30),
            offered_at=now,
            expires_at=now + timedelta(hours=2),
        )


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
        expect(page.locator(".person-help a[href^='tel:+33']")).to_be_in_viewport()

    return check


def _give_name(page: Page) -> None:
    page.get_by_label("Les 3 premières lettres").fill("foi")
    page.get_by_role("button", name="Voir mon rendez-vous").click()


def _ask(page: Page, scene: Scene) -> None:
    page.goto(f"/rdv/{scene.participation.code}")
    _give_name(page)
    page.get_by_role("button", name="Me prévenir").click()
    expect(page.get_by_text("Vous êtes sur la liste d'attente.")).to_be_visible()


def _moment(moment: datetime) -> re.Pattern[str]:
    return re.compile(dates.long_moment(moment, dates.PARIS).replace(" ", r"\s"), re.IGNORECASE)


def test_a_person_asks_then_takes_the_earlier_rdv_that_is_offered(scene, new_page, assert_good):
    page = new_page(width=320, javascript=False)
    page.goto(f"/rdv/{scene.participation.code}")
    _give_name(page)
    expect(page.get_by_text("Vous préférez plus tôt")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Me prévenir").click()
    expect(page.get_by_text("Vous êtes sur la liste d'attente.")).to_be_visible()
    assert_good(page)

    scene.offer()
    other = new_page(width=320, javascript=False)
    other.goto(f"/rdv/{scene.participation.code}/plus-tot")
    assert_good(other)
    _give_name(other)
    expect(other.get_by_role("heading", name="Un rendez-vous plus tôt vous est proposé")).to_be_visible()
    expect(other.locator(".person-moment")).to_have_text(_moment(scene.sooner))
    assert_good(other)

    page.reload()
    expect(page.get_by_text("Un rendez-vous plus tôt vous est proposé")).to_be_visible()
    assert_good(page)

    other.get_by_role("button", name="Prendre ce rendez-vous").click()
    expect(other.get_by_text("C'est fait : votre rendez-vous est avancé.")).to_be_visible()
    expect(other.locator(".person-moment")).to_have_text(_moment(scene.sooner))
    assert_good(other)
    scene.participation.rdv.refresh_from_db()
    assert scene.participation.rdv.starts_at == scene.sooner


def test_keeping_one_s_own_then_stopping(scene, new_page):
    page = new_page(width=320, javascript=False)
    _ask(page, scene)
    scene.offer()
    page.goto(f"/rdv/{scene.participation.code}/plus-tot")
    page.get_by_role("button", name="Garder le mien").click()
    expect(page.get_by_text("C'est noté : vous gardez votre rendez-vous.")).to_be_visible()
    page.get_by_role("button", name="Ne plus être prévenu").click()
    expect(page.get_by_text("Vous préférez plus tôt")).to_be_visible()
    assert not WaitingListEntry.objects.exists()


def test_an_offer_that_is_taken_meanwhile_changes_nothing(scene, new_page, assert_good):
    page = new_page(width=320, javascript=False)
    _ask(page, scene)
    scene.offer()
    page.goto(f"/rdv/{scene.participation.code}/plus-tot")
    RdvFactory(motif=scene.motif, agents=[scene.plage.agent], starts_at=scene.sooner)
    page.get_by_role("button", name="Prendre ce rendez-vous").click()
    expect(page.get_by_role("heading", name="Ce créneau n'est plus libre")).to_be_visible()
    expect(page.get_by_text("Vous êtes toujours sur la liste d'attente.")).to_be_visible()
    assert_good(page)
    assert not Message.objects.filter(purpose="rdv_updated").exists()
