"""What agents plan themselves: refusals, warnings they may override knowingly, and what follows."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from rdv_insertion.agenda.models import Absence, FormerRdvAgent, Lieu, Motif, Participation, Rdv, RdvAgent
from rdv_insertion.agenda.services import (
    NotAllowed,
    Plan,
    Unconfirmed,
    add_participants,
    cancel_rdv,
    change_rdv,
    create_rdv,
    record_statuses,
    reschedule,
)
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager, UsagerOrganisation
from tests.factories import (
    AgentFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
    UsagerFactory,
)

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 2, 20, 9, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def paris(clock: str, day: date = MONDAY) -> datetime:
    return dates.at(day, time.fromisoformat(clock), dates.PARIS).astimezone(UTC)


@pytest.fixture
def motif(organisation: Organisation, category: Any) -> Motif:
    return MotifFactory(organisation=organisation, motif_category=category, name="Orientation")


@pytest.fixture
def lieu(organisation: Organisation) -> Lieu:
    return LieuFactory(organisation=organisation)


@pytest.fixture
def usager(organisation: Organisation) -> Usager:
    return UsagerFactory(organisation=organisation, first_name="Marina", last_name="Foïs")


@pytest.fixture
def plage(motif: Motif, lieu: Lieu, agent: Agent) -> Any:
    return PlageOuvertureFactory(
        motif=motif, lieu=lieu, agent=agent, first_day=MONDAY, recurrence="FREQ=WEEKLY"
    )


@pytest.fixture
def plan_of(motif: Motif, lieu: Lieu, agent: Agent, usager: Usager) -> Any:
    def plan(**changes: Any) -> Plan:
        values: dict[str, Any] = {
            "motif": motif,
            "lieu": lieu,
            "starts_at": paris("09:00"),
            "ends_at": paris("09:30"),
            "agents": [agent],
            "usagers": [usager],
        }
        return Plan(**{**values, **changes})

    return plan


@pytest.fixture
def create(plan_of: Any, admin: Agent) -> Any:
    def create(**changes: Any) -> Rdv:
        options = {name: changes.pop(name) for name in ("acknowledged", "notify") if name in changes}
        values = {"by": admin, "notify": True, "acknowledged": False, "now": NOW, **options}
        return create_rdv(plan=plan_of(**changes), **values)

    return create


def warnings_of(call: Any, **changes: Any) -> tuple[str, ...]:
    with pytest.raises(Unconfirmed) as refused:
        call(**changes)
    return refused.value.warnings


def test_a_rdv_inside_a_plage_is_created_without_a_word(
    create, plage, agent, admin, usager, run_jobs
) -> None:
    rdv = create()
    participation = rdv.participations.get()
    assert list(rdv.agents.all()) == [agent]
    assert (rdv.created_by, rdv.created_by_agent, rdv.overbooked) == ("agent", admin, False)
    assert (participation.usager, participation.created_by_agent) == (usager, admin)
    assert FollowUp.objects.get().status_at(NOW) == FollowUpStatus.RDV_PENDING
    run_jobs("notifications", at=NOW)
    told = Message.objects.filter(usager=usager, purpose="rdv_created")
    assert sorted(told.values_list("channel", flat=True)) == ["email", "sms"]


def test_the_person_is_not_told_when_the_agent_says_so(create, plage, run_jobs) -> None:
    create(notify=False)
    run_jobs("notifications", at=NOW)
    assert not Message.objects.filter(usager__isnull=False).exists()


def test_the_person_joins_the_organisation_of_the_rdv(create, plage, organisation) -> None:
    elsewhere = UsagerFactory(organisation=OrganisationFactory(department=organisation.department))
    create(usagers=[elsewhere])
    assert UsagerOrganisation.objects.filter(usager=elsewhere, organisation=organisation).exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agents": []}, "au moins un agent"),
        ({"usagers": []}, "la personne qui a ce rendez-vous"),
        ({"lieu": None}, "Choisissez un lieu"),
        ({"ends_at": paris("09:00")}, "La fin doit venir après le début"),
        ({"ends_at": paris("09:01") + timedelta(days=1)}, "La fin doit venir après le début"),
        ({"starts_at": paris("09:00") - timedelta(days=3000)}, "La fin doit venir après"),
        (
            {"starts_at": NOW + timedelta(days=3000), "ends_at": NOW + timedelta(days=3000, hours=1)},
            "moins de cinq ans",
        ),
    ],
)
def test_what_nobody_may_do_is_refused_even_knowingly(create, plage, changes, said) -> None:
    with pytest.raises(NotAllowed, match=said):
        create(**changes, acknowledged=True)
    assert not Rdv.objects.exists()


def test_an_agent_or_a_place_of_another_organisation_is_refused(create, plage) -> None:
    for changes in ({"agents": [AgentFactory()]}, {"lieu": LieuFactory()}):
        with pytest.raises(NotAllowed, match="autre organisation|ne travaille pas"):
            create(**changes, acknowledged=True)


def test_a_closed_place_takes_no_new_rdv_but_keeps_those_it_has(create, plage, lieu, admin) -> None:
    rdv = create()
    Lieu.objects.filter(pk=lieu.pk).update(availability="disabled")
    lieu.refresh_from_db()
    with pytest.raises(NotAllowed, match="Ce lieu est fermé"):
        create(lieu=lieu, starts_at=paris("10:00"), ends_at=paris("10:30"))
    moved = reschedule(
        rdv=rdv,
        starts_at=paris("10:00"),
        ends_at=paris("10:30"),
        by=admin,
        notify=False,
        acknowledged=False,
        now=NOW,
    )
    assert moved.starts_at == paris("10:00")


def test_the_same_rdv_twice_is_refused(create, plage) -> None:
    create()
    with pytest.raises(NotAllowed, match="a déjà ce rendez-vous"):
        create(acknowledged=True)
    assert Rdv.objects.count() == 1


def test_each_warning_is_said_in_words(create, plage, agent, motif, lieu, usager) -> None:
    RdvFactory(motif=motif, lieu=lieu, agents=[agent], starts_at=paris("09:15"), ends_at=paris("09:45"))
    Absence.objects.create(
        agent=agent,
        title="Médecin",
        first_day=MONDAY,
        end_day=MONDAY,
        last_day=MONDAY,
        start_time=time(9, 20),
        end_time=time(10),
    )
    said = warnings_of(create)
    assert said == (
        "Alice Agent a déjà un rendez-vous le lundi 2 mars 2026 de 9 h 15 à 9 h 45.",
        "Alice Agent est indisponible à ce moment.",
    )
    assert "Médecin" not in " ".join(said)


def test_a_past_moment_a_public_holiday_and_no_plage_are_warnings(create) -> None:
    past = paris("09:00", date(2026, 1, 1))
    said = warnings_of(create, starts_at=past, ends_at=past + HALF_HOUR)
    assert said == (
        "Ce moment est déjà passé.",
        "Ce jour est férié.",
        "Alice Agent ne reçoit pas pour ce motif à ce moment.",
    )


def test_a_rdv_of_the_same_category_to_come_is_a_warning(create, plage, motif, usager) -> None:
    create(starts_at=paris("11:00"), ends_at=paris("11:30"))
    said = warnings_of(create)
    assert said == (
        "Marina Foïs a déjà un rendez-vous le lundi 2 mars 2026 de 11 h à 11 h 30 (Orientation).",
    )


def test_an_overlap_written_knowingly_is_marked_and_leaves_the_other_as_it_was(create, plage) -> None:
    first = create()
    second = create(
        usagers=[UsagerFactory()], starts_at=paris("09:15"), ends_at=paris("09:45"), acknowledged=True
    )
    first.refresh_from_db()
    assert (first.overbooked, second.overbooked) == (False, True)
    assert RdvAgent.objects.filter(busy=True).count() == 2


@pytest.fixture
def move(admin: Agent) -> Any:
    def move(rdv: Rdv, clock: str, **options: Any) -> Rdv:
        values = {"by": admin, "notify": True, "acknowledged": False, "now": NOW, **options}
        return reschedule(rdv=rdv, starts_at=paris(clock), ends_at=paris(clock) + HALF_HOUR, **values)

    return move


def test_a_rescheduled_rdv_has_a_new_version_and_is_told(create, plage, move, run_jobs, usager) -> None:
    rdv = create()
    run_jobs("notifications", at=NOW)
    moved = move(rdv, "11:00")
    assert (moved.sequence, moved.participations.get().sequence) == (1, 1)
    assert RdvAgent.objects.get().starts_at == paris("11:00")
    assert FollowUp.objects.get().last_participation_starts_at == paris("11:00")
    run_jobs("notifications", at=NOW)
    assert Message.objects.filter(usager=usager, purpose="rdv_updated").count() == 2


def test_a_rdv_only_made_longer_is_not_told_to_the_person(create, plage, admin, run_jobs, usager) -> None:
    rdv = create()
    run_jobs("notifications", at=NOW)
    reschedule(
        rdv=rdv,
        starts_at=paris("09:00"),
        ends_at=paris("10:00"),
        by=admin,
        notify=True,
        acknowledged=False,
        now=NOW,
    )
    run_jobs("notifications", at=NOW)
    assert not Message.objects.filter(purpose="rdv_updated").exists()


def test_a_rdv_may_be_rescheduled_over_itself_and_not_over_another(create, plage, move) -> None:
    rdv = create()
    assert move(rdv, "09:15").starts_at == paris("09:15")
    create(usagers=[UsagerFactory()], starts_at=paris("10:00"), ends_at=paris("10:30"))
    with pytest.raises(Unconfirmed):
        move(rdv, "10:15")
    rdv.refresh_from_db()
    assert rdv.starts_at == paris("09:15")


def test_an_overbooked_rdv_moved_to_a_free_moment_is_no_longer_overbooked(create, plage, move) -> None:
    create()
    second = create(usagers=[UsagerFactory()], acknowledged=True)
    assert second.overbooked
    assert not move(second, "11:00").overbooked


def test_an_agent_taken_out_of_a_rdv_is_remembered_until_they_come_back(
    create, plage, move, organisation, agent
) -> None:
    other = AgentFactory(organisation=organisation)
    rdv = create()
    moved = move(rdv, "09:00", agents=[other], acknowledged=True)
    assert list(moved.agents.all()) == [other]
    former = FormerRdvAgent.objects.get()
    assert (former.agent, former.sequence) == (agent, 1)
    move(moved, "09:00", agents=[agent])
    assert [one.agent for one in FormerRdvAgent.objects.all()] == [other]


def test_a_cancelled_rdv_is_not_changed_any_more(create, plage, move, admin) -> None:
    rdv = cancel_rdv(rdv=create(), by=admin, notify=False, now=NOW)
    assert rdv.status == "revoked"
    with pytest.raises(NotAllowed, match="est annulé"):
        move(rdv, "11:00")


def test_changing_everything_keeps_the_people(create, plage, plan_of, admin, organisation, usager) -> None:
    rdv = create()
    phone = MotifFactory(organisation=organisation, by_phone=True)
    changed = change_rdv(
        rdv=rdv,
        plan=plan_of(motif=phone, lieu=None, context="Rappeler avant", usagers=[]),
        by=admin,
        notify=True,
        acknowledged=True,
        now=NOW,
    )
    assert (changed.motif, changed.lieu, changed.context) == (phone, None, "Rappeler avant")
    assert [one.usager for one in changed.participations.all()] == [usager]


# ---- Collective rdvs ----


@pytest.fixture
def workshop(create: Any, organisation: Organisation, category: Any, usager: Usager) -> Rdv:
    """Three seats, one taken."""
    motif = MotifFactory(organisation=organisation, motif_category=category, collectif=True)
    rdv: Rdv = create(motif=motif, max_participants_count=3, usagers=[usager])
    return rdv


def test_people_are_added_while_seats_are_left_all_or_none(workshop, admin) -> None:
    two, three, four = (UsagerFactory() for _ in range(3))
    with pytest.raises(NotAllowed, match="plus assez de places"):
        add_participants(rdv=workshop, usagers=[two, three, four], by=admin, notify=True, now=NOW)
    assert workshop.participations.count() == 1
    add_participants(rdv=workshop, usagers=[two, three], by=admin, notify=True, now=NOW)
    workshop.refresh_from_db()
    assert (workshop.seats_taken, workshop.participations.count()) == (3, 3)


def test_somebody_added_twice_has_one_seat(workshop, admin, usager) -> None:
    assert add_participants(rdv=workshop, usagers=[usager, usager], by=admin, notify=True, now=NOW) == []
    workshop.refresh_from_db()
    assert workshop.seats_taken == 1


def test_a_seat_given_back_is_free_and_its_person_may_come_back(workshop, admin, usager) -> None:
    (participation,) = workshop.participations.all()
    record_statuses(participation_ids=[participation.pk], status="excused", notify=False, by=admin, now=NOW)
    workshop.refresh_from_db()
    assert (workshop.seats_taken, workshop.status) == (0, "unknown")
    (back,) = add_participants(rdv=workshop, usagers=[usager], by=admin, notify=False, now=NOW)
    workshop.refresh_from_db()
    assert (back.pk, back.status, workshop.seats_taken) == (participation.pk, "unknown", 1)


def test_somebody_cancelled_does_not_come_back_on_a_full_rdv(workshop, admin) -> None:
    (first,) = workshop.participations.all()
    record_statuses(participation_ids=[first.pk], status="revoked", notify=False, by=admin, now=NOW)
    add_participants(
        rdv=workshop, usagers=[UsagerFactory() for _ in range(3)], by=admin, notify=False, now=NOW
    )
    recorded = record_statuses(
        participation_ids=[first.pk], status="unknown", notify=False, by=admin, now=NOW
    )
    assert recorded.changed == []
    assert [(one.pk, "plus de place" in why) for one, why in recorded.refused] == [(first.pk, True)]


def test_a_collective_rdv_cancelled_is_revoked_for_everybody(workshop, admin, run_jobs, usager) -> None:
    add_participants(rdv=workshop, usagers=[UsagerFactory()], by=admin, notify=False, now=NOW)
    cancelled = cancel_rdv(rdv=workshop, by=admin, notify=True, now=NOW)
    assert (cancelled.status, cancelled.seats_taken) == ("revoked", 0)
    assert set(workshop.participations.values_list("status", flat=True)) == {"revoked"}
    run_jobs("notifications", at=NOW)
    assert Message.objects.filter(purpose="rdv_cancelled", channel="sms").count() == 2
    with pytest.raises(NotAllowed, match="est annulé"):
        add_participants(rdv=cancelled, usagers=[UsagerFactory()], by=admin, notify=False, now=NOW)


def test_an_individual_rdv_takes_nobody_more(create, plage, admin) -> None:
    with pytest.raises(NotAllowed, match="n'est pas collectif"):
        add_participants(rdv=create(), usagers=[UsagerFactory()], by=admin, notify=False, now=NOW)


# ---- Statuses, several at once ----


def test_a_whole_day_is_recorded_in_as_many_queries_as_one_rdv(
    admin: Agent, organisation: Organisation, django_assert_num_queries: Any
) -> None:
    from django.db import connection

    counts = []
    for size in (1, 12):
        day = [
            ParticipationFactory(
                rdv__motif__organisation=organisation, rdv__starts_at=paris("09:00") + HALF_HOUR * n
            )
            for n in range(size)
        ]
        with CaptureQueriesContext(connection) as captured:
            recorded = record_statuses(
                participation_ids=[one.pk for one in day],
                status="seen",
                notify=True,
                by=admin,
                now=paris("23:00"),
            )
        assert len(recorded.changed) == size
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert set(Rdv.objects.values_list("status", flat=True)) == {"seen"}


def test_those_that_cannot_change_are_said_and_the_others_change(admin: Agent) -> None:
    begun, to_come = (ParticipationFactory(rdv__starts_at=paris(clock)) for clock in ("09:00", "15:00"))
    recorded = record_statuses(
        participation_ids=[begun.pk, to_come.pk], status="seen", notify=True, by=admin, now=paris("10:00")
    )
    assert [one.pk for one in recorded.changed] == [begun.pk]
    assert [one.pk for one, _ in recorded.refused] == [to_come.pk]
    assert Participation.objects.get(pk=to_come.pk).status == "unknown"


def test_of_several_put_back_the_one_whose_time_was_given_is_refused_alone(
    create, plage, admin, motif
) -> None:
    lost = create().participations.get()
    kept = create(
        usagers=[UsagerFactory()], starts_at=paris("11:00"), ends_at=paris("11:30")
    ).participations.get()
    ids = [lost.pk, kept.pk]
    record_statuses(participation_ids=ids, status="revoked", notify=False, by=admin, now=NOW)
    create(usagers=[UsagerFactory()])
    recorded = record_statuses(participation_ids=ids, status="unknown", notify=False, by=admin, now=NOW)
    assert [one.pk for one in recorded.changed] == [kept.pk]
    assert [one.pk for one, _ in recorded.refused] == [lost.pk]


def test_a_dozen_people_are_added_in_as_many_queries_as_one(workshop: Rdv, admin: Agent) -> None:
    from django.db import connection

    Rdv.objects.filter(pk=workshop.pk).update(max_participants_count=None)
    counts = []
    for size in (1, 12):
        people = [UsagerFactory() for _ in range(size)]
        with CaptureQueriesContext(connection) as captured:
            add_participants(rdv=workshop, usagers=people, by=admin, notify=True, now=NOW)
        counts.append(len(captured))
    assert counts[0] == counts[1]
