"""The day of an agent, and statuses said for several people at once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from tests.factories import FollowUpFactory, ParticipationFactory, RdvFactory

GARBAGE = ["", "abc", "-1", "9" * 30, "2026-99-99", "é'\"<"]


@pytest.fixture
def expect(motif, lieu, agent, organisation):
    """Somebody expected by the agent, so many half hours ago (or from now when negative)."""

    def one(half_hours):
        starts_at = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=31 * half_hours)
        follow_up = FollowUpFactory(organisation=organisation, motif_category=motif.motif_category)
        rdv = RdvFactory(motif=motif, lieu=lieu, agents=[agent], starts_at=starts_at)
        return ParticipationFactory(rdv=rdv, usager=follow_up.usager, follow_up=follow_up)

    return one


@pytest.fixture
def record(agent_client):
    def post(*participations, **form):
        data = {"participations": [one.pk for one in participations], **form}
        return agent_client.post(reverse("record_day"), data, follow=True)

    return post


def test_the_day_lists_those_whom_the_agent_expects(get, expect):
    one = expect(1)
    day = timezone.localtime(one.rdv.starts_at).date()
    assert escape(str(one.usager)) in get("rdv_day", jour=day.isoformat())


def test_the_day_of_a_colleague_may_be_shown(get, expect, admin):
    one = expect(1)
    day = timezone.localtime(one.rdv.starts_at).date()
    assert escape(str(one.usager)) not in get("rdv_day", jour=day.isoformat(), agent=admin.pk)


def test_a_day_without_rdv_gives_the_first_action(get, organisation):
    assert "Trouver un créneau" in get("rdv_day", jour="2027-01-01")


def test_several_people_are_said_to_have_come(record, expect):
    first, second = expect(1), expect(2)
    record(first, second, statut="seen")
    first.refresh_from_db()
    second.refresh_from_db()
    assert {first.status, second.status} == {"seen"}


def test_those_for_whom_it_is_impossible_are_said_one_by_one(record, expect):
    came, coming = expect(1), expect(-2)
    text = record(came, coming, statut="seen").content.decode()
    came.refresh_from_db()
    coming.refresh_from_db()
    assert (came.status, coming.status) == ("seen", "unknown")
    assert f"{escape(str(coming.usager))} : Ce statut n&#x27;est pas possible" in text


def test_it_can_be_undone(agent_client, record, expect):
    one, other = expect(1), expect(2)
    record(other, statut="noshow")
    record(one, other, statut="seen")
    undo = {"avant": f"{one.pk}:unknown,{other.pk}:noshow"}
    agent_client.post(reverse("undo_day"), undo)
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.status, other.status) == ("unknown", "noshow")


def test_what_the_page_offers_to_undo_is_what_was(record, expect):
    one = expect(1)
    assert f'value="{one.pk}:unknown"' in record(one, statut="seen").content.decode()


def test_nothing_ticked_changes_nothing_and_says_so(record):
    assert "Cochez au moins une personne" in record(statut="seen").content.decode()


def test_those_of_other_organisations_are_left_alone(record, expect):
    foreign = ParticipationFactory(past=True)
    record(foreign, statut="seen")
    foreign.refresh_from_db()
    assert foreign.status == "unknown"


@pytest.mark.parametrize("value", GARBAGE)
def test_garbage_is_survived(agent_client, expect, value):
    one = expect(1)
    assert agent_client.get(reverse("rdv_day"), {"jour": value, "agent": value}).status_code == 200
    for form in ({"participations": value}, {"participations": one.pk, "statut": value}):
        assert agent_client.post(reverse("record_day"), form).status_code == 302
    assert agent_client.post(reverse("undo_day"), {"avant": f"{value}:seen,{value}"}).status_code == 302


def test_the_number_of_queries_does_not_depend_on_the_people(agent_client, expect):
    one = expect(1)
    day = timezone.localtime(one.rdv.starts_at).date().isoformat()

    def queries():
        with CaptureQueriesContext(connection) as captured:
            agent_client.get(reverse("rdv_day"), {"jour": day})
        return len(captured)

    queries()
    few = queries()
    ParticipationFactory(rdv=one.rdv)
    ParticipationFactory(rdv=one.rdv)
    assert queries() == few


def test_after_one_interview_the_next_rdv_is_a_link(record, expect):
    one = expect(1)
    text = record(one, statut="seen").content.decode()
    assert f"Prendre le prochain rendez-vous de {one.usager.first_name}</a>" in text
