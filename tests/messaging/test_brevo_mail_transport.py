from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from rdv_insertion.messaging.channels.email.brevo_transport import BrevoMailTransport
from rdv_insertion.messaging.channels.email.mail import sender_of
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError
from tests.providers import Behaviour, Providers

EVENT = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Rendez-vous à l'hôtel\r\nEND:VCALENDAR\r\n"


def a_mail(**changes: object) -> Message:
    values = {
        "pk": 42,
        "sender": sender_of("Conseil départemental, Drôme"),
        "recipient": "marina@example.org",
        "subject": "Rendez-vous confirmé : à bientôt",
        "text": "Bonjour à vous",
        "html": "<p>Bonjour à vous</p>",
    }
    return Message(**{**values, **changes})


@pytest.fixture
def transport(providers: Providers) -> Iterator[BrevoMailTransport]:
    made = BrevoMailTransport()
    yield made
    made.close()


def failure_of(transport: BrevoMailTransport, message: Message | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        transport.send(message or a_mail())
    return caught.value


def test_the_request_is_the_documented_one(providers: Providers, transport: BrevoMailTransport) -> None:
    reference = transport.send(a_mail())
    [asked] = providers.brevo_mail.asked
    assert reference == providers.brevo_mail.taken[0].reference
    assert asked["to"] == [{"email": "marina@example.org"}]
    assert asked["sender"]["email"] == "ne-pas-repondre@rdv-insertion.localhost"
    assert asked["subject"] == "Rendez-vous confirmé : à bientôt"
    assert asked["textContent"] == "Bonjour à vous"
    assert asked["htmlContent"] == "<p>Bonjour à vous</p>"
    assert asked["tags"] == ["message-42"]
    assert asked["headers"]["X-Mailin-custom"] == '{"record_identifier": "message_42"}'


def test_the_event_is_attached_as_a_file(providers: Providers, transport: BrevoMailTransport) -> None:
    transport.send(a_mail(calendar=EVENT))
    [event] = list(providers.brevo_mail.mails()[0].iter_attachments())
    assert event.get_filename() == "rendez-vous.ics"
    assert "Rendez-vous à l'hôtel" in event.get_content()


def test_the_same_message_is_taken_once_however_often_it_is_sent(
    providers: Providers, transport: BrevoMailTransport
) -> None:
    transport.send(a_mail())
    assert transport.send(a_mail()) == ""
    assert len(providers.brevo_mail.taken) == 1


def test_another_message_has_another_key(providers: Providers, transport: BrevoMailTransport) -> None:
    transport.send(a_mail())
    transport.send(a_mail(pk=43))
    assert len(providers.brevo_mail.taken) == 2


@pytest.mark.parametrize(
    ("behaviour", "permanent", "maybe_taken"),
    [
        (Behaviour.SERVER_ERROR, False, False),
        (Behaviour.TOO_MANY_REQUESTS, False, False),
        (Behaviour.UNAVAILABLE, False, False),
        (Behaviour.BAD_GATEWAY, False, True),
        (Behaviour.NO_CREDIT, False, False),
        (Behaviour.GARBAGE, False, False),
        (Behaviour.DISCONNECT, False, True),
        (Behaviour.INVALID_PARAMETER, True, False),
    ],
)
def test_each_failure_says_whether_to_try_again_and_whether_to_ask_first(
    providers: Providers,
    transport: BrevoMailTransport,
    behaviour: Behaviour,
    permanent: bool,
    maybe_taken: bool,
) -> None:
    providers.brevo_mail.script.next(behaviour)
    error = failure_of(transport)
    assert (error.permanent, error.maybe_taken) == (permanent, maybe_taken)
    assert error.refuses_contact is permanent
    assert not providers.brevo_mail.taken


def test_a_yes_with_a_garbled_body_is_a_yes(providers: Providers, transport: BrevoMailTransport) -> None:
    providers.brevo_mail.script.next(Behaviour.TAKE_THEN_GARBAGE)
    assert transport.send(a_mail()) == ""
    assert len(providers.brevo_mail.taken) == 1


def test_a_provider_that_is_away_has_taken_nothing(settings: LazySettings, providers: Providers) -> None:
    settings.EMAIL_API_URL = "http://127.0.0.1:9/v3/"
    transport = BrevoMailTransport()
    error = failure_of(transport)
    transport.close()
    assert (error.permanent, error.maybe_taken) == (False, False)


def test_a_provider_that_says_nothing_is_not_waited_for_for_ever(
    settings: LazySettings, providers: Providers
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    providers.brevo_mail.script.next(Behaviour.TAKE_THEN_HANG)
    transport = BrevoMailTransport()
    error = failure_of(transport)
    transport.close()
    assert (error.permanent, error.maybe_taken) == (False, True)


def test_the_wait_that_is_asked_is_told(providers: Providers, transport: BrevoMailTransport) -> None:
    providers.brevo_mail.script.retry_after = 7200
    providers.brevo_mail.script.next(Behaviour.TOO_MANY_REQUESTS)
    wait = failure_of(transport).retry_after
    assert wait is not None
    assert wait.total_seconds() == 3600  # an hour at most


def test_what_was_taken_is_found_by_its_tag_and_its_address(
    providers: Providers, transport: BrevoMailTransport
) -> None:
    assert transport.find(a_mail()) is None
    reference = transport.send(a_mail())
    assert transport.find(a_mail()) == reference
    assert transport.find(a_mail(recipient="else@example.org")) is None


@pytest.mark.parametrize("behaviour", [Behaviour.SERVER_ERROR, Behaviour.GARBAGE, Behaviour.DISCONNECT])
def test_no_answer_is_not_taken_for_a_no(
    providers: Providers, transport: BrevoMailTransport, behaviour: Behaviour
) -> None:
    transport.send(a_mail())
    providers.brevo_mail.script.next(behaviour)
    with pytest.raises(DeliveryError):
        transport.find(a_mail())


def test_an_address_that_no_server_can_write_fails_for_good(transport: BrevoMailTransport) -> None:
    assert failure_of(transport, a_mail(recipient="rené@example.org")).permanent
