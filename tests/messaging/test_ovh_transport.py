import json
import time
from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from rdv_insertion.messaging.channels.sms.ovh_transport import OvhSmsTransport
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError
from tests.providers import Behaviour, Providers

MESSAGE = Message(pk=42, sender="Dept26", recipient="+33612345678", text="Bonjour, a demain")


@pytest.fixture
def transport(providers: Providers) -> Iterator[OvhSmsTransport]:
    made = OvhSmsTransport()
    yield made
    made.close()


def failure_of(transport: OvhSmsTransport, message: Message = MESSAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        transport.send(message)
    return caught.value


def test_the_request_is_the_documented_one(providers: Providers, transport: OvhSmsTransport) -> None:
    reference = transport.send(MESSAGE)
    assert reference == providers.ovh.taken[0].reference
    [kept] = (json.loads(path.read_bytes()) for path in providers.outbox.iterdir())
    assert kept["job"] == {
        "message": "Bonjour, a demain",
        "sender": "Dept26",
        "receivers": ["+33612345678"],
        "noStopClause": True,
        "priority": "high",
        "charset": "UTF-8",
        "coding": "7bit",
        "validityPeriod": 2880,
        "tag": "message-42",
    }


def test_a_text_in_another_alphabet_says_so(providers: Providers, transport: OvhSmsTransport) -> None:
    transport.send(Message(pk=1, sender="Dept26", recipient="+33612345678", text="مرحبا é"))
    assert providers.ovh.received()[0]["job"]["coding"] == "8bit"


def test_requests_are_signed_with_the_time_of_the_provider(providers: Providers) -> None:
    providers.ovh.seconds_ahead = 3600
    transport = OvhSmsTransport()
    assert transport.send(MESSAGE)
    transport.close()


@pytest.mark.parametrize("name", ["OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY"])
def test_a_wrong_key_is_our_affair_and_passes(
    settings: LazySettings, providers: Providers, transport: OvhSmsTransport, name: str
) -> None:
    setattr(settings, name, "wrong")
    error = failure_of(transport)
    assert (error.permanent, error.maybe_taken) == (False, False)


@pytest.mark.parametrize(
    ("behaviour", "permanent", "maybe_taken"),
    [
        (Behaviour.SERVER_ERROR, False, False),
        (Behaviour.TOO_MANY_REQUESTS, False, False),
        (Behaviour.UNAVAILABLE, False, False),
        (Behaviour.BAD_GATEWAY, False, True),
        (Behaviour.NO_CREDIT, False, False),
        (Behaviour.GARBAGE, False, True),
        (Behaviour.DISCONNECT, False, True),
        (Behaviour.INVALID_PARAMETER, True, False),
    ],
)
def test_each_failure_says_whether_to_try_again_and_whether_to_ask_first(
    providers: Providers, transport: OvhSmsTransport, behaviour: Behaviour, permanent: bool, maybe_taken: bool
) -> None:
    providers.ovh.script.next(behaviour)
    error = failure_of(transport)
    assert (error.permanent, error.maybe_taken) == (permanent, maybe_taken)
    assert error.refuses_contact is permanent
    assert error.sentence.endswith(".")


def test_a_number_that_the_api_refuses_at_once_is_refused_for_good(transport: OvhSmsTransport) -> None:
    error = failure_of(transport, Message(pk=1, sender="Dept26", recipient="123", text="Bonjour"))
    assert error.permanent
    assert error.refuses_contact


def test_a_sender_that_was_not_declared_is_our_affair(transport: OvhSmsTransport) -> None:
    error = failure_of(
        transport, Message(pk=1, sender="Trop long pour un", recipient="+33612345678", text="Oui")
    )
    assert not error.permanent


def test_a_provider_that_is_away_has_taken_nothing(settings: LazySettings, providers: Providers) -> None:
    settings.OVH_API_URL = "http://127.0.0.1:9/1.0/"
    transport = OvhSmsTransport()
    error = failure_of(transport)
    transport.close()
    assert (error.permanent, error.maybe_taken) == (False, False)


def test_a_provider_that_says_nothing_is_not_waited_for_for_ever(
    settings: LazySettings, providers: Providers
) -> None:
    settings.SMS_TIMEOUT = 0.3
    providers.ovh.script.next(Behaviour.TAKE_THEN_HANG)
    transport = OvhSmsTransport()
    began = time.monotonic()
    error = failure_of(transport)
    transport.close()
    assert error.maybe_taken
    assert time.monotonic() - began < 30


def test_the_wait_that_is_asked_is_told(providers: Providers, transport: OvhSmsTransport) -> None:
    providers.ovh.script.retry_after = 120
    providers.ovh.script.next(Behaviour.TOO_MANY_REQUESTS)
    wait = failure_of(transport).retry_after
    assert wait is not None
    assert wait.total_seconds() == 120


def test_what_was_taken_is_found_by_its_tag_and_its_number(
    providers: Providers, transport: OvhSmsTransport
) -> None:
    assert transport.find(MESSAGE) is None
    reference = transport.send(MESSAGE)
    assert transport.find(MESSAGE) == reference
    assert transport.find(Message(pk=42, recipient="+33699999999")) is None
    assert transport.find(Message(pk=43, recipient="+33612345678")) is None


@pytest.mark.parametrize("behaviour", [Behaviour.SERVER_ERROR, Behaviour.GARBAGE, Behaviour.DISCONNECT])
def test_no_answer_is_not_taken_for_a_no(
    providers: Providers, transport: OvhSmsTransport, behaviour: Behaviour
) -> None:
    transport.send(MESSAGE)
    providers.ovh.script.next(behaviour)
    with pytest.raises(DeliveryError):
        transport.find(MESSAGE)
