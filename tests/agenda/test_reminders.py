"""Reminders 48 h before a rdv."""

from datetime import UTC, datetime, timedelta

import pytest

from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.services import remind
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message
from tests.conftest import RunJobs
from tests.factories import ParticipationFactory, UsagerFactory

pytestmark = pytest.mark.django_db

STARTS = datetime(2026, 3, 2, 8, tzinfo=UTC)
TWO_DAYS = timedelta(hours=48)
DUE = STARTS - TWO_DAYS


def a_rdv(*, taken: datetime = DUE - timedelta(days=5), **options: object) -> Participation:
    return ParticipationFactory(rdv__starts_at=STARTS, created_at=taken, **options)


def reminders() -> int:
    return Message.objects.filter(purpose=Purpose.RDV_REMINDER).count()


def test_a_reminder_leaves_48_hours_before_by_sms_and_mail() -> None:
    a_rdv()
    assert remind(now=DUE - timedelta(seconds=1)) == 0
    assert remind(now=DUE) == 1
    assert reminders() == 2
    assert "lundi 2 mars" in Message.objects.get(channel="email").text


def test_reminding_again_reminds_nobody_twice() -> None:
    a_rdv()
    for minutes in range(0, 60, 5):
        remind(now=DUE + timedelta(minutes=minutes))
    assert reminders() == 2


@pytest.mark.parametrize(("before", "expected"), [(timedelta(0), 2), (timedelta(seconds=-1), 0)])
def test_a_rdv_taken_later_than_48_hours_before_gets_no_reminder(before: timedelta, expected: int) -> None:
    a_rdv(taken=DUE - before)
    remind(now=DUE + timedelta(minutes=5))
    assert reminders() == expected


@pytest.mark.parametrize("status", ["excused", "revoked", "seen", "noshow"])
def test_a_rdv_that_is_over_or_cancelled_gets_no_reminder(status: str) -> None:
    a_rdv(status=status)
    assert remind(now=DUE) == reminders() == 0


def test_a_worker_that_was_down_reminds_late_rather_than_never_but_not_the_day_before() -> None:
    a_rdv()
    assert remind(now=DUE + timedelta(hours=12)) == 0
    assert remind(now=DUE + timedelta(hours=11, minutes=59)) == 1


def test_a_person_without_phone_nor_mail_is_not_counted() -> None:
    a_rdv(follow_up__usager=UsagerFactory(unreachable=True))
    assert remind(now=DUE) == reminders() == 0


def test_reminders_cost_the_same_queries_for_two_and_forty_people(django_assert_max_num_queries) -> None:
    for count in (2, 40):
        Participation.objects.all().delete()
        for _ in range(count):
            a_rdv()
        with django_assert_max_num_queries(16):
            assert remind(now=DUE) == count


def test_the_reminders_are_a_job_of_the_queue(run_jobs: RunJobs) -> None:
    from rdv_insertion.agenda.tasks import remind_of_rdvs

    remind_of_rdvs.defer(timestamp=0)
    assert run_jobs("housekeeping") == 1
