"""Every aggregate of the database equals what somebody would count by hand."""

import statistics as python_statistics
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.agenda.enums import BUSY, CreatedBy
from rdv_insertion.agenda.models import Participation, Rdv, RdvAgent
from rdv_insertion.pilotage.rdv_filters import RdvFilters, RdvState
from rdv_insertion.pilotage.rdv_statistics import (
    NOBODY,
    SINGLE_USE_PLACES,
    Step,
    rdv_statistics,
    step_for,
    steps_between,
)
from tests.factories import (
    AgentFactory,
    AgentRoleFactory,
    DepartmentFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    RdvFactory,
    UsagerFactory,
)

pytestmark = pytest.mark.django_db

# A Wednesday between two changes of the clocks: 29 March and 25 October 2026 in Paris, never in Réunion.
NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 23), date(2026, 11, 1)
# Midnights of Paris (before, on and after each change) and of Saint-Denis, the ends of the period, and now.
_EDGES = (
    datetime(2026, 3, 22, 20, tzinfo=UTC),
    datetime(2026, 3, 22, 23, tzinfo=UTC),
    datetime(2026, 3, 28, 23, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 22, tzinfo=UTC),
    datetime(2026, 5, 31, 22, tzinfo=UTC),
    NOW,
    datetime(2026, 10, 24, 22, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 23, tzinfo=UTC),
    datetime(2026, 11, 1, 20, tzinfo=UTC),
    datetime(2026, 11, 1, 23, tzinfo=UTC),
)
_STATUSES = ("unknown", "seen", "excused", "revoked", "noshow")
_SETTLED = _STATUSES[1:]


@dataclass(frozen=True)
class Plan:
    """A rdv to make. Numbers choose among the things of the world."""

    overseas: bool
    starts_at: datetime
    taken_before: timedelta
    status: str
    motif: int
    lieu: int
    agents: frozenset[int]
    created_by: str
    people: tuple[str, ...]


moments = st.builds(
    lambda edge, minutes: edge + timedelta(minutes=minutes),
    st.sampled_from(_EDGES),
    st.sampled_from((-1, 0, 1, 90)),
)
plans = st.lists(
    st.builds(
        Plan,
        overseas=st.booleans(),
        starts_at=moments,
        taken_before=st.integers(-2_000, 200_000).map(lambda minutes: timedelta(minutes=minutes)),
        status=st.sampled_from(_STATUSES),
        motif=st.integers(0, 2),
        lieu=st.integers(0, 2),
        agents=st.frozensets(st.integers(0, 2)),
        created_by=st.sampled_from(CreatedBy.values),
        people=st.lists(st.sampled_from(_STATUSES), max_size=3).map(tuple),
    ),
    max_size=25,
)


@dataclass
class World:
    agent: object
    organisations: list
    motifs: dict
    lieux: dict
    agents: list
    usagers: list


@pytest.fixture
def world(organisation, category):
    overseas = OrganisationFactory(department=DepartmentFactory(reunion=True), name="Réunion", slug="974")
    agent = AgentFactory(organisation=organisation)
    AgentRoleFactory(agent=agent, organisation=overseas)
    organisations = [organisation, overseas]
    return World(
        agent=agent,
        organisations=organisations,
        motifs={
            one: [
                MotifFactory(organisation=one, name="Orientation"),
                MotifFactory(organisation=one, name="Orientation", by_phone=True),
                MotifFactory(organisation=one, name="Signature"),
            ]
            for one in organisations
        },
        lieux={
            one: [
                None,
                LieuFactory(organisation=one, name="Centre"),
                LieuFactory(organisation=one, name="Mairie", availability="single_use"),
            ]
            for one in organisations
        },
        agents=[AgentFactory(organisation=organisation, first_name="A", last_name=name) for name in "XYZ"],
        usagers=[UsagerFactory(organisation=organisation) for _ in range(3)],
    )


