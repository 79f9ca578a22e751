"""The real queue, real workers, the real protocols."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from benchmarks.message_faults import let_pass
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
    results = in_threads(*[lambda: services.send(message_ids=[message.pk], now=timezone.now())] * 8)
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
    services.send(message_ids=[message.pk], now=timezone.now())
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
    let_pass(timedelta(hours=1))
    run_worker("sms")
    assert set(Message.objects.values_list("status", flat=True)) == {MessageStatus.SENT}
    assert len(providers.sms.received()) == 10


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
