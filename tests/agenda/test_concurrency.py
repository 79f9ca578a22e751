"""Real threads on real connections: who gets the slot, and what the others are told."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.agenda.creneaux import Offer, offers
from rdv_insertion.agenda.models import Motif, Participation, Rdv, RdvAgent
from rdv_insertion.agenda.services import (
    AlreadyBooked,
    NotAllowed,
    SlotTaken,
    book,
    book_seat,
    cancel,
    cancel_rdv,
    move,
)
from rdv_insertion.kernel import dates
from tests.factories import (
    AgentFactory,
    FollowUpFactory,
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 2, 20, 9, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
NINE = dates.at(MONDAY, time(9), dates.PARIS).astimezone(UTC)
HALF_HOUR = timedelta(minutes=30)

InThreads = Callable[..., list[Any]]


def an_offer(agents: int) -> Offer:
    """One place, mornings of the 2nd of March and Mondays after, with this many agents."""
    motif: Motif = MotifFactory()
    lieu = LieuFactory(organisation=motif.organisation)
    PlageOuvertureFactory.create_batch(
        agents, motif=motif, lieu=lieu, first_day=MONDAY, recurrence="FREQ=WEEKLY"
    )
    return offers([motif])[0]


def bookings(offer: Offer, count: int, starts_at: datetime = NINE) -> list[Callable[[], Participation]]:
    return [
        partial(
            book,
            offer=offer,
            starts_at=starts_at,
            follow_up=FollowUpFactory(),
            booking_key=f"{starts_at}-{n}",
            now=NOW,
        )
        for n in range(count)
    ]


def waiting_to_be_told(kind: str = "created") -> int:
    """How many changes of this kind wait for the worker that tells them."""
    return ProcrastinateJob.objects.filter(task_name="tell_of_rdv_change", args__kind=kind).count()


@pytest.mark.parametrize("agents", [1, 3])
def test_fifty_people_on_one_slot_give_one_rdv_an_agent_and_the_nearest_slots_to_the_others(
    in_threads: InThreads, agents: int
) -> None:
    offer = an_offer(agents)
    results = in_threads(*bookings(offer, 50))
    winners = [result for result in results if isinstance(result, Participation)]
    losers = [result for result in results if isinstance(result, SlotTaken)]
    assert (len(winners), len(losers)) == (agents, 50 - agents), results
    assert Rdv.objects.count() == Participation.objects.count() == RdvAgent.objects.count() == agents
    assert RdvAgent.objects.values("agent").distinct().count() == agents
    for loser in losers:
        assert [one.starts_at for one in loser.nearest] == [NINE + HALF_HOUR * n for n in (1, 2, 3)]
    assert waiting_to_be_told() == agents
    connections.close_all()


def test_people_on_different_slots_all_get_theirs(in_threads: InThreads) -> None:
    offer = an_offer(1)
    calls = [call for n in range(6) for call in bookings(offer, 1, NINE + HALF_HOUR * n)]
    results = in_threads(*calls)
    assert [result.rdv.starts_at for result in results] == [NINE + HALF_HOUR * n for n in range(6)]


def test_one_person_with_two_codes_in_two_tabs_gets_one_live_rdv(in_threads: InThreads) -> None:
    offer, follow_up = an_offer(2), FollowUpFactory()
    calls = [
        partial(
            book,
            offer=offer,
            starts_at=NINE + HALF_HOUR * n,
            follow_up=follow_up,
            booking_key=f"code-{n}",
            now=NOW,
        )
        for n in (0, 1)
    ]
    results = in_threads(*calls)
    (winner,) = [result for result in results if isinstance(result, Participation)]
    (refused,) = [result for result in results if isinstance(result, AlreadyBooked)]
    assert refused.participation == winner
    assert Participation.objects.count() == Rdv.objects.count() == 1


def test_two_people_who_move_to_the_same_slot_leave_one_where_they_were(in_threads: InThreads) -> None:
    offer = an_offer(1)
    first, second = (call() for n in (0, 1) for call in bookings(offer, 1, NINE + HALF_HOUR * n))
    target = NINE + HALF_HOUR * 4
    results = in_threads(
        *[partial(move, participation=one, offer=offer, starts_at=target, now=NOW) for one in (first, second)]
    )
    assert sum(isinstance(result, SlotTaken) for result in results) == 1
    assert Rdv.objects.filter(starts_at=target).count() == 1
    assert Rdv.objects.count() == 2


def test_a_rdv_cancelled_twice_at_once_is_cancelled_once(in_threads: InThreads) -> None:
    (call,) = bookings(an_offer(1), 1)
    participation = call()
    results = in_threads(*[partial(cancel, participation=participation, now=NOW)] * 5)
    assert sum(isinstance(result, Participation) for result in results) == 1
    assert sum(isinstance(result, NotAllowed) for result in results) == 4
    assert waiting_to_be_told("cancelled") == 1


def test_a_slot_that_is_freed_while_others_try_is_never_given_twice(in_threads: InThreads) -> None:
    offer = an_offer(1)
    (call,) = bookings(offer, 1)
    participation = call()
    results = in_threads(partial(cancel, participation=participation, now=NOW), *bookings(offer, 20))
    winners = [result for result in results[1:] if isinstance(result, Participation)]
    assert len(winners) <= 1
    assert Rdv.objects.filter(busy=True).count() == len(winners)


def test_a_workshop_cancelled_while_people_sign_up_leaves_nobody_expecting_it(in_threads: InThreads) -> None:
    rdv = RdvFactory(motif__collectif=True, starts_at=NINE)
    agent = AgentFactory(organisation=rdv.organisation)
    calls = [
        partial(book_seat, rdv=rdv, follow_up=FollowUpFactory(), booking_key=f"seat-{n}", now=NOW)
        for n in range(8)
    ]
    results = in_threads(*calls, partial(cancel_rdv, rdv=rdv, by=agent, notify=False, now=NOW))
    assert isinstance(results[-1], Rdv)
    assert all(isinstance(one, Participation | SlotTaken) for one in results[:-1])
    assert set(Participation.objects.values_list("status", flat=True)) <= {"revoked"}
    assert Rdv.objects.get(pk=rdv.pk).seats_taken == 0
