import pytest
from django.conf import LazySettings

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


def test_the_request_is_the_documented_one(providers: Providers) -> None:
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