def make(world, planned):
    for plan in planned:
        organisation = world.organisations[plan.overseas]
        rdv = Rdv.objects.create(
            organisation=organisation,
            motif=world.motifs[organisation][plan.motif],
            lieu=world.lieux[organisation][plan.lieu],
            starts_at=plan.starts_at,
            ends_at=plan.starts_at + timedelta(minutes=30),
            status=plan.status,
            overbooked=True,
            created_by=plan.created_by,
            created_at=plan.starts_at - plan.taken_before,
            scheduled_at=plan.starts_at - plan.taken_before,
        )
        for number in plan.agents:
            RdvAgent.objects.create(
                rdv=rdv,
                agent=world.agents[number],
                starts_at=rdv.starts_at,
                ends_at=rdv.ends_at,
                busy=plan.status in BUSY,
                overbooked=True,
            )
        for usager, status in zip(world.usagers, plan.people, strict=False):
            Participation.objects.create(
                rdv=rdv, usager=usager, status=status, created_by="agent", created_at=rdv.created_at
            )


def state(status, starts_at):
    if status != "unknown":
        return status
    return "a-venir" if starts_at > NOW else "a-renseigner"


def local(world, plan):
    return plan.starts_at.astimezone(world.organisations[plan.overseas].time_zone).date()


def counted(pairs):
    """{label: {state: number}} of pairs (label, plan)."""
    found = {}
    for label, plan in pairs:
        found.setdefault(label, Counter())[state(plan.status, plan.starts_at)] += 1
    return {label: dict(counts) for label, counts in found.items()}


def as_dict(lines):
    return {line.label: line.counts for line in lines}


def motif_label(world, plan):
    name = ("Orientation", "Orientation (par téléphone)", "Signature")[plan.motif]
    return f"{name} – {world.organisations[plan.overseas].name}"


def lieu_label(world, plan):
    if plan.lieu == 0:
        return "Par téléphone" if plan.motif == 1 else "Sur place"
    return SINGLE_USE_PLACES if plan.lieu == 2 else f"Centre – {world.organisations[plan.overseas].name}"


def assert_counted_by_hand(world, kept, found):
    states = Counter(state(plan.status, plan.starts_at) for plan in kept)
    people = Counter(state(status, plan.starts_at) for plan in kept for status in plan.people)
    settled = sum(people[one] for one in _SETTLED)
    delays = [max(plan.taken_before.total_seconds() / 86_400, 0) for plan in kept]
    names = [str(agent) for agent in world.agents]
    assert (found.rdvs, found.people) == (dict(states), dict(people))
    assert found.rdv_count == len(kept)
    assert found.people_count == sum(len(plan.people) for plan in kept)
    assert found.presence_rate == (people["seen"] / settled if settled else None)
    assert found.noshow_rate == (people["noshow"] / settled if settled else None)
    assert found.median_delay == (
        pytest.approx(python_statistics.median(delays), abs=1e-9) if delays else None
    )
    assert as_dict(found.by_motif) == counted((motif_label(world, plan), plan) for plan in kept)
    assert as_dict(found.by_lieu) == counted((lieu_label(world, plan), plan) for plan in kept)
    assert as_dict(found.by_creator) == counted((CreatedBy(plan.created_by).label, plan) for plan in kept)
    assert as_dict(found.by_agent) == counted(
        (name, plan) for plan in kept for name in ([names[number] for number in plan.agents] or [NOBODY])
    )


@settings(max_examples=40)
@given(planned=plans)
def test_every_count_is_the_one_made_by_hand(world, planned):
    with transaction.atomic():
        make(world, planned)
        kept = [plan for plan in planned if FIRST <= local(world, plan) <= LAST]
        found = rdv_statistics(world.agent, world.organisations, RdvFilters(FIRST, LAST), now=NOW)
        assert_counted_by_hand(world, kept, found)
        months = counted((local(world, plan).replace(day=1), plan) for plan in kept)
        assert {line.day: line.counts for line in found.by_period if line.counts} == months
        transaction.set_rollback(True)


