"""Free time as an invited person sees it: booking delays, créneaux kept for others, the first, how many."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rdv_insertion.agenda.creneaux import (
    count_for_public,
    find,
    find_for_public,
    first_by_offer,
    first_by_offer_for_public,
    first_for_public,
    offers,
    starts_for_public,
)
from rdv_insertion.agenda.enums import OfferAnswer
from rdv_insertion.agenda.models import Motif, PlageOuverture
from rdv_insertion.territory.models import Organisation
from tests.agenda.days import MIDNIGHT, MONDAY, clocks, keep, on_monday, paris
from tests.factories import AbsenceFactory, MotifFactory, PlageOuvertureFactory, RdvFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def motif(organisation: Organisation) -> Motif:
    return MotifFactory(organisation=organisation, min_public_booking_delay=timedelta(minutes=30))


@pytest.fixture
def plage(motif: Motif) -> PlageOuverture:
    """Monday the 2nd of March, from 9:00 to 12:00."""
    return PlageOuvertureFactory(motif=motif, once=True, first_day=MONDAY)


def test_slots_of_a_plage_in_progress_do_not_slide_with_now(plage: PlageOuverture, motif: Motif) -> None:
    all_day = set(on_monday(motif))
    for minutes in range(0, 180, 7):
        now = paris(MONDAY, "09:00") + timedelta(minutes=minutes)
        shown = clocks(find_for_public(offers([motif]), now=now))
        assert set(shown) <= all_day
        assert shown == [
            clock for clock in sorted(all_day) if paris(MONDAY, clock) >= now + timedelta(minutes=30)
        ]


def test_both_booking_delays_hold_to_the_minute(plage: PlageOuverture, motif: Motif) -> None:
    motif.min_public_booking_delay, motif.max_public_booking_delay = timedelta(hours=1), timedelta(hours=2)
    asked = offers([motif])
    assert clocks(find_for_public(asked, now=paris(MONDAY, "08:00"))) == ["09:00", "09:30", "10:00"]
    assert clocks(find_for_public(asked, now=paris(MONDAY, "08:01"))) == ["09:30", "10:00"]
    assert clocks(find_for_public(asked, now=paris(MONDAY, "07:59"))) == ["09:00", "09:30"]
    a_moment_late = paris(MONDAY, "08:00") + timedelta(microseconds=1)
    assert clocks(find_for_public(asked, now=a_moment_late)) == ["09:30", "10:00"]


def test_the_delays_of_one_motif_do_not_hide_another_at_the_same_start(
    plage: PlageOuverture, motif: Motif
) -> None:
    motif.min_public_booking_delay = timedelta(days=3)
    other = MotifFactory(organisation=motif.organisation)
    plage.motifs.add(other)
    found = find_for_public(offers([motif, other]), now=paris(MONDAY, "08:00"))
    assert len(clocks(found)) == 6
    assert {one.motif_id for several in found.values() for one in several} == {other.pk}


def test_the_first_free_moment_is_found_near_or_far(motif: Motif) -> None:
    assert first_for_public(offers([motif]), now=MIDNIGHT) is None
    for days in (80, 20, 1):
        day = MONDAY + timedelta(days=days)
        PlageOuvertureFactory(motif=motif, once=True, first_day=day)
        assert first_for_public(offers([motif]), now=MIDNIGHT) == paris(day, "09:00")
    assert first_for_public([], now=MIDNIGHT) is None


def at_eight(motif: Motif, **options: Any) -> list[str]:
    """What an invited person may take on that Monday at 7:00."""
    return clocks(find_for_public(offers([motif]), now=paris(MONDAY, "07:00"), **options))


def test_a_creneau_kept_for_somebody_is_nobody_elses(plage: PlageOuverture, motif: Motif) -> None:
    keep(plage, "09:00")
    asked, now = offers([motif]), paris(MONDAY, "07:00")
    assert at_eight(motif)[0] == "09:30"
    assert first_for_public(asked, now=now) == paris(MONDAY, "09:30")
    assert starts_for_public(asked, now=now)[asked[0].key][0] == paris(MONDAY, "09:30")
    assert count_for_public(asked, now=now, period=timedelta(days=1)) == 5


def test_it_is_theirs(plage: PlageOuverture, motif: Motif) -> None:
    kept = keep(plage, "09:00")
    keep(plage, "10:00")
    assert at_eight(motif, ignored_offer=kept.pk) == ["09:00", "09:30", "10:30", "11:00", "11:30"]


def test_it_is_everybodys_once_it_expires(plage: PlageOuverture, motif: Motif) -> None:
    keep(plage, "09:00", expires_at=paris(MONDAY, "07:00"))
    assert at_eight(motif)[0] == "09:00"


@pytest.mark.parametrize("answer", [OfferAnswer.DECLINED, OfferAnswer.EXPIRED, OfferAnswer.ACCEPTED])
def test_it_is_everybodys_once_it_is_answered(
    plage: PlageOuverture, motif: Motif, answer: OfferAnswer
) -> None:
    keep(plage, "09:00", answer=answer)
    assert at_eight(motif)[0] == "09:00"


def test_it_takes_the_time_of_its_agent_only(plage: PlageOuverture, motif: Motif) -> None:
    PlageOuvertureFactory(motif=motif, lieu=plage.lieu, once=True, first_day=MONDAY)
    keep(plage, "09:00")
    assert at_eight(motif)[:3] == ["09:00", "09:30", "09:30"]


def test_the_first_start_of_each_offer_is_given_near_or_far(plage: PlageOuverture, motif: Motif) -> None:
    far = PlageOuvertureFactory(motif=motif, once=True, first_day=MONDAY + timedelta(days=58))
    never = PlageOuvertureFactory(motif=motif, once=True, first_day=MONDAY - timedelta(days=60))
    assert plage.lieu and far.lieu and never.lieu
    expected = {
        f"lieu-{plage.lieu.pk}": paris(MONDAY, "09:00"),
        f"lieu-{far.lieu.pk}": paris(MONDAY + timedelta(days=58), "09:00"),
    }
    asked = offers([motif])
    assert len(asked) == 3
    assert first_by_offer_for_public(asked, now=MIDNIGHT) == expected
    assert first_by_offer(asked, since=MIDNIGHT, until=MIDNIGHT + timedelta(days=90)) == expected
    assert first_by_offer(asked, since=MIDNIGHT, until=MIDNIGHT + timedelta(days=90), agents=[]) == {}


_QUESTIONS = {
    "every créneau of a week": (
        4,
        lambda asked: find(asked, since=MIDNIGHT, until=MIDNIGHT + timedelta(days=7)),
    ),
    "every créneau of the booking period": (4, lambda asked: find_for_public(asked, now=MIDNIGHT)),
    "every start of the booking period": (4, lambda asked: starts_for_public(asked, now=MIDNIGHT)),
    "the first of each place": (4, lambda asked: first_by_offer_for_public(asked, now=MIDNIGHT)),
    "the first of each place, for agents": (
        4,
        lambda asked: first_by_offer(asked, since=MIDNIGHT, until=MIDNIGHT + timedelta(days=56)),
    ),
    "whether anything is left": (4, lambda asked: first_for_public(asked, now=MIDNIGHT)),
    "how many over a month": (
        4,
        lambda asked: count_for_public(asked, now=MIDNIGHT, period=timedelta(days=30)),
    ),
}


@pytest.mark.parametrize("agents", [1, 30])
def test_each_question_costs_as_many_queries_whatever_the_agents_and_the_places(
    motif: Motif, agents: int
) -> None:
    for _ in range(agents):
        plage = PlageOuvertureFactory(motif=motif, first_day=MONDAY)
        AbsenceFactory(agent=plage.agent, first_day=MONDAY)
        RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY + timedelta(days=1), "09:00"))
    with CaptureQueriesContext(connection) as offering:
        asked = offers([motif])
    assert (len(asked), len(offering)) == (agents, 2)
    spent = {}
    for name, (_, question) in _QUESTIONS.items():
        with CaptureQueriesContext(connection) as captured:
            assert question(asked)
        spent[name] = len(captured)
    assert spent == {name: queries for name, (queries, _) in _QUESTIONS.items()}
