"""The page of a rdv: the name first, then what can be seen and done in each state."""

from datetime import time, timedelta

import pytest
from django.test import Client

from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.messaging.models import Message
from rdv_insertion.web.usagers.appointments import duration_label
from rdv_insertion.web.usagers.forms import first_letters
from tests.factories import MotifFactory, ParticipationFactory
from tests.web.usagers.conftest import NOW, paris, text


def page_of(client, participation):
    """The page of a rdv once the name is given."""
    client.post(f"/rdv/{participation.code}", {"letters": participation.usager.last_name})
    return text(client.get(f"/rdv/{participation.code}"))


# --- The name ---


def test_nothing_of_the_rdv_is_shown_before_the_name(client, participation):
    page = text(client.get(f"/rdv/{participation.code}"))
    assert "Les 3 premières lettres de votre nom de famille" in page
    for secret in ("12 mars", "Marina", "Foïs", "Valence", "Conseil départemental", "orientation"):
        assert secret not in page


@pytest.mark.parametrize("page", ["agenda.ics", "annuler", "deplacer", "deplacer/lieux", "deplacer/lieu-1"])
def test_the_pages_behind_ask_the_name_first(client, participation, page):
    address = f"/rdv/{participation.code}"
    assert client.get(f"{address}/{page}").url == address
    assert client.post(f"{address}/{page}").url == address
    participation.refresh_from_db()
    assert participation.status == "unknown"


@pytest.mark.parametrize(
    ("last_name", "typed"),
    [
        ("Foïs", "FOI"),
        ("Foïs", "foï"),
        ("Foïs", " fois "),
        ("De La Tour", "del"),
        ("De La Tour", "de la"),
        ("N'Diaye", "ndi"),
        ("Dupré-Vidal", "DUP"),
        ("Œuvrard", "oeu"),
        ("Ly", "ly"),
        ("Ô", "o"),
        ("Гончар", "Гон"),
    ],
)
def test_the_first_letters_open_the_rdv_whatever_case_accents_and_spaces(
    client, participation, last_name, typed
):
    type(participation.usager).objects.update(last_name=last_name)
    response = client.post(f"/rdv/{participation.code}", {"letters": typed}, follow=True)
    assert "Votre rendez-vous est confirmé" in text(response)


@pytest.mark.parametrize("typed", ["mar", "fo", "f", "---", "ois", "fxi", "fïo"])
def test_other_letters_do_not(client, participation, typed):
    page = text(client.post(f"/rdv/{participation.code}", {"letters": typed}))
    assert "Il vous reste 4 essais." in page
    assert "12 mars" not in page


@pytest.mark.parametrize("typed", ["lya", "l"])
def test_a_name_of_two_letters_asks_for_both_and_no_more(client, participation, typed):
    type(participation.usager).objects.update(last_name="Ly")
    assert "Il vous reste 4 essais." in text(client.post(f"/rdv/{participation.code}", {"letters": typed}))


def test_the_birth_name_opens_too(client, participation):
    type(participation.usager).objects.update(birth_name="Garçon")
    assert client.post(f"/rdv/{participation.code}", {"letters": "gar"}).status_code == 302


def test_saying_nothing_costs_no_try(client, participation):
    for _ in range(10):
        page = text(client.post(f"/rdv/{participation.code}", {"letters": " "}))
    assert "Tapez les premières lettres de votre nom de famille." in page


