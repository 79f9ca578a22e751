"""The waiting list: ask for an earlier rdv, answer when one is offered, and never lose one's own."""

from datetime import time as clock_time
from datetime import timedelta

import pytest
from django.test import Client

from rdv_insertion.agenda.models import EarlierSlotOffer, WaitingListEntry
from rdv_insertion.agenda.services import waiting_list
from rdv_insertion.messaging.models import Message
from tests.factories import RdvFactory
from tests.web.usagers.conftest import NOW, paris, text

SOONER = paris(5, clock_time(9, 30))


@pytest.fixture
def late(rdv_of):
    """Marina's rdv in three weeks."""
    return rdv_of(paris(24, clock_time(9, 30)))


@pytest.fixture
def marina(client, late):
    """A browser in which Marina has given the first letters of her name."""
    client.post(f"/rdv/{late.code}", {"letters": "FOI"})
    return client


@pytest.fixture
def page(late):
    """The address of the earlier créneau."""
    return f"/rdv/{late.code}/plus-tot"


@pytest.fixture
def offer(late, plage):
    """Thursday the 5th at 9:30 is kept for Marina until 10:00 of today."""
    entry = waiting_list.join(participation=late, now=NOW - timedelta(days=1))
    return EarlierSlotOffer.objects.create(
        entry=entry,
        agent=plage.agent,
        motif=late.rdv.motif,
        lieu=late.rdv.lieu,
        starts_at=SOONER,
        ends_at=SOONER + timedelta(minutes=30),
        offered_at=NOW,
        expires_at=NOW + timedelta(hours=2),
    )


def _asks(browser, late, action="demander"):
    return text(browser.post(f"/rdv/{late.code}/liste-attente", {"action": action}, follow=True))


def test_a_late_rdv_offers_to_be_told_of_an_earlier_one(marina, late):
    page = text(marina.get(f"/rdv/{late.code}"))
    assert "Vous préférez plus tôt ?" in page
    page = _asks(marina, late)
    assert "C'est noté : nous vous préviendrons si un rendez-vous plus tôt se libère." in page
    assert "Vous êtes sur la liste d'attente." in page
    assert WaitingListEntry.objects.get().participation == late


def test_whoever_asked_may_ask_not_to_be_told_any_more(marina, late):
    _asks(marina, late)
    page = _asks(marina, late, "arreter")
    assert "C'est noté : vous ne serez plus prévenu." in page
    assert "Vous préférez plus tôt ?" in page
    assert not WaitingListEntry.objects.exists()


def test_asking_twice_is_asking_once(marina, late):
    for _ in range(2):
        _asks(marina, late)
    assert WaitingListEntry.objects.count() == 1


@pytest.mark.parametrize("days", [1, 7])
def test_a_rdv_that_is_soon_offers_nothing_and_refuses(client, rdv_of, days):
    soon = rdv_of(NOW + timedelta(days=days))
    client.post(f"/rdv/{soon.code}", {"letters": "foi"})
    assert "plus tôt" not in text(client.get(f"/rdv/{soon.code}"))
    assert "Il n'est plus possible de demander un rendez-vous plus tôt." in _asks(client, soon)
    assert not WaitingListEntry.objects.exists()


def test_nobody_is_put_on_a_list_without_a_way_to_be_told(marina, late):
    type(late.usager).objects.update(phone_number="+33475000000", email=None)
    assert "Vous préférez plus tôt" not in text(marina.get(f"/rdv/{late.code}"))


def test_the_name_is_asked_before_the_offer_is_shown_and_leads_to_it(client, offer, page):
    asked = text(client.get(page))
    assert "C'est bien vous" in asked
    assert "mars" not in asked
    assert client.post(page, {"action": "prendre"}).status_code == 200
    offer.refresh_from_db()
    assert offer.answer == "waiting"
    response = client.post(page, {"letters": "foi"})
    assert response.url == page


def test_the_offer_shows_both_moments_and_until_when_it_is_kept(marina, late, offer, page):
    shown = text(marina.get(page))
    assert "Jeudi 5 mars 2026 à 9 h 30" in shown
    assert "Il remplace votre rendez-vous du <strong>mardi 24 mars 2026 à 9 h 30</strong>" in shown
    assert "jusqu'à <strong>10 h</strong>" in shown
    assert "Prendre ce rendez-vous" in shown
    assert "Garder le mien" in shown
    own = text(marina.get(f"/rdv/{late.code}"))
    assert "Un rendez-vous plus tôt vous est proposé" in own
    assert f'href="{page}"' in own


