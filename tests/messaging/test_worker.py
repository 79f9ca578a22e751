"""The real queue, real workers, the real protocols."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, connections
from django.utils import timezone
from procrastinate.contrib.django import app

from rdv_insertion.messaging import services
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from tests.factories import UsagerFactory
from tests.messaging.conftest import DraftOf
from tests.providers import Behaviour, Providers

pytestmark = pytest.mark.django_db(transaction=True)

_ROOT = Path(__file__).resolve().parent.parent.parent


def enqueue(draft: DraftOf, organisation: Organisation, count: int, *channels: str) -> list[Message]:
    people = [UsagerFactory(organisation=organisation) for _ in range(count)]
    drafts = [draft(to=one, channel=channel) for one in people for channel in channels]
    return list(services.enqueue(drafts=drafts, now=timezone.now()).values())


def test_a_real_worker_hands_each_message_to_its_provider_once(
    organisation: Organisation, draft: DraftOf, providers: Providers, run_worker: Callable[..., None]
) -> None:
    messages = enqueue(draft, organisation, 15, Channel.SMS, Channel.EMAIL)
    run_worker("sms", "email")
    assert set(Message.objects.values_list("status", flat=True)) == {MessageStatus.SENT}
    numbers = Counter(f"+{body['recipient']}" for body in providers.sms.received())
    mails = Counter(str(mail["To"]) for mail in providers.mail.received())
    assert numbers + mails == Counter(message.recipient for message in messages)
    assert numbers.total() + mails.total() == 30


def test_two_workers_with_the_same_message_send_it_once(
    draft: DraftOf, providers: Providers, in_threads: Callable[..., list[Any]]
) -> None:
    [message] = services.enqueue(drafts=[draft()], now=timezone.now()).values()
    results = in_threads(*[lambda: services.send(message_id=message.pk, now=timezone.now())] * 8)
    assert results == [None] * 8
    assert len(providers.sms.received()) == 1


def test_two_recoveries_at_once_plan_a_stuck_message_once(
    draft: DraftOf, providers: Providers, in_threads: Callable[..., list[Any]]
) -> None:
    now = timezone.now()
    services.enqueue(drafts=[draft()], now=now)
    Message.objects.update(status=MessageStatus.SENDING, sending_at=now - timedelta(minutes=6))
    assert sorted(in_threads(*[lambda: services.resume_stuck(now=now)] * 2)) == [0, 1]


def test_what_the_provider_took_is_remembered_even_when_the_database_drops_everybody(
    draft: DraftOf, providers: Providers
) -> None:
    [message] = services.enqueue(drafts=[draft()], now=timezone.now()).values()
    providers.sms.script.before_answer = lambda _recipient: _cut_all_connections()
    services.send(message_id=message.pk, now=timezone.now())
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
    assert len(providers.sms.received()) == 1


def test_a_worker_that_fails_meets_its_provider_again_later(
    organisation: Organisation, draft: DraftOf, providers: Providers, run_worker: Callable[..., None]
) -> None:
    providers.sms.script.always(Behaviour.SERVER_ERROR)
    enqueue(draft, organisation, 10, Channel.SMS)
    run_worker("sms")
    assert not providers.sms.received()
    assert set(Message.objects.values_list("status", flat=True)) == {MessageStatus.CREATED}
    providers.sms.script.always(Behaviour.TAKE)
    with connection.cursor() as cursor:  # an hour passes for the queue
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - interval '1 hour'")
    run_worker("sms")
    assert set(Message.objects.values_list("status", flat=True)) == {MessageStatus.SENT}
    assert len(providers.sms.received()) == 10


def test_workers_killed_in_the_middle_lose_nothing_and_repeat_nothing_that_was_recorded(
    organisation: Organisation, draft: DraftOf, providers: Providers
) -> None:
    """Three workers die by SIGKILL, each between "the provider kept the SMS" and "it said so".

    That is the one window that remains: the provider has the message, we were never told. Sending again may
    repeat it; not sending again may lose it. SMS providers offer no way to ask, so we choose to repeat, and
    the test shows that nothing but the message in flight at each thread of each kill is ever repeated.
    """
    messages = enqueue(draft, organisation, 200, Channel.SMS)
    in_flight: set[str] = set()
    for kept_before_death in (40, 90, 150):
        with _worker(providers) as worker:
            providers.sms.script.before_answer = _kill(worker, providers, kept_before_death)
            assert worker.wait(timeout=60) == -signal.SIGKILL
        providers.sms.script.before_answer = None
        in_flight |= set(
            Message.objects.filter(status=MessageStatus.SENDING).values_list("recipient", flat=True)
        )
        _recover()
    with _worker(providers) as worker:
        assert worker.wait(timeout=60) == 0
    assert set(Message.objects.values_list("status", flat=True)) == {MessageStatus.SENT}
    received = Counter(f"+{body['recipient']}" for body in providers.sms.received())
    assert received.keys() == {message.recipient for message in messages}
    repeated = {recipient for recipient, times in received.items() if times > 1}
    assert repeated <= in_flight
    assert 1 <= len(in_flight) <= 3 * _THREADS


_THREADS = 4


class _worker:  # noqa: N801 - a context manager, used as a function
    """A worker in a process of its own, that leaves when the queue is empty; gone at the end."""

    def __init__(self, providers: Providers) -> None:
        place = connection.settings_dict
        host = place["OPTIONS"].get("host") or place["HOST"]
        login = (
            quote(f"{place['USER']}:{place['PASSWORD']}", safe=":") if place["PASSWORD"] else place["USER"]
        )
        url = f"postgresql://{login}@/{place['NAME']}?host={host}&port={place['PORT'] or 5432}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "DATABASE_URL": url,
            "DEMO_SMS_PORT": providers.sms.url.split(":")[-1].split("/")[0],
        }

    def __enter__(self) -> "subprocess.Popen[bytes]":
        command = ["manage.py", "procrastinate", "worker", "--one-shot", "--queues", "sms"]
        self.process = subprocess.Popen(
            [sys.executable, *command, "--concurrency", str(_THREADS)],
            cwd=_ROOT,
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def _kill(worker: "subprocess.Popen[bytes]", providers: Providers, count: int) -> Callable[[str], None]:
    """What the provider does before it answers: from `count` messages on, the worker is no more."""

    def maybe(_recipient: str) -> None:
        if len(list(providers.outbox.iterdir())) >= count:
            worker.kill()
            worker.wait()

    return maybe


def _recover() -> None:
    """What the housekeeping of the living does in the minutes after a death."""
    for job in async_to_sync(app.job_manager.get_stalled_jobs)(seconds_since_heartbeat=0):
        async_to_sync(app.job_manager.retry_job)(job)
    services.resume_stuck(now=timezone.now() + timedelta(minutes=6))


def _cut_all_connections() -> None:
    """As a restart of the server does, seen from its clients."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connections.close_all()


@pytest.fixture(autouse=True)
def fresh_connections() -> Iterator[None]:
    """A test that cuts connections leaves none half open behind."""
    yield
    connection.close()
