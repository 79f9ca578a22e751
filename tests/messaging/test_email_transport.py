import re
import socket
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.messaging.channels.email.mail import build_mail, sender_of, written
from rdv_insertion.messaging.channels.email.transport import SmtpTransport
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.replies import message_id_of
from rdv_insertion.messaging.transport import DeliveryError
from tests.providers import Behaviour, Providers

EVENT = "BEGIN:VCALENDAR\r\nSUMMARY:Rendez-vous à l'hôtel\r\nEND:VCALENDAR\r\n"


def a_mail(**changes: Any) -> Message:
    values = {
        "sender": sender_of("Conseil départemental de la Drôme"),
        "recipient": "marina@example.org",
        "subject": "Rendez-vous confirmé : à bientôt",
        "text": "Bonjour à vous\n.\nFrom la suite",
        "html": "<p>Bonjour à vous</p>",
    }
    return Message(pk=42, **{**values, **changes})


def sent(providers: Providers, **changes: Any) -> EmailMessage:
    transport = SmtpTransport()
    transport.send(a_mail(**changes))
    transport.close()
    return providers.mail.received()[-1]


def failure_of(message: Message) -> DeliveryError:
    transport = SmtpTransport()
    try:
        with pytest.raises(DeliveryError) as caught:
            transport.send(message)
    finally:
        transport.close()
    return caught.value


def test_a_mail_arrives_whole_with_its_accents(providers: Providers) -> None:
    mail = sent(providers)
    assert mail["Subject"] == "Rendez-vous confirmé : à bientôt"
    assert parseaddr(mail["From"])[0] == "Conseil départemental de la Drôme"
    assert mail["To"] == "marina@example.org"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert text.get_content().splitlines() == ["Bonjour à vous", ".", "From la suite"]
    assert html is not None
    assert "Bonjour à vous" in html.get_content()


def test_a_mail_says_it_is_automatic_and_which_it_is(providers: Providers) -> None:
    mail = sent(providers)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Mailin-custom"] == '{"record_identifier": "message_42"}'


def test_only_people_are_given_an_address_to_answer_to_and_only_when_answers_are_read(
    providers: Providers, settings: LazySettings
) -> None:
    settings.REPLY_DOMAIN = ""
    assert sent(providers, usager_id=7)["Reply-To"] is None
    settings.REPLY_DOMAIN = "reponses.exemple.fr"
    assert sent(providers)["Reply-To"] is None
    assert message_id_of(sent(providers, usager_id=7)["Reply-To"]) == 42


def test_the_same_message_has_the_same_id_at_each_try(providers: Providers) -> None:
    assert sent(providers)["Message-ID"] == sent(providers)["Message-ID"]


def test_the_event_is_attached_once_as_a_calendar(providers: Providers) -> None:
    mail = sent(providers, calendar=EVENT)
    [event] = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert event.get_filename() == "rendez-vous.ics"
    assert event.get_param("method") == "PUBLISH"
    assert str(event["Content-Type"]).count("charset") == 1
    assert event.get_payload(decode=True) == EVENT.encode()
    assert event["Content-Disposition"].startswith("attachment")


def structure(mail: EmailMessage) -> str:
    """`mixed(alternative(plain html) ics)`: the shape of a mail."""
    name = mail.get_content_subtype()
    parts = " ".join(structure(part) for part in mail.iter_parts()) if mail.is_multipart() else ""
    return f"{name}({parts})" if parts else name


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_an_event_that_asks_or_frees_is_an_alternative_of_the_text_and_a_file(
    providers: Providers, method: str
) -> None:
    asked = EVENT.replace("SUMMARY", f"METHOD:{method}\r\nSUMMARY")
    mail = sent(providers, calendar=asked)
    assert structure(mail) == "mixed(alternative(plain html calendar) ics)"
    event, file = (part for part in mail.walk() if part.get_content_subtype() in ("calendar", "ics"))
    assert event.get_param("method") == method
    assert event.get_content_charset() == "utf-8"
    assert event.get_content_disposition() is None
    assert event.get_payload(decode=True).replace(b"\r\n", b"\n") == asked.replace("\r\n", "\n").encode()
    assert file.get_filename() == "rendez-vous.ics"
    assert file.get_payload(decode=True) == asked.encode()


def test_an_event_to_keep_is_only_attached(providers: Providers) -> None:
    assert structure(sent(providers, calendar=EVENT)) == "mixed(alternative(plain html) calendar)"