def test_taking_it_moves_the_rdv_tells_it_and_leaves_the_list(marina, late, offer, page, run_jobs):
    response = marina.post(page, {"action": "prendre"}, follow=True)
    assert response.redirect_chain == [(f"/rdv/{late.code}", 302)]
    assert "C'est fait : votre rendez-vous est avancé." in text(response)
    assert "Jeudi 5 mars 2026 à 9 h 30" in text(response)
    assert "liste d'attente" not in text(response)
    late.rdv.refresh_from_db()
    assert late.rdv.starts_at == SOONER
    run_jobs("notifications")
    assert Message.objects.filter(purpose="rdv_updated").exists()


def test_taking_it_twice_leads_to_the_rdv(marina, late, offer, page):
    for _ in range(2):
        assert marina.post(page, {"action": "prendre"}).url == f"/rdv/{late.code}"
    assert marina.get(page).url == f"/rdv/{late.code}"


def test_keeping_one_s_own_changes_nothing_and_stays_on_the_list(marina, late, offer, page):
    said = text(marina.post(page, {"action": "garder"}, follow=True))
    assert "C'est noté : vous gardez votre rendez-vous." in said
    assert "Vous êtes sur la liste d'attente." in said
    assert "Mardi 24 mars 2026 à 9 h 30" in said
    late.rdv.refresh_from_db()
    assert late.rdv.starts_at == paris(24, clock_time(9, 30))


def _is_gone(response, late):
    page = text(response)
    late.rdv.refresh_from_db()
    return (
        "Ce créneau n'est plus libre" in page
        and "Votre rendez-vous ne change pas : <strong>mardi 24 mars 2026 à 9 h 30" in page
        and "Vous êtes toujours sur la liste d'attente." in page
        and late.rdv.starts_at == paris(24, clock_time(9, 30))
    )


def test_an_offer_that_expired_says_so_and_changes_nothing(marina, late, offer, page, monday_morning):
    monday_morning.shift(timedelta(hours=2))
    marina.post(f"/rdv/{late.code}", {"letters": "foi"})
    assert _is_gone(marina.get(page), late)
    assert _is_gone(marina.post(page, {"action": "prendre"}), late)


def test_a_slot_taken_meanwhile_by_an_agent_says_so_and_changes_nothing(marina, late, offer, page, plage):
    RdvFactory(motif=late.rdv.motif, agents=[plage.agent], starts_at=SOONER)
    response = marina.post(page, {"action": "prendre"})
    assert response.status_code == 409
    assert _is_gone(response, late)


def test_a_slot_taken_meanwhile_is_said_before_any_answer(marina, late, offer, page, plage):
    RdvFactory(motif=late.rdv.motif, agents=[plage.agent], starts_at=SOONER)
    assert _is_gone(marina.get(page), late)
    assert "Un rendez-vous plus tôt vous est proposé" not in text(marina.get(f"/rdv/{late.code}"))


@pytest.mark.django_db(transaction=True)
def test_a_double_tap_moves_the_rdv_once(late, offer, page, in_threads):
    browser = Client()
    browser.post(f"/rdv/{late.code}", {"letters": "foi"})
    cookies = browser.cookies

    def tap():
        other = Client()
        other.cookies = cookies
        return other.post(page, {"action": "prendre"})

    answers = in_threads(tap, tap)
    assert [answer.url for answer in answers] == [f"/rdv/{late.code}"] * 2
    late.rdv.refresh_from_db()
    assert late.rdv.starts_at == SOONER


def test_without_an_offer_the_page_says_that_nothing_is_kept(marina, late, page):
    shown = text(marina.get(page))
    assert "Ce créneau n'est plus libre" in shown
    assert "liste d'attente" not in shown


@pytest.mark.parametrize("status", ["excused", "revoked"])
def test_a_cancelled_rdv_has_no_earlier_one(client, rdv_of, status):
    cancelled = rdv_of(paris(24, clock_time(9, 30)), status=status)
    client.post(f"/rdv/{cancelled.code}", {"letters": "foi"})
    assert client.get(f"/rdv/{cancelled.code}/plus-tot").url == f"/rdv/{cancelled.code}"


@pytest.mark.parametrize("action", ["", "x", "é" * 500])
def test_a_strange_answer_is_no_answer(marina, offer, page, action):
    assert "Garder le mien" in text(marina.post(page, {"action": action}))
    offer.refresh_from_db()
    assert offer.answer == "waiting"


def test_the_pages_ask_the_same_few_queries_whatever_the_agenda(
    marina, late, offer, page, plage, django_assert_max_num_queries
):
    addresses = (page, f"/rdv/{late.code}")
    counts = []
    for address in addresses:
        marina.get(address)
        with django_assert_max_num_queries(11) as alone:
            marina.get(address)
        counts.append(len(alone))
    for hour in range(9, 12):
        RdvFactory(motif=late.rdv.motif, agents=[plage.agent], starts_at=paris(6, clock_time(hour)))
    for address, count in zip(addresses, counts, strict=True):
        with django_assert_max_num_queries(count):
            marina.get(address)
