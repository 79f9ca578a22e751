"""The page of a rdv, what saying a status does, and cancelling."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.presentation import visio_url
from rdv_insertion.messaging.models import Message
from tests.factories import (
    FollowUpFactory,
    MotifCategoryFactory,
    MotifFactory,
    ParticipationFactory,
    RdvFactory,
)


@pytest.fixture
def participation(motif, lieu, agent, usager):
    follow_up = FollowUpFactory(usager=usager, motif_category=motif.motif_category)
    rdv = RdvFactory(motif=motif, lieu=lieu, agents=[agent], context="Porte du fond")
    return ParticipationFactory(rdv=rdv, usager=usager, follow_up=follow_up)


@pytest.fixture
def past(motif, lieu, agent, usager):
    follow_up = FollowUpFactory(usager=usager, motif_category=motif.motif_category)
    rdv = RdvFactory(motif=motif, lieu=lieu, agents=[agent], past=True)
    return ParticipationFactory(rdv=rdv, usager=usager, follow_up=follow_up)


@pytest.fixture
def record(agent_client):
    def post(participation, **form):
        url = reverse("record_participation", args=[participation.pk])
        return agent_client.post(url, form, follow=True).content.decode()

    return post


def test_the_page_says_when_where_who_and_with_whom(get, participation):
    text = get("rdv_show", participation.rdv_id)
    for word in ("Maison de Die", "Orientation", "Alice Agent", "Marina Foïs", "Porte du fond"):
        assert word in text


def test_the_messages_about_the_rdv_are_shown_and_no_others(agent_client, get, participation, run_jobs, slot):
    agent_client.post(reverse("find_slot_confirm"), {**slot, "lu": ""})
    agent_client.post(reverse("rdv_cancel", args=[participation.rdv_id]), {"prevenir": "oui"})
    run_jobs("notifications")
    text = get("rdv_show", participation.rdv_id)
    assert "Rendez-vous annulé" in text
    assert "Confirmation de rendez-vous" not in text


def test_each_status_says_beforehand_what_it_does(get, past):
    text = get("rdv_show", past.rdv_id)
    assert "Le suivi passe à « Absence non excusée ». La personne n&#x27;est pas prévenue." in text


def test_before_the_rdv_the_channels_that_reach_the_person_are_said(get, participation):
    assert "La personne est prévenue par SMS et par mail." in get("rdv_show", participation.rdv_id)


def test_a_person_whom_nothing_reaches_is_said(get, participation, usager):
    usager.phone_number, usager.email = None, None
    usager.save()
    assert "Aucun moyen de prévenir la personne." in get("rdv_show", participation.rdv_id)


def test_after_an_interview_the_next_rdv_is_offered_at_once(record, past, organisation):
    suivi = MotifCategoryFactory(accompagnement=True)
    MotifFactory(organisation=organisation, motif_category=suivi)
    text = record(past, statut="seen")
    assert "Prendre le prochain rendez-vous de Marina" in text
    assert "categorie=rsa_accompagnement" in text


def test_an_absence_offers_no_next_rdv_by_itself(record, past):
    assert "Prendre le prochain rendez-vous de Marina" not in record(past, statut="noshow")


def test_the_person_is_not_told_when_the_box_is_unticked(record, participation, run_jobs, usager):
    record(participation, statut="revoked", choix="oui")
    run_jobs("notifications")
    participation.refresh_from_db()
    assert participation.status == "revoked"
    assert not Message.objects.filter(usager=usager).exists()


def test_cancelling_says_whom_it_tells_then_tells_them(agent_client, get, participation, run_jobs, usager):
    text = get("rdv_cancel", participation.rdv_id)
    assert "1 personne était attendue" in text
    assert "1 personne peut être prévenue" in text
    agent_client.post(reverse("rdv_cancel", args=[participation.rdv_id]), {"prevenir": "oui"})
    run_jobs("notifications")
    participation.refresh_from_db()
    assert participation.status == "revoked"
    assert Message.objects.filter(usager=usager, purpose="rdv_cancelled").count() == 2


def test_a_rdv_is_cancelled_once(agent_client, participation):
    url = reverse("rdv_cancel", args=[participation.rdv_id])
    agent_client.post(url)
    assert "déjà annulé" in agent_client.get(url, follow=True).content.decode()


def test_the_number_of_queries_does_not_depend_on_the_people(agent_client, atelier):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            agent_client.get(reverse("rdv_show", args=[atelier.pk]))
        return len(captured)

    for _ in range(2):
        ParticipationFactory(rdv=atelier)
    queries()
    few = queries()
    for _ in range(6):
        ParticipationFactory(rdv=atelier)
    assert queries() == few
    assert Participation.objects.count() == 8


def test_the_persons_page_leads_to_the_rdv_and_to_the_next_one(get, participation, usager):
    assert reverse("rdv_show", args=[participation.rdv_id]) in get("usager", usager.pk, onglet="rendez-vous")
    assert f"{reverse('find_slot')}?usager={usager.pk}" in get("usager", usager.pk)


def test_a_rdv_to_fill_in_is_the_first_thing_to_do_on_the_persons_page(get, past, usager):
    assert 'href="?onglet=rendez-vous">Renseigner la présence' in get("usager", usager.pk)


def test_a_visio_opens_its_room(agent_client, organisation, agent):
    rdv = RdvFactory(motif=MotifFactory(organisation=organisation, location_type="visio"), agents=[agent])
    page = agent_client.get(reverse("rdv_show", args=[rdv.pk])).content.decode()
    assert f'href="{visio_url(rdv)}"' in page
