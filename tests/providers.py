"""Real providers on this machine for tests: import the `providers` fixture in a conftest.

def test_something(providers):
    providers.sms.script.next(Behaviour.SERVER_ERROR)
    ...
    assert providers.sms.received()[0]["content"] == "…"
    assert providers.mail.received()[0]["To"] == "…"
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import LazySettings

from demo.providers.script import Behaviour
from demo.providers.sms import SmsProvider
from demo.providers.smtp import SmtpProvider
from rdv_insertion.messaging import services

__all__ = ["Behaviour", "Providers", "providers"]


@dataclass(frozen=True)
class Providers:
    """Both providers, and the folder where they keep what they take."""

    sms: SmsProvider
    mail: SmtpProvider
    outbox: Path


@pytest.fixture
def providers(tmp_path: Path, settings: LazySettings) -> Iterator[Providers]:
    """A mail server and an SMS provider on free ports, that the product is set to use."""
    outbox = tmp_path / "outbox"
    with SmsProvider(outbox, api_key="demo") as sms, SmtpProvider(outbox) as mail:
        settings.DEMO_OUTBOX = outbox
        settings.SMS_API_URL, settings.SMS_API_KEY, settings.SMS_TIMEOUT = sms.url, "demo", 5
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", mail.port, 5
        services.forget_transports()
        yield Providers(sms, mail, outbox)
        services.forget_transports()
