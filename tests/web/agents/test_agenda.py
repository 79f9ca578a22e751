"""The week, and saying what became of a rdv."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.messaging.models import Message
from tests.factories import AgentFactory, MotifFactory, ParticipationFactory, RdvFactory, next_weekday


@pytest.fixture
def motif(configuration):
    return MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)


@pytest.fixture
def record(agent_client):
    def post(participation, **fields):
        address = reverse("record_participation", args=[participation.pk])
        answer = agent_client.post(address, {"next": reverse("agenda"), **fields}, follow=True)
        participation.refresh_from_db()
        return answer.content.decode()

    return post


def past(motif, agent):
    return ParticipationFactory(rdv=RdvFactory(motif=motif, agents=[agent], past=True))


def coming(motif, agent, **fields):
    return ParticipationFactory(rdv=RdvFactory(motif=motif, agents=[agent], **fields))


def test_the_week_shows_each_agents_rdvs(agent_client, motif, agent):
    starts_at = next_weekday(timezone.now())
    participation = coming(motif, agent, starts_at=starts_at)
    text = agent_client.get(reverse("agenda"), {"semaine": starts_at.date().isoformat()}).content.decode()
    assert str(participation.usager).replace("'", "&#x27;") in text
    assert "Alice Agent" in text


def test_one_agent_can_be_chosen(agent_client, motif, agent, organisation):
    other = AgentFactory(organisation=organisation)
    starts_at = next_weekday(timezone.now())
    coming(motif, other, starts_at=starts_at)
    asked = {"semaine": starts_at.date().isoformat(), "agent": agent.pk}
    assert "Aucun rendez-vous cette semaine" in agent_client.get(reverse("agenda"), asked).content.decode()


@pytest.mark.parametrize("asked", ["", "hier", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_week_that_makes_no_sense_is_this_week(agent_client, asked):
    assert agent_client.get(reverse("agenda"), {"semaine": asked, "agent": "x"}).status_code == 200


def test_past_rdvs_without_status_are_counted_on_every_page_and_listed(agent_client, motif, agent):
    past(motif, agent)
    text = agent_client.get(reverse("agenda")).content.decode()
    assert "1 rendez-vous à renseigner" in text
    assert "Tout est à jour" not in agent_client.get(reverse("agenda"), {"a-renseigner": 1}).content.decode()


def test_a_week_costs_the_same_queries_whatever_its_rdvs(agent_client, motif, agent):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    starts_at = next_weekday(timezone.now())

    def queries():
        with CaptureQueriesContext(connection) as captured:
            agent_client.get(reverse("agenda"), {"semaine": starts_at.date().isoformat()})
        return len(captured)

    coming(motif, agent, starts_at=starts_at)
    few = queries()
    for number in range(1, 7):
        coming(motif, agent, starts_at=starts_at + timedelta(minutes=30 * number))
    assert queries() == few


@pytest.mark.parametrize("status", ["seen", "noshow", "excused", "revoked"])
def test_what_became_of_a_rdv_is_recorded(record, motif, agent, status):
    participation = past(motif, agent)
    assert "Statut enregistré" in record(participation, statut=status)
    assert participation.status == status


def test_recording_can_be_undone(record, motif, agent):
    participation = past(motif, agent)
    assert '<input type="hidden" name="statut" value="unknown">' in record(participation, statut="seen")
    record(participation, statut="unknown")
    assert participation.status == "unknown"


@pytest.mark.parametrize("status", ["seen", "noshow", "n-importe-quoi", ""])
def test_what_cannot_be_is_refused_in_words(record, motif, agent, status):
    participation = coming(motif, agent)
    assert "Ce statut n&#x27;est pas possible" in record(participation, statut=status)
    assert participation.status == "unknown"


def test_a_cancelled_rdv_to_come_is_told_to_the_person(record, motif, agent):
    participation = coming(motif, agent)
    record(participation, statut="revoked")
    purposes = set(Message.objects.filter(usager=participation.usager).values_list("purpose", flat=True))
    assert "rdv_cancelled" in purposes


def test_a_rdv_whose_time_was_given_to_somebody_else_stays_cancelled(record, motif, agent):
    participation = coming(motif, agent)
    record(participation, statut="revoked")
    coming(motif, agent, starts_at=participation.rdv.starts_at)
    assert "reste annulé" in record(participation, statut="unknown")
    assert participation.status == "revoked"
