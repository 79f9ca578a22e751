"""Facts known of today's scheduler (reference § 12), by number: booking, moving, cancelling, messages.

Without a counterpart here, and why:
36, 37, 38, 40: pages of a search among organisations, services and territories; an invitation is of one
organisation and one category, and people are never asked about motifs or services.
52, 69: members of a family under one account; each person is invited and followed by themselves.
59, 60: addresses whose parameters are put in a session; ours hold a code and a place, read again each time.
68: numbers of another service (identity documents).
70: the purge of old records, which comes with retention.
61 is a page (tests/web/usagers/test_options.py).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from rdv_insertion.agenda.creneaux import Offer, offers
from rdv_insertion.agenda.models import Motif, Participation, Rdv
from rdv_insertion.agenda.services import (
    AlreadyBooked,
    NotAllowed,
    Plan,
    SlotTaken,
    Unconfirmed,
    add_participants,
    book,
    book_seat,
    cancel,
    create_rdv,
    may_cancel,
    may_move,
    move,
    record_status,
    remind,
)
from rdv_insertion.agents.enums import NotificationLevel
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.models import Message
from rdv_insertion.web.usagers.forms import NameForm
from tests.factories import (
    AgentFactory,
    FollowUpFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 2, 20, 9, tzinfo=UTC)


def paris(clock: str, day: date = MONDAY) -> datetime:
    return dates.at(day, time.fromisoformat(clock), dates.PARIS).astimezone(UTC)


NINE = paris("09:00")


@pytest.fixture
def workshop() -> Rdv:
    """One seat, on Monday at 9:00."""
    return RdvFactory(motif__collectif=True, starts_at=NINE, max_participants_count=1)


@pytest.fixture
def offer() -> Offer:
    """An agent who receives on Monday mornings."""
    motif = MotifFactory()
    PlageOuvertureFactory(motif=motif, first_day=MONDAY, recurrence="FREQ=WEEKLY")
    return offers([motif])[0]


def seat(rdv: Rdv, follow_up: FollowUp) -> Participation:
    return book_seat(rdv=rdv, follow_up=follow_up, booking_key=f"key-{follow_up.pk}", now=NOW)


def booked(offer: Offer, starts_at: datetime = NINE, key: str = "key") -> Participation:
    return book(offer=offer, starts_at=starts_at, follow_up=FollowUpFactory(), booking_key=key, now=NOW)


def test_51_somebody_who_joins_again_after_cancelling_is_expected_again(workshop: Rdv) -> None:
    follow_up = FollowUpFactory()
    first = cancel(participation=seat(workshop, follow_up), now=NOW)
    again = seat(workshop, follow_up)
    assert (again.pk, again.status, again.cancelled_at) == (first.pk, "unknown", None)
    with pytest.raises(AlreadyBooked):
        seat(workshop, follow_up)


def test_53_a_revoked_rdv_cannot_be_joined(workshop: Rdv) -> None:
    Rdv.objects.filter(pk=workshop.pk).update(status="revoked")
    with pytest.raises(SlotTaken):
        seat(workshop, FollowUpFactory())


def test_54_the_last_seat_taken_meanwhile_leads_back_to_what_is_left(workshop: Rdv) -> None:
    seat(workshop, FollowUpFactory())
    with pytest.raises(SlotTaken):
        seat(workshop, FollowUpFactory())
    assert workshop.participations.count() == 1


def test_55_an_individual_rdv_cannot_be_joined(offer: Offer, agent: Agent) -> None:
    rdv = booked(offer).rdv
    with pytest.raises(SlotTaken):
        seat(rdv, FollowUpFactory())
    with pytest.raises(NotAllowed):
        add_participants(rdv=rdv, usagers=[FollowUpFactory().usager], by=agent, notify=False, now=NOW)


@pytest.mark.parametrize(
    ("allowed", "limit"),
    [(may_cancel, timedelta(hours=4)), (may_move, timedelta(days=2))],
    ids=["cancel", "move"],
)
def test_56_at_the_limit_exactly_it_is_too_late(
    offer: Offer, allowed: Callable[..., bool], limit: timedelta
) -> None:
    participation = booked(offer)
    assert not allowed(participation, NINE - limit)
    assert allowed(participation, NINE - limit - timedelta(seconds=1))


def test_57_a_rdv_taken_by_an_agent_is_cancelled_by_the_person_and_not_moved(offer: Offer) -> None:
    participation = ParticipationFactory(created_by="agent", rdv__starts_at=NINE)
    assert may_cancel(participation, NOW)
    with pytest.raises(NotAllowed):
        move(participation=participation, offer=offer, starts_at=paris("10:00"), now=NOW)


@pytest.mark.parametrize(
    ("typed", "last_name", "proved"),
    [
        ("ly", "Ly", True),
        ("de l", "De La Tour", True),
        ("del", "De La Tour", True),
        ("lat", "De La Tour", False),
    ],
)
def test_58_short_and_compound_names_are_proved(typed: str, last_name: str, proved: bool) -> None:
    form = NameForm({"letters": typed})
    assert form.is_valid()
    assert form.names(last_name, None) is proved


def test_62_reminders_are_for_rdvs_to_come_that_are_not_cancelled() -> None:
    live, excused = (ParticipationFactory(status=one, rdv__starts_at=NINE) for one in ("unknown", "excused"))
    assert remind(now=NINE - timedelta(hours=48)) == 1
    assert set(Message.objects.values_list("usager", flat=True)) == {live.usager_id}
    assert excused.usager_id != live.usager_id


def test_63_agents_are_told_even_when_the_person_is_not(offer: Offer, agent: Agent, run_jobs: Any) -> None:
    """There, a motif may be hidden from people; here the agent says, rdv by rdv, not to tell the person."""
    other = AgentFactory(organisation=agent.organisations.get(), notification_level=NotificationLevel.ALL)
    motif = MotifFactory(organisation=agent.organisations.get(), by_phone=True)
    plan = Plan(
        motif=motif,
        starts_at=NINE,
        ends_at=paris("09:30"),
        agents=[other],
        usagers=[FollowUpFactory().usager],
    )
    create_rdv(plan=plan, by=agent, notify=False, acknowledged=True, now=NOW)
    run_jobs("notifications", at=NOW)
    assert list(Message.objects.values_list("agent", "usager")) == [(other.pk, None)]


def test_64_who_has_cancelled_hears_no_more_of_the_rdv(agent: Agent, run_jobs: Any) -> None:
    rdv = RdvFactory(motif__collectif=True, starts_at=NINE)
    one, other = (ParticipationFactory(rdv=rdv, usager=FollowUpFactory().usager) for _ in range(2))
    cancel(participation=one, now=NOW)
    run_jobs("notifications", at=NOW)
    Message.objects.all().delete()
    assert remind(now=NINE - timedelta(hours=48)) == 1
    assert Message.objects.filter(usager=other.usager).exists()


def test_65_a_rdv_that_is_on_again_is_confirmed_again(run_jobs: Any) -> None:
    participation = ParticipationFactory(rdv__starts_at=NINE)
    for status in ("revoked", "unknown"):
        record_status(participation=participation, status=status, notify=True, now=NOW)
        run_jobs("notifications", at=NOW)
    told = Message.objects.filter(channel="sms").order_by("pk").values_list("purpose", flat=True)
    assert list(told) == ["rdv_cancelled", "rdv_created"]


def test_66_the_same_rdv_twice_is_refused_whatever_was_read(agent: Agent) -> None:
    motif = MotifFactory(organisation=agent.organisations.get(), by_phone=True)
    usager = FollowUpFactory().usager
    plan = Plan(motif=motif, starts_at=NINE, ends_at=paris("09:30"), agents=[agent], usagers=[usager])
    create_rdv(plan=plan, by=agent, notify=False, acknowledged=True, now=NOW)
    with pytest.raises(NotAllowed):
        create_rdv(plan=plan, by=agent, notify=False, acknowledged=True, now=NOW)


def test_67_a_gap_is_no_reason_to_warn(agent: Agent) -> None:
    """There, 1 to 45 minutes after another rdv are a warning. Ours says what stops a rdv, not what wastes
    time: créneaux are cut so that no gap comes of them."""
    motif: Motif = MotifFactory(organisation=agent.organisations.get(), by_phone=True)
    PlageOuvertureFactory(motif=motif, agent=agent, first_day=MONDAY)
    RdvFactory(motif=motif, agents=[agent], starts_at=NINE)
    plan = Plan(
        motif=motif,
        starts_at=paris("09:40"),
        ends_at=paris("10:10"),
        agents=[agent],
        usagers=[FollowUpFactory().usager],
    )
    try:
        create_rdv(plan=plan, by=agent, notify=False, acknowledged=False, now=NOW)
    except Unconfirmed as unread:
        pytest.fail(f"warned: {unread.warnings}")
    assert Rdv.objects.count() == 2
