"""What the tests of callbacks share: a message that left, and a provider that posts."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from rdv_insertion.messaging.models import Message
from tests.factories import MessageFactory
from tests.providers import providers

__all__ = ["providers"]

SECRET = "a-secret-that-nobody-guesses-0123456789"
Post = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def callback_secret(settings):
    settings.CALLBACK_SECRET = SECRET


@pytest.fixture
def now() -> datetime:
    """To the second, as providers write it."""
    return timezone.now().astimezone(UTC).replace(microsecond=0)


@pytest.fixture
def message(organisation, now) -> Message:
    """An SMS that left ten minutes ago."""
    left = now - timedelta(minutes=10)
    return MessageFactory(
        organisation=organisation,
        usager__phone_number="+33612345678",
        usager__email="marina@example.org",
        created_at=left,
        sending_at=left,
        sent_at=left,
    )


@pytest.fixture
def mail(organisation, message, now) -> Message:
    """A mail to the same person."""
    left = now - timedelta(minutes=10)
    return MessageFactory(
        organisation=organisation,
        usager=message.usager,
        channel="email",
        created_at=left,
        sending_at=left,
        sent_at=left,
    )


@pytest.fixture
def post(db: None) -> Post:
    """`post("generic", {...})` posts JSON as the provider does; `about` is the message of the address."""

    def send(source: str, content: Any, *, secret: str = SECRET, about: int | None = None) -> HttpResponse:
        address = f"/callbacks/{source}/{secret}" + (f"/{about}" if about else "")
        body = content if isinstance(content, bytes | str) else json.dumps(content)
        client = Client(enforce_csrf_checks=True)
        return client.post(address, data=body, content_type="application/json")

    return send
