import pytest
from django.conf import LazySettings

from rdv_insertion.messaging.channels.http import wait_asked
from rdv_insertion.messaging.channels.sms.transport import BrevoSmsTransport
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError
from tests.providers import Behaviour, Providers

MESSAGE = Message(pk=42, sender="Dept26", recipient="+33612345678", text="Bonjour, à bientôt")


def failure_of(message: Message = MESSAGE) -> DeliveryError:
    transport = BrevoSmsTransport()
    try:
        with pytest.raises(DeliveryError) as caught:
            transport.send(message)
    finally:
        transport.close()
    return caught.value


def test_the_request_is_the_documented_one(providers: Providers, settings: LazySettings) -> None:
    settings.CALLBACK_SECRET = ""
    transport = BrevoSmsTransport()
    reference = transport.send(MESSAGE)
    transport.close()
    assert reference.isdigit()
    assert providers.sms.received() == [
        {
            "type": "transactional",
            "sender": "Dept26",
            "recipient": "33612345678",
            "content": "Bonjour, à bientôt",
            "tag": "message-42",
            "unicodeEnabled": True,
        }
    ]


@pytest.mark.parametrize(
    ("behaviour", "permanent"),
    [
        (Behaviour.SERVER_ERROR, False),
        (Behaviour.TOO_MANY_REQUESTS, False),
        (Behaviour.NO_CREDIT, False),
        (Behaviour.GARBAGE, False),
        (Behaviour.INVALID_PARAMETER, True),
    ],
)
def test_only_what_is_wrong_with_the_message_is_permanent(
    providers: Providers, behaviour: Behaviour, permanent: bool
) -> None:
    providers.sms.script.next(behaviour)
    error = failure_of()
    assert error.permanent is permanent
    assert error.sentence.endswith(".")
    assert not providers.sms.received()


def test_a_wrong_key_is_our_affair_and_passes(providers: Providers, settings: LazySettings) -> None:
    settings.SMS_API_KEY = "wrong"
    assert not failure_of().permanent


def test_a_yes_with_a_garbled_body_is_a_yes(providers: Providers) -> None:
    providers.sms.script.next(Behaviour.TAKE_THEN_GARBAGE)
    transport = BrevoSmsTransport()
    assert transport.send(MESSAGE) == ""
    transport.close()
    assert len(providers.sms.received()) == 1


def test_a_provider_that_says_nothing_is_not_waited_for_for_ever(
    providers: Providers, settings: LazySettings
) -> None:
    settings.SMS_TIMEOUT = 0.2
    providers.sms.script.next(Behaviour.HANG)
    error = failure_of()
    assert not error.permanent
    assert error.sentence == "Le prestataire SMS ne répond pas."


def test_a_provider_that_is_away_is_a_passing_failure(providers: Providers, settings: LazySettings) -> None:
    settings.SMS_API_URL = "http://127.0.0.1:9/v3/"
    assert not failure_of().permanent


def test_a_text_in_the_alphabet_of_sms_is_paid_as_such_and_receipts_are_asked_for(
    providers: Providers, settings: LazySettings
) -> None:
    settings.CALLBACK_SECRET = "secret"
    transport = BrevoSmsTransport()
    transport.send(Message(pk=42, sender="Dept26", recipient="+33612345678", text="Bonjour, à demain"))
    transport.close()
    [body] = providers.sms.received()
    assert "unicodeEnabled" not in body
    assert body["webUrl"].startswith("http://testserver/callbacks/")
    assert "secret" in body["webUrl"]


@pytest.mark.parametrize(
    ("behaviour", "maybe_taken"),
    [
        (Behaviour.SERVER_ERROR, False),
        (Behaviour.UNAVAILABLE, False),
        (Behaviour.TOO_MANY_REQUESTS, False),
        (Behaviour.BAD_GATEWAY, True),
        (Behaviour.DISCONNECT, True),
        (Behaviour.TAKE_THEN_DISCONNECT, True),
    ],
)
def test_a_request_that_left_without_an_answer_may_have_been_taken(
    providers: Providers, behaviour: Behaviour, maybe_taken: bool
) -> None:
    providers.sms.script.next(behaviour)
    assert failure_of().maybe_taken is maybe_taken


def test_a_provider_that_was_never_met_has_taken_nothing(
    providers: Providers, settings: LazySettings
) -> None:
    settings.SMS_API_URL = "http://127.0.0.1:9/v3/"
    assert not failure_of().maybe_taken


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"x-sib-ratelimit-reset": "45"}, 45),
        ({"retry-after": "999999"}, 3600),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0),
        ({"retry-after": "demain"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_the_wait_that_is_asked_is_understood(headers: dict[str, str], seconds: int | None) -> None:
    wait = wait_asked(headers)
    assert (wait.total_seconds() if wait is not None else None) == seconds


def test_what_was_taken_is_found_by_its_tag_and_its_number(providers: Providers) -> None:
    transport = BrevoSmsTransport()
    assert transport.find(MESSAGE) is None
    reference = transport.send(MESSAGE)
    assert transport.find(MESSAGE) == reference
    assert transport.find(Message(pk=42, recipient="+33699999999")) is None
    transport.close()


@pytest.mark.parametrize("behaviour", [Behaviour.SERVER_ERROR, Behaviour.GARBAGE, Behaviour.DISCONNECT])
def test_no_answer_is_not_taken_for_a_no(providers: Providers, behaviour: Behaviour) -> None:
    transport = BrevoSmsTransport()
    transport.send(MESSAGE)
    providers.sms.script.next(behaviour)
    with pytest.raises(DeliveryError):
        transport.find(MESSAGE)
    transport.close()
