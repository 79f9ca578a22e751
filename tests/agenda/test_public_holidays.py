"""Days off of each territory, and agendas that are closed on them."""

from datetime import date, time, timedelta

import pytest

from rdv_insertion.agenda import public_holidays
from rdv_insertion.agenda.creneaux import find, offers
from rdv_insertion.kernel import dates
from tests.agenda.days import clocks
from tests.factories import (
    DepartmentFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    PlageOuvertureFactory,
)

_NATIONAL = {
    *(date(2026, 1, 1), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 8), date(2026, 5, 14)),
    *(date(2026, 5, 25), date(2026, 7, 14), date(2026, 8, 15), date(2026, 11, 1), date(2026, 11, 11)),
    date(2026, 12, 25),
}


@pytest.mark.parametrize("number", ["26", "75", "2A", "2B", "90"])
def test_the_eleven_national_days_are_off_everywhere(number: str) -> None:
    assert public_holidays.between(number, date(2026, 1, 1), date(2026, 12, 31)) == _NATIONAL


@pytest.mark.parametrize("number", ["57", "67", "68"])
def test_alsace_and_moselle_have_good_friday_and_the_day_after_christmas(number: str) -> None:
    year = public_holidays.between(number, date(2026, 1, 1), date(2026, 12, 31))
    assert year - _NATIONAL == {date(2026, 4, 3), date(2026, 12, 26)}


def test_a_period_over_two_years_has_the_days_of_both() -> None:
    found = public_holidays.between("26", date(2026, 12, 25), date(2027, 1, 1))
    assert found == {date(2026, 12, 25), date(2027, 1, 1)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "day", "closed"),
    [
        ("26", date(2026, 5, 1), True),
        ("26", date(2026, 4, 6), True),
        ("26", date(2026, 4, 3), False),
        ("67", date(2026, 4, 3), True),
        ("68", date(2025, 12, 26), True),
        ("57", date(2025, 12, 26), True),
        ("26", date(2025, 12, 26), False),
        ("971", date(2026, 5, 27), True),
        ("972", date(2026, 5, 22), True),
        ("973", date(2026, 6, 10), True),
        ("974", date(2027, 12, 20), True),
        ("26", date(2027, 12, 20), False),
        ("976", date(2026, 4, 27), True),
        ("988", date(2026, 9, 24), True),
    ],
)
def test_agendas_are_closed_on_the_public_holidays_of_the_place(number: str, day: date, closed: bool) -> None:
    department = DepartmentFactory(number=number, name=f"Département {number}")
    organisation = OrganisationFactory(department=department)
    lieu = LieuFactory(organisation=organisation, time_zone_name=department.time_zone.key)
    motif = MotifFactory(organisation=organisation)
    PlageOuvertureFactory(motif=motif, lieu=lieu, first_day=day - timedelta(days=7), recurrence="FREQ=DAILY")
    start = dates.at(day, time(0), department.time_zone)
    found = find(offers([motif]), since=start, until=start + timedelta(hours=23))
    assert (clocks(found) == []) is closed