@pytest.mark.parametrize(
    "name",
    [
        'CD "26"\r\nBcc: eve@example.org',
        "A\\B, C; D: E <x@y.z>",
        "Insertion\x00\u2028suite",
        "é" * 200,
        "(a)",
    ],
)
def test_no_organisation_name_adds_a_header_or_a_recipient(providers: Providers, name: str) -> None:
    mail = sent(providers, sender=sender_of(name))
    assert mail["Bcc"] is None
    assert parseaddr(mail["From"])[1] == "ne-pas-repondre@rdv-insertion.localhost"
    assert mail["To"] == "marina@example.org"


def test_no_subject_adds_a_header(providers: Providers) -> None:
    mail = sent(providers, subject="Bonjour\r\nBcc: eve@example.org\r\n\r\nTexte")
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Bonjour Bcc: eve@example.org Texte"


@given(st.text(max_size=300))
def test_whatever_the_name_the_sender_is_one_address_on_one_line(name: str) -> None:
    sender = sender_of(name)
    assert len(sender) <= 100
    assert sender.splitlines() == [sender]
    assert parseaddr(sender)[1] == "ne-pas-repondre@rdv-insertion.localhost"


@pytest.mark.parametrize(
    ("behaviour", "permanent"),
    [
        (Behaviour.REFUSE_RECIPIENT, True),
        (Behaviour.REFUSE_MESSAGE, True),
        (Behaviour.TRY_LATER, False),
        (Behaviour.DISCONNECT, False),
    ],
)
def test_only_a_refusal_of_the_address_or_of_the_mail_is_permanent(
    providers: Providers, behaviour: Behaviour, permanent: bool
) -> None:
    providers.mail.script.next(behaviour)
    error = failure_of(a_mail())
    assert error.permanent is permanent
    assert not error.maybe_taken
    assert not providers.mail.received()


def test_an_address_that_smtp_cannot_write_fails_for_good(providers: Providers) -> None:
    assert failure_of(a_mail(recipient="rené@example.org")).permanent


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(
    providers: Providers, settings: LazySettings
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    providers.mail.script.next(Behaviour.HANG)
    assert not failure_of(a_mail()).permanent


def test_a_server_that_is_away_is_a_passing_failure(providers: Providers, settings: LazySettings) -> None:
    settings.EMAIL_PORT = 9
    assert not failure_of(a_mail()).permanent


def test_a_refused_mail_leaves_the_session_to_the_next_one(providers: Providers) -> None:
    transport = SmtpTransport()
    for refusal in (Behaviour.REFUSE_RECIPIENT, Behaviour.TRY_LATER, Behaviour.REFUSE_MESSAGE):
        providers.mail.script.next(refusal)
        with pytest.raises(DeliveryError):
            transport.send(a_mail())
    session = transport._kept.connection
    transport.send(a_mail())
    assert transport._kept.connection is session
    transport.close()
    assert len(providers.mail.received()) == 1


def test_a_server_that_hung_up_between_two_mails_is_called_again_at_once(providers: Providers) -> None:
    transport = SmtpTransport()
    transport.send(a_mail())
    transport._kept.connection.connection.sock.shutdown(socket.SHUT_RDWR)
    transport.send(a_mail())
    transport.close()
    assert len(providers.mail.received()) == 2


@given(
    text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80),
    lines=st.integers(1, 30),
    calendar=st.sampled_from(["", EVENT, EVENT.replace("SUMMARY", "METHOD:REQUEST\r\nSUMMARY")]),
)
def test_a_mail_is_written_as_django_writes_it(text: str, lines: int, calendar: str) -> None:
    mail = build_mail(a_mail(subject=text, text=f"{text}\n" * lines, html=text * lines, calendar=calendar))
    mail.extra_headers.update({"Date": "once", "Message-ID": "<one@example.org>"})
    assert without_boundaries(written(mail)) == without_boundaries(mail.message().as_bytes(linesep="\r\n"))


def without_boundaries(content: bytes) -> bytes:
    """All but what separates parts, drawn at random."""
    unfolded = re.sub(rb";\s+boundary", b"; boundary", content)
    return re.sub(rb"=+[0-9a-f]{15,}==", b"boundary", unfolded)


def test_the_connection_is_kept_and_made_again_after_a_break(providers: Providers) -> None:
    transport = SmtpTransport()
    transport.send(a_mail())
    session = transport._kept.connection
    transport.send(a_mail())
    assert transport._kept.connection is session
    providers.mail.script.next(Behaviour.DISCONNECT)
    with pytest.raises(DeliveryError):
        transport.send(a_mail())
    transport.send(a_mail())
    transport.close()
    assert len(providers.mail.received()) == 3
