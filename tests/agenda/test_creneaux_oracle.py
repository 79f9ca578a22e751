"""Every question asked of free time, against an agenda read minute by minute (tests/agenda/oracle.py).

Generated: plages of several motifs, at a place or by phone, once, weekly or monthly, with intervals, counts,
ends and exceptions; absences over several days, or recurring with exceptions, on other clocks than the place;
public holidays of five departments; rdvs of every status with pauses; créneaux kept for the waiting list;
agents who may not receive; around both clock changes and in four time zones.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.agenda.creneaux import (
    Offer,
    count_for_public,
    find,
    find_for_public,
    first_by_offer,
    first_by_offer_for_public,
    first_for_public,
    offers,
    starts_for_public,
    subtract,
)
from tests.agenda.oracle import Starts, World, worlds

pytestmark = pytest.mark.django_db


@settings(max_examples=60)
@given(worlds())
def test_any_agenda_is_cut_as_a_minute_by_minute_reading_cuts_it(plain: dict[str, Any]) -> None:
    with transaction.atomic():
        world = World(plain)
        asked = [replace(offer, receivers=world.receivers) for offer in offers(world.motifs)]
        _agents_see_the_same(world, asked)
        _others_see_the_same(world, asked)
        transaction.set_rollback(True)


def _agents_see_the_same(world: World, asked: list[Offer]) -> None:
    since, until = world.start, world.start + timedelta(days=world.plain["length"])
    expected = {
        key: [
            (moment, agent, min(motifs))
            for (moment, agent), motifs in sorted(starts.items())
            if since <= moment <= until
        ]
        for key, starts in world.starts(public=False).items()
    }
    found = find(asked, since=since, until=until)
    for key, wanted in expected.items():
        assert [(one.starts_at, one.agent_id, one.motif_id) for one in found.get(key, [])] == wanted
    firsts = {key: wanted[0][0] for key, wanted in expected.items() if wanted}
    assert first_by_offer(asked, since=since, until=until) == firsts


def _others_see_the_same(world: World, asked: list[Offer]) -> None:
    now, keep = world.now, world.ignored_offer
    theirs = _within_delays(world, world.starts(public=True))
    found = find_for_public(asked, now=now, ignored_offer=keep)
    shown = starts_for_public(asked, now=now, ignored_offer=keep)
    for key, expected in theirs.items():
        assert [(one.starts_at, one.agent_id, one.motif_id) for one in found.get(key, [])] == [
            (moment, agent, min(motifs)) for (moment, agent), motifs in sorted(expected.items())
        ]
        assert shown.get(key, []) == sorted({moment for moment, _ in expected})
    if keep is None:
        _the_first_and_the_count_are_the_same(world, asked, theirs)


def _the_first_and_the_count_are_the_same(world: World, asked: list[Offer], theirs: Starts) -> None:
    now, period = world.now, timedelta(days=world.plain["length"])
    firsts = {key: min(expected)[0] for key, expected in theirs.items() if expected}
    assert first_by_offer_for_public(asked, now=now) == firsts
    assert first_for_public(asked, now=now) == min(firsts.values(), default=None)
    pairs = {pair for expected in theirs.values() for pair in expected if pair[0] <= now + period}
    assert count_for_public(asked, now=now, period=period) == len(pairs)


def _within_delays(world: World, starts: Starts) -> Starts:
    now: datetime = world.now
    delays = {one.pk: (one.min_public_booking_delay, one.max_public_booking_delay) for one in world.motifs}
    within: Starts = {key: {} for key in starts}
    for key, several in starts.items():
        for (moment, agent), motifs in several.items():
            allowed = {pk for pk in motifs if now + delays[pk][0] <= moment <= now + delays[pk][1]}
            if allowed:
                within[key][moment, agent] = allowed
    return within


def _intervals(first: int, last: int, shortest: int) -> st.SearchStrategy[tuple[int, int]]:
    pairs = st.tuples(st.integers(first, last), st.integers(shortest, 40))
    return pairs.map(lambda pair: (pair[0], sum(pair)))


@given(_intervals(0, 60, 1), st.lists(_intervals(-10, 130, 0)))
def test_what_remains_of_an_opening_is_the_seconds_that_nothing_takes(
    opening: tuple[int, int], taken: list[tuple[int, int]]
) -> None:
    pieces = list(subtract([opening], sorted(taken)))
    seconds = [second for start, end in pieces for second in range(start, end)]
    assert seconds == [
        second for second in range(*opening) if not any(start <= second < end for start, end in taken)
    ]
    assert all(start < end for start, end in pieces)
