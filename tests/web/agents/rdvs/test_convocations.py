"""Summoning from a person's page, the letter to post, and what the page of the rdv says."""

from datetime import timedelta
from html import unescape
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from rdv_insertion.agenda.convocations import TOLD_ENOUGH, version_of
from rdv_insertion.agenda.models import Participation
from rdv_insertion.messaging.enums import MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from tests.factories import FollowUpFactory, MessageFactory, MotifFactory, ParticipationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def follow_up(organisation, configuration):
    return FollowUpFactory(
        organisation=organisation,
        motif_category=configuration.motif_category,
        usager__first_name="Marina",
        usager__address="12 rue de l'Église 26150 Die",
    )


@pytest.fixture
def summoning(organisation, configuration):
    return MotifFactory(
        organisation=organisation,
        motif_category=configuration.motif_category,
        name="Convocation RSA",
        summoning=True,
    )


@pytest.fixture
def participation(follow_up, summoning, agent):
    return ParticipationFactory(
        follow_up=follow_up,
        rdv__motif=summoning,
        rdv__agents=[agent],
        rdv__starts_at=timezone.now() + timedelta(days=9),
        convocable=True,
        created_by="agent",
        created_by_agent=agent,
    )


def text_of(answer):
    return unescape(" ".join(answer.content.decode().split()))


def rdv_page(client, participation):
    return client.get(reverse("rdv_show", args=[participation.rdv_id]))


# ---- From the person's page


def test_a_person_is_summoned_from_each_of_their_open_follow_ups(agent_client, follow_up):
    page = text_of(agent_client.get(reverse("usager", args=[follow_up.usager_id])))
    assert reverse("summon", args=[follow_up.pk]) in page
    follow_up.closed_at = timezone.now()
    follow_up.save()
    page = text_of(agent_client.get(reverse("usager", args=[follow_up.usager_id])))
    assert reverse("summon", args=[follow_up.pk]) not in page


def test_one_motif_leads_straight_to_its_slots(agent_client, follow_up, summoning):
    answer = agent_client.get(reverse("summon", args=[follow_up.pk]))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("find_slot"))
    assert f"usager={follow_up.usager_id}" in answer.url
    assert f"motif={summoning.pk}" in answer.url
    found = agent_client.get(answer.url)
    assert found.context["question"].motif == summoning
    assert found.context["question"].person.usager == follow_up.usager


def test_several_motifs_are_offered(agent_client, follow_up, summoning, organisation):
    category = summoning.motif_category
    other = MotifFactory(organisation=organisation, motif_category=category, name="Appel", summoning=True)
    page = text_of(agent_client.get(reverse("summon", args=[follow_up.pk])))
    assert "Convocation RSA" in page
    assert f"motif={other.pk}" in page


def test_without_a_motif_an_agent_is_told_whom_to_ask_and_an_administrator_what_to_create(
    agent_client, follow_up, client, admin, organisation
):
    address = reverse("summon", args=[follow_up.pk])
    page = text_of(agent_client.get(address))
    assert "Demandez à un administrateur" in page
    client.force_login(admin)
    page = text_of(client.get(address))
    assert reverse("motif_new", args=[organisation.slug]) in page


# ---- The page of the rdv


def test_the_page_offers_the_letter_and_the_proof(agent_client, participation):
    page = text_of(rdv_page(agent_client, participation))
    assert "Imprimer la convocation" in page
    assert reverse("evidence", args=[participation.pk]) in page
    assert "la présence est obligatoire" in page


def test_an_ordinary_rdv_offers_neither(agent_client, participation):
    Participation.objects.update(convocable=False)
    page = text_of(rdv_page(agent_client, participation))
    assert "Imprimer la convocation" not in page
    assert reverse("evidence", args=[participation.pk]) not in page


def test_somebody_whom_only_a_letter_reaches_is_said(agent_client, participation, follow_up):
    usager = follow_up.usager
    usager.phone_number = usager.email = None
    usager.save()
    page = text_of(rdv_page(agent_client, participation))
    assert "seul un courrier peut prévenir cette personne" in page
    usager.address = None
    usager.save()
    page = text_of(rdv_page(agent_client, participation))
    assert "Il manque l'adresse de cette personne" in page
    assert "Imprimer la convocation" not in page
    assert reverse("usager_edit", args=[usager.pk]) in page


