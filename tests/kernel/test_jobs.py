"""A job belongs to the transaction that makes it necessary."""

import pytest
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.kernel import jobs


def waiting() -> int:
    return ProcrastinateJob.objects.filter(task_name="deliver").count()


def defer_then_fail() -> None:
    with transaction.atomic():
        jobs.defer("deliver", {"message_ids": [1]}, queue="sms")
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_a_job_is_written_with_its_transaction():
    with transaction.atomic():
        jobs.defer("deliver", {"message_ids": [1]}, {"message_ids": [2]}, queue="sms")
    assert waiting() == 2


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_fails_leaves_no_job():
    with pytest.raises(ZeroDivisionError):
        defer_then_fail()
    assert waiting() == 0


@pytest.mark.django_db(transaction=True)
def test_it_holds_inside_a_worker_too():
    # A worker replaces procrastinate's connection by one of its own, which commits at once.
    with app.replace_connector(app.connector.get_worker_connector()), pytest.raises(ZeroDivisionError):
        defer_then_fail()
    assert waiting() == 0


@pytest.mark.django_db
def test_nothing_to_do_is_no_job():
    jobs.defer("deliver", queue="sms")
    assert waiting() == 0
