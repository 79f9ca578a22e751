"""The rhythm of a plage: what is stored, what is said, what the form shows, are one and the same."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.agenda import recurrence
from rdv_insertion.agenda.recurrence_rule import Frequency, RecurrenceRule, UnknownRule, words
from rdv_insertion.agenda.schedules import Schedule, Scope, weekly_start

MONDAY = date(2026, 3, 2)
SECOND_WEDNESDAY = date(2026, 3, 11)

days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
endings = st.one_of(
    st.just((None, None)),
    st.tuples(days.map(lambda day: day + timedelta(days=16 * 366)), st.none()),
    st.tuples(st.none(), st.integers(1, 60)),
)
weekly = st.builds(
    lambda interval, weekdays, ending: RecurrenceRule(
        Frequency.WEEKLY, interval, tuple(sorted(weekdays)), *ending
    ),
    st.integers(1, 12),
    st.sets(st.integers(0, 6), min_size=1),
    endings,
)
monthly = st.builds(
    lambda interval, ending: RecurrenceRule(Frequency.MONTHLY, interval, (), *ending),
    st.integers(1, 12),
    endings,
)
rules = st.one_of(weekly, monthly)


def schedule(first_day, rule=None, **values):
    once = Schedule(first_day, time(9), time(12), first_day, **values)
    return weekly_start(once, rule) if rule else once


@given(rules, days)
def test_a_rule_survives_its_storage(rule, first_day):
    assert RecurrenceRule.parse(rule.text(first_day)) == rule


@given(rules, days)
def test_a_series_begins_on_its_first_day(rule, first_day):
    series = schedule(first_day, rule)
    assert series.starts_on(series.first_day)
    assert first_day <= series.first_day < first_day + timedelta(days=7)


@given(rules, days)
def test_nothing_occurs_after_the_last_day(rule, first_day):
    series = schedule(first_day, rule)
    if series.last_day is None:
        return
    assert series.starts_on(series.last_day)
    after = series.last_day + timedelta(days=1)
    assert not list(series.days(after, after + timedelta(days=400)))


@given(rules, days, st.integers(0, 400), st.data())
def test_cutting_a_series_in_two_keeps_each_of_its_days(rule, first_day, ahead, data):
    series = schedule(first_day, rule)
    until = series.first_day + timedelta(days=900)
    known = list(series.days(series.first_day, until))
    day = data.draw(st.sampled_from(known))
    before, after = series.without(Scope.FOLLOWING, day), series.from_day(day)
    kept = list(before.days(series.first_day, until)) if before else []
    assert kept + list(after.days(series.first_day, until)) == known


@given(rules, days, st.data())
def test_taking_one_day_out_takes_out_that_one_only(rule, first_day, data):
    series = schedule(first_day, rule)
    until = series.first_day + timedelta(days=900)
    known = list(series.days(series.first_day, until))
    day = data.draw(st.sampled_from(known))
    left = series.without(Scope.ONE, day)
    assert (list(left.days(series.first_day, until)) if left else []) == [one for one in known if one != day]


@given(rules, days, days)
def test_the_next_day_is_the_first_one_found_from_there(rule, first_day, since):
    series = schedule(first_day, rule)
    found = series.next_day(since)
    near = list(series.days(max(since, series.first_day), max(since, series.first_day) + timedelta(days=500)))
    assert near[:1] in ([found], [])


# Facts of today's service (reference § 12), by number


def occurrences(series, count):
    return list(series.days(series.first_day, series.first_day + timedelta(days=1000)))[:count]


def test_fact_16_every_two_weeks_from_17_july_gives_14_august():
    series = schedule(date(2026, 7, 17), RecurrenceRule(Frequency.WEEKLY, 2))
    assert series.starts_on(date(2026, 8, 14))


def test_fact_17_the_day_of_until_is_included_and_the_last():
    series = schedule(MONDAY, RecurrenceRule(Frequency.WEEKLY, until=MONDAY + timedelta(days=14)))
    assert series.last_day == MONDAY + timedelta(days=14)
    assert not series.starts_on(MONDAY + timedelta(days=21))


def test_fact_22_weekly_with_no_day_ticked_is_the_weekday_of_the_first_day():
    series = schedule(SECOND_WEDNESDAY, RecurrenceRule(Frequency.WEEKLY))
    assert {day.weekday() for day in occurrences(series, 10)} == {2}


def test_fact_23_the_second_wednesday_is_computed_again_when_the_first_day_changes():
    rule = RecurrenceRule.parse(schedule(SECOND_WEDNESDAY, RecurrenceRule(Frequency.MONTHLY)).recurrence)
    assert rule.words(SECOND_WEDNESDAY) == "tous les mois, le 2e mercredi du mois"
    assert rule.words(date(2026, 3, 5)) == "tous les mois, le 1er jeudi du mois"
    assert rule.text(date(2026, 3, 5)) == "FREQ=MONTHLY;INTERVAL=1;BYDAY=1TH"


def test_fact_24_months_without_a_fifth_weekday_are_skipped():
    series = schedule(date(2026, 3, 30), RecurrenceRule(Frequency.MONTHLY))
    assert occurrences(series, 3) == [date(2026, 3, 30), date(2026, 6, 29), date(2026, 8, 31)]


# Words


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (RecurrenceRule(Frequency.WEEKLY), "toutes les semaines, le lundi"),
        (RecurrenceRule(Frequency.WEEKLY, 1, (0, 1, 2, 3, 4)), "toutes les semaines, du lundi au vendredi"),
        (
            RecurrenceRule(Frequency.WEEKLY, 2, (0, 3), until=date(2026, 6, 30)),
            "toutes les 2 semaines, le lundi et le jeudi, jusqu'au 30 juin 2026",
        ),
        (
            RecurrenceRule(Frequency.WEEKLY, 1, (0, 2, 6), count=5),
            "toutes les semaines, le lundi, le mercredi et le dimanche, 5 fois",
        ),
        (
            RecurrenceRule(Frequency.MONTHLY, 3, until=date(2027, 1, 1)),
            "tous les 3 mois, le 1er lundi du mois, jusqu'au 1er janvier 2027",
        ),
    ],
)
def test_a_rhythm_is_said_in_french(rule, sentence):
    assert rule.words(MONDAY) == sentence
    assert words(MONDAY, rule.text(MONDAY)) == sentence


@pytest.mark.parametrize(
    "text", ["FREQ=DAILY", "FREQ=WEEKLY;BYSETPOS=1", "FREQ=MONTHLY;BYDAY=MO", "n'importe"]
)
def test_a_rhythm_that_no_form_makes_is_known_as_such(text):
    with pytest.raises(UnknownRule):
        RecurrenceRule.parse(text)
    assert words(MONDAY, text) == "selon un rythme particulier"


def test_the_rules_of_the_demonstration_are_understood():
    rule = RecurrenceRule.parse("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;UNTIL=20260630T235959")
    assert rule == RecurrenceRule(Frequency.WEEKLY, 2, (0, 1), until=date(2026, 6, 30))


@pytest.mark.parametrize("values", [{"interval": 0}, {"interval": 13}, {"count": 0}, {"weekdays": (7,)}])
def test_a_rule_that_makes_no_sense_is_refused(values):
    with pytest.raises(ValueError, match="."):
        RecurrenceRule(Frequency.WEEKLY, **values)


def test_the_stored_rule_is_what_the_engine_expands():
    text = RecurrenceRule(Frequency.WEEKLY, 1, (0, 3), count=3).text(MONDAY)
    found = recurrence.days(MONDAY, text, since=MONDAY, until=MONDAY + timedelta(days=60))
    assert list(found) == [MONDAY, MONDAY + timedelta(days=3), MONDAY + timedelta(days=7)]