def test_somebody_who_was_not_told_of_the_last_change_is_to_be_called(agent_client, participation):
    assert "n'a pas été prévenu(e)" not in text_of(rdv_page(agent_client, participation))
    about = f"participation-{participation.pk}"
    MessageFactory(
        organisation=participation.rdv.organisation,
        usager=participation.usager,
        purpose=Purpose.CONVOCATION_UPDATED,
        about=about,
        unique_key=f"1:convocation_updated:{about}-{version_of(participation)}:sms",
        status=MessageStatus.PERMANENT_FAILURE,
        failure=TOLD_ENOUGH,
    )
    page = text_of(rdv_page(agent_client, participation))
    assert "n'a pas été prévenu(e) du dernier changement" in page
    assert f'href="tel:{participation.usager.phone_number}"' in page


def changed_twice(participation):
    """Both were told within the hour."""
    about = f"participation-{participation.pk}"
    for number in range(2):
        MessageFactory(
            organisation=participation.rdv.organisation,
            usager=participation.usager,
            purpose=Purpose.CONVOCATION_UPDATED,
            about=about,
            unique_key=f"1:convocation_updated:{about}-before-{number}:sms",
        )


def test_whoever_moves_a_convocation_once_too_often_is_told_to_call(agent_client, participation):
    changed_twice(participation)
    rdv = participation.rdv
    start = (rdv.starts_at + timedelta(days=1)).astimezone(rdv.time_zone).replace(tzinfo=None)
    form = {
        "organisation": rdv.organisation.slug,
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=30)).isoformat(),
        "notify": "1",
        "acknowledged": "1",
    }
    answer = agent_client.post(reverse("agenda_move", args=[rdv.pk]), form)
    assert f"Ce changement n'est pas annoncé : appelez {participation.usager}." in answer.json()["message"]


def test_whoever_edits_a_convocation_once_too_often_is_told_to_call(
    agent_client, participation, read_and_confirm, agent
):
    changed_twice(participation)
    rdv = participation.rdv
    form = {
        "motif": rdv.motif_id,
        "day": (timezone.now() + timedelta(days=20)).date().isoformat(),
        "start_time": "09:00",
        "minutes": "30",
        "lieu": rdv.lieu_id,
        "agents": [agent.pk],
        "context": "",
        "prevenir": "oui",
    }
    answer = read_and_confirm(reverse("rdv_edit", args=[rdv.pk]), form)
    page = text_of(agent_client.get(answer.url))
    assert "Personne n'est prévenu. Deux changements ont déjà été annoncés dans l'heure." in page
    assert f"appelez {participation.usager}." in page


def test_the_page_of_a_collective_one_costs_the_same_queries_whatever_their_number(
    agent_client, organisation, configuration
):
    motif = MotifFactory(
        organisation=organisation, motif_category=configuration.motif_category, collectif=True, summoning=True
    )
    first = ParticipationFactory(
        rdv__motif=motif,
        rdv__starts_at=timezone.now() + timedelta(days=9),
        convocable=True,
        follow_up__organisation=organisation,
    )
    rdv_page(agent_client, first)
    counts = []
    for more in (1, 10):
        for _ in range(more):
            ParticipationFactory(rdv=first.rdv, convocable=True, follow_up__organisation=organisation)
        with CaptureQueriesContext(connection) as captured:
            rdv_page(agent_client, first)
        counts.append(len(captured))
    assert counts[0] == counts[1]


# ---- Taking the slot of a convocation


@pytest.fixture
def summoning_slot(motif, slot):
    """What the form of confirmation sends to summon somebody."""
    motif.bookable_by, motif.convocation = "agents", True
    motif.save()
    return slot


