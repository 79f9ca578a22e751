"""Confirming a start: one rdv, never two, and other starts for whoever was too slow."""

import re
from datetime import time

import pytest
from django.test import Client

from rdv_insertion.agenda.models import Participation, PlageOuverture
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.messaging.models import Message
from tests.factories import FollowUpFactory, InvitationFactory, PlageOuvertureFactory, RdvFactory
from tests.web.usagers.conftest import NOW, paris, text

TUESDAY = paris(3, time(9, 30))


def test_the_confirmation_says_the_date_in_full_letters_and_the_place(client, invitation, slot):
    page = text(client.get(slot(TUESDAY)))
    assert "Mardi 3 mars 2026 à 9 h 30" in page
    assert "Durée : 30 minutes" in page
    assert "Centre médico-social de Valence" in page
    assert "Étape 2 sur 2" in page


def test_confirming_gives_the_rdv_and_shows_it_without_asking_the_name(client, invitation, slot):
    response = client.post(slot(TUESDAY), follow=True)
    participation = Participation.objects.get()
    assert participation.rdv.starts_at == TUESDAY
    assert participation.usager == invitation.follow_up.usager
    assert response.redirect_chain == [(f"/rdv/{participation.code}", 302)]
    assert "Votre rendez-vous est confirmé" in text(response)


def test_confirming_changes_the_status_and_confirms_by_sms_and_mail(client, invitation, slot, run_jobs):
    client.post(slot(TUESDAY))
    run_jobs("notifications")
    follow_up = invitation.follow_up
    follow_up.refresh_from_db()
    assert follow_up.status_at(NOW) == FollowUpStatus.RDV_PENDING
    confirmations = Message.objects.filter(purpose="rdv_created", usager=follow_up.usager)
    assert sorted(confirmations.values_list("channel", flat=True)) == ["email", "sms"]


def test_the_done_page_says_what_to_bring_where_and_offers_the_next_actions(client, invitation, slot):
    page = text(client.post(slot(TUESDAY), follow=True))
    code = Participation.objects.get().code
    assert "Mardi 3 mars 2026 à 9 h 30" in page
    assert "Apportez : <strong>une pièce d'identité</strong>" in page
    assert "Présentez-vous à l'accueil." in page
    assert "https://www.openstreetmap.org/search?query=13+avenue+Maurice+Faure%2C+26000+Valence" in page
    assert 'rel="noopener noreferrer"' in page
    assert f'href="/rdv/{code}/agenda.ics"' in page
    assert f'href="/rdv/{code}/annuler"' in page
    assert 'href="tel:+33475797000"' in page


def test_sending_the_confirmation_twice_gives_one_rdv(client, invitation, slot):
    first = client.post(slot(TUESDAY))
    second = client.post(slot(TUESDAY))
    assert first.url == second.url
    assert Participation.objects.count() == 1


def test_going_back_to_choose_another_start_leads_to_the_rdv(client, invitation, slot):
    first = client.post(slot(TUESDAY))
    for again in (client.get(slot(paris(4, time(9)))), client.post(slot(paris(4, time(9))))):
        assert again.url == first.url
    assert Participation.objects.get().rdv.starts_at == TUESDAY


def test_two_links_of_the_same_person_give_one_rdv(client, invitation, slot):
    other = InvitationFactory(
        organisation=invitation.organisation, follow_up=invitation.follow_up, channel="email", code="MAXX2345"
    )
    first = client.post(slot(TUESDAY))
    assert client.post(slot(paris(4, time(9)), code=other.code)).url == first.url
    assert Participation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_the_same_instant_give_one_rdv(invitation, slot, motif, lieu, in_threads):
    PlageOuvertureFactory(motif=motif, lieu=lieu)
    tabs = [lambda moment=moment: Client().post(slot(moment)) for moment in (TUESDAY, paris(4, time(9)))]
    answers = in_threads(*tabs)
    participation = Participation.objects.get()
    assert [answer.url for answer in answers] == [f"/rdv/{participation.code}"] * 2