@settings(max_examples=20)
@given(planned=plans, first=st.dates(date(2026, 3, 20), date(2026, 11, 3)), days=st.integers(0, 180))
def test_weeks_begin_on_monday_at_midnight_on_the_clocks_of_each_organisation(world, planned, first, days):
    last = first + timedelta(days=days)
    with transaction.atomic():
        make(world, planned)
        found = rdv_statistics(world.agent, world.organisations, RdvFilters(first, last), now=NOW)
        days_kept = [(local(world, plan), plan) for plan in planned if first <= local(world, plan) <= last]
        weeks = counted((day - timedelta(days=day.weekday()), plan) for day, plan in days_kept)
        assert {line.day: line.counts for line in found.by_period if line.counts} == weeks
        transaction.set_rollback(True)


@settings(max_examples=20)
@given(
    planned=plans,
    agents=st.frozensets(st.integers(0, 2)),
    motifs=st.frozensets(st.integers(0, 2)),
    lieux=st.frozensets(st.integers(1, 2)),
    states=st.frozensets(st.sampled_from(RdvState.values)),
)
def test_filters_keep_what_they_say(world, planned, agents, motifs, lieux, states):
    home = world.organisations[0]
    filters = RdvFilters(
        FIRST,
        LAST,
        agents=tuple(world.agents[one].pk for one in agents),
        motifs=tuple(world.motifs[home][one].pk for one in motifs),
        lieux=tuple(world.lieux[home][one].pk for one in lieux),
        states=tuple(states),
    )
    kept = [
        plan
        for plan in planned
        if not plan.overseas
        and FIRST <= local(world, plan) <= LAST
        and (not agents or agents & plan.agents)
        and (not motifs or plan.motif in motifs)
        and (not lieux or plan.lieu in lieux)
        and (not states or state(plan.status, plan.starts_at) in states)
    ]
    with transaction.atomic():
        make(world, planned)
        found = rdv_statistics(world.agent, [home], filters, now=NOW)
        assert found.rdvs == dict(Counter(state(plan.status, plan.starts_at) for plan in kept))
        transaction.set_rollback(True)


def test_rdvs_of_an_organisation_where_the_agent_has_no_role_are_not_counted(world, stranger):
    make(world, [Plan(False, NOW, timedelta(1), "seen", 0, 0, frozenset(), "agent", ("seen",))])
    found = rdv_statistics(stranger, world.organisations, RdvFilters(FIRST, LAST), now=NOW)
    assert (found.rdv_count, found.people_count) == (0, 0)


def test_a_person_searched_is_found_by_the_beginning_of_a_word(world):
    make(world, [Plan(False, NOW, timedelta(1), "seen", 0, 0, frozenset(), "agent", ("seen",))])
    name = world.usagers[0].last_name

    def count(typed):
        filters = RdvFilters(FIRST, LAST, search=typed)
        return rdv_statistics(world.agent, world.organisations, filters, now=NOW).rdv_count

    assert (count(name[:3]), count("introuvable")) == (1, 0)


def test_statistics_cost_seven_queries_whatever_is_counted(agent, organisation):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            rdv_statistics(agent, [organisation], RdvFilters(FIRST, LAST), now=NOW)
        return len(captured)

    assert queries() == 7
    for _ in range(5):
        motif = MotifFactory(organisation=organisation)
        ParticipationFactory(rdv=RdvFactory(motif=motif, starts_at=NOW))
    assert queries() == 7


def test_an_unbounded_period_is_refused(agent, organisation):
    with pytest.raises(ValueError, match="a first and a last day"):
        rdv_statistics(agent, [organisation], RdvFilters(), now=NOW)


@pytest.mark.parametrize(
    ("days", "step"), [(0, Step.WEEK), (188, Step.WEEK), (189, Step.MONTH), (2_000, Step.YEAR)]
)
def test_the_time_axis_stays_readable_whatever_the_period(days, step):
    last = FIRST + timedelta(days=days)
    assert step_for(FIRST, last) == step
    assert len(list(steps_between(FIRST, last, step))) <= 38


def test_weeks_without_rdv_are_on_the_axis(agent, organisation):
    found = rdv_statistics(agent, [organisation], RdvFilters(FIRST, date(2026, 4, 6)), now=NOW)
    assert [(line.label, line.total) for line in found.by_period] == [
        ("Semaine du 23/03/2026", 0),
        ("Semaine du 30/03/2026", 0),
        ("Semaine du 06/04/2026", 0),
    ]
