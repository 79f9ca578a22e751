"""Moving a rdv: at the same place or another, under the rules, and never losing it."""

from datetime import UTC, time, timedelta

import pytest

from rdv_insertion.agenda.models import PlageOuverture, Rdv
from rdv_insertion.messaging.models import Message
from tests.factories import PlageOuvertureFactory, RdvFactory
from tests.web.usagers.conftest import paris, text

FRIDAY = paris(13, time(11))


@pytest.fixture
def move(participation):
    """The address of a step of the move."""

    def address(step="", moment=None):
        end = f"/{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" if moment else ""
        return f"/rdv/{participation.code}/deplacer{step and '/'}{step}{end}"

    return address


def test_moving_begins_with_the_slots_of_the_same_place(marina, move, lieu):
    response = marina.get(move(), follow=True)
    assert response.redirect_chain == [(move(f"lieu-{lieu.pk}"), 302)]
    page = text(response)
    assert "Choisissez un autre créneau" in page
    assert "Votre rendez-vous actuel : <strong>jeudi 12 mars 2026 à 9 h 30" in page


def test_the_present_start_is_not_proposed_but_its_neighbours_are(marina, move, lieu):
    page = text(marina.get(f"{move(f'lieu-{lieu.pk}')}?semaine=2026-03-09"))
    assert "jeudi 12 mars à </span>9 h</a>" in page
    assert "jeudi 12 mars à </span>9 h 30</a>" not in page
    assert "jeudi 12 mars à </span>10 h</a>" in page


def test_another_place_can_be_chosen(marina, move, motif, lieu):
    other = PlageOuvertureFactory(motif=motif).lieu
    assert 'lieux">Choisir un autre lieu</a>' in text(marina.get(move(f"lieu-{lieu.pk}")))
    page = text(marina.get(move("lieux")))
    assert "Choisissez un autre lieu" in page
    assert "Le lieu de votre rendez-vous actuel" in page
    marina.post(move(f"lieu-{other.pk}", FRIDAY))
    assert Rdv.objects.get().lieu == other


def test_moving_is_asked_then_done_and_told(marina, move, participation, lieu, run_jobs):
    page = text(marina.get(move(f"lieu-{lieu.pk}", FRIDAY)))
    assert "Déplacer votre rendez-vous ?" in page
    assert "Oui, déplacer mon rendez-vous" in page
    response = marina.post(move(f"lieu-{lieu.pk}", FRIDAY), follow=True)
    assert response.redirect_chain == [(f"/rdv/{participation.code}", 302)]
    assert "C'est fait : votre rendez-vous est déplacé." in text(response)
    assert "Vendredi 13 mars 2026" in text(response)
    assert Rdv.objects.get().starts_at == FRIDAY
    run_jobs("notifications")
    assert Message.objects.filter(purpose="rdv_updated", channel="sms").count() == 1


def test_sending_the_move_twice_moves_and_tells_once(marina, move, lieu, run_jobs):
    for _ in range(2):
        assert marina.post(move(f"lieu-{lieu.pk}", FRIDAY)).status_code == 302
    run_jobs("notifications")
    assert Message.objects.filter(purpose="rdv_updated", channel="sms").count() == 1


def test_moving_to_a_start_just_taken_keeps_the_rdv_and_gives_others(
    marina, move, participation, lieu, plage
):
    RdvFactory(motif=participation.rdv.motif, lieu=lieu, agents=[plage.agent], starts_at=FRIDAY)
    response = marina.post(move(f"lieu-{lieu.pk}", FRIDAY))
    assert response.status_code == 409
    assert "En voici trois autres." in text(response)
    assert f"/rdv/{participation.code}/deplacer/lieu-{lieu.pk}/2026" in text(response)
    participation.rdv.refresh_from_db()
    assert participation.rdv.starts_at == paris(12, time(9, 30))


def test_moving_too_late_leads_to_the_page_that_says_why(client, rdv_of, lieu):
    participation = rdv_of(paris(4, time(7)))
    client.post(f"/rdv/{participation.code}", {"letters": "foi"})
    for answer in (
        client.get(f"/rdv/{participation.code}/deplacer"),
        client.post(f"/rdv/{participation.code}/deplacer/lieu-{lieu.pk}/20260313T100000Z"),
    ):
        assert answer.url == f"/rdv/{participation.code}"
    assert "Vous pouviez déplacer ce rendez-vous en ligne" in text(client.get(f"/rdv/{participation.code}"))
    participation.rdv.refresh_from_db()
    assert participation.rdv.starts_at == paris(4, time(7))


def test_when_nothing_else_is_free_the_rdv_stays_and_the_page_says_whom_to_call(marina, move, plage, lieu):
    PlageOuverture.objects.update(recurrence="", last_day=plage.first_day)
    page = text(marina.get(move(), follow=True))
    assert "Il n'y a plus de créneau libre pour le moment" in page
    assert "Votre rendez-vous actuel ne change pas" in page
    assert "04 75 79 70 00" in page


def test_a_place_that_closed_since_leads_to_the_others(marina, move, lieu, motif):
    PlageOuvertureFactory(motif=motif)
    PlageOuvertureFactory(motif=motif)
    type(lieu).objects.filter(pk=lieu.pk).update(availability="disabled")
    assert marina.get(move()).url == move("lieux")


@pytest.mark.parametrize(("key", "moment"), [("lieu-0", "20260313T100000Z"), ("x", "y")])
def test_forged_addresses_lead_to_the_places(marina, move, key, moment):
    assert marina.post(f"{move(key)}/{moment}").url == move("lieux")


def test_a_malformed_moment_leads_to_the_slots(marina, move, lieu):
    assert marina.post(f"{move(f'lieu-{lieu.pk}')}/demain").url == move(f"lieu-{lieu.pk}")


def test_moving_again_and_again_pauses(marina, move, lieu, participation):
    starts = [*[paris(day, time(9, 30)) for day in (13, 16)] * 10, FRIDAY]
    answers = [marina.post(move(f"lieu-{lieu.pk}", start)).status_code for start in starts]
    assert answers == [302] * 20 + [429]


def test_a_moved_rdv_keeps_its_limits(marina, move, lieu, monday_morning, participation):
    marina.post(move(f"lieu-{lieu.pk}", paris(5, time(9))))
    monday_morning.shift(timedelta(hours=30))
    marina.post(f"/rdv/{participation.code}", {"letters": "foi"})
    assert marina.get(move()).url == f"/rdv/{participation.code}"