@pytest.mark.django_db(transaction=True)
def test_twenty_people_on_the_same_start_get_one_rdv_and_nineteen_polite_answers(
    organisation, category, invitation, slot, in_threads
):
    follow_ups = FollowUpFactory.create_batch(20, organisation=organisation, motif_category=category)
    codes = [
        InvitationFactory(organisation=organisation, follow_up=follow_up).code for follow_up in follow_ups
    ]
    answers = in_threads(*[lambda code=code: Client().post(slot(TUESDAY, code=code)) for code in codes])
    assert sorted(answer.status_code for answer in answers) == [302] + [409] * 19
    assert all("En voici trois autres." in text(answer) for answer in answers if answer.status_code == 409)
    assert Participation.objects.count() == 1


# --- Too late ---


def _taken(plage, moment=TUESDAY):
    RdvFactory(motif=plage.motifs.get(), lieu=plage.lieu, agents=[plage.agent], starts_at=moment)


def _only_on_tuesday(start, end):
    day = TUESDAY.date()
    PlageOuverture.objects.update(recurrence="", first_day=day, last_day=day, start_time=start, end_time=end)


def proposals(response):
    return re.findall(r'href="/r/ABCD2345/creneaux/[^/]+/(\w+)"', text(response))


def test_a_start_just_taken_gives_three_others(client, invitation, slot, plage):
    _taken(plage)
    response = client.post(slot(TUESDAY))
    assert response.status_code == 409
    assert "Ce créneau vient d'être pris. En voici trois autres." in text(response)
    assert proposals(response) == ["20260303T080000Z", "20260303T090000Z", "20260303T093000Z"]


def test_a_start_already_taken_says_so_before_confirming(client, invitation, slot, plage):
    _taken(plage)
    response = client.get(slot(TUESDAY))
    assert response.status_code == 200
    assert "En voici trois autres." in text(response)


@pytest.mark.parametrize(
    ("end", "others", "said"),
    [(time(10, 30), 2, "En voici deux autres."), (time(10), 1, "En voici un autre.")],
)
def test_fewer_than_three_others_are_counted_right(client, invitation, slot, plage, end, others, said):
    _only_on_tuesday(time(9), end)
    _taken(plage)
    response = client.post(slot(TUESDAY))
    assert said in text(response)
    assert len(proposals(response)) == others


def test_the_last_start_of_a_place_taken_leads_to_the_other_places(client, invitation, slot, plage, motif):
    _only_on_tuesday(time(9, 30), time(10))
    PlageOuvertureFactory(motif=motif)
    _taken(plage)
    page = text(client.post(slot(TUESDAY)))
    assert "Ce créneau vient d'être pris." in page
    assert 'href="/r/ABCD2345/lieux">Voir les autres créneaux</a>' in page


def test_the_very_last_start_taken_says_whom_to_call(client, invitation, slot, plage):
    _only_on_tuesday(time(9, 30), time(10))
    _taken(plage)
    page = text(client.post(slot(TUESDAY)))
    assert "Il n'y a plus de créneau libre pour le moment" in page
    assert "04 75 00 00 00" in page


def test_a_moment_that_never_was_a_start_gives_others(client, invitation, slot):
    response = client.post(slot(paris(3, time(9, 7))))
    assert response.status_code == 409
    assert not Participation.objects.exists()


@pytest.mark.parametrize(
    "moment",
    [
        "20260303",
        "x",
        "99991231T235959Z",
        "00010101T000000Z",
        "20260303T083000",
        "20260231T083000Z",
        "20200303T083000Z",
    ],
)
def test_a_moment_that_cannot_be_leads_to_the_slots(client, invitation, lieu, moment):
    slots = f"/r/ABCD2345/creneaux/lieu-{lieu.pk}"
    for response in (client.get(f"{slots}/{moment}"), client.post(f"{slots}/{moment}")):
        assert response.url == slots


def test_a_place_that_is_not_offered_leads_to_those_that_are(client, invitation, slot):
    assert client.post(slot(TUESDAY, key="lieu-0")).url == "/r/ABCD2345/lieux"


def test_confirming_without_the_token_of_the_form_is_refused(invitation, slot):
    assert Client(enforce_csrf_checks=True).post(slot(TUESDAY)).status_code == 403
    assert not Participation.objects.exists()


def test_changing_one_s_mind_again_and_again_pauses(client, invitation, slot):
    for _ in range(20):
        client.post(f"{client.post(slot(TUESDAY)).url}/annuler")
    response = client.post(slot(TUESDAY))
    assert response.status_code == 429
    assert Participation.objects.filter(status="excused").count() == Participation.objects.count() == 20
