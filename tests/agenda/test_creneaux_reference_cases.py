"""Facts known of today's scheduler (reference § 12), by number: the same here, or why ours differs.

Elsewhere: 21 and 23 (what a form of recurrence accepts) in the tests of plages and absences; 50 (collective
rdvs that cannot be joined) in test_creneaux_collective.py; 40 to 49 (sectors) in test_sectors.py; the others
(pages, joining, moving, cancelling, messages) in test_reference_cases.py.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from rdv_insertion.agenda import recurrence
from rdv_insertion.agenda.creneaux import (
    find,
    find_for_public,
    first_by_offer_for_public,
    first_for_public,
    offers,
    starts_for_public,
)
from rdv_insertion.agenda.enums import LieuAvailability
from rdv_insertion.agenda.models import Motif, PlageOuverture
from rdv_insertion.territory.models import Organisation
from tests.agenda.days import MIDNIGHT, MONDAY, clocks, on_day, on_monday, paris
from tests.factories import (
    AbsenceFactory,
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def motif(organisation: Organisation) -> Motif:
    """An hour long; may be taken until the last minute."""
    return MotifFactory(organisation=organisation, duration=HOUR, min_public_booking_delay=timedelta(0))


def opening(motif: Motif, hours: str = "9:00 12:00", day: date = MONDAY, **options: Any) -> PlageOuverture:
    """Open on this day from one hour to another, once unless a recurrence is given."""
    start, end = (time.fromisoformat(one.zfill(5)) for one in hours.split())
    once = "recurrence" not in options
    return PlageOuvertureFactory(
        motif=motif, once=once, first_day=day, start_time=start, end_time=end, **options
    )


def for_public(motif: Motif, now: datetime) -> list[str]:
    return clocks(find_for_public(offers([motif]), now=now))


def test_01_a_last_rdv_must_fit_whole(motif: Motif) -> None:
    opening(motif, "9:00 11:20")
    assert on_monday(motif) == ["09:00", "10:00"]


def test_02_in_an_opening_in_progress_the_next_start_of_the_grid_is_offered(motif: Motif) -> None:
    """There: 15:05, from a grid that slides every five minutes. Ours does not: a slot shown at 15:03 must
    still exist when it is taken at 15:06. An opening until 17:00 has 14:00, 15:00 and 16:00."""
    opening(motif, "14:00 17:00")
    assert for_public(motif, paris(MONDAY, "15:03")) == ["16:00"]


def test_03_an_opening_that_begins_now_offers_its_first_start(motif: Motif) -> None:
    opening(motif, "8:00 10:00")
    assert for_public(motif, paris(MONDAY, "08:00")) == ["08:00", "09:00"]


def test_04_agents_are_not_bound_by_the_minimum_delay(motif: Motif) -> None:
    motif.min_public_booking_delay = timedelta(days=7)
    opening(motif)
    assert on_monday(motif) == ["09:00", "10:00", "11:00"]
    assert for_public(motif, MIDNIGHT) == []


def test_05_a_period_wholly_past_has_no_start(motif: Motif) -> None:
    opening(motif)
    after = paris(MONDAY, "18:00")
    assert clocks(find_for_public(offers([motif]), now=after, until=after - HOUR)) == []


def test_06_a_rdv_and_an_absence_within_it_free_the_time_at_its_end(motif: Motif) -> None:
    plage = opening(motif, "9:00 11:00")
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"))
    AbsenceFactory(agent=plage.agent, first_day=MONDAY, start_time=time(9, 15), end_time=time(9, 45))
    assert on_monday(motif) == ["10:00"]


def test_07_a_rdv_that_begins_before_the_opening_trims_its_start(motif: Motif) -> None:
    plage = opening(motif, "9:00 11:30")
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "08:30"))
    assert on_monday(motif) == ["09:30", "10:30"]


def test_08_busy_times_within_one_another_or_twice_the_same_do_not_break_the_cutting(motif: Motif) -> None:
    plage = opening(motif, "9:00 15:00")
    for begins, ends in (("10:00", "13:00"), ("10:30", "11:00"), ("10:00", "13:00")):
        RdvFactory(
            motif=motif,
            agents=[plage.agent],
            starts_at=paris(MONDAY, begins),
            ends_at=paris(MONDAY, ends),
            overbooked=True,
        )
    assert on_monday(motif) == ["09:00", "13:00", "14:00"]


def test_09_an_absence_larger_than_the_opening_removes_it(motif: Motif) -> None:
    AbsenceFactory(agent=opening(motif).agent, first_day=MONDAY, start_time=time(8), end_time=time(13))
    assert on_monday(motif) == []


@pytest.mark.parametrize(("minutes", "expected"), [(30, ["09:00"]), (50, [])])
def test_10_free_time_shorter_than_the_motif_has_no_start(
    motif: Motif, minutes: int, expected: list[str]
) -> None:
    motif.duration = timedelta(minutes=minutes)
    opening(motif, "9:00 9:45")
    assert on_monday(motif) == expected


@pytest.mark.parametrize(
    ("status", "free"),
    [("unknown", False), ("seen", False), ("noshow", False), ("excused", True), ("revoked", True)],
)
def test_11_a_cancelled_rdv_frees_the_time_and_a_missed_one_does_not(
    motif: Motif, status: str, free: bool
) -> None:
    plage = opening(motif, "9:00 10:00")
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"), status=status)
    assert bool(on_monday(motif)) is free


def test_12_a_motif_by_phone_sees_plages_with_and_without_a_place(organisation: Organisation) -> None:
    motif = MotifFactory(organisation=organisation, by_phone=True, duration=HOUR)
    opening(motif, "9:00 10:00")
    opening(motif, "14:00 15:00", lieu=LieuFactory(organisation=organisation))
    assert on_monday(motif) == ["09:00", "14:00"]


def test_13_an_opening_of_yesterday_is_over(motif: Motif) -> None:
    opening(motif, day=MONDAY - timedelta(days=1))
    assert for_public(motif, MIDNIGHT) == []


def test_14_recurrences_that_are_over_are_not_even_read(motif: Motif) -> None:
    """Told by `last_day`, in the query: the rule itself would still give this Monday."""
    opening(motif, day=date(2026, 2, 2), recurrence="FREQ=WEEKLY", last_day=date(2026, 2, 9))
    assert on_monday(motif) == []


def test_15_the_last_occurrence_on_the_first_day_of_the_period_is_found(motif: Motif) -> None:
    opening(motif, day=date(2026, 2, 2), recurrence="FREQ=WEEKLY;UNTIL=20260302T235959", last_day=MONDAY)
    assert on_monday(motif) == ["09:00", "10:00", "11:00"]


def test_16_every_other_week_from_17_july_falls_on_14_august(motif: Motif) -> None:
    opening(motif, day=date(2026, 7, 17), recurrence="FREQ=WEEKLY;INTERVAL=2")
    assert on_day(date(2026, 8, 14), motif)
    assert not on_day(date(2026, 8, 7), motif)


def test_17_the_day_on_which_a_recurrence_ends_is_included_and_the_next_is_not(motif: Motif) -> None:
    tuesday = MONDAY + timedelta(days=1)
    rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE;UNTIL=20260303T235959"
    opening(motif, recurrence=rule, last_day=tuesday)
    assert on_day(tuesday, motif)
    assert not on_day(tuesday + timedelta(days=1), motif)


def test_18_an_opening_whose_first_day_is_today_is_not_over(motif: Motif) -> None:
    opening(motif)
    assert for_public(motif, paris(MONDAY, "09:30")) == ["10:00", "11:00"]


def test_19_a_recurrence_until_today_is_not_over(motif: Motif) -> None:
    rule = "FREQ=WEEKLY;UNTIL=20260302T235959"
    opening(motif, day=date(2026, 2, 2), recurrence=rule, last_day=MONDAY)
    assert for_public(motif, paris(MONDAY, "09:30")) == ["10:00", "11:00"]


def test_20_an_absence_begun_before_the_period_and_ended_after_counts(motif: Motif) -> None:
    plage = opening(motif, day=date(2026, 10, 26))
    AbsenceFactory(agent=plage.agent, first_day=date(2026, 9, 26), end_day=date(2026, 10, 30))
    assert on_day(date(2026, 10, 26), motif) == []


def test_22_a_weekly_recurrence_without_a_day_falls_on_that_of_its_first_day(motif: Motif) -> None:
    opening(motif, day=date(2026, 2, 4), recurrence="FREQ=WEEKLY")
    assert on_day(date(2026, 3, 4), motif)
    assert not on_monday(motif)


def test_24_a_month_without_a_fifth_monday_is_skipped() -> None:
    days = recurrence.days(
        date(2026, 3, 30), "FREQ=MONTHLY;BYDAY=5MO", since=date(2026, 3, 1), until=date(2026, 8, 31)
    )
    assert list(days) == [date(2026, 3, 30), date(2026, 6, 29), date(2026, 8, 31)]


def test_25_monthly_openings_on_different_weeks_never_meet() -> None:
    year = {"since": date(2026, 1, 1), "until": date(2026, 12, 31)}
    first, second = (
        set(recurrence.days(date(2026, 1, 1), f"FREQ=MONTHLY;BYDAY={nth}WE", **year)) for nth in (1, 2)
    )
    assert len(first) == len(second) == 12
    assert not first & second


def test_26_every_three_weeks_does_not_fall_four_weeks_later(motif: Motif) -> None:
    opening(motif, day=date(2026, 2, 2), recurrence="FREQ=WEEKLY;INTERVAL=3")
    assert not on_monday(motif)
    assert on_day(date(2026, 2, 23), motif)


def test_27_a_day_off_blocks_the_whole_day_alone_or_among_others(motif: Motif) -> None:
    opening(motif, day=date(2026, 4, 27), recurrence="FREQ=WEEKLY;BYDAY=TH,FR,SA")
    labour_day = date(2026, 5, 1)
    assert on_day(labour_day, motif) == []
    since, until = paris(date(2026, 4, 30), "00:00"), paris(date(2026, 5, 3), "00:00")
    around = find(offers([motif]), since=since, until=until)
    assert {one.starts_at.day for several in around.values() for one in several} == {30, 2}


def test_28_a_minimum_delay_of_a_day_at_15_34_gives_16_00_the_next_day(motif: Motif) -> None:
    motif.min_public_booking_delay = timedelta(hours=24)
    motif.duration = timedelta(minutes=45)
    opening(motif, "10:00 18:00", recurrence="FREQ=WEEKLY;BYDAY=MO,TU")
    assert for_public(motif, paris(MONDAY, "15:34"))[0] == "16:00"


def test_29_a_period_that_begins_after_the_maximum_delay_has_nothing(motif: Motif) -> None:
    motif.max_public_booking_delay = timedelta(days=7)
    opening(motif, day=MONDAY + timedelta(days=20))
    asked, after = offers([motif]), MIDNIGHT + timedelta(days=10)
    assert clocks(find_for_public(asked, now=MIDNIGHT, since=after)) == []
    assert first_for_public(asked, now=MIDNIGHT) is None


def test_30_the_first_start_skips_a_week_of_absence(motif: Motif) -> None:
    plage = opening(motif, recurrence="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    AbsenceFactory(agent=plage.agent, first_day=MONDAY, end_day=MONDAY + timedelta(days=6))
    found = first_for_public(offers([motif]), now=MIDNIGHT)
    assert found == paris(MONDAY + timedelta(days=7), "09:00")


def test_31_a_minimum_delay_that_ends_after_the_opening_gives_the_next_week(motif: Motif) -> None:
    motif.min_public_booking_delay = timedelta(hours=24)
    opening(motif, recurrence="FREQ=WEEKLY")
    found = first_for_public(offers([motif]), now=paris(MONDAY, "13:00") - timedelta(days=1))
    assert found == paris(MONDAY + timedelta(days=7), "09:00")


def test_32_a_monthly_opening_on_a_day_of_absence_gives_the_next_month(motif: Motif) -> None:
    plage = opening(motif, recurrence="FREQ=MONTHLY;BYDAY=1MO")
    AbsenceFactory(agent=plage.agent, first_day=MONDAY)
    # The first Monday of April 2026 is Easter Monday.
    assert first_for_public(offers([motif]), now=MIDNIGHT) == paris(date(2026, 5, 4), "09:00")


def test_33_two_agents_free_at_one_time_are_one_start(motif: Motif) -> None:
    plage = opening(motif, "8:00 9:00")
    opening(motif, "8:00 9:00", lieu=plage.lieu)
    (starts,) = starts_for_public(offers([motif]), now=MIDNIGHT).values()
    assert starts == [paris(MONDAY, "08:00")]


def test_34_a_start_beyond_the_maximum_delay_is_not_offered(motif: Motif) -> None:
    """There, starts later on the last day were still given; ours stop at the minute."""
    motif.max_public_booking_delay = timedelta(hours=10)
    opening(motif)
    assert for_public(motif, MIDNIGHT) == ["09:00", "10:00"]


def test_35_places_may_be_sorted_by_their_first_start(motif: Motif) -> None:
    late, soon = opening(motif, day=MONDAY + timedelta(days=9)), opening(motif)
    firsts = first_by_offer_for_public(offers([motif]), now=MIDNIGHT)
    assert late.lieu and soon.lieu
    assert sorted(firsts, key=lambda key: firsts[key]) == [f"lieu-{soon.lieu.pk}", f"lieu-{late.lieu.pk}"]


def test_39_a_disabled_place_is_hidden(motif: Motif) -> None:
    opening(motif, lieu=LieuFactory(organisation=motif.organisation, availability=LieuAvailability.DISABLED))
    assert offers([motif]) == []
