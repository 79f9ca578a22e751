"""Free time: named rules, one by one, then everything against a minute-by-minute oracle.

The oracle walks the minutes of the period on the clocks of the place; it shares no code with the product.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.agenda.creneaux import (
    Creneau,
    Offer,
    count_for_public,
    find,
    find_for_public,
    first_for_public,
    offers,
    starts_for_public,
    subtract,
)
from rdv_insertion.agenda.enums import LieuAvailability
from rdv_insertion.agenda.models import Absence, Lieu, Motif, PlageOuverture
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from tests.factories import (
    AbsenceFactory,
    AgentFactory,
    DepartmentFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
REUNION = ZoneInfo("Indian/Reunion")


def paris(day: date, clock: str) -> datetime:
    return dates.at(day, time.fromisoformat(clock), dates.PARIS)


MIDNIGHT = paris(MONDAY, "00:00")


@pytest.fixture
def motif(organisation: Organisation) -> Motif:
    return MotifFactory(organisation=organisation, min_public_booking_delay=timedelta(minutes=30))


@pytest.fixture
def plage(motif: Motif) -> PlageOuverture:
    """Monday the 2nd of March, from 9:00 to 12:00."""
    return PlageOuvertureFactory(motif=motif, once=True, first_day=MONDAY)


def clocks(found: dict[str, list[Creneau]], zone: ZoneInfo = dates.PARIS) -> list[str]:
    return [f"{one.starts_at.astimezone(zone):%H:%M}" for several in found.values() for one in several]


def on_monday(*motifs: Motif, **options: Any) -> list[str]:
    return clocks(find(offers(motifs), since=MIDNIGHT, until=MIDNIGHT + timedelta(days=1), **options))


def test_a_plage_is_cut_in_rdvs_that_fit_whole(plage: PlageOuverture, motif: Motif) -> None:
    assert on_monday(motif) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    motif.duration = timedelta(minutes=50)
    assert on_monday(motif) == ["09:00", "09:50", "10:40"]


def test_a_pause_is_left_after_each_rdv(plage: PlageOuverture, motif: Motif) -> None:
    motif.pause = timedelta(minutes=15)
    assert on_monday(motif) == ["09:00", "09:45", "10:30", "11:15"]


def test_a_rdv_takes_its_time_and_the_rest_is_cut_from_its_end(plage: PlageOuverture, motif: Motif) -> None:
    RdvFactory(
        motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:40"), ends_at=paris(MONDAY, "10:05")
    )
    assert on_monday(motif) == ["09:00", "10:05", "10:35", "11:05"]


def test_touching_is_not_overlapping(plage: PlageOuverture, motif: Motif) -> None:
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:30"))
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "08:30"))
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "12:00"))
    assert on_monday(motif) == ["09:00", "10:00", "10:30", "11:00", "11:30"]


@pytest.mark.parametrize("status", ["unknown", "seen", "noshow"])
def test_these_statuses_keep_the_agents_time(plage: PlageOuverture, motif: Motif, status: str) -> None:
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"), status=status)
    assert "09:00" not in on_monday(motif)


@pytest.mark.parametrize("status", ["excused", "revoked"])
def test_these_statuses_free_the_agents_time(plage: PlageOuverture, motif: Motif, status: str) -> None:
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"), status=status)
    assert "09:00" in on_monday(motif)


def test_a_rdv_of_another_organisation_takes_the_agents_time(plage: PlageOuverture, motif: Motif) -> None:
    RdvFactory(agents=[plage.agent], starts_at=paris(MONDAY, "09:00"), ends_at=paris(MONDAY, "11:30"))
    assert on_monday(motif) == ["11:30"]


def test_an_overbooked_rdv_takes_the_agents_time_like_any_other(plage: PlageOuverture, motif: Motif) -> None:
    RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"), overbooked=True)
    assert "09:00" not in on_monday(motif)


def test_the_pause_of_a_rdv_that_is_taken_is_left_too(plage: PlageOuverture, motif: Motif) -> None:
    busy = MotifFactory(organisation=motif.organisation, pause=timedelta(minutes=20))
    RdvFactory(motif=busy, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"))
    assert on_monday(motif) == ["09:50", "10:20", "10:50", "11:20"]


def test_an_absence_over_several_days_closes_the_days_between(motif: Motif) -> None:
    plage = PlageOuvertureFactory(motif=motif, first_day=MONDAY)
    AbsenceFactory(
        agent=plage.agent, first_day=MONDAY, start_time=time(11), end_day=date(2026, 3, 5), end_time=time(10)
    )
    found = find(offers([motif]), since=MIDNIGHT, until=MIDNIGHT + timedelta(days=4))
    starts = [f"{one.starts_at.astimezone(dates.PARIS):%d %H:%M}" for one in next(iter(found.values()))]
    assert starts[:5] == ["02 09:00", "02 09:30", "02 10:00", "02 10:30", "05 10:00"]


def test_a_weekly_absence_comes_back(motif: Motif) -> None:
    plage = PlageOuvertureFactory(motif=motif, first_day=MONDAY)
    AbsenceFactory(
        agent=plage.agent, first_day=date(2026, 2, 2), end_time=time(11, 30), recurrence="FREQ=WEEKLY"
    )
    assert on_monday(motif) == ["11:30"]


def test_an_exception_date_closes_one_day_of_a_plage(motif: Motif) -> None:
    PlageOuvertureFactory(motif=motif, first_day=MONDAY, exception_dates=[MONDAY])
    assert on_monday(motif) == []


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
    ],
)
def test_public_holidays_of_the_place_are_closed(number: str, day: date, closed: bool) -> None:
    department = DepartmentFactory(number=number, name=f"Département {number}")
    organisation = OrganisationFactory(department=department)
    lieu = LieuFactory(organisation=organisation, time_zone_name=department.time_zone.key)
    motif = MotifFactory(organisation=organisation)
    PlageOuvertureFactory(motif=motif, lieu=lieu, first_day=day - timedelta(days=7), recurrence="FREQ=DAILY")
    start = dates.at(day, time(0), department.time_zone)
    found = find(offers([motif]), since=start, until=start + timedelta(hours=23))
    assert (clocks(found) == []) is closed


@pytest.mark.parametrize(
    "day", [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)]
)
def test_an_opening_at_nine_is_at_nine_on_both_clock_changes(motif: Motif, day: date) -> None:
    PlageOuvertureFactory(motif=motif, first_day=date(2026, 1, 5), recurrence="FREQ=DAILY", end_time=time(10))
    found = find(offers([motif]), since=paris(day, "00:00"), until=paris(day, "23:59"))
    assert clocks(found) == ["09:00", "09:30"]


def test_a_place_overseas_opens_on_its_own_clocks(motif: Motif) -> None:
    lieu = LieuFactory(organisation=motif.organisation, reunion=True)
    PlageOuvertureFactory(motif=motif, lieu=lieu, once=True, first_day=MONDAY, end_time=time(10))
    found = find(offers([motif]), since=MIDNIGHT - timedelta(days=1), until=MIDNIGHT + timedelta(days=1))
    assert [one.starts_at for one in found[f"lieu-{lieu.pk}"]] == [
        datetime(2026, 3, 2, 5, tzinfo=UTC),
        datetime(2026, 3, 2, 5, 30, tzinfo=UTC),
    ]


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


def test_agents_are_not_bound_by_the_booking_delays(plage: PlageOuverture, motif: Motif) -> None:
    motif.min_public_booking_delay = timedelta(days=3)
    assert len(on_monday(motif)) == 6


def test_the_delays_of_one_motif_do_not_hide_another_at_the_same_start(
    plage: PlageOuverture, motif: Motif
) -> None:
    motif.min_public_booking_delay = timedelta(days=3)
    other = MotifFactory(organisation=motif.organisation)
    plage.motifs.add(other)
    found = find_for_public(offers([motif, other]), now=paris(MONDAY, "08:00"))
    assert len(clocks(found)) == 6
    assert {one.motif_id for several in found.values() for one in several} == {other.pk}


def test_an_agent_is_given_once_a_start_with_the_first_motif_that_fits(
    plage: PlageOuverture, motif: Motif
) -> None:
    longer = MotifFactory(organisation=motif.organisation, duration=timedelta(hours=1))
    plage.motifs.add(longer)
    for asked in ([motif, longer], [longer, motif]):
        found = next(iter(find(offers(asked), since=MIDNIGHT, until=MIDNIGHT + timedelta(days=1)).values()))
        assert [one.motif_id for one in found] == [motif.pk] * 6


def test_two_agents_at_one_start_are_two_creneaux_and_one_moment(plage: PlageOuverture, motif: Motif) -> None:
    PlageOuvertureFactory(motif=motif, lieu=plage.lieu, once=True, first_day=MONDAY, end_time=time(10))
    asked = offers([motif])
    assert on_monday(motif) == ["09:00", "09:00", "09:30", "09:30", "10:00", "10:30", "11:00", "11:30"]
    now = MIDNIGHT - timedelta(days=1)
    assert len(starts_for_public(asked, now=now)[asked[0].key]) == 6
    assert count_for_public(asked, now=now, period=timedelta(days=30)) == 8
    assert count_for_public(asked, now=now, period=timedelta(hours=12)) == 0


def test_a_deactivated_agent_receives_nobody(plage: PlageOuverture, motif: Motif) -> None:
    plage.agent.is_active = False
    plage.agent.save()
    assert on_monday(motif) == []


def test_only_the_agents_asked_for_are_looked_at(plage: PlageOuverture, motif: Motif) -> None:
    assert on_monday(motif, agents=[plage.agent_id + 1]) == on_monday(motif, agents=[]) == []
    assert len(on_monday(motif, agents=[plage.agent_id])) == 6


def test_a_rdv_that_is_moved_does_not_bar_its_own_way(plage: PlageOuverture, motif: Motif) -> None:
    rdv = RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY, "09:00"))
    assert on_monday(motif, ignored_rdv=rdv.pk)[0] == "09:00"


def test_what_can_be_chosen_is_open_places_by_name_then_phone_then_visio(organisation: Organisation) -> None:
    motif = MotifFactory(organisation=organisation)
    names = {
        "Valence": LieuAvailability.ENABLED,
        "Die": LieuAvailability.ENABLED,
        "Crest": LieuAvailability.DISABLED,
    }
    for name, availability in names.items():
        lieu = LieuFactory(organisation=organisation, name=name, availability=availability)
        PlageOuvertureFactory.create_batch(2, motif=motif, lieu=lieu)
    visio = PlageOuvertureFactory(motif__organisation=organisation, motif__visio=True).motifs.get()
    phone = PlageOuvertureFactory(motif__organisation=organisation, motif__by_phone=True).motifs.get()
    without_plage = MotifFactory(organisation=organisation)
    collective = PlageOuvertureFactory(motif__organisation=organisation, motif__collectif=True).motifs.get()
    found = offers([motif, visio, phone, without_plage, collective])
    assert [str(offer.lieu or offer.key) for offer in found] == ["Die", "Valence", "phone", "visio"]
    assert found[0].key == f"lieu-{found[0].lieu.pk}"


def test_the_first_free_moment_is_found_near_or_far(motif: Motif) -> None:
    assert first_for_public(offers([motif]), now=MIDNIGHT) is None
    for days in (80, 20, 1):
        day = MONDAY + timedelta(days=days)
        PlageOuvertureFactory(motif=motif, once=True, first_day=day)
        assert first_for_public(offers([motif]), now=MIDNIGHT) == paris(day, "09:00")
    assert first_for_public([], now=MIDNIGHT) is None


@pytest.mark.parametrize(("agents", "days"), [(1, 7), (50, 90)])
def test_a_search_costs_three_queries_whatever_the_agents_the_places_and_the_weeks(
    motif: Motif, agents: int, days: int
) -> None:
    for _ in range(agents):
        plage = PlageOuvertureFactory(motif=motif, first_day=MONDAY)
        AbsenceFactory(agent=plage.agent, first_day=MONDAY)
        RdvFactory(motif=motif, agents=[plage.agent], starts_at=paris(MONDAY + timedelta(days=1), "09:00"))
    with CaptureQueriesContext(connection) as offering:
        asked = offers([motif])
    with CaptureQueriesContext(connection) as searching:
        find_for_public(asked, now=MIDNIGHT, until=MIDNIGHT + timedelta(days=days))
    assert (len(asked), len(offering), len(searching)) == (agents, 2, 3)


@given(
    st.tuples(st.integers(0, 60), st.integers(1, 60)).map(lambda pair: (pair[0], sum(pair))),
    st.lists(st.tuples(st.integers(-10, 130), st.integers(0, 40)).map(lambda pair: (pair[0], sum(pair)))),
)
def test_what_remains_of_an_opening_is_the_seconds_that_nothing_takes(
    opening: tuple[int, int], taken: list[tuple[int, int]]
) -> None:
    pieces = list(subtract([opening], sorted(taken)))
    seconds = [second for start, end in pieces for second in range(start, end)]
    assert seconds == [
        second for second in range(*opening) if not any(start <= second < end for start, end in taken)
    ]
    assert all(start < end for start, end in pieces)


# ---- The minute-by-minute oracle.

_DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
# Around both clock changes, Labour Day, Good Friday in Alsace and the abolition of slavery in Réunion.
_ANCHORS = (date(2026, 3, 28), date(2026, 10, 24), date(2026, 4, 30), date(2026, 4, 2), date(2027, 12, 19))
_HOLIDAYS = {
    "26": {date(2026, 5, 1), date(2026, 4, 6), date(2026, 11, 1)},
    "67": {date(2026, 5, 1), date(2026, 4, 6), date(2026, 4, 3), date(2026, 11, 1)},
    "974": {date(2026, 5, 1), date(2026, 4, 6), date(2027, 12, 20), date(2026, 11, 1)},
}
_MINUTE = timedelta(minutes=1)


def _occurs(first_day: date, rule: str, day: date) -> bool:
    """Whether a recurrence falls on `day`, read by hand."""
    if day < first_day:
        return False
    if not rule:
        return day == first_day
    parts = dict(part.split("=") for part in rule.split(";"))
    if "UNTIL" in parts and day > datetime.strptime(parts["UNTIL"][:8], "%Y%m%d").date():
        return False
    if "COUNT" in parts:
        without = ";".join(part for part in rule.split(";") if not part.startswith("COUNT"))
        span = (first_day + timedelta(days=number) for number in range((day - first_day).days + 1))
        return _occurs(first_day, without, day) and sum(
            _occurs(first_day, without, one) for one in span
        ) <= int(parts["COUNT"])
    interval = int(parts.get("INTERVAL", 1))
    if parts["FREQ"] == "WEEKLY":
        monday = day - timedelta(days=day.weekday())
        first_monday = first_day - timedelta(days=first_day.weekday())
        wanted = [_DAYS[name] for name in parts["BYDAY"].split(",")]
        return (monday - first_monday).days // 7 % interval == 0 and day.weekday() in wanted
    months = (day.year - first_day.year) * 12 + day.month - first_day.month
    nth, name = int(parts["BYDAY"][:-2]), parts["BYDAY"][-2:]
    from_end = (day + timedelta(days=7)).month != day.month
    right_place = from_end if nth == -1 else (day.day - 1) // 7 + 1 == nth
    return months % interval == 0 and day.weekday() == _DAYS[name] and right_place


_TIMES = st.integers(6 * 12, 20 * 12).map(lambda fives: time(fives * 5 // 60, fives * 5 % 60))
_WEEKDAYS = st.lists(st.sampled_from(sorted(_DAYS)), min_size=1, max_size=7, unique=True).map(",".join)
_RULES = st.one_of(
    st.just(""),
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY={}".format, st.integers(1, 3), _WEEKDAYS),
    st.builds("FREQ=WEEKLY;BYDAY={};COUNT={}".format, _WEEKDAYS, st.integers(1, 20)),
    st.builds(
        "FREQ=MONTHLY;INTERVAL={};BYDAY={}{}".format,
        st.integers(1, 2),
        st.sampled_from([1, 2, 3, 4, -1]),
        st.sampled_from(sorted(_DAYS)),
    ),
    st.builds("FREQ=WEEKLY;BYDAY={};UNTIL=20260430T235959".format, _WEEKDAYS),
)
_OFFSETS = st.integers(-75, 2)
_MINUTES = st.integers(0, 4 * 24 * 12).map(lambda fives: timedelta(minutes=5 * fives))


@st.composite
def _worlds(draw: st.DrawFn) -> dict[str, Any]:
    """What an agenda may hold, as plain values; days count from the anchor, agents and motifs are 0 or 1."""
    hours = st.tuples(_TIMES, _TIMES).filter(lambda pair: pair[0] < pair[1])
    return {
        "anchor": draw(st.sampled_from(_ANCHORS)),
        "department": draw(st.sampled_from(sorted(_HOLIDAYS))),
        "zone": draw(st.sampled_from(["Europe/Paris", "Indian/Reunion"])),
        "motifs": draw(
            st.lists(
                st.tuples(
                    st.sampled_from([20, 30, 45, 60]),
                    st.sampled_from([0, 0, 10]),
                    st.sampled_from([30, 2_000]),
                ),
                min_size=1,
                max_size=2,
            )
        ),
        "plages": draw(
            st.lists(
                st.tuples(
                    st.integers(0, 1), _OFFSETS, hours, _RULES, st.sets(st.integers(0, 3)), st.integers(0, 3)
                ),
                min_size=1,
                max_size=3,
            )
        ),
        "absences": draw(
            st.lists(
                st.tuples(
                    st.integers(0, 1),
                    _OFFSETS,
                    hours,
                    st.integers(0, 2),
                    st.one_of(
                        st.just(""), st.builds("FREQ=WEEKLY;BYDAY={}".format, st.sampled_from(sorted(_DAYS)))
                    ),
                ),
                max_size=2,
            )
        ),
        "rdvs": draw(
            st.lists(
                st.tuples(
                    st.integers(0, 1),
                    _MINUTES,
                    st.integers(1, 24),
                    st.sampled_from(["unknown", "seen", "noshow", "excused", "revoked"]),
                    st.integers(0, 1),
                ),
                max_size=4,
            )
        ),
        "now": draw(_MINUTES),
        "length": draw(st.integers(1, 4)),
    }


class _World:
    """The same agenda twice: rows for the product, and answers minute by minute for the oracle."""

    def __init__(self, world: dict[str, Any]) -> None:
        self.plain, self.anchor, self.zone = world, world["anchor"], ZoneInfo(world["zone"])
        number = world["department"]
        organisation = OrganisationFactory(
            department=DepartmentFactory(number=number, name=f"Département {number}")
        )
        self.closed = _HOLIDAYS[number]
        self.start = dates.at(self.anchor, time(0), self.zone).astimezone(UTC)
        self.lieu: Lieu = LieuFactory(organisation=organisation, time_zone_name=world["zone"])
        self.agents: list[Agent] = AgentFactory.create_batch(2)
        self.motifs: list[Motif] = [
            MotifFactory(
                organisation=organisation,
                duration=timedelta(minutes=duration),
                pause=timedelta(minutes=pause),
                min_public_booking_delay=timedelta(minutes=delay),
                max_public_booking_delay=timedelta(days=3),
            )
            for duration, pause, delay in world["motifs"]
        ]
        for plage in world["plages"]:
            self._write_plage(*plage)
        for absence in world["absences"]:
            self._write_absence(*absence)
        for agent, offset, fives, status, motif in world["rdvs"]:
            RdvFactory(
                motif=self.motifs[motif % len(self.motifs)],
                agents=[self.agents[agent]],
                starts_at=self.start + offset,
                ends_at=self.start + offset + timedelta(minutes=5 * fives),
                status=status,
                overbooked=True,
            )
        first_minute = self.start - timedelta(days=1)
        self.minutes = [first_minute + number * _MINUTE for number in range(6 * 1440)]
        self.walls = [minute.astimezone(self.zone).replace(tzinfo=None) for minute in self.minutes]

    def day(self, offset: int) -> date:
        return self.anchor + timedelta(days=offset)

    def motifs_of(self, choice: int) -> list[Motif]:
        """0: the first, 1: the last, otherwise all."""
        return [self.motifs[0]] if choice == 0 else [self.motifs[-1]] if choice == 1 else self.motifs

    def _write_plage(
        self, agent: int, offset: int, hours: tuple[time, time], rule: str, exceptions: set[int], motifs: int
    ) -> None:
        PlageOuvertureFactory(
            motif=self.motifs[0],
            motifs=self.motifs_of(motifs),
            agent=self.agents[agent],
            lieu=self.lieu,
            first_day=self.day(offset),
            start_time=hours[0],
            end_time=hours[1],
            recurrence=rule,
            last_day=None if rule else self.day(offset),
            exception_dates=[self.day(one) for one in exceptions],
        )

    def _write_absence(
        self, agent: int, offset: int, hours: tuple[time, time], length: int, rule: str
    ) -> None:
        Absence.objects.create(
            agent=self.agents[agent],
            title="Absence",
            first_day=self.day(offset),
            start_time=hours[0],
            end_day=self.day(offset + length),
            end_time=hours[1],
            recurrence=rule,
            last_day=None if rule else self.day(offset + length),
            time_zone_name=self.zone.key,
        )

    def _busy(self, agent: int) -> list[bool]:
        """For each minute, whether the agent is taken: by an absence or a live rdv with its pause."""
        rdvs, absences = self._rdvs_of(agent), self._absences_of(agent)
        return [
            any(start <= minute < end for start, end in rdvs)
            or any(start <= wall < end for start, end in absences)
            for minute, wall in zip(self.minutes, self.walls, strict=True)
        ]

    def _rdvs_of(self, agent: int) -> list[tuple[datetime, datetime]]:
        return [
            (
                self.start + offset,
                self.start
                + offset
                + timedelta(minutes=5 * fives)
                + self.motifs[motif % len(self.motifs)].pause,
            )
            for number, offset, fives, status, motif in self.plain["rdvs"]
            if number == agent and status not in ("excused", "revoked")
        ]

    def _absences_of(self, agent: int) -> list[tuple[datetime, datetime]]:
        """On the clocks of the place."""
        return [
            (datetime.combine(day, begins), datetime.combine(day + timedelta(days=length), ends))
            for number, offset, (begins, ends), length, rule in self.plain["absences"]
            for day in (self.day(back) for back in range(-4, 8))
            if number == agent and _occurs(self.day(offset), rule, day)
        ]

    def starts(self) -> dict[tuple[datetime, int], set[int]]:
        """Every start, whatever the period: (moment, agent id) → ids of the motifs."""
        found: dict[tuple[datetime, int], set[int]] = {}
        busy = [self._busy(0), self._busy(1)]
        for agent, offset, (begins, ends), rule, exceptions, motifs in self.plain["plages"]:
            off = self.closed | {self.day(one) for one in exceptions}
            for day in sorted({wall.date() for wall in self.walls}):
                if day in off or not _occurs(self.day(offset), rule, day):
                    continue
                open_minutes = [
                    place
                    for place, wall in enumerate(self.walls)
                    if wall.date() == day and begins <= wall.time() < ends and not busy[agent][place]
                ]
                for motif in self.motifs_of(motifs):
                    for place in self._cut(open_minutes, motif):
                        found.setdefault((self.minutes[place], self.agents[agent].pk), set()).add(motif.pk)
        return found

    @staticmethod
    def _cut(open_minutes: list[int], motif: Motif) -> list[int]:
        """Walk the free minutes: a rdv begins where a run begins, or where the one before leaves off."""
        free, length = set(open_minutes), int(motif.duration / _MINUTE)
        pause = int(motif.pause / _MINUTE)
        starts, next_start = [], -1
        for place in open_minutes:
            if place - 1 not in free:
                next_start = place
            if place == next_start and all(one in free for one in range(place, place + length)):
                starts.append(place)
                next_start = place + length + pause
        return starts


@settings(max_examples=120)
@given(_worlds())
def test_any_agenda_is_cut_as_a_minute_by_minute_reading_cuts_it(plain: dict[str, Any]) -> None:
    with transaction.atomic():
        world = _World(plain)
        expected = world.starts()
        asked = offers(world.motifs)
        since, until = world.start, world.start + timedelta(days=world.plain["length"])
        found = find([*asked], since=since, until=until)
        assert [
            (one.starts_at, one.agent_id, one.motif_id) for one in found.get(f"lieu-{world.lieu.pk}", [])
        ] == [
            (moment, agent, min(motifs))
            for (moment, agent), motifs in sorted(expected.items())
            if since <= moment <= until
        ]
        _assert_public_sees_the_same(world, asked, expected)
        transaction.set_rollback(True)


def _assert_public_sees_the_same(
    world: _World, asked: list[Offer], expected: dict[tuple[datetime, int], set[int]]
) -> None:
    now = world.start + world.plain["now"] - timedelta(days=1)
    delays = {one.pk: (one.min_public_booking_delay, one.max_public_booking_delay) for one in world.motifs}
    last = world.start + timedelta(days=4)
    allowed = {
        (moment, agent): {pk for pk in motifs if now + delays[pk][0] <= moment <= now + delays[pk][1]}
        for (moment, agent), motifs in expected.items()
        if world.start <= moment <= last
    }
    wanted = [(*key, min(motifs)) for key, motifs in sorted(allowed.items()) if motifs]
    found = find_for_public(asked, now=now, since=world.start, until=last)
    assert [
        (one.starts_at, one.agent_id, one.motif_id) for several in found.values() for one in several
    ] == wanted
