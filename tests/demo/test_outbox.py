"""/demo/messages, as it is seen."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from demo.providers import storage
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.invitations.services import invite
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.usagers.models import Usager
from tests.factories import FollowUpFactory, UsagerFactory
from tests.providers import Providers, providers

__all__ = ["providers"]

pytestmark = pytest.mark.django_db
PAGE = "/demo/messages"


@pytest.fixture
def outbox(tmp_path: Path, settings: LazySettings) -> Path:
    settings.DEMO_OUTBOX = tmp_path / "outbox"
    return tmp_path / "outbox"


def put_sms(outbox: Path, number: str = "+33612345678", text: str = "Bonjour") -> None:
    body = {"sender": "Dept26", "recipient": number.removeprefix("+"), "content": text}
    storage.store(outbox, channel="sms", recipient=number, content=json.dumps(body).encode())


def put_mail(
    outbox: Path, html: str = "<html><head></head><body>Bonjour</body></html>", to: str = "a@b.fr"
) -> str:
    content = (
        f"From: Drôme <x@y.fr>\r\nTo: {to}\r\nSubject: Sujet & <b>\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
    )
    return storage.store(outbox, channel="email", recipient=to, content=content.encode()).name


@pytest.fixture
def invited(configuration: CategoryConfiguration, providers: Providers, run_jobs: Any) -> Usager:
    """Somebody invited by all three channels, whose messages have arrived."""
    usager = UsagerFactory(organisation=configuration.organisation, last_name="O'Brien & <fils>")
    follow_up = FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    invite(
        follow_ups=[follow_up],
        configuration=configuration,
        channels=Channel.values,
        origin="users_index_page",
        now=timezone.now(),
        even_without_slots=True,
    )
    run_jobs("sms", "email")
    return usager


def test_nothing_sent_yet_says_what_will_appear(client: Client, outbox: Path) -> None:
    response = client.get(PAGE)
    assert response.status_code == 200
    assert "Aucun message pour le moment" in response.text


def test_everybody_sees_it_without_login_and_nobody_writes(client: Client, outbox: Path) -> None:
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE).status_code == 405


def test_the_three_channels_of_an_invitation_are_shown(client: Client, invited: Usager) -> None:
    page = client.get(PAGE).text
    assert "3 messages" in page
    assert 'class="phone"' in page
    assert 'class="mail"' in page
    assert 'class="envelope"' in page
    assert "Choisissez la date de votre rendez-vous" in page


def test_the_link_of_an_sms_can_be_followed(client: Client, invited: Usager) -> None:
    code = invited.follow_ups.get().invitations.get(channel="sms").code
    assert f'<a href="http://testserver/r/{code}"' in client.get(PAGE).text


def test_newest_first_twenty_a_page(client: Client, outbox: Path) -> None:
    for number in range(25):
        put_sms(outbox, text=f"Message {number:02d}")
    first = client.get(PAGE).text
    assert first.index("Message 24") < first.index("Message 05")
    assert "Message 04" not in first
    assert "Page 1 sur 2" in first
    assert "Message 04" in client.get(PAGE, {"page": 2}).text
    assert client.get(PAGE, {"page": "zzz"}).status_code == 200


@pytest.mark.parametrize("typed", ["06 12 34 56 78", "+33612345678", "0612", "33612345678", "612345"])
def test_a_number_is_found_however_it_is_typed(client: Client, outbox: Path, typed: str) -> None:
    put_sms(outbox, "+33612345678", "pour elle")
    put_sms(outbox, "+33798765432", "pour lui")
    page = client.get(PAGE, {"destinataire": typed}).text
    assert "pour elle" in page
    assert "pour lui" not in page


def test_filters_by_mail_and_by_channel(client: Client, outbox: Path) -> None:
    put_sms(outbox)
    put_mail(outbox, to="marina@example.org")
    put_mail(outbox, to="karim@example.org")
    page = client.get(PAGE, {"destinataire": "MARINA@", "canal": "email"}).text
    assert "marina@example.org" in page
    assert "karim@example.org" not in page
    assert 'class="phone"' not in page
    assert 'class="mail"' not in client.get(PAGE, {"canal": "sms"}).text


def test_nothing_found_offers_the_whole_list(client: Client, outbox: Path) -> None:
    put_sms(outbox)
    page = client.get(PAGE, {"destinataire": "nobody"}).text
    assert "Aucun message pour cette recherche" in page
    assert "Voir tous les messages" in page


def test_a_mail_is_shut_in_its_frame(client: Client, outbox: Path) -> None:
    name = put_mail(outbox, "<html><head></head><body><script>alert(1)</script>Bonjour</body></html>")
    response = client.get(f"{PAGE}/{name}/corps")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in response.text
    page = client.get(PAGE).text
    assert "<script>alert" not in page
    assert "Sujet &amp; &lt;b&gt;" in page


def test_an_event_is_listed_and_can_be_taken(client: Client, outbox: Path) -> None:
    mail = (
        b"From: x@y.fr\r\nSubject: Rdv\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n"
        b"--B\r\nContent-Type: text/plain\r\n\r\nBonjour\r\n--B\r\n"
        b"Content-Type: text/calendar; method=PUBLISH\r\n"
        b"Content-Disposition: attachment; filename=rendez-vous.ics\r\n\r\nBEGIN:VCALENDAR\r\n--B--\r\n"
    )
    name = storage.store(outbox, channel="email", recipient="a@b.fr", content=mail).name
    assert "rendez-vous.ics" in client.get(PAGE).text
    response = client.get(f"{PAGE}/{name}/rendez-vous.ics")
    assert response["Content-Type"] == "text/calendar"
    assert response.content.startswith(b"BEGIN:VCALENDAR")
    assert client.get(f"{PAGE}/{put_mail(outbox)}/rendez-vous.ics").status_code == 404


def test_a_letter_opens_as_pdf(client: Client, invited: Usager) -> None:
    message = invited.messages.get(channel="postal")
    response = client.get(f"/demo/courriers/{message.pk}.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    assert client.get("/demo/courriers/999999.pdf").status_code == 404


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "1_1_email_nobody.eml", "x", "1_1_sms_a.json"])
def test_a_message_that_does_not_exist_is_not_found(client: Client, outbox: Path, name: str) -> None:
    assert client.get(f"{PAGE}/{unquote(name)}/corps").status_code == 404


def test_two_thousand_messages_are_listed_at_once(
    client: Client, outbox: Path, django_assert_num_queries: Any
) -> None:
    for number in range(1_000):
        put_sms(outbox, f"+336{number:08d}")
        put_mail(outbox, to=f"personne-{number}@example.org")
    client.get(PAGE)
    start = time.process_time()  # the machine may be busy with other tests
    with django_assert_num_queries(2):
        page = client.get(PAGE).text
    assert time.process_time() - start < 0.5
    assert "2000 messages" in page.replace("\u202f", "").replace("\xa0", "")
