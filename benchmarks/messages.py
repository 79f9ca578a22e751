"""Ten thousand messages handed to local providers by one worker, in a process of its own as in production."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from django.db.models import Max, Min
from django.utils import timezone

from benchmarks import population, sending
from benchmarks.measure import Figure
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation

_SMS, _MAILS = 10_000, 3_000
_PATIENCE_SECONDS = 300
_OVH, _BREVO = {"SMS_PROVIDER": "ovh_sms"}, {"EMAIL_PROVIDER": "brevo_email"}


def measure() -> list[Figure]:
    """By SMS (the goal of quality.md), then by the two ways of mail."""
    organisation = population.an_organisation()
    return [
        _drained(organisation, "sms", _SMS, "SMS, Brevo's API", goal=300),
        _drained(organisation, "sms", _MAILS, "SMS, OVH's API", environment=_OVH, goal=300),
        _drained(organisation, "email", _MAILS, "mails, SMTP", goal=300),
        _drained(organisation, "email", _MAILS, "mails, Brevo's API", environment=_BREVO, goal=300),
    ]


def _drained(
    organisation: Organisation,
    channel: str,
    count: int,
    what: str,
    *,
    environment: Mapping[str, str] | None = None,
    goal: float | None = None,
) -> Figure:
    Message.objects.all().delete()
    organisation.usagers.all().delete()
    sending.write(organisation, count, channel, now=timezone.now())
    with tempfile.TemporaryDirectory() as outbox, sending.providers(Path(outbox)) as met:
        sending.drain({**met, **(environment or {})}, [], patience=_PATIENCE_SECONDS)
        received = sum(1 for _ in Path(outbox).iterdir())
    sent = Message.objects.filter(status=MessageStatus.SENT)
    times = sent.aggregate(first=Min("sending_at"), last=Max("sent_at"))
    if not sent.count() == received == count:
        raise AssertionError(f"{count} written, {sent.count()} sent, {received} received")
    seconds = (times["last"] - times["first"]).total_seconds()
    return Figure(
        f"{count:,} {what}: drained by one worker",
        count / seconds,
        unit="/s",
        goal=goal,
        higher_is_better=True,
        compared=f"{seconds:.1f} s",
    )
