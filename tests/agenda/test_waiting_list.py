"""A late rdv, and an earlier créneau: offered to one person at a time, and kept for them meanwhile."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections

from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.creneaux import offers
from rdv_insertion.agenda.models import EarlierSlotOffer, Motif, Participation, PlageOuverture, RdvAgent
from rdv_insertion.agenda.services import NotAllowed, SlotTaken, book, cancel, move
from rdv_insertion.agenda.services.waiting_list import (
    KEPT_FOR,
    accept,
    current_offer,
    decline,
    is_waiting,
    join,
    leave,
    may_wait,
    offer_earlier_slots,
)
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.models import Message
from tests.factories import FollowUpFactory, MotifFactory, PlageOuvertureFactory

pytestmark = pytest.mark.django_db

# A Friday at 10:00 in Paris; plages are on Mondays from the 2nd of March, two créneaux each.
NOW = datetime(2026, 2, 20, 9, tzinfo=UTC)
FIRST, SECOND, LATE = date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 30)


def moment(day: date, clock: str = "09:00") -> datetime:
    return dates.at(day, time.fromisoformat(clock), dates.PARIS).astimezone(UTC)


@pytest.fixture
def motif() -> Motif:
    return MotifFactory()


@pytest.fixture
def plage(motif: Motif) -> PlageOuverture:
    return PlageOuvertureFactory(
        motif=motif, first_day=FIRST, start_time=time(9), end_time=time(10), recurrence="FREQ=WEEKLY"
    )


Booked = Callable[..., Participation]


@pytest.fixture
def booked(motif: Motif, plage: PlageOuverture) -> Booked:
    """Somebody who took this moment themselves."""

    def take(starts_at: datetime, *, now: datetime = NOW) -> Participation:
        follow_up = FollowUpFactory(organisation=motif.organisation)
        (offer,) = offers([motif])
        key = f"key-{follow_up.pk}"
        return book(offer=offer, starts_at=starts_at, follow_up=follow_up, booking_key=key, now=now)

    return take


@pytest.fixture
def full_until_late(booked: Booked) -> list[Participation]:
    """Everything before the 30th of March is taken."""
    days = [FIRST + timedelta(days=7 * week) for week in range(4)]
    return [booked(moment(day, clock)) for day in days for clock in ("09:00", "09:30")]


@pytest.fixture
def waiting(full_until_late: list[Participation], booked: Booked) -> Participation:
    """Somebody of the 30th of March who waits."""
    participation = booked(moment(LATE))
    join(participation=participation, now=NOW)
    return participation


def free_for_others(motif: Motif, now: datetime = NOW) -> list[datetime]:
    (offer,) = offers([motif])
    return creneaux.starts_for_public([offer], now=now)[offer.key]


@pytest.mark.parametrize(
    ("now", "asked"), [(moment(LATE) - timedelta(days=7), False), (moment(LATE) - timedelta(days=8), True)]
)
def test_only_a_late_rdv_may_wait(booked: Booked, now: datetime, asked: bool) -> None:
    participation = booked(moment(LATE))
    assert may_wait(participation, now) is asked
    if not asked:
        with pytest.raises(NotAllowed):
            join(participation=participation, now=now)


def test_a_rdv_that_the_person_may_not_move_does_not_wait(booked: Booked) -> None:
    participation = booked(moment(LATE))
    participation.created_by = "agent"
    assert not may_wait(participation, NOW)


def test_nothing_is_offered_while_nothing_is_free_earlier(waiting: Participation) -> None:
    assert offer_earlier_slots(now=NOW) == 0
    assert current_offer(waiting, NOW) is None


def test_a_freed_slot_is_offered_by_sms_and_mail_and_kept_for_two_hours(
    waiting: Participation, full_until_late: list[Participation], motif: Motif
) -> None:
    cancel(participation=full_until_late[2], now=NOW)
    assert moment(SECOND) in free_for_others(motif)
    assert offer_earlier_slots(now=NOW) == 1
    offer = current_offer(waiting, NOW)
    assert offer is not None
    assert (offer.starts_at, offer.expires_at) == (moment(SECOND), NOW + timedelta(hours=2))
    told = Message.objects.filter(purpose="earlier_slot", usager=waiting.usager)
    assert sorted(told.values_list("channel", flat=True)) == ["email", "sms"]
    sms = told.get(channel="sms").text
    assert f"/rdv/{waiting.code}/plus-tot" in sms
    assert "lundi 9 mars 2026 à 9 h" in sms
    assert "12 h" in sms
    assert moment(SECOND) not in free_for_others(motif)
    assert moment(SECOND) in free_for_others(motif, NOW + KEPT_FOR)


def test_nobody_else_takes_what_is_kept(
    waiting: Participation, full_until_late: list[Participation], booked: Booked
) -> None:
    cancel(participation=full_until_late[2], now=NOW)
    offer_earlier_slots(now=NOW)
    with pytest.raises(SlotTaken):
        booked(moment(SECOND))
    assert booked(moment(SECOND), now=NOW + KEPT_FOR).rdv.starts_at == moment(SECOND)


def test_a_slot_is_offered_to_one_person_at_a_time_the_first_who_asked(
    waiting: Participation, full_until_late: list[Participation], booked: Booked
) -> None:
    second = booked(moment(LATE, "09:30"))
    join(participation=second, now=NOW + timedelta(minutes=1))
    cancel(participation=full_until_late[2], now=NOW)
    assert offer_earlier_slots(now=NOW) == 1
    assert current_offer(waiting, NOW) is not None
    assert current_offer(second, NOW) is None
    later = NOW + KEPT_FOR
    assert offer_earlier_slots(now=later) == 1
    assert current_offer(waiting, later) is None
    assert current_offer(second, later) is not None


def test_accepting_moves_the_rdv_and_ends_the_waiting(
    waiting: Participation, full_until_late: list[Participation]
) -> None:
    cancel(participation=full_until_late[2], now=NOW)
    offer_earlier_slots(now=NOW)
    offer = current_offer(waiting, NOW)
    assert offer is not None
    moved = accept(offer=offer, now=NOW + timedelta(hours=1))
    assert moved.rdv.starts_at == moment(SECOND)
    assert RdvAgent.objects.filter(rdv=moved.rdv).get().starts_at == moment(SECOND)
    assert not is_waiting(moved)
    assert offer_earlier_slots(now=NOW + timedelta(days=1)) == 0


def test_accepting_too_late_changes_nothing(
    waiting: Participation, full_until_late: list[Participation]
) -> None:
    cancel(participation=full_until_late[2], now=NOW)
    offer_earlier_slots(now=NOW)
    offer = current_offer(waiting, NOW)
    assert offer is not None
    with pytest.raises(NotAllowed, match="n'est plus gardé"):
        accept(offer=offer, now=NOW + KEPT_FOR)
    waiting.rdv.refresh_from_db()
    assert waiting.rdv.starts_at == moment(LATE)


def test_what_is_declined_is_free_again_and_not_offered_again_to_the_same_person(
    waiting: Participation, full_until_late: list[Participation], motif: Motif
) -> None:
    cancel(participation=full_until_late[2], now=NOW)
    offer_earlier_slots(now=NOW)
    offer = current_offer(waiting, NOW)
    assert offer is not None
    decline(offer=offer, now=NOW)
    assert moment(SECOND) in free_for_others(motif)
    assert is_waiting(waiting)
    assert [offer_earlier_slots(now=NOW + timedelta(days=days)) for days in (0, 3, 4)] == [0, 0, 0]


def test_nobody_is_offered_two_slots_within_a_day(
    waiting: Participation, full_until_late: list[Participation]
) -> None:
    for number in (2, 3):
        cancel(participation=full_until_late[number], now=NOW)
    assert offer_earlier_slots(now=NOW) == 1
    assert offer_earlier_slots(now=NOW + timedelta(hours=5)) == 0
    assert offer_earlier_slots(now=NOW + timedelta(days=3)) == 1


def test_nobody_is_disturbed_at_night(waiting: Participation, full_until_late: list[Participation]) -> None:
    cancel(participation=full_until_late[2], now=NOW)
    night = NOW.replace(hour=5)
    assert offer_earlier_slots(now=night) == 0
    assert offer_earlier_slots(now=NOW.replace(hour=7)) == 1


def test_who_leaves_the_list_frees_what_was_kept(
    waiting: Participation, full_until_late: list[Participation], motif: Motif
) -> None:
    cancel(participation=full_until_late[2], now=NOW)
    offer_earlier_slots(now=NOW)
    leave(participation=waiting)
    assert not EarlierSlotOffer.objects.exists()
    assert moment(SECOND) in free_for_others(motif)


def test_a_cancelled_rdv_waits_for_nothing(
    waiting: Participation, full_until_late: list[Participation]
) -> None:
    cancel(participation=waiting, now=NOW)
    cancel(participation=full_until_late[2], now=NOW)
    assert offer_earlier_slots(now=NOW) == 0


@pytest.mark.django_db(transaction=True)
def test_accepting_and_booking_at_once_give_the_slot_to_the_one_it_is_kept_for(
    waiting: Participation,
    full_until_late: list[Participation],
    booked: Booked,
    in_threads: Callable[..., list[Any]],
) -> None:
    cancel(participation=full_until_late[2], now=NOW)
    offer_earlier_slots(now=NOW)
    offer = current_offer(waiting, NOW)
    assert offer is not None
    results = in_threads(
        partial(accept, offer=offer, now=NOW), *[partial(booked, moment(SECOND)) for _ in range(5)]
    )
    assert isinstance(results[0], Participation)
    assert all(isinstance(result, SlotTaken) for result in results[1:])
    connections.close_all()


def test_a_person_who_moves_by_themselves_is_not_offered_what_is_no_better(
    waiting: Participation, full_until_late: list[Participation], motif: Motif
) -> None:
    cancel(participation=full_until_late[2], now=NOW)
    (offer,) = offers([motif])
    move(participation=waiting, offer=offer, starts_at=moment(SECOND), now=NOW)
    cancel(participation=full_until_late[3], now=NOW)
    assert offer_earlier_slots(now=NOW) == 0
