"""Collective rdvs: creating several, filling them, saying who came."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from rdv_insertion.agenda.models import Rdv
from rdv_insertion.messaging.models import Message
from tests.factories import FollowUpFactory, MotifFactory, ParticipationFactory, RdvFactory, UsagerFactory

GARBAGE = ["", "abc", "-1", "9" * 30, "2026-99-99", "é'\"<"]


@pytest.fixture
def form(organisation, lieu, agent):
    motif = MotifFactory(organisation=organisation, collectif=True, name="Atelier emploi")
    return {
        "motif": motif.pk,
        "name": "Refaire son CV",
        "day": "2027-03-02",
        "start_time": "14:00",
        "minutes": "90",
        "lieu": lieu.pk,
        "agents": [agent.pk],
        "seats": "8",
    }


@pytest.fixture
def people(organisation):
    return [UsagerFactory(organisation=organisation) for _ in range(3)]


@pytest.fixture
def begun(atelier, organisation, configuration):
    """The atelier a week ago, with two people."""
    rdv = RdvFactory(motif=atelier.motif, lieu=atelier.lieu, past=True, max_participants_count=5)
    for _ in range(2):
        follow_up = FollowUpFactory(organisation=organisation, motif_category=configuration.motif_category)
        ParticipationFactory(rdv=rdv, usager=follow_up.usager, follow_up=follow_up)
    Rdv.objects.filter(pk=rdv.pk).update(seats_taken=2)
    return rdv


def enrol(client, rdv, usagers, **form):
    url = reverse("collective_people", args=[rdv.pk])
    return client.post(url, {"usagers": [one.pk for one in usagers], **form})


def test_an_atelier_is_created(agent_client, form):
    agent_client.post(reverse("collective_new"), form)
    rdv = Rdv.objects.get()
    assert (rdv.name, rdv.max_participants_count, rdv.seats_taken) == ("Refaire son CV", 8, 0)


def test_several_dates_are_created_at_once(agent_client, form):
    agent_client.post(reverse("collective_new"), {**form, "other_days": ["2027-03-09", "2027-03-16", ""]})
    assert [f"{rdv.starts_at:%d %H}" for rdv in Rdv.objects.all()] == ["02 13", "09 13", "16 13"]


def test_a_date_that_warns_creates_none_before_it_is_read(agent_client, read_and_confirm, form):
    form["other_days"] = ["2027-05-01"]
    warned = agent_client.post(reverse("collective_new"), form)
    assert "1er mai 2027" in warned.content.decode()
    assert not Rdv.objects.exists()
    read_and_confirm(reverse("collective_new"), form)
    assert Rdv.objects.count() == 2


def test_duplicating_gives_an_empty_one_on_another_date(agent_client, atelier, form, people):
    enrol(agent_client, atelier, people[:1])
    url = reverse("collective_duplicate", args=[atelier.pk])
    assert agent_client.get(url).status_code == 200
    agent_client.post(url, {**form, "motif": atelier.motif_id})
    copy = Rdv.objects.exclude(pk=atelier.pk).get()
    assert (copy.motif_id, copy.seats_taken) == (atelier.motif_id, 0)


def test_people_are_enrolled_and_told(agent_client, atelier, people, run_jobs):
    enrol(agent_client, atelier, people[:2], prevenir="oui")
    run_jobs("notifications")
    atelier.refresh_from_db()
    assert atelier.seats_taken == 2
    assert Message.objects.filter(purpose="rdv_created").count() == 4


def test_more_people_than_seats_are_refused_all_together(agent_client, atelier, people):
    response = enrol(agent_client, atelier, people)
    assert response.status_code == 422
    assert "plus assez de places" in response.content.decode()
    atelier.refresh_from_db()
    assert atelier.seats_taken == 0


def test_a_full_one_says_what_may_be_done(agent_client, get, atelier, people):
    enrol(agent_client, atelier, people[:2])
    text = get("collective_people", atelier.pk)
    assert "complet" in text
    assert reverse("collective_duplicate", args=[atelier.pk]) in text


def test_those_who_wait_in_the_category_are_offered(get, atelier, organisation, configuration):
    waiting = FollowUpFactory(organisation=organisation, motif_category=configuration.motif_category)
    assert escape(str(waiting.usager)) in get("collective_people", atelier.pk)


def test_a_removed_person_frees_their_seat(agent_client, atelier, people):
    enrol(agent_client, atelier, people[:2])
    participation = atelier.participations.first()
    agent_client.post(
        reverse("record_participation", args=[participation.pk]), {"statut": "excused", "choix": "oui"}
    )
    atelier.refresh_from_db()
    assert atelier.seats_taken == 1


def test_the_attendance_of_all_is_saved_at_once(agent_client, begun):
    first, second = begun.participations.all()
    answers = {f"presence-{first.pk}": "seen", f"presence-{second.pk}": "noshow"}
    agent_client.post(reverse("collective_attendance", args=[begun.pk]), answers)
    assert [one.status for one in begun.participations.order_by("pk")] == ["seen", "noshow"]


def test_an_attendance_left_out_changes_nothing(agent_client, begun):
    agent_client.post(reverse("collective_attendance", args=[begun.pk]), {})
    assert {one.status for one in begun.participations.all()} == {"unknown"}


def test_attendance_waits_for_the_beginning(agent_client, atelier):
    response = agent_client.get(reverse("collective_attendance", args=[atelier.pk]), follow=True)
    assert "à partir du début" in response.content.decode()


def test_the_whole_is_cancelled_for_everybody(agent_client, atelier, people, run_jobs):
    enrol(agent_client, atelier, people[:2])
    agent_client.post(reverse("rdv_cancel", args=[atelier.pk]), {"prevenir": "oui"})
    run_jobs("notifications")
    atelier.refresh_from_db()
    assert atelier.status == "revoked"
    assert {one.status for one in atelier.participations.all()} == {"revoked"}
    assert Message.objects.filter(purpose="rdv_cancelled").count() == 4


def test_the_list_says_seats_and_filters(get, atelier, begun):
    assert "0 / 2" in get("collective_rdvs")
    assert "2 / 5" in get("collective_rdvs", onglet="passes")
    assert "0 / 2" not in get("collective_rdvs", lieu=begun.lieu_id, motif=atelier.motif_id, onglet="passes")


def test_an_individual_rdv_is_no_atelier(get, motif, agent):
    rdv = RdvFactory(motif=motif, agents=[agent])
    for name in ("collective_people", "collective_attendance", "collective_duplicate"):
        get(name, rdv.pk, status=404)


@pytest.mark.parametrize(
    "name", ["motif", "day", "other_days", "start_time", "minutes", "lieu", "agents", "seats"]
)
def test_garbage_is_survived(agent_client, form, name):
    answers = [
        agent_client.post(reverse("collective_new"), {**form, name: value}).status_code for value in GARBAGE
    ]
    assert max(answers) < 500


@pytest.mark.parametrize("value", GARBAGE)
def test_garbage_in_addresses_is_left_out(agent_client, atelier, value):
    lists = agent_client.get(reverse("collective_rdvs"), {"motif": value, "lieu": value, "page": value})
    offered = agent_client.get(reverse("collective_people", args=[atelier.pk]), {"q": value, "usager": value})
    assert (lists.status_code, offered.status_code) == (200, 200)


def test_the_list_runs_a_constant_number_of_queries(agent_client, atelier, organisation):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            agent_client.get(reverse("collective_rdvs"))
        return len(captured)

    queries()
    few = queries()
    for _ in range(4):
        RdvFactory(motif=atelier.motif)
    assert queries() == few
    assert timezone.now() < atelier.starts_at