def test_the_confirmation_says_that_it_is_a_convocation_and_how_it_leaves(agent_client, summoning_slot):
    page = text_of(agent_client.get(reverse("find_slot_confirm"), summoning_slot))
    assert "Confirmer la convocation" in page
    assert "La convocation part par SMS et par mail" in page
    assert ">Convoquer</button>" in page
    assert "reçoit la confirmation" not in page


def test_an_ordinary_rdv_is_not_called_a_convocation(agent_client, slot):
    page = text_of(agent_client.get(reverse("find_slot_confirm"), slot))
    assert "Elle reçoit la confirmation par SMS et par mail" in page
    assert "convocation" not in page.lower()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("12 rue de l'Église 26150 Die", "imprimez le courrier de convocation"),
        (None, "complétez ses coordonnées pour imprimer le courrier"),
    ],
)
def test_the_confirmation_says_when_only_a_letter_can_summon(
    agent_client, summoning_slot, usager, address, said
):
    usager.phone_number, usager.email, usager.address = None, None, address
    usager.save()
    assert said in text_of(agent_client.get(reverse("find_slot_confirm"), summoning_slot))


def test_what_was_done_says_how_the_convocation_leaves(agent_client, summoning_slot):
    page = text_of(agent_client.post(reverse("find_slot_confirm"), summoning_slot, follow=True))
    assert "La convocation est fixée : " in page
    assert "Elle part par SMS et par mail." in page


def test_somebody_reachable_by_post_only_has_a_letter_ready_to_print(agent_client, summoning_slot, usager):
    usager.phone_number, usager.email, usager.address = None, None, "12 rue de l'Église 26150 Die"
    usager.save()
    page = text_of(agent_client.post(reverse("find_slot_confirm"), summoning_slot, follow=True))
    anchor = f"courrier-{Participation.objects.get().pk}"
    assert f'<a href="#{anchor}">le courrier de convocation est prêt à imprimer</a>' in page
    assert f'id="{anchor}"' in page
    assert "Personne n'est prévenu" not in page


def test_somebody_whom_nothing_reaches_is_said_to_miss_an_address(agent_client, summoning_slot, usager):
    usager.phone_number, usager.email, usager.address = None, None, None
    usager.save()
    page = text_of(agent_client.post(reverse("find_slot_confirm"), summoning_slot, follow=True))
    assert "Elle n'est pas envoyée. Il manque l'adresse de cette personne" in page


# ---- The letter


def test_the_letter_is_a_pdf_printed_once_and_for_all(agent_client, participation):
    address = reverse("convocation_letter", args=[participation.pk])
    answers = [agent_client.post(address) for _ in range(2)]
    assert {answer["Content-Type"] for answer in answers} == {"application/pdf"}
    text = " ".join(PdfReader(BytesIO(answers[0].content)).pages[0].extract_text().split())
    assert "26150 Die" in text
    message = Message.objects.get(channel="postal")
    assert message.status == MessageStatus.PRINTED
    assert message.about == f"participation-{participation.pk}"


def test_a_letter_that_cannot_be_written_says_why_on_the_page(agent_client, participation, follow_up):
    follow_up.usager.address = None
    follow_up.usager.save()
    answer = agent_client.post(reverse("convocation_letter", args=[participation.pk]), follow=True)
    assert "Il manque l'adresse de cette personne" in text_of(answer)
    assert not Message.objects.filter(channel="postal").exists()


def test_a_cancelled_convocation_offers_the_letter_that_says_so(agent_client, participation):
    Participation.objects.update(status="revoked")
    page = text_of(rdv_page(agent_client, participation))
    assert "Imprimer l'annulation" in page
    agent_client.post(reverse("convocation_letter", args=[participation.pk]))
    assert Message.objects.get(channel="postal").purpose == Purpose.CONVOCATION_CANCELLED


# ---- Where the proof is found


def test_the_tab_of_rdvs_of_a_person_leads_to_the_proof(agent_client, participation):
    address = reverse("usager", args=[participation.usager_id])
    page = text_of(agent_client.get(f"{address}?onglet=rendez-vous"))
    assert reverse("evidence", args=[participation.pk]) in page
