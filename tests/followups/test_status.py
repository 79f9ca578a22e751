"""The status of a follow-up: in SQL, in Python, and in a plain reading of design/domain.md, all three equal.

Histories are rows of the database; the facts come from the agenda, as they do in the product.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.agenda.facts import tell_follow_ups
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.followups.enums import ACTION_REQUIRED, FollowUpStatus, ParticipationStatus
from rdv_insertion.followups.models import FollowUp, MotifCategory
from rdv_insertion.followups.services import (
    close_follow_up,
    open_follow_ups,
    record_invitations,
    reopen_follow_up,
)
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager
from tests.factories import FollowUpFactory, MotifFactory, UsagerFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """One participation: when it was taken, when it takes place, what became of it."""

    created_at: datetime
    starts_at: datetime
    status: str = ParticipationStatus.UNKNOWN


@dataclass(frozen=True)
class Invited:
    """One invitation: when it was sent, when it expires."""

    sent_at: datetime
    expires_at: datetime


def history(
    invitations: list[Invited], parts: list[Part], *, closed: bool = False, usager: Usager | None = None
) -> FollowUp:
    """A follow-up with these real rows, told in the order in which they happened."""
    follow_up = FollowUpFactory(usager=usager or UsagerFactory(), created_at=NOW - 30 * DAY)
    for one in sorted(invitations, key=lambda invited: invited.sent_at):
        record_invitations(follow_ups=[follow_up], now=one.sent_at, expires_at=one.expires_at)
    motif = MotifFactory(motif_category=follow_up.motif_category)
    for part in sorted(parts, key=lambda part: part.created_at):
        rdv = Rdv.objects.create(
            organisation=motif.organisation,
            motif=motif,
            starts_at=part.starts_at,
            ends_at=part.starts_at + motif.duration,
            status=part.status,
            created_by="user",
            created_at=part.created_at,
            scheduled_at=part.created_at,
        )
        Participation.objects.create(
            rdv=rdv,
            usager=follow_up.usager,
            follow_up=follow_up,
            status=part.status,
            created_by="user",
            created_at=part.created_at,
        )
    tell_follow_ups([follow_up.pk])
    if closed:
        close_follow_up(follow_up=follow_up, now=NOW)
    return FollowUp.objects.get(pk=follow_up.pk)


def statuses(follow_up: FollowUp, now: datetime) -> tuple[str, str]:
    """In SQL and in Python."""
    return FollowUp.objects.with_status(now).get(pk=follow_up.pk).status, follow_up.status_at(now)


def oracle(invitations: list[Invited], parts: list[Part], *, closed: bool, now: datetime) -> str:
    """design/domain.md § Status of a follow-up, sentence by sentence, over the whole history."""
    if closed:
        return "closed"
    if not invitations and not parts:
        return "not_invited"
    last_created = max(parts, key=lambda part: part.created_at, default=None)
    pending = [part for part in parts if part.status == "unknown" and part.starts_at > now]
    if invitations and _invited_since(invitations, last_created, pending):
        expire_at = max(one.expires_at for one in invitations)
        return "invitation_expired" if expire_at <= now else "invitation_pending"
    if pending:
        return "rdv_pending"
    assert last_created is not None
    seen = [part.starts_at for part in parts if part.status == "seen"]
    if last_created.status == "seen" or (seen and max(seen) > last_created.created_at):
        return "rdv_seen"
    if last_created.status in ("excused", "revoked", "noshow"):
        return f"rdv_{last_created.status}"
    return "rdv_needs_status_update"


def _invited_since(invitations: list[Invited], last_created: Part | None, pending: list[Part]) -> bool:
    """Invited, and no participation, or last invited after D."""
    if last_created is None:
        return True
    d = last_created.starts_at if last_created in pending else last_created.created_at
    return max(one.sent_at for one in invitations) > d


# Few moments, so that boundaries are met: before, exactly at, and after `now` and one another.
_MOMENTS = st.integers(-6, 6).map(lambda hours: NOW + hours * HOUR)
_PAST = st.integers(-6, 0).map(lambda hours: NOW + hours * HOUR)
_INVITATIONS = st.lists(
    st.builds(Invited, sent_at=_PAST, expires_at=st.one_of(_MOMENTS, st.just(dates.NEVER))), max_size=3
)
_PARTS = st.lists(
    st.builds(Part, created_at=_PAST, starts_at=_MOMENTS, status=st.sampled_from(ParticipationStatus.values)),
    max_size=3,
    unique_by=lambda part: part.created_at,
)


@settings(max_examples=200)
@given(
    invitations=_INVITATIONS,
    parts=_PARTS,
    closed=st.sampled_from([False, False, False, True]),
    moments=st.lists(_MOMENTS, min_size=1, max_size=4),
)
def test_sql_python_and_the_plain_reading_agree_on_any_history(
    organisation: Organisation,
    invitations: list[Invited],
    parts: list[Part],
    closed: bool,
    moments: list[datetime],
) -> None:
    follow_up = history(invitations, parts, closed=closed)
    for now in (*moments, NOW):
        expected = oracle(invitations, parts, closed=closed, now=now)
        assert statuses(follow_up, now) == (expected, expected)


def test_every_status_is_reached_by_the_plain_reading() -> None:
    """The generated histories would prove little if they all ended alike."""
    cases = {
        "closed": ([], [], True),
        "not_invited": ([], [], False),
        "invitation_pending": ([Invited(NOW - DAY, NOW + DAY)], [], False),
        "invitation_expired": ([Invited(NOW - DAY, NOW)], [], False),
        "rdv_pending": ([], [Part(NOW - DAY, NOW + DAY)], False),
        "rdv_needs_status_update": ([], [Part(NOW - DAY, NOW)], False),
        **{
            f"rdv_{status}": ([], [Part(NOW - DAY, NOW - HOUR, status)], False)
            for status in ("seen", "noshow", "excused", "revoked")
        },
    }
    assert set(cases) == set(FollowUpStatus.values)
    for status, (invitations, parts, closed) in cases.items():
        assert statuses(history(invitations, parts, closed=closed), NOW) == (status, status)


def test_a_seen_rdv_later_than_a_newer_cancelled_one_was_taken_counts() -> None:
    parts = [Part(NOW - 3 * DAY, NOW - DAY, "seen"), Part(NOW - 2 * DAY, NOW + DAY, "excused")]
    assert statuses(history([], parts), NOW) == ("rdv_seen", "rdv_seen")


def test_a_rdv_seen_at_the_very_instant_a_newer_one_was_taken_does_not_count() -> None:
    parts = [Part(NOW - 3 * DAY, NOW - DAY, "seen"), Part(NOW - DAY, NOW + DAY, "excused")]
    assert statuses(history([], parts), NOW) == ("rdv_excused", "rdv_excused")


def test_an_invitation_sent_before_the_date_of_the_coming_rdv_leaves_it_coming() -> None:
    follow_up = history([Invited(NOW - HOUR, NOW + 10 * DAY)], [Part(NOW - DAY, NOW + DAY)])
    assert statuses(follow_up, NOW) == ("rdv_pending", "rdv_pending")


def test_a_past_rdv_without_a_status_asks_for_one() -> None:
    assert (
        statuses(history([], [Part(NOW - DAY, NOW - HOUR)]), NOW)[0] == FollowUpStatus.RDV_NEEDS_STATUS_UPDATE
    )


def test_any_coming_rdv_wins_over_the_others() -> None:
    parts = [Part(NOW - 3 * DAY, NOW + DAY), Part(NOW - 2 * DAY, NOW - DAY, "noshow")]
    assert statuses(history([], parts), NOW)[0] == FollowUpStatus.RDV_PENDING


def test_without_invitation_nor_rdv_nothing_is_dated() -> None:
    follow_up = history([], [])
    assert (follow_up.last_invited_at, follow_up.last_participation_created_at) == (None, None)
    assert statuses(follow_up, NOW)[0] == FollowUpStatus.NOT_INVITED


def test_an_invitation_that_expires_at_noon_shows_so_at_noon() -> None:
    follow_up = history([Invited(NOW - DAY, NOW)], [])
    assert statuses(follow_up, NOW - timedelta(microseconds=1))[0] == FollowUpStatus.INVITATION_PENDING
    assert statuses(follow_up, NOW) == ("invitation_expired", "invitation_expired")


def test_the_latest_end_of_several_invitations_counts_and_never_stays_never() -> None:
    follow_up = history([Invited(NOW - 3 * DAY, dates.NEVER), Invited(NOW - 2 * DAY, NOW - DAY)], [])
    assert statuses(follow_up, NOW + 3_650 * DAY)[0] == FollowUpStatus.INVITATION_PENDING


def test_a_new_invitation_after_an_absence_waits_for_an_answer() -> None:
    follow_up = history([Invited(NOW - HOUR, NOW + DAY)], [Part(NOW - 5 * DAY, NOW - DAY, "noshow")])
    assert statuses(follow_up, NOW)[0] == FollowUpStatus.INVITATION_PENDING


def test_the_statuses_that_ask_for_an_action_are_those_of_the_domain() -> None:
    assert set(ACTION_REQUIRED) == {
        "invitation_expired",
        "rdv_needs_status_update",
        "rdv_noshow",
        "rdv_revoked",
        "rdv_excused",
    }


def test_follow_ups_are_opened_once_and_reopened(category: MotifCategory) -> None:
    usagers = UsagerFactory.create_batch(2)
    first = open_follow_ups(usagers=usagers, motif_category=category, now=NOW)
    close_follow_up(follow_up=first[usagers[0].pk], now=NOW)
    again = open_follow_ups(usagers=usagers, motif_category=category, now=NOW + DAY)
    assert {key: one.pk for key, one in first.items()} == {key: one.pk for key, one in again.items()}
    assert set(FollowUp.objects.values_list("closed_at", "created_at")) == {(None, NOW)}


@pytest.mark.parametrize("count", [2, 200])
def test_opening_follow_ups_costs_three_statements(
    category: MotifCategory, count: int, django_assert_num_queries
) -> None:
    usagers = UsagerFactory.create_batch(count)
    with django_assert_num_queries(5):  # a savepoint around, three statements
        open_follow_ups(usagers=usagers, motif_category=category, now=NOW)


def test_a_closed_follow_up_is_reopened_where_it_was() -> None:
    follow_up = history([Invited(NOW - HOUR, NOW + DAY)], [], closed=True)
    assert statuses(follow_up, NOW) == ("closed", "closed")
    reopen_follow_up(follow_up=follow_up)
    assert statuses(FollowUp.objects.get(), NOW)[0] == FollowUpStatus.INVITATION_PENDING


def test_a_follow_up_is_seen_by_the_agents_who_see_the_person(
    agent, colleague_elsewhere, stranger, organisation
) -> None:
    follow_up = FollowUpFactory(organisation=organisation)
    assert FollowUp.objects.visible_to(agent).get() == follow_up
    assert not FollowUp.objects.visible_to(colleague_elsewhere).exists()
    assert not FollowUp.objects.visible_to(stranger).exists()
