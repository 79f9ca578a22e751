"""What the calendar is fed with: contents, permissions, clocks, cost."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.web.agents.agenda.feed import readable_on
from tests.factories import (
    AbsenceFactory,
    AgentFactory,
    AgentRoleFactory,
    DepartmentFactory,
    FollowUpFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
    next_weekday,
)


@pytest.fixture
def motif(configuration):
    return MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)


def events(client, day=None, **asked):
    """Those of one day, or of the days asked for."""
    bounds = {"start": day.isoformat(), "end": (day + timedelta(days=1)).isoformat()} if day else {}
    answer = client.get(reverse("agenda_events"), {**bounds, **asked})
    assert answer.status_code == 200
    return answer.json()["events"]


def of_kind(kind, found):
    return [event for event in found if event["kind"] == kind]


def browser_of(agent):
    browser = Client()
    browser.force_login(agent)
    return browser


def coming(motif, agent, **fields):
    return ParticipationFactory(rdv=RdvFactory(motif=motif, agents=[agent], **fields))


def test_a_rdv_tells_who_why_where_and_leads_to_its_page(agent_client, motif, agent):
    participation = coming(motif, agent)
    rdv = participation.rdv
    (event,) = of_kind("rdv", events(agent_client, rdv.starts_at.date(), agents=agent.pk))
    assert event["title"] == str(participation.usager)
    assert (event["motif"], event["place"], event["state"]) == (motif.name, rdv.lieu.name, "a-venir")
    assert event["url"] == reverse("rdv_show", args=[rdv.pk])
    assert event["movable"] is True
    assert event["initials"] == "AA"


def test_a_collective_rdv_tells_its_seats(agent_client, configuration, agent):
    motif = MotifFactory(
        organisation=configuration.organisation, collectif=True, max_participants_count=8, name="Atelier CV"
    )
    rdv = RdvFactory(motif=motif, agents=[agent], max_participants_count=8, seats_taken=2)
    for status in ("unknown", "unknown", "excused"):
        ParticipationFactory(rdv=rdv, status=status)
    (event,) = of_kind("rdv", events(agent_client, rdv.starts_at.date(), agents=agent.pk))
    assert event["title"] == "Atelier CV (2/8)"


@pytest.mark.parametrize(
    ("traits", "state"),
    [({}, "a-renseigner"), ({"status": "seen"}, "seen"), ({"status": "noshow"}, "noshow")],
)
def test_each_state_is_named(agent_client, motif, agent, traits, state):
    rdv = RdvFactory(motif=motif, agents=[agent], past=True, **traits)
    ParticipationFactory(rdv=rdv, **traits)
    (event,) = of_kind("rdv", events(agent_client, rdv.starts_at.date(), agents=agent.pk))
    assert event["state"] == state
    assert event["stateLabel"]


def test_cancelled_rdvs_are_shown_when_asked_for(agent_client, motif, agent):
    rdv = RdvFactory(motif=motif, agents=[agent], status="revoked")
    ParticipationFactory(rdv=rdv, status="revoked")
    day = rdv.starts_at.date()
    assert of_kind("rdv", events(agent_client, day, agents=agent.pk)) == []
    (event,) = of_kind("rdv", events(agent_client, day, agents=agent.pk, statuts="revoked"))
    assert event["cancelled"]
    assert not event["movable"]


def test_only_the_agents_asked_for_are_shown(agent_client, motif, agent, organisation):
    day = coming(motif, AgentFactory(organisation=organisation)).rdv.starts_at.date()
    assert of_kind("rdv", events(agent_client, day, agents=agent.pk)) == []


@pytest.mark.parametrize("name", ["motifs", "lieux"])
def test_rdvs_can_be_filtered(agent_client, motif, agent, organisation, name):
    shown = coming(motif, agent)
    other = MotifFactory(organisation=organisation)
    coming(other, agent, starts_at=shown.rdv.ends_at)
    wanted = {"motifs": motif.pk, "lieux": shown.rdv.lieu_id}[name]
    found = events(agent_client, shown.rdv.starts_at.date(), agents=agent.pk, **{name: wanted})
    assert [event["rdv"] for event in of_kind("rdv", found)] == [shown.rdv_id]


# --- Who may see what ---


def test_a_stranger_sees_nothing_of_it(motif, agent, stranger):
    participation = coming(motif, agent)
    found = events(browser_of(stranger), participation.rdv.starts_at.date(), agents=agent.pk)
    assert found == []


@pytest.fixture
def shared_agent(agent, colleague_elsewhere):
    """An agent of both organisations."""
    AgentRoleFactory(agent=colleague_elsewhere, organisation=agent.organisations.get())
    return colleague_elsewhere


def test_a_rdv_of_an_organisation_that_is_not_mine_only_says_busy(agent_client, shared_agent, category):
    elsewhere = shared_agent.organisations.get(slug="die")
    secret = MotifFactory(organisation=elsewhere, motif_category=category, name="Motif secret")
    rdv = coming(secret, shared_agent).rdv
    answer = events(agent_client, rdv.starts_at.date(), agents=shared_agent.pk)
    (event,) = answer
    assert set(event) == {"id", "kind", "title", "start", "end", "agents"}
    assert event["title"] == "Occupé"


def test_it_is_read_by_those_who_work_there_too(agent_client, agent, shared_agent, category):
    elsewhere = shared_agent.organisations.get(slug="die")
    AgentRoleFactory(agent=agent, organisation=elsewhere)
    rdv = coming(MotifFactory(organisation=elsewhere, motif_category=category), shared_agent).rdv
    found = events(agent_client, rdv.starts_at.date(), agents=shared_agent.pk, organisation="cd-drome")
    assert [event["kind"] for event in found] == ["rdv"]


def test_the_reason_of_an_absence_is_for_its_agent_and_their_administrators(agent, admin, organisation):
    day = next_weekday(timezone.now()).date()
    AbsenceFactory(agent=agent, title="Rendez-vous médical", first_day=day)
    colleague = AgentFactory(organisation=organisation)

    def title(viewer):
        (event,) = of_kind("absence", events(browser_of(viewer), day, agents=agent.pk))
        return event["title"]

    assert title(agent) == title(admin) == "Absence : Rendez-vous médical"
    assert title(colleague) == "Indisponibilité"


# --- Clocks ---


def test_plages_keep_their_wall_clock_through_both_clock_changes(agent_client, motif, agent):
    PlageOuvertureFactory(
        motif=motif,
        agent=agent,
        first_day=date(2026, 3, 1),
        start_time=time(9),
        end_time=time(12),
        recurrence="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU",
    )
    for first in (date(2026, 3, 28), date(2026, 10, 24)):
        found = events(agent_client, start=first, end=first + timedelta(days=3), agents=agent.pk)
        hours = [(one["start"][11:16], one["end"][11:16]) for one in of_kind("plage", found)]
        assert hours == [("09:00", "12:00")] * 3


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 3, 29, 8, 0, tzinfo=UTC), "2026-03-29T10:00:00"),
        (datetime(2026, 10, 25, 8, 0, tzinfo=UTC), "2026-10-25T09:00:00"),
    ],
)
def test_a_rdv_is_written_on_the_clocks_of_its_day(agent_client, motif, agent, moment, written):
    coming(motif, agent, starts_at=moment)
    (event,) = of_kind("rdv", events(agent_client, moment.date(), agents=agent.pk))
    assert event["start"] == written


def test_overseas_the_hours_are_those_of_the_department(category):
    reunion = OrganisationFactory(department=DepartmentFactory(reunion=True), slug="reunion")
    agent = AgentFactory(organisation=reunion)
    motif = MotifFactory(organisation=reunion, motif_category=category, by_phone=True)
    rdv = RdvFactory(motif=motif, agents=[agent], starts_at=datetime(2026, 3, 3, 20, 30, tzinfo=UTC))
    ParticipationFactory(rdv=rdv, follow_up=FollowUpFactory(organisation=reunion))
    PlageOuvertureFactory(motif=motif, agent=agent, first_day=date(2026, 3, 4), once=True)
    found = events(browser_of(agent), date(2026, 3, 4), agents=agent.pk, statuts="a-renseigner")
    assert [one["start"] for one in found] == ["2026-03-04T09:00:00", "2026-03-04T00:30:00"]


def test_days_off_have_their_name_and_no_plage(agent_client, motif, agent):
    PlageOuvertureFactory(motif=motif, agent=agent, first_day=date(2026, 4, 6), once=True)
    (event,) = events(agent_client, date(2026, 4, 6), agents=agent.pk)
    assert (event["kind"], event["title"]) == ("ferie", "Jour férié : Lundi de Pâques")


def test_an_absence_of_several_days_is_shown_on_each_of_them(agent_client, agent):
    AbsenceFactory(agent=agent, first_day=date(2026, 3, 2), end_day=date(2026, 3, 6))
    assert of_kind("absence", events(agent_client, date(2026, 3, 4), agents=agent.pk))
    assert of_kind("absence", events(agent_client, date(2026, 3, 7), agents=agent.pk)) == []


# --- Cost, and colours ---


def test_the_events_cost_the_same_queries_whatever_there_is(agent_client, motif, agent, organisation):
    day = next_weekday(timezone.now())

    def queries():
        with CaptureQueriesContext(connection) as captured:
            events(agent_client, day.date(), vue="jour", agents=agents)
        return len(captured)

    def one_of_each(holder, number):
        coming(motif, holder, starts_at=day + timedelta(minutes=30 * number))
        PlageOuvertureFactory(motif=motif, agent=holder)
        AbsenceFactory(agent=holder, first_day=day.date())

    others = AgentFactory.create_batch(3, organisation=organisation)
    agents = [agent.pk, *[other.pk for other in others]]
    one_of_each(agent, 0)
    few = queries()
    for number, other in enumerate(others * 2, start=1):
        one_of_each(other, number)
    assert queries() == few
    assert few <= 14


@pytest.mark.parametrize(
    ("color", "ink"), [("#000091", "#ffffff"), ("#fceb7e", "#161616"), ("#009099", "#161616")]
)
def test_the_ink_is_the_one_that_is_read_best(color, ink):
    assert readable_on(color) == ink
