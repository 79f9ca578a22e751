from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.kernel import dates

TODAY = date(2026, 3, 2)
REUNION = ZoneInfo("Indian/Reunion")


@pytest.mark.parametrize(
    "typed",
    [
        "03/04/1985",
        "3/4/1985",
        "3-4-1985",
        "3.04.1985",
        "3 04 1985",
        "1985-04-03",
        "1985-04-03T00:00:00",
        "1985-04-03 00:00:00",
        "03/04/1985 00:00",
        "3 avril 1985",
        "3 avr. 1985",
        "mercredi 3 avril 1985",
        "3 AVRIL 1985",
        "1985/04/03",
        "3-avr.-1985",
        "3-avr-1985",
        "'03/04/1985",
        "03/04/1985\u200b",
        "3\u00a0avril 1985",
        "31140",
        "31140.0",
        "31140,0",
        "31140.75",
    ],
)
def test_a_date_is_read_however_it_is_written(typed: str) -> None:
    assert dates.parse(typed) == date(1985, 4, 3)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1er février 2000", date(2000, 2, 1)),
        ("29/02/2024", date(2024, 2, 29)),
        ("15 août 1990", date(1990, 8, 15)),
        ("2 juil 1990", date(1990, 7, 2)),
        ("2 décembre 1990", date(1990, 12, 2)),
        ("2 mai 1990", date(1990, 5, 2)),
        ("2 mars 1990", date(1990, 3, 2)),
    ],
)
def test_french_months_are_read(typed: str, read: date) -> None:
    assert dates.parse(typed) == read


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("31/02/1985", "n'existe pas"),
        ("29/02/2023", "n'existe pas"),
        ("12/13/1985", "n'existe pas"),
        ("3 brumaire 1985", "mois"),
        ("2 jui 1990", "mois"),
        ("03/04/85", "écrivez"),
        ("3 avril 85", "écrivez"),
        ("1985-W14-3", "écrivez"),
        ("19850403", "écrivez"),
        ("1985", "écrivez"),
        ("demain", "écrivez"),
        ("", "écrivez"),
        ("0", "écrivez"),
        ("123456", "écrivez"),
    ],
)
def test_what_is_no_date_is_refused_in_french(typed: str, why: str) -> None:
    with pytest.raises(dates.InvalidDate, match=why):
        dates.parse(typed)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("21/07/84", date(1984, 7, 21)),
        ("21-07-84", date(1984, 7, 21)),
        ("21-juil-84", date(1984, 7, 21)),
        ("21 juillet 84", date(1984, 7, 21)),
        ("02/03/26", date(2026, 3, 2)),
        ("03/03/26", date(1926, 3, 3)),
        ("01/01/27", date(1927, 1, 1)),
        ("29/02/00", date(2000, 2, 29)),
    ],
)
def test_two_digits_of_a_year_are_the_last_such_year_up_to_a_day(typed: str, read: date) -> None:
    assert dates.parse(typed, latest=TODAY) == read


@given(
    st.one_of(
        st.text(max_size=20),
        st.from_regex(r"\A[0-9]{1,2}[/ .-]([0-9]{1,2}|mai|juil\.)[/ .-][0-9]{2}([0-9]{2})?( 00:00)?\Z"),
    )
)
def test_a_short_year_is_one_that_cannot_be_read_without_a_day_to_count_from(typed: str) -> None:
    try:
        dates.parse(typed, latest=TODAY)
    except dates.InvalidDate:
        return
    try:
        dates.parse(typed)
    except dates.InvalidDate:
        assert dates.has_short_year(typed)
    else:
        assert not dates.has_short_year(typed)


def _with_the_standard_library(typed: str) -> date | None:
    for pattern in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(typed, pattern).date()
        except ValueError:
            continue
    return None


@given(
    st.one_of(
        st.from_regex(r"\A[0-9]{2}/[0-9]{2}/[0-9]{4}\Z"),
        st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"),
        st.dates().map(lambda day: f"{day:%d/%m}/{day.year:04d}"),
    )
)
def test_a_plain_date_is_what_the_standard_library_reads(typed: str) -> None:
    assert dates.plain(typed) == _with_the_standard_library(typed)