def test_after_five_wrong_names_there_is_a_pause_with_the_phone(client, participation, monday_morning):
    address = f"/rdv/{participation.code}"
    answers = [client.post(address, {"letters": "mar"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert answers[-1]["Retry-After"] == "900"
    assert "04 75 79 70 00" in text(answers[-1])
    assert Client(REMOTE_ADDR="192.0.2.7").post(address, {"letters": "foi"}).status_code == 429
    monday_morning.shift(900)
    assert client.post(address, {"letters": "foi"}).status_code == 302


def test_the_right_name_gives_all_tries_back(client, participation):
    address = f"/rdv/{participation.code}"
    for _ in range(3):
        for _ in range(4):
            Client().post(address, {"letters": "mar"})
        assert Client().post(address, {"letters": "foi"}).status_code == 302


def test_the_name_is_remembered_for_this_rdv_only(marina, participation):
    assert "Votre rendez-vous est confirmé" in text(marina.get(f"/rdv/{participation.code}"))
    other = ParticipationFactory(rdv__starts_at=paris(13, time(10)))
    assert "C'est bien vous" in text(marina.get(f"/rdv/{other.code}"))


def test_the_name_is_asked_again_after_an_hour(marina, participation, monday_morning):
    monday_morning.shift(timedelta(hours=1, seconds=1))
    assert "C'est bien vous" in text(marina.get(f"/rdv/{participation.code}"))


def test_letters_of_an_empty_name_open_nothing():
    assert first_letters("") == first_letters(None) == first_letters(" - ") == ""


# --- States ---


def test_a_rdv_to_come_can_be_moved_and_cancelled_until_its_limits(client, participation):
    page = page_of(client, participation)
    assert "Jeudi 12 mars 2026 à 9 h 30" in page
    assert "Possible jusqu'au mardi 10 mars 2026 à 9 h 30" in page
    assert "Possible jusqu'au jeudi 12 mars 2026 à 5 h 30" in page
    assert f'href="/rdv/{participation.code}/deplacer"' in page


def test_a_rdv_too_near_to_be_moved_says_since_when_and_whom_to_call(client, rdv_of):
    participation = rdv_of(paris(3, time(9, 30)))
    page = page_of(client, participation)
    assert "Vous pouviez déplacer ce rendez-vous en ligne jusqu'au dimanche 1er mars 2026 à 9 h 30." in page
    assert 'Pour le déplacer, appelez le <a href="tel:+33475797000">04 75 79 70 00</a>.' in page
    assert "/deplacer" not in page
    assert "/annuler" in page


def test_a_rdv_too_near_to_be_cancelled_says_since_when_and_whom_to_call(client, rdv_of):
    page = page_of(client, rdv_of(NOW + timedelta(hours=3)))
    assert "Vous pouviez annuler ce rendez-vous en ligne jusqu'au lundi 2 mars 2026 à 7 h." in page
    assert "Pour l'annuler, appelez le" in page
    assert "/annuler" not in page


def test_a_rdv_set_by_an_agent_is_not_moved_online(client, rdv_of):
    page = page_of(client, rdv_of(paris(12, time(9, 30)), created_by="agent"))
    assert "Ce rendez-vous ne se déplace pas en ligne." in page
    assert "/deplacer" not in page


def test_a_motif_may_forbid_moving_and_cancelling(client, participation, motif):
    type(motif).objects.update(movable_until=None, cancellable_until=None)
    page = page_of(client, participation)
    assert "Ce rendez-vous ne se déplace pas en ligne." in page
    assert "Ce rendez-vous ne s'annule pas en ligne." in page


def test_a_rdv_under_way_says_to_call_when_late(client, rdv_of):
    page = page_of(client, rdv_of(NOW - timedelta(minutes=10)))
    assert "Votre rendez-vous a commencé" in page
    assert "Vous êtes en retard ? Appelez-nous" in page
    assert "/annuler" not in page


@pytest.mark.parametrize("status", ["unknown", "seen", "noshow"])
def test_a_past_rdv_says_when_it_was_and_whom_to_call(client, rdv_of, status):
    page = page_of(client, rdv_of(NOW - timedelta(days=2), status=status))
    assert "Votre rendez-vous est passé" in page
    assert "samedi 28 février 2026 à 8 h" in page
    assert "04 75 79 70 00" in page


def test_a_rdv_cancelled_by_the_person_lets_choose_again_while_the_invitation_lasts(client, rdv_of):
    page = page_of(client, rdv_of(paris(12, time(9, 30)), status="excused"))
    assert "Vous n'êtes plus attendu le <strong>jeudi 12 mars 2026 à 9 h 30</strong>" in page
    assert 'href="/r/ABCD2345">Choisir un autre créneau</a>' in page


def test_a_rdv_cancelled_by_the_service_says_so(client, rdv_of):
    page = page_of(client, rdv_of(paris(12, time(9, 30)), status="revoked"))
    assert "Conseil départemental de la Drôme a annulé votre rendez-vous" in page
    assert 'href="/r/ABCD2345">Choisir un autre créneau</a>' in page


@pytest.mark.parametrize("ended", ["expires_at", "closed_at"])
def test_a_cancelled_rdv_without_a_valid_invitation_says_whom_to_call(client, rdv_of, invitation, ended):
    row = invitation if ended == "expires_at" else invitation.follow_up
    type(row).objects.filter(pk=row.pk).update(**{ended: NOW})
    page = page_of(client, rdv_of(paris(12, time(9, 30)), status="excused"))
    assert "Pour prendre un autre rendez-vous, appelez-nous." in page
    assert "04 75 79 70 00" in page
    assert "/r/ABCD2345" not in page


def test_a_rdv_by_phone_says_which_number_will_be_called_without_writing_it(
    client, rdv_of, organisation, category
):
    phone = MotifFactory(organisation=organisation, motif_category=category, by_phone=True)
    page = page_of(client, rdv_of(paris(12, time(9, 30)), rdv__motif=phone, rdv__lieu=None))
    assert "Nous vous appelons au numéro qui finit par <strong>78</strong>." in page
    assert "Préparez" in page
    assert "openstreetmap" not in page
    assert 'href="tel:+33475000000"' in page


def test_a_rdv_by_phone_without_a_number_asks_for_it(client, rdv_of, organisation, category, invitation):
    type(invitation.follow_up.usager).objects.update(phone_number=None)
    phone = MotifFactory(organisation=organisation, motif_category=category, by_phone=True)
    page = page_of(client, rdv_of(paris(12, time(9, 30)), rdv__motif=phone, rdv__lieu=None))
    assert "Nous n'avons pas votre numéro." in page


def test_the_page_is_never_cached(marina, participation):
    assert "no-store" in marina.get(f"/rdv/{participation.code}")["Cache-Control"]


# --- Agenda file ---


def test_the_agenda_file_holds_the_rdv_and_no_name(marina, participation):
    response = marina.get(f"/rdv/{participation.code}/agenda.ics")
    event = response.content.decode()
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert 'filename="rendez-vous.ics"' in response["Content-Disposition"]
    assert "DTSTART:20260312T083000Z" in event
    assert "Maurice Faure" in event
    assert "Foïs" not in event
    assert "Marina" not in event


# --- Cancelling ---


def test_cancelling_is_asked_before_it_is_done(marina, participation):
    page = text(marina.get(f"/rdv/{participation.code}/annuler"))
    assert "Annuler votre rendez-vous ?" in page
    assert "Non, garder mon rendez-vous" in page
    participation.refresh_from_db()
    assert participation.status == "unknown"


def test_cancelling_frees_the_slot_tells_the_person_and_lets_choose_again(marina, participation, run_jobs):
    response = marina.post(f"/rdv/{participation.code}/annuler", follow=True)
    assert response.redirect_chain == [(f"/rdv/{participation.code}", 302)]
    page = text(response)
    assert "Votre rendez-vous est annulé" in page
    assert "Votre invitation est encore valable." in page
    participation.refresh_from_db()
    assert participation.status == "excused"
    assert FollowUp.objects.get().status_at(NOW) == FollowUpStatus.RDV_EXCUSED
    run_jobs("notifications")
    assert Message.objects.filter(purpose="rdv_cancelled").exists()


def test_cancelling_twice_changes_nothing_more(marina, participation, run_jobs):
    for _ in range(2):
        response = marina.post(f"/rdv/{participation.code}/annuler", follow=True)
    assert "Votre rendez-vous est annulé" in text(response)
    run_jobs("notifications")
    assert Message.objects.filter(purpose="rdv_cancelled", channel="sms").count() == 1


def test_cancelling_too_late_says_why_and_keeps_the_rdv(client, rdv_of):
    participation = rdv_of(NOW + timedelta(hours=3))
    client.post(f"/rdv/{participation.code}", {"letters": "foi"})
    page = text(client.post(f"/rdv/{participation.code}/annuler", follow=True))
    assert "Vous pouviez annuler ce rendez-vous en ligne" in page
    participation.refresh_from_db()
    assert participation.status == "unknown"


def test_booking_again_after_cancelling_gives_a_new_rdv(marina, participation, slot):
    marina.post(f"/rdv/{participation.code}/annuler")
    response = marina.post(slot(paris(4, time(9))), follow=True)
    assert "Votre rendez-vous est confirmé" in text(response)
    assert sorted(Participation.objects.values_list("status", flat=True)) == ["excused", "unknown"]


@pytest.mark.parametrize(
    ("minutes", "written"), [(30, "30 minutes"), (60, "1 heure"), (90, "1 heure 30"), (125, "2 heures 05")]
)
def test_durations_are_said_in_words(minutes, written):
    assert duration_label(timedelta(minutes=minutes)) == written
