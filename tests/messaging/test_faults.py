"""The faults of benchmarks/message_faults.py, small: real workers, real SIGKILL, the provider's own log."""

import pytest

from benchmarks import message_faults
from rdv_insertion.territory.models import Organisation

pytestmark = pytest.mark.django_db(transaction=True)


def test_workers_killed_again_and_again_lose_nothing_and_repeat_nothing(organisation: Organisation) -> None:
    account = message_faults.killed(organisation, sends=150, kills=2)
    assert (account.sent, account.lost, account.doubled) == (150, 0, 0)
    assert "in doubt" in account.remark
    assert not account.remark.startswith("0 kills")


def test_a_provider_that_fails_in_every_way_ends_with_each_message_once(organisation: Organisation) -> None:
    account = message_faults.provider_down(organisation, sends=40, minutes=4)
    assert (account.sent, account.lost, account.doubled) == (40, 0, 0)
    assert account.acknowledged < 40


def test_two_workers_with_every_job_twice_send_each_message_once(organisation: Organisation) -> None:
    account = message_faults.racing(organisation, sends=200)
    assert (account.sent, account.lost, account.doubled) == (200, 0, 0)
