"""*Courriers à imprimer*."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Message
from tests.factories import FollowUpFactory, InvitationFactory, MotifFactory, PlageOuvertureFactory


@pytest.fixture
def open_slots(configuration, agent):
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    return PlageOuvertureFactory(motif=motif, agent=agent)


@pytest.fixture
def due(configuration):
    """People invited long ago who did not answer, in a category with a postal step."""
    configuration.letter_after_days = 10
    configuration.save()

    def make(**values):
        return InvitationFactory(
            organisation=configuration.organisation,
            follow_up=FollowUpFactory(organisation=configuration.organisation, **values),
            created_at=timezone.now() - timedelta(days=11),
        ).follow_up

    return make


@pytest.fixture
def address(organisation):
    return reverse("letters", args=[organisation.slug])


def test_an_empty_page_says_what_will_appear(agent_client, configuration, address):
    text = agent_client.get(address).content.decode()
    assert "Aucun courrier à imprimer" in text
    assert "un administrateur choisit le nombre de jours" in text


def test_those_due_and_those_written_are_shown_with_their_number(
    agent_client, due, organisation, open_slots, address
):
    follow_up = due()
    written = InvitationFactory(
        organisation=organisation, channel=Channel.LETTER, message__status="to_print"
    ).follow_up
    text = agent_client.get(address).content.decode()
    assert "Imprimer les 2 courriers (PDF)" in text
    for one in (follow_up, written):
        assert reverse("usager", args=[one.usager_id]) in text


def test_one_click_prints_everything_and_reprints(agent_client, due, organisation, open_slots, address):
    due(), due()
    answer = agent_client.post(reverse("letters_print", args=[organisation.slug]))
    assert answer.status_code == 302
    pdf = agent_client.get(answer.url)
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert set(Message.objects.filter(channel="postal").values_list("status", flat=True)) == {"printed"}
    text = agent_client.get(address).content.decode()
    assert "Aucun courrier à imprimer" in text
    assert "Réimprimer 2 courriers" in text
    assert answer.url in text


def test_nothing_to_print_is_said(agent_client, configuration, organisation):
    answer = agent_client.post(reverse("letters_print", args=[organisation.slug]), follow=True)
    assert "Aucun courrier n&#x27;a pu être imprimé" in answer.content.decode()


def test_without_a_slot_it_is_said_before_and_the_agent_may_insist(
    agent_client, due, organisation, address, configuration
):
    due()
    text = agent_client.get(address).content.decode()
    assert "ces courriers ne seront pas écrits" in text
    url = reverse("letters_print", args=[organisation.slug])
    agent_client.post(url)
    assert not Message.objects.filter(channel="postal").exists()
    agent_client.post(url, {"sans-creneau": "oui"})
    assert Message.objects.filter(channel="postal").count() == 1


@pytest.mark.parametrize("moment", ["hier", "2026-03-02T09:00:00", "2026-13-99T09:00:00+00:00", "0"])
def test_a_moment_that_means_nothing_is_not_found(agent_client, configuration, organisation, moment):
    url = reverse("letters_pdf", args=[organisation.slug, moment])
    assert agent_client.get(url).status_code == 404


def test_letters_of_another_organisation_are_not_printed_again(
    client, due, agent_client, organisation, open_slots, colleague_elsewhere
):
    due()
    url = agent_client.post(reverse("letters_print", args=[organisation.slug])).url
    client.force_login(colleague_elsewhere)
    assert client.get(url).status_code == 404
    theirs = colleague_elsewhere.organisations.get().slug
    assert client.get(url.replace(organisation.slug, theirs)).status_code == 404


def test_one_letter_is_printed_from_the_person_and_looking_at_it_prints_nothing(agent_client, organisation):
    message = InvitationFactory(
        organisation=organisation,
        follow_up=FollowUpFactory(organisation=organisation),
        channel=Channel.LETTER,
        message__status="to_print",
    ).message
    address = reverse("message_letter", args=[message.pk])
    person = reverse("usager", args=[message.usager_id])

    def status():
        return Message.objects.get().status

    assert agent_client.get(address).content.startswith(b"%PDF-")
    assert status() == "to_print"
    assert "Imprimer le courrier" in agent_client.get(person, {"onglet": "messages"}).content.decode()
    assert agent_client.post(address).content.startswith(b"%PDF-")
    assert status() == "printed"
    text = agent_client.get(person, {"onglet": "messages"}).content.decode()
    assert ("Imprimer le courrier" in text, "Ouvrir le courrier (PDF)" in text) == (False, True)


def test_a_letter_of_another_organisation_is_not_marked_printed(client, organisation, colleague_elsewhere):
    message = InvitationFactory(
        organisation=organisation, channel=Channel.LETTER, message__status="to_print"
    ).message
    client.force_login(colleague_elsewhere)
    assert client.post(reverse("message_letter", args=[message.pk])).status_code == 404
    assert Message.objects.get().status == "to_print"


def test_the_page_costs_the_same_queries_for_two_and_forty_people(
    agent_client, due, open_slots, address, organisation
):
    costs = []
    for count in (2, 40):
        for _ in range(count):
            due()
            InvitationFactory(organisation=organisation, channel=Channel.LETTER, message__status="to_print")
        agent_client.get(address)
        with CaptureQueriesContext(connection) as queries:
            agent_client.get(address)
        costs.append(len(queries))
    assert costs[0] == costs[1]
