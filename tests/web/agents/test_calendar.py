"""The calendar's page, what it remembers, and moving a rdv."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.agenda.models import Rdv
from rdv_insertion.messaging.models import Message
from tests.factories import (
    AgentFactory,
    LieuFactory,
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
def rdv(motif, agent):
    """A rdv at 10:00 on the next working day, in a plage that goes on until noon."""
    lieu = LieuFactory(organisation=motif.organisation)
    PlageOuvertureFactory(motif=motif, agent=agent, lieu=lieu)
    made = RdvFactory(motif=motif, agents=[agent], lieu=lieu)
    ParticipationFactory(rdv=made)
    return made


def text_of(client, **asked):
    return client.get(reverse("agenda"), asked).content.decode()


# --- The page ---


def test_the_page_leads_to_the_table_without_scripts(agent_client, agent):
    answer = text_of(agent_client)
    assert f'<noscript><meta http-equiv="refresh" content="0; url={reverse("agenda_table")}' in answer


def test_only_the_calendar_may_write_styles_and_only_with_its_nonce(agent_client, agent):
    policy = agent_client.get(reverse("agenda")).headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy
    assert "style-src 'self' 'nonce-" in policy
    assert "nonce-" not in agent_client.get(reverse("agenda_table")).headers["Content-Security-Policy"]


def test_somebody_who_receives_sees_themselves_first(agent_client, rdv, agent, organisation):
    other = AgentFactory(organisation=organisation)
    answer = text_of(agent_client)
    assert f'value="{agent.pk}" checked data-me' in answer
    assert f'value="{other.pk}" checked' not in answer


def test_somebody_who_does_not_receive_sees_everybody(agent_client, agent, organisation):
    other = AgentFactory(organisation=organisation)
    assert f'value="{other.pk}" checked' in text_of(agent_client)


# --- What is remembered ---


def keep(client, **chosen):
    assert client.post(reverse("agenda_preferences"), chosen).status_code == 200


def test_the_view_the_agents_and_the_filters_are_found_again(agent_client, agent, organisation, motif):
    MotifFactory(organisation=organisation)
    other = AgentFactory(organisation=organisation)
    keep(agent_client, vue="mois", agents=[other.pk], motifs=[motif.pk], statuts=["seen"], plages="non")
    answer = text_of(agent_client)
    assert 'value="mois" checked' in answer
    assert f'value="{other.pk}" checked' in answer
    assert f'id="motifs-{motif.pk}" name="motifs" value="{motif.pk}" checked' in answer
    assert 'value="seen" checked' in answer
    assert 'value="a-venir" checked' not in answer
    assert 'name="plages" value="oui">' in answer


def test_agents_are_remembered_for_each_organisation(agent_client, agent, organisation, colleague_elsewhere):
    elsewhere = colleague_elsewhere.organisations.get()
    elsewhere.roles.create(agent=agent)
    keep(agent_client, organisation=organisation.slug, agents=[agent.pk])
    keep(agent_client, organisation=elsewhere.slug, agents=[colleague_elsewhere.pk])
    agent.refresh_from_db()
    assert agent.preferences["agenda"]["organisations"] == {
        str(organisation.pk): {"agents": [agent.pk], "motifs": [], "lieux": []},
        str(elsewhere.pk): {"agents": [colleague_elsewhere.pk], "motifs": [], "lieux": []},
    }


def test_what_is_not_ours_is_not_remembered(agent_client, agent, stranger):
    keep(agent_client, vue="n'importe quoi", agents=[stranger.pk, "x"], motifs=["0"], statuts=["?"])
    agent.refresh_from_db()
    kept = agent.preferences["agenda"]
    assert kept["vue"] == "semaine"
    assert stranger.pk not in [pk for here in kept["organisations"].values() for pk in here["agents"]]


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        [],
        "x",
        {"agenda": None},
        {"agenda": {"vue": [], "statuts": 3, "plages": "x", "organisations": []}},
        {"agenda": {"organisations": {"1": {"agents": [None, {}, 999]}}, "statuts": [[], None]}},
    ],
)
def test_a_memory_that_makes_no_sense_is_ignored(agent_client, agent, garbage):
    agent.preferences = garbage if garbage is not None else {}
    agent.save()
    assert 'value="semaine" checked' in text_of(agent_client)
    keep(agent_client, vue="jour")
    assert 'value="jour" checked' in text_of(agent_client)


# --- Moving ---


def wall(rdv, **shift):
    moment = (rdv.starts_at + timedelta(**shift)).astimezone(rdv.time_zone).replace(tzinfo=None)
    return {"start": moment.isoformat(), "end": (moment + (rdv.ends_at - rdv.starts_at)).isoformat()}


def move(client, rdv, **fields):
    return client.post(reverse("agenda_move", args=[rdv.pk]), fields)


def test_a_rdv_is_moved_to_a_free_hour_and_the_person_is_told(agent_client, rdv, run_jobs):
    answer = move(agent_client, rdv, notify="1", **wall(rdv, hours=1))
    assert answer.status_code == 200
    assert "à 11 h" in answer.json()["message"]
    assert Rdv.objects.get(pk=rdv.pk).starts_at == rdv.starts_at + timedelta(hours=1)
    run_jobs()
    assert Message.objects.filter(purpose="rdv_updated").exists()


def test_nobody_is_told_when_it_is_not_asked(agent_client, rdv, run_jobs):
    move(agent_client, rdv, **wall(rdv, hours=1))
    run_jobs()
    assert not Message.objects.filter(purpose="rdv_updated").exists()


def test_a_conflict_is_said_first_and_changes_nothing(agent_client, rdv, motif, agent):
    ParticipationFactory(rdv=RdvFactory(motif=motif, agents=[agent], starts_at=rdv.ends_at))
    answer = move(agent_client, rdv, **wall(rdv, minutes=15))
    assert answer.status_code == 409
    assert any("a déjà un rendez-vous" in sentence for sentence in answer.json()["warnings"])
    assert Rdv.objects.get(pk=rdv.pk).starts_at == rdv.starts_at


def test_a_conflict_that_was_read_is_accepted(agent_client, rdv, motif, agent):
    ParticipationFactory(rdv=RdvFactory(motif=motif, agents=[agent], starts_at=rdv.ends_at))
    fingerprint = move(agent_client, rdv, **wall(rdv, minutes=15)).json()["fingerprint"]
    assert move(agent_client, rdv, acknowledged=fingerprint, **wall(rdv, minutes=15)).status_code == 200
    assert Rdv.objects.get(pk=rdv.pk).overbooked


def test_a_rdv_is_stretched(agent_client, rdv):
    hours = wall(rdv)
    end = (rdv.ends_at + timedelta(minutes=15)).astimezone(rdv.time_zone).replace(tzinfo=None)
    assert move(agent_client, rdv, start=hours["start"], end=end.isoformat()).status_code == 200
    assert Rdv.objects.get(pk=rdv.pk).ends_at == rdv.ends_at + timedelta(minutes=15)


def test_a_rdv_is_handed_over_to_a_colleague(agent_client, rdv, agent, organisation):
    colleague = AgentFactory(organisation=organisation)
    fields = {**wall(rdv), "from": agent.pk, "to": colleague.pk, "acknowledged": "1"}
    assert move(agent_client, rdv, **fields).status_code == 200
    assert list(Rdv.objects.get(pk=rdv.pk).agents.all()) == [colleague]


def test_a_rdv_is_not_handed_over_to_a_stranger(agent_client, rdv, agent, stranger):
    fields = {**wall(rdv), "from": agent.pk, "to": stranger.pk, "acknowledged": "1"}
    answer = move(agent_client, rdv, **fields)
    assert answer.status_code == 400
    assert "ne travaille pas" in answer.json()["error"]


def test_a_cancelled_rdv_stays_where_it_is(agent_client, rdv):
    Rdv.objects.filter(pk=rdv.pk).update(status="revoked")
    answer = move(agent_client, rdv, **wall(rdv, hours=1))
    assert answer.status_code == 422
    assert "annulé" in answer.json()["error"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("", ""),
        ("hier", "demain"),
        ("2026-03-03T10:00:00", "2026-03-03T09:00:00"),
        ("0001-01-01T00:00:00", "0001-01-01T01:00:00"),
        ("9999-12-31T23:00:00", "9999-12-31T23:59:00"),
        ("2026-02-30T10:00:00", "2026-02-30T11:00:00"),
        ("2026-03-03", "2026-03-03T25:00"),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_words(agent_client, rdv, start, end):
    answer = move(agent_client, rdv, start=start, end=end)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"].endswith(".")


def test_a_stranger_does_not_move_it(rdv, stranger):
    browser = Client()
    browser.force_login(stranger)
    assert move(browser, rdv, **wall(rdv, hours=1)).status_code == 404
    assert Rdv.objects.get(pk=rdv.pk).starts_at == rdv.starts_at


def test_the_day_asked_for_is_shown(agent_client, agent):
    day = next_weekday(timezone.now()).date()
    assert f'data-day="{day.isoformat()}"' in text_of(agent_client, jour=day.isoformat())


@pytest.mark.parametrize(
    ("today", "first"),
    [("2026-11-20", "2026-11-20"), ("2026-11-21", "2026-11-23"), ("2026-11-22", "2026-11-23")],
)
def test_on_a_weekend_that_is_hidden_the_agenda_opens_on_monday(agent_client, time_machine, today, first):
    time_machine.move_to(f"{today}T10:00:00+01:00")
    assert agent_client.get(reverse("agenda")).context["day"].isoformat() == first
