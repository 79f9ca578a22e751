"""The table that is equal to the calendar, the printed day, and saying what became of a rdv."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.messaging.models import Message
from tests.factories import (
    AbsenceFactory,
    AgentFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
    next_weekday,
)


@pytest.fixture
def motif(configuration):
    return MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)


@pytest.fixture
def record(agent_client):
    def post(participation, **fields):
        address = reverse("record_participation", args=[participation.pk])
        answer = agent_client.post(address, {"next": reverse("agenda_table"), **fields}, follow=True)
        participation.refresh_from_db()
        return answer.content.decode()

    return post


def past(motif, agent, **fields):
    return ParticipationFactory(rdv=RdvFactory(motif=motif, agents=[agent], past=True, **fields))


def coming(motif, agent, **fields):
    return ParticipationFactory(rdv=RdvFactory(motif=motif, agents=[agent], **fields))


def table(client, day, **asked):
    return client.get(reverse("agenda_table"), {"semaine": day.isoformat(), **asked}).content.decode()


def escaped(text):
    return str(text).replace("'", "&#x27;")


def test_the_week_shows_each_agents_rdvs(agent_client, motif, agent):
    starts_at = next_weekday(timezone.now())
    participation = coming(motif, agent, starts_at=starts_at)
    text = table(agent_client, starts_at.date())
    assert escaped(participation.usager) in text
    assert "Alice Agent" in text


def test_one_agent_can_be_chosen(agent_client, motif, agent, organisation):
    other = AgentFactory(organisation=organisation)
    starts_at = next_weekday(timezone.now())
    coming(motif, other, starts_at=starts_at)
    assert "Rien cette semaine" in table(agent_client, starts_at.date(), agents=agent.pk)


def test_plages_and_absences_are_said_in_words(agent_client, motif, agent):
    day = next_weekday(timezone.now()).date()
    PlageOuvertureFactory(
        motif=motif, agent=agent, title="Permanence du matin", first_day=day, once=True, start_time=time(9)
    )
    AbsenceFactory(agent=agent, title="Formation", first_day=day)
    text = table(agent_client, day, agents=agent.pk)
    assert "Plage d&#x27;ouverture : Permanence du matin" in text
    assert "Absence : Formation" in text
    assert "Toute la journée" in text


def test_filters_keep_only_the_motifs_asked_for(agent_client, motif, agent, organisation):
    other = MotifFactory(organisation=organisation, name="Autre motif")
    starts_at = next_weekday(timezone.now())
    shown = coming(motif, agent, starts_at=starts_at)
    hidden = coming(other, agent, starts_at=starts_at + timedelta(hours=1))
    text = table(agent_client, starts_at.date(), agents=agent.pk, motifs=motif.pk)
    assert reverse("usager", args=[shown.usager_id]) in text
    assert reverse("usager", args=[hidden.usager_id]) not in text


@pytest.mark.parametrize("asked", ["", "hier", "0001-01-01", "9999-12-31", "2026-02-30"])
@pytest.mark.parametrize("page", ["agenda", "agenda_table", "agenda_print", "agenda_events"])
def test_what_makes_no_sense_is_survived(agent_client, page, asked):
    names = ("semaine", "jour", "agent", "agents", "motifs", "lieux", "statuts", "vue", "start", "end")
    answer = agent_client.get(reverse(page), dict.fromkeys((*names, "organisation", "plages"), asked))
    assert answer.status_code == 200


def test_a_week_costs_the_same_queries_whatever_it_holds(agent_client, motif, agent):
    starts_at = next_weekday(timezone.now())

    def queries():
        with CaptureQueriesContext(connection) as captured:
            table(agent_client, starts_at.date(), agents=agent.pk)
        return len(captured)

    coming(motif, agent, starts_at=starts_at)
    PlageOuvertureFactory(motif=motif, agent=agent)
    AbsenceFactory(agent=agent)
    few = queries()
    for number in range(1, 7):
        coming(motif, agent, starts_at=starts_at + timedelta(minutes=30 * number))
        PlageOuvertureFactory(motif=motif, agent=agent)
        AbsenceFactory(agent=agent)
    assert queries() == few


# --- What waits for a status ---


def test_past_rdvs_without_status_are_counted_on_every_page_and_listed(agent_client, motif, agent):
    participation = past(motif, agent)
    assert "1 rendez-vous à renseigner" in agent_client.get(reverse("agenda")).content.decode()
    text = agent_client.get(reverse("agenda"), {"a-renseigner": 1}).content.decode()
    assert "Tout est à jour" not in text
    assert escaped(participation.usager) in text


def test_the_rdvs_of_colleagues_do_not_wait_for_me(agent_client, motif, organisation):
    past(motif, AgentFactory(organisation=organisation))
    assert "Tout est à jour" in agent_client.get(reverse("agenda"), {"a-renseigner": 1}).content.decode()


# --- The printed day ---


def printed(client, day, *agents):
    asked = {"jour": day.isoformat(), "agent": [one.pk for one in agents]}
    return client.get(reverse("agenda_print"), asked).content.decode()


def test_the_printed_day_gives_what_an_interview_needs(agent_client, motif, agent):
    participation = coming(motif, agent)
    participation.usager.phone_number = "+33612345678"
    participation.usager.save()
    text = printed(agent_client, participation.rdv.starts_at.date(), agent)
    for expected in (
        escaped(participation.usager),
        "06 12 34 56 78",
        motif.name,
        participation.rdv.lieu.name,
    ):
        assert expected in text


def test_a_cancelled_rdv_is_struck_on_paper(agent_client, motif, agent):
    rdv = RdvFactory(motif=motif, agents=[agent], status="excused")
    participation = ParticipationFactory(rdv=rdv, excused=True)
    text = printed(agent_client, rdv.starts_at.date(), agent)
    assert f"<s>{escaped(participation.usager)}</s>" in text


def test_each_agent_has_a_page_of_their_own(agent_client, motif, agent, organisation):
    other = AgentFactory(organisation=organisation, first_name="Zoé", last_name="Zidane")
    coming(motif, agent)
    day = coming(motif, other).rdv.starts_at.date()
    assert printed(agent_client, day, agent, other).count('class="day-print__agent"') == 2


def test_a_day_without_anything_says_so(agent_client, agent):
    assert "Rien ce jour-là pour Alice Agent" in printed(agent_client, date(2026, 3, 3), agent)


# --- Saying what became of a rdv ---


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


def test_a_cancelled_rdv_to_come_is_told_to_the_person(record, motif, agent, run_jobs):
    participation = coming(motif, agent)
    record(participation, statut="revoked")
    run_jobs()
    purposes = set(Message.objects.filter(usager=participation.usager).values_list("purpose", flat=True))
    assert "rdv_cancelled" in purposes


def test_a_rdv_whose_time_was_given_to_somebody_else_stays_cancelled(record, motif, agent):
    participation = coming(motif, agent)
    record(participation, statut="revoked")
    coming(motif, agent, starts_at=participation.rdv.starts_at)
    assert "reste annulé" in record(participation, statut="unknown")
    assert participation.status == "revoked"
