"""`manage.py work`: one process, places for each kind of job."""

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from benchmarks import sending
from rdv_insertion.messaging import services
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.management.commands.work import queues_of
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from tests.factories import UsagerFactory
from tests.messaging.conftest import DraftOf
from tests.providers import Behaviour, Providers

_PRODUCT = Path(__file__).resolve().parent.parent.parent / "rdv_insertion"
_PATIENCE_SECONDS = 90


def test_every_queue_that_is_named_somewhere_has_a_worker() -> None:
    named = {
        queue for path in _PRODUCT.rglob("*.py") for queue in re.findall(r'\bqueue="(\w+)"', path.read_text())
    }
    assert {"imports", "housekeeping", "notifications"} <= named
    assert named <= queues_of("sms") | queues_of("mails") | queues_of("others")
    assert not queues_of("others") & {"sms", "email"}


def reached(condition: Callable[[], bool]) -> bool:
    limit = time.monotonic() + _PATIENCE_SECONDS
    while not condition() and time.monotonic() < limit:
        time.sleep(0.05)
    return condition()


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_hangs_delays_no_sms_and_a_worker_ends_when_asked(
    organisation: Organisation, draft: DraftOf, providers: Providers
) -> None:
    providers.mail.script.always(Behaviour.HANG)
    for channel in (Channel.EMAIL, Channel.SMS):
        people = [UsagerFactory(organisation=organisation) for _ in range(10)]
        drafts = [draft(to=one, channel=channel) for one in people]
        for one in drafts:  # a job each: more than all the places
            services.enqueue(drafts=[one], now=timezone.now())
    told = {
        "DEMO_SMS_PORT": providers.sms.address.rpartition(":")[2],
        "DEMO_SMTP_PORT": str(providers.mail.port),
    }
    worker = sending.worker(told)
    try:
        sent = Message.objects.filter(channel=Channel.SMS, status=MessageStatus.SENT)
        assert reached(lambda: sent.count() == 10)
        assert not Message.objects.filter(channel=Channel.EMAIL, status=MessageStatus.SENT).exists()
        providers.mail.hang_up()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(_PATIENCE_SECONDS) == 0
    finally:
        worker.kill()
        worker.wait()
    assert not Message.objects.filter(status=MessageStatus.SENDING).exists()
