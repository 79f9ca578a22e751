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

from demo.providers.brevo_mail import BrevoMailProvider
from demo.providers.ovh import OvhProvider
from demo.providers.script import Behaviour
from demo.providers.sms import SmsProvider
from demo.providers.smtp import SmtpProvider
from rdv_insertion.messaging import services

__all__ = ["Behaviour", "Providers", "providers"]


@dataclass(frozen=True)
class Providers:
    """All the providers, and the folder where they keep what they take."""

    sms: SmsProvider
    mail: SmtpProvider
    ovh: OvhProvider
    brevo_mail: BrevoMailProvider
    outbox: Path


@pytest.fixture
def providers(tmp_path: Path, settings: LazySettings) -> Iterator[Providers]:
    """Providers on free ports, that the product is set to use: Brevo for SMS and SMTP for mails."""
    outbox = tmp_path / "outbox"
    with (
        SmsProvider(outbox, api_key="demo") as sms,
        SmtpProvider(outbox) as mail,
        OvhProvider(outbox) as ovh,
        BrevoMailProvider(outbox, api_key="demo") as brevo_mail,
    ):
        settings.DEMO_OUTBOX = outbox
        settings.SMS_API_URL, settings.SMS_API_KEY, settings.SMS_TIMEOUT = sms.url, "demo", 5
        settings.OVH_API_URL = ovh.url
        settings.EMAIL_API_URL, settings.EMAIL_API_KEY = brevo_mail.url, "demo"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", mail.port, 5
        services.forget_transports()
        yield Providers(sms, mail, ovh, brevo_mail, outbox)
        services.forget_transports()
