from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.agenda.recurrence import days
from tests.agenda.oracle import RULES, occurs

FIRST = date(2026, 1, 5)


def on(rule: str, since: date, until: date, **options: object) -> list[str]:
    return [f"{day:%d/%m}" for day in days(FIRST, rule, since=since, until=until, **options)]


def test_without_a_rule_it_occurs_once() -> None:
    assert on("", FIRST, FIRST) == ["05/01"]
    assert on("", FIRST + timedelta(days=1), date(2027, 1, 1)) == []
    assert on("", date(2025, 1, 1), FIRST - timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,WE", ["02/02", "04/02", "09/02", "11/02"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", ["02/02", "08/02"]),
        ("FREQ=MONTHLY;BYDAY=2TU", ["10/02"]),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO", []),
        ("FREQ=WEEKLY;COUNT=5", ["02/02"]),
        ("FREQ=WEEKLY;UNTIL=20260208T235959", ["02/02"]),
        ("FREQ=DAILY;INTERVAL=5", ["04/02", "09/02"]),
    ],
)
def test_rules_give_their_days_long_after_they_began(rule: str, expected: list[str]) -> None:
    assert on(rule, date(2026, 2, 2), date(2026, 2, 12)) == expected


def test_leap_days_and_exceptions() -> None:
    assert on("FREQ=MONTHLY;BYMONTHDAY=29", date(2028, 2, 1), date(2028, 2, 29)) == ["29/02"]
    assert on("FREQ=WEEKLY", FIRST, FIRST + timedelta(days=14), except_on=[FIRST + timedelta(days=7)]) == [
        "05/01",
        "19/01",
    ]


@given(
    st.integers(1, 4),
    st.lists(st.sampled_from(["MO", "TU", "WE", "SU"]), unique=True),
    st.integers(0, 900),
    st.integers(0, 40),
)
def test_a_search_long_after_the_first_day_gives_the_same_days_as_one_from_it(
    interval: int, weekdays: list[str], offset: int, length: int
) -> None:
    rule = f"FREQ=WEEKLY;INTERVAL={interval}" + (f";BYDAY={','.join(weekdays)}" if weekdays else "")
    since, until = FIRST + timedelta(days=offset), FIRST + timedelta(days=offset + length)
    from_the_start = [day for day in days(FIRST, rule, since=FIRST, until=until) if day >= since]
    assert list(days(FIRST, rule, since=since, until=until)) == from_the_start


@settings(max_examples=300)
@given(RULES, st.integers(0, 500), st.integers(0, 120), st.sets(st.integers(0, 30), max_size=3))
def test_any_recurrence_falls_on_the_days_that_a_calendar_gives(
    rule: str, offset: int, length: int, exceptions: set[int]
) -> None:
    since = FIRST + timedelta(days=offset)
    period = [since + timedelta(days=number) for number in range(length + 1)]
    off = {since + timedelta(days=number) for number in exceptions}
    expected = [day for day in period if occurs(FIRST, rule, day) and day not in off]
    assert list(days(FIRST, rule, since=since, until=period[-1], except_on=off)) == expected