@given(st.one_of(st.text(max_size=12), st.from_regex(r"\A[0-9W/ .-]{10}\Z")))
def test_any_text_is_no_plain_date_or_what_the_standard_library_reads(typed: str) -> None:
    assert dates.plain(typed) in (None, _with_the_standard_library(typed))


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_date_is_read_back_from_its_long_iso_and_short_forms(day: date) -> None:
    assert dates.parse(dates.long_date(day)) == day
    assert dates.parse(day.isoformat()) == day
    assert dates.parse(f"{day:%d/%m}/{day.year}") == day


@given(st.text(max_size=25))
def test_any_text_is_a_date_or_is_refused(typed: str) -> None:
    try:
        assert isinstance(dates.parse(typed), date)
    except dates.InvalidDate as error:
        assert str(error)


def test_birth_dates_are_neither_future_nor_over_130_years_ago() -> None:
    assert dates.check_birth_date(TODAY, today=TODAY) == TODAY
    assert dates.check_birth_date(date(1896, 12, 31), today=TODAY)
    with pytest.raises(dates.InvalidDate, match="futur"):
        dates.check_birth_date(TODAY + timedelta(days=1), today=TODAY)
    with pytest.raises(dates.InvalidDate, match="130 ans"):
        dates.check_birth_date(date(1895, 12, 31), today=TODAY)


@given(st.dates())
def test_a_birth_date_is_possible_when_the_check_accepts_it(day: date) -> None:
    try:
        dates.check_birth_date(day, today=TODAY)
    except dates.InvalidDate:
        assert not dates.is_birth_date(day, today=TODAY)
    else:
        assert dates.is_birth_date(day, today=TODAY)


def test_age_grows_on_the_birthday() -> None:
    birth = date(2000, 3, 3)
    assert dates.age(birth, today=date(2026, 3, 2)) == 25
    assert dates.age(birth, today=date(2026, 3, 3)) == 26
    assert dates.age(date(2004, 2, 29), today=date(2026, 2, 28)) == 21


@pytest.mark.parametrize(
    ("day", "clock", "moment"),
    [
        (date(2026, 3, 28), time(9), datetime(2026, 3, 28, 8, tzinfo=UTC)),
        (date(2026, 3, 29), time(9), datetime(2026, 3, 29, 7, tzinfo=UTC)),
        (date(2026, 10, 24), time(9), datetime(2026, 10, 24, 7, tzinfo=UTC)),
        (date(2026, 10, 25), time(9), datetime(2026, 10, 25, 8, tzinfo=UTC)),
    ],
)
def test_an_opening_stays_at_nine_on_both_sides_of_a_clock_change(
    day: date, clock: time, moment: datetime
) -> None:
    assert dates.at(day, clock, dates.PARIS) == moment
    assert dates.at(day, clock, dates.PARIS).astimezone(dates.PARIS).time() == clock


def test_a_time_that_the_spring_skips_is_an_hour_later_on_the_clocks() -> None:
    moment = dates.at(date(2026, 3, 29), time(2, 30), dates.PARIS)
    assert moment.astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_time_that_the_autumn_repeats_is_its_first_passage() -> None:
    moment = dates.at(date(2026, 10, 25), time(2, 30), dates.PARIS)
    assert moment.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_moments_are_told_on_the_clocks_of_the_place() -> None:
    moment = datetime(2026, 3, 31, 21, 30, tzinfo=UTC)
    assert dates.long_moment(moment, dates.PARIS) == "mardi 31 mars 2026 à 23 h 30"
    assert dates.long_moment(moment, REUNION) == "mercredi 1er avril 2026 à 1 h 30"
    assert dates.short_moment(moment, REUNION) == "01/04/2026 à 1 h 30"
    assert dates.clock(datetime(2026, 3, 3, 9, tzinfo=UTC)) == "9 h"


def test_days_left_are_whole_and_never_negative() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert dates.days_left(now + timedelta(days=10), now=now) == 10
    assert dates.days_left(now + timedelta(days=10, seconds=-1), now=now) == 9
    assert dates.days_left(now - timedelta(days=1), now=now) == 0
