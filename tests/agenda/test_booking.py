"""Taking, moving, cancelling, recording: the rules, one transaction at a time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from rdv_insertion.agenda.creneaux import Offer, offers
from rdv_insertion.agenda.enums import CreatedBy
from rdv_insertion.agenda.models import Motif, Participation, PlageOuverture, Rdv, RdvAgent
from rdv_insertion.agenda.services import (
    AlreadyBooked,
    NotAllowed,
    SlotTaken,
    book,
    cancel,
    may_cancel,
    may_move,
    move,
    record_status,
)
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from tests.factories import (
    AgentFactory,
    FollowUpFactory,
    LieuFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
    UsagerFactory,
)

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 2, 20, 9, tzinfo=UTC)


def paris(clock: str, day: date = MONDAY) -> datetime:
    return dates.at(day, time.fromisoformat(clock), dates.PARIS).astimezone(UTC)


@pytest.fixture
def motif(organisation: Organisation) -> Motif:
    return MotifFactory(organisation=organisation)


@pytest.fixture
def plage(motif: Motif) -> PlageOuverture:
    """Monday the 2nd of March and the Mondays after, from 9:00 to 12:00."""
    return PlageOuvertureFactory(motif=motif, first_day=MONDAY, recurrence="FREQ=WEEKLY")


@pytest.fixture
def offer(plage: PlageOuverture, motif: Motif) -> Offer:
    return offers([motif])[0]


@pytest.fixture
def follow_up(organisation: Organisation) -> FollowUp:
    return FollowUpFactory(organisation=organisation)


def take(offer: Offer, follow_up: FollowUp, clock: str = "09:00", **options: Any) -> Participation:
    values = {
        "offer": offer,
        "starts_at": paris(clock),
        "follow_up": follow_up,
        "booking_key": "key",
        "now": NOW,
    }
    return book(**values | options)


Purposes = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def purposes(run_jobs: Any) -> Purposes:
    """What people are told so far, once the worker has told it."""

    def told() -> list[tuple[str, str]]:
        run_jobs("notifications", at=NOW)
        to_people = Message.objects.filter(agent=None).order_by("id")
        return list(to_people.values_list("purpose", "channel"))

    return told


def test_a_booking_gives_the_slot_to_the_person(
    offer: Offer, follow_up: FollowUp, plage: PlageOuverture
) -> None:
    participation = take(offer, follow_up)
    rdv = participation.rdv
    assert (rdv.starts_at, rdv.ends_at) == (paris("09:00"), paris("09:30"))
    assert (rdv.lieu, list(rdv.agents.all())) == (plage.lieu, [plage.agent])
    assert (participation.usager, participation.created_by) == (follow_up.usager, CreatedBy.USAGER)
    assert len(participation.code) == 8


def test_a_booking_is_confirmed_by_sms_and_mail_with_the_event(
    offer: Offer, follow_up: FollowUp, purposes: Purposes
) -> None:
    take(offer, follow_up)
    assert purposes() == [(Purpose.RDV_CREATED, "sms"), (Purpose.RDV_CREATED, "email")]
    assert "BEGIN:VEVENT" in Message.objects.get(channel="email").calendar
    assert Message.objects.get(channel="sms").calendar == ""


def test_who_books_in_the_evening_is_answered_at_once(
    offer: Offer, follow_up: FollowUp, run_jobs: Any, settings: Any
) -> None:
    settings.SMS_QUIET_HOURS = "20-8"
    take(offer, follow_up)
    run_jobs("notifications", at=NOW.replace(hour=21))
    assert Message.objects.get(channel="sms").not_before is None


def test_a_booking_tells_the_follow_up(offer: Offer, follow_up: FollowUp) -> None:
    take(offer, follow_up)
    follow_up.refresh_from_db()
    assert follow_up.status_at(NOW) == FollowUpStatus.RDV_PENDING
    assert follow_up.last_participation_starts_at == paris("09:00")


@pytest.mark.parametrize("clock", ["08:30", "09:10", "12:00"])
def test_a_moment_that_is_no_slot_gives_the_nearest_ones_in_order(
    offer: Offer, follow_up: FollowUp, clock: str
) -> None:
    with pytest.raises(SlotTaken) as refused:
        take(offer, follow_up, clock)
    found = [one.starts_at for one in refused.value.nearest]
    assert len(found) == 3
    assert found == sorted(found)
    farthest = max(abs(one - paris(clock)) for one in found)
    others = [paris("09:00") + timedelta(minutes=30 * n) for n in range(6)]
    assert all(abs(other - paris(clock)) >= farthest for other in others if other not in found)
    assert not Rdv.objects.exists()


def test_a_moment_outside_the_booking_delays_is_no_slot(offer: Offer, follow_up: FollowUp) -> None:
    for now in (paris("08:31"), paris("09:00") - timedelta(days=90, minutes=1)):
        with pytest.raises(SlotTaken):
            take(offer, follow_up, now=now)
    assert take(offer, follow_up, now=paris("08:30")).rdv.starts_at == paris("09:00")


def test_a_follow_up_with_a_coming_rdv_gets_no_second_one(offer: Offer, follow_up: FollowUp) -> None:
    first = take(offer, follow_up)
    for key in ("key", "another"):
        with pytest.raises(AlreadyBooked) as refused:
            take(offer, follow_up, "10:00", booking_key=key)
        assert refused.value.participation == first


def test_an_invitation_that_served_gives_no_second_rdv_once_the_first_is_past(
    offer: Offer, follow_up: FollowUp
) -> None:
    take(offer, follow_up)
    later = paris("09:00", MONDAY + timedelta(days=1))
    next_monday = paris("09:00", MONDAY + timedelta(days=7))
    with pytest.raises(AlreadyBooked):
        take(offer, follow_up, starts_at=next_monday, now=later)
    assert take(offer, follow_up, starts_at=next_monday, now=later, booking_key="another")


def test_a_cancelled_rdv_lets_the_same_invitation_serve_again(offer: Offer, follow_up: FollowUp) -> None:
    cancel(participation=take(offer, follow_up), now=NOW)
    assert take(offer, follow_up, "09:00").rdv.starts_at == paris("09:00")


def test_the_least_loaded_agent_of_the_day_receives_and_ties_go_to_the_first(
    offer: Offer, motif: Motif, plage: PlageOuverture
) -> None:
    second = PlageOuvertureFactory(motif=motif, lieu=plage.lieu, first_day=MONDAY, recurrence="FREQ=WEEKLY")
    # Loads of other days, and cancelled rdvs, do not count.
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris("09:00", MONDAY + timedelta(days=1)))
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris("15:00"), status="excused")
    got = []
    for number, clock in enumerate(["09:00", "09:30", "10:00", "10:30"]):
        participation = take(offer, FollowUpFactory(), clock, booking_key=str(number))
        got.append(participation.rdv.agents.get())
    assert got == [plage.agent, second.agent, plage.agent, second.agent]


def test_a_day_of_load_is_a_day_at_the_place(motif: Motif, follow_up: FollowUp) -> None:
    """23:00 UTC is already tomorrow in Réunion."""
    lieu = LieuFactory(organisation=motif.organisation, reunion=True)
    first, second = (
        PlageOuvertureFactory(motif=motif, lieu=lieu, first_day=MONDAY, recurrence="FREQ=WEEKLY").agent
        for _ in range(2)
    )
    RdvFactory(motif=motif, agents=[first], starts_at=datetime(2026, 3, 1, 21, tzinfo=UTC))
    given = take(
        offers([motif])[0], follow_up, starts_at=datetime(2026, 3, 2, 5, tzinfo=UTC)
    ).rdv.agents.get()
    assert given == second


# ---- The constraint itself, whatever writes


def occupy(
    agent: Any, starts_at: datetime, ends_at: datetime, *, status: str = "unknown", **flags: Any
) -> Rdv:
    return RdvFactory(agents=[agent], starts_at=starts_at, ends_at=ends_at, status=status, **flags)


def test_two_rdvs_of_an_agent_cannot_overlap_even_by_raw_sql() -> None:
    agent = AgentFactory()
    occupy(agent, paris("09:00"), paris("10:00"))
    second = occupy(agent, paris("10:00"), paris("11:00"))
    with pytest.raises(IntegrityError, match="agent_has_one_rdv_at_a_time"), transaction.atomic():
        occupy(agent, paris("09:59"), paris("10:00"))
    with (
        pytest.raises(IntegrityError, match="agent_has_one_rdv_at_a_time"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE agenda_rdv SET starts_at = %s WHERE id = %s", [paris("09:30"), second.pk])


def test_the_agents_time_cannot_differ_from_the_rdv_even_by_raw_sql() -> None:
    rdv = occupy(AgentFactory(), paris("09:00"), paris("10:00"))
    with pytest.raises(IntegrityError), transaction.atomic():
        RdvAgent.objects.filter(rdv=rdv).update(starts_at=paris("08:00"))


def test_the_constraint_follows_a_rdv_that_moves() -> None:
    agent = AgentFactory()
    rdv = occupy(agent, paris("09:00"), paris("10:00"))
    Rdv.objects.filter(pk=rdv.pk).update(starts_at=paris("14:00"), ends_at=paris("15:00"))
    assert RdvAgent.objects.get().starts_at == paris("14:00")
    occupy(agent, paris("09:00"), paris("10:00"))
    with pytest.raises(IntegrityError), transaction.atomic():
        occupy(agent, paris("14:30"), paris("15:30"))


@pytest.mark.parametrize("status", ["excused", "revoked"])
def test_a_cancelled_rdv_frees_the_time_and_cannot_come_back_over_another(status: str) -> None:
    agent = AgentFactory()
    rdv = occupy(agent, paris("09:00"), paris("10:00"))
    Rdv.objects.filter(pk=rdv.pk).update(status=status)
    occupy(agent, paris("09:00"), paris("10:00"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Rdv.objects.filter(pk=rdv.pk).update(status="unknown")


def test_an_agent_who_overbooks_on_purpose_is_outside_the_constraint() -> None:
    agent = AgentFactory()
    occupy(agent, paris("09:00"), paris("10:00"))
    occupy(agent, paris("09:00"), paris("10:00"), overbooked=True)
    occupy(agent, paris("09:30"), paris("10:30"), overbooked=True)
    assert RdvAgent.objects.count() == 3


def test_two_agents_may_receive_at_the_same_time() -> None:
    occupy(AgentFactory(), paris("09:00"), paris("10:00"))
    occupy(AgentFactory(), paris("09:00"), paris("10:00"))
    assert RdvAgent.objects.count() == 2


# ---- Moving and cancelling


def test_a_rdv_is_moved_with_its_messages_and_its_version(
    offer: Offer, follow_up: FollowUp, purposes: Purposes
) -> None:
    before = take(offer, follow_up)
    told = purposes()
    after = move(participation=before, offer=offer, starts_at=paris("11:00"), now=NOW)
    assert (after.pk, after.code, after.sequence) == (before.pk, before.code, 1)
    assert (after.rdv.starts_at, after.rdv.ends_at) == (paris("11:00"), paris("11:30"))
    assert RdvAgent.objects.get().starts_at == paris("11:00")
    assert purposes() == [*told, (Purpose.RDV_UPDATED, "sms"), (Purpose.RDV_UPDATED, "email")]
    follow_up.refresh_from_db()
    assert follow_up.latest_unknown_rdv_at == paris("11:00")


def test_a_rdv_may_slide_over_itself(plage: PlageOuverture, follow_up: FollowUp, motif: Motif) -> None:
    offer = offers([motif])[0]
    participation = take(offer, follow_up)
    Motif.objects.filter(pk=motif.pk).update(duration=timedelta(hours=1))
    bigger = offers([Motif.objects.get(pk=motif.pk)])[0]
    assert move(
        participation=participation, offer=bigger, starts_at=paris("09:00"), now=NOW
    ).rdv.ends_at == paris("10:00")


def test_a_rdv_can_be_moved_until_two_days_before(offer: Offer, follow_up: FollowUp) -> None:
    participation, limit = take(offer, follow_up), paris("09:00") - timedelta(days=2)
    assert may_move(participation, limit - timedelta(microseconds=1))
    assert not may_move(participation, limit)
    with pytest.raises(NotAllowed, match="ne peut plus être déplacé"):
        move(participation=participation, offer=offer, starts_at=paris("11:00"), now=limit)
    assert move(
        participation=participation, offer=offer, starts_at=paris("11:00"), now=limit - timedelta(seconds=1)
    )


def test_a_rdv_can_be_cancelled_until_four_hours_before(offer: Offer, follow_up: FollowUp) -> None:
    participation, limit = take(offer, follow_up), paris("09:00") - timedelta(hours=4)
    assert may_cancel(participation, limit - timedelta(microseconds=1))
    assert not may_cancel(participation, limit)
    with pytest.raises(NotAllowed, match="ne peut plus être annulé"):
        cancel(participation=participation, now=limit)
    assert cancel(participation=participation, now=limit - timedelta(seconds=1)).status == "excused"


def test_a_motif_may_forbid_moving_and_cancelling(offer: Offer, follow_up: FollowUp, motif: Motif) -> None:
    Motif.objects.filter(pk=motif.pk).update(movable_until=None, cancellable_until=None)
    participation = Participation.objects.get(pk=take(offer, follow_up).pk)
    assert not may_move(participation, NOW)
    assert not may_cancel(participation, NOW)


def test_a_rdv_set_by_an_agent_or_of_several_people_is_not_moved_by_the_person() -> None:
    assert may_move(ParticipationFactory(rdv__starts_at=paris("09:00")), NOW)
    assert not may_move(ParticipationFactory(rdv__starts_at=paris("09:00"), created_by=CreatedBy.AGENT), NOW)
    assert not may_move(ParticipationFactory(rdv__starts_at=paris("09:00"), rdv__motif__collectif=True), NOW)


def test_moving_to_a_taken_slot_leaves_the_rdv_where_it_was(offer: Offer, follow_up: FollowUp) -> None:
    mine = take(offer, follow_up)
    take(offer, FollowUpFactory(), "10:00", booking_key="other")
    with pytest.raises(SlotTaken) as refused:
        move(participation=mine, offer=offer, starts_at=paris("10:00"), now=NOW)
    assert [one.starts_at for one in refused.value.nearest] == [
        paris("09:30"),
        paris("10:30"),
        paris("11:00"),
    ]
    assert Participation.objects.get(pk=mine.pk).rdv.starts_at == paris("09:00")


def test_of_two_quick_changes_only_the_last_is_told(
    offer: Offer, follow_up: FollowUp, purposes: Purposes
) -> None:
    participation = take(offer, follow_up)
    move(participation=participation, offer=offer, starts_at=paris("11:00"), now=NOW)
    cancel(participation=participation, now=NOW)
    assert purposes() == [(Purpose.RDV_CANCELLED, "sms"), (Purpose.RDV_CANCELLED, "email")]


def test_a_cancelled_rdv_is_excused_frees_the_slot_and_tells_everybody(
    offer: Offer, follow_up: FollowUp, purposes: Purposes
) -> None:
    participation = take(offer, follow_up)
    told = purposes()
    participation = cancel(participation=participation, now=NOW)
    assert (participation.status, participation.cancelled_at, participation.rdv.status) == (
        "excused",
        NOW,
        "excused",
    )
    assert purposes() == [*told, (Purpose.RDV_CANCELLED, "sms"), (Purpose.RDV_CANCELLED, "email")]
    follow_up.refresh_from_db()
    assert follow_up.status_at(NOW) == FollowUpStatus.RDV_EXCUSED
    assert take(offer, FollowUpFactory(), booking_key="other").rdv.starts_at == paris("09:00")


def test_a_rdv_is_cancelled_once(offer: Offer, follow_up: FollowUp) -> None:
    participation = cancel(participation=take(offer, follow_up), now=NOW)
    with pytest.raises(NotAllowed):
        cancel(participation=participation, now=NOW)


# ---- What an agent records


@pytest.mark.parametrize(
    ("begun", "current", "allowed"),
    [
        (False, "unknown", {"revoked", "excused"}),
        (False, "excused", {"unknown", "revoked"}),
        (False, "revoked", {"unknown", "excused"}),
        (True, "unknown", {"seen", "noshow", "excused", "revoked"}),
        (True, "seen", {"noshow", "excused", "revoked", "unknown"}),
        (True, "noshow", {"seen", "excused", "revoked", "unknown"}),
    ],
)
def test_each_status_is_followed_by_those_that_make_sense(
    begun: bool, current: str, allowed: set[str]
) -> None:
    now = paris("09:00") if begun else paris("09:00") - timedelta(seconds=1)
    for status in ("unknown", "seen", "noshow", "excused", "revoked"):
        participation = ParticipationFactory(status=current, rdv__starts_at=paris("09:00"))
        if status in allowed:
            written = record_status(participation=participation, status=status, notify=False, now=now)
            assert (written.status, written.rdv.status) == (status, status)
            assert (written.cancelled_at is not None) is (status in {"excused", "revoked"})
        else:
            with pytest.raises(NotAllowed, match="n'est pas possible"):
                record_status(participation=participation, status=status, notify=False, now=now)


def test_a_recorded_status_is_told_to_the_follow_up() -> None:
    participation = ParticipationFactory(rdv__starts_at=paris("09:00"))
    record_status(participation=participation, status="seen", notify=True, now=paris("09:00"))
    follow_up = FollowUp.objects.get()
    assert follow_up.status_at(paris("10:00")) == FollowUpStatus.RDV_SEEN
    assert follow_up.latest_seen_rdv_at == paris("09:00")


def test_the_person_is_told_of_a_cancellation_only_when_the_agent_says_so(purposes: Purposes) -> None:
    for notify in (False, True):
        participation = ParticipationFactory(rdv__starts_at=paris("09:00"))
        record_status(participation=participation, status="revoked", notify=notify, now=NOW)
        purposes()
        assert Message.objects.filter(usager=participation.usager).exists() is notify


def test_nobody_is_told_of_a_past_rdv(run_jobs: Any) -> None:
    participation = ParticipationFactory(rdv__starts_at=paris("09:00"))
    record_status(participation=participation, status="revoked", notify=True, now=paris("09:01"))
    run_jobs(at=paris("09:01"))
    assert not Message.objects.exists()


def test_a_cancelled_rdv_does_not_come_back_over_a_newer_one(offer: Offer, follow_up: FollowUp) -> None:
    participation = cancel(participation=take(offer, follow_up), now=NOW)
    take(offer, FollowUpFactory(), booking_key="other")
    with pytest.raises(SlotTaken):
        record_status(participation=participation, status="unknown", notify=False, now=NOW)
    assert Participation.objects.get(pk=participation.pk).status == "excused"


def test_a_collective_rdv_stays_when_one_person_cancels() -> None:
    rdv = RdvFactory(motif__collectif=True, starts_at=paris("09:00"))
    one, other = (ParticipationFactory(rdv=rdv, usager=UsagerFactory()) for _ in range(2))
    record_status(participation=one, status="excused", notify=False, now=NOW)
    rdv.refresh_from_db()
    other.refresh_from_db()
    assert (rdv.status, other.status) == ("unknown", "unknown")


def test_a_rdv_is_seen_by_agents_of_its_organisation_only(
    agent: Any, colleague_elsewhere: Any, organisation: Organisation
) -> None:
    participation = ParticipationFactory(rdv__motif__organisation=organisation)
    assert Rdv.objects.visible_to(agent).get() == participation.rdv
    assert Participation.objects.visible_to(agent).get() == participation
    assert not Rdv.objects.visible_to(colleague_elsewhere).exists()
    assert not Participation.objects.visible_to(colleague_elsewhere).exists()


def test_a_slot_just_before_another_rdv_is_given_as_it_is_shown(
    motif: Motif, plage: PlageOuverture, follow_up: FollowUp
) -> None:
    """The pause comes after a rdv: the next one may begin when this one ends, if it began there already."""
    Motif.objects.filter(pk=motif.pk).update(pause=timedelta(minutes=10))
    RdvFactory(motif=MotifFactory(), agents=[plage.agent], starts_at=paris("09:30"))
    motif.refresh_from_db()
    (offer,) = offers([motif])
    assert take(offer, follow_up).rdv.ends_at == paris("09:30")
