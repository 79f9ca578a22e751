"""The receipts of the local providers are those that the service understands."""

import json
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.test import Client

from demo.providers import storage
from demo.providers.receipts import Receipts, receipt_of
from rdv_insertion.messaging.callbacks import CallbackSource, callback_url
from rdv_insertion.messaging.channels.email.mail import build_mail
from tests.factories import MessageFactory

MAIL_CALLBACK = "http://service.test/callbacks/brevo-mail/x"


def sms(recipient: str, **changes: str) -> bytes:
    body = {
        "recipient": recipient,
        "tag": "message-12",
        "webUrl": "http://service.test/callbacks/x",
        **changes,
    }
    return json.dumps(body).encode()


def mail(recipient: str) -> bytes:
    written = EmailMessage()
    written["To"], written["X-Mailin-custom"] = recipient, json.dumps({"record_identifier": "message_12"})
    written.set_content("Bonjour")
    return written.as_bytes()


@pytest.mark.parametrize(
    ("recipient", "said"),
    [("33612345678", "delivered"), ("33612340000", "hard_bounce"), ("33612341111", "soft_bounce")],
)
def test_a_number_says_by_its_end_what_becomes_of_its_sms(recipient, said):
    address, receipt = receipt_of("sms", sms(recipient), "") or pytest.fail("nothing is said")
    assert (address, receipt["msg_status"]) == ("http://service.test/callbacks/x", said)


@pytest.mark.parametrize(
    ("recipient", "said"),
    [
        ("Anne <anne@x.test>", "delivered"),
        ("inconnu@x.test", "hard_bounce"),
        ("plein+2@x.test", "soft_bounce"),
    ],
)
def test_a_mailbox_says_by_its_name_what_becomes_of_its_mail(recipient, said):
    address, receipt = receipt_of("email", mail(recipient), MAIL_CALLBACK) or pytest.fail("nothing is said")
    assert (address, receipt["event"]) == (MAIL_CALLBACK, said)


def test_some_say_nothing():
    assert receipt_of("sms", sms("33612342222"), "") is None
    assert receipt_of("sms", sms("33612345678", webUrl=""), "") is None
    assert receipt_of("sms", b"[]", "") is None
    assert receipt_of("email", mail("silence@x.test"), MAIL_CALLBACK) is None
    assert receipt_of("email", mail("anne@x.test"), "") is None


@pytest.mark.django_db
def test_the_service_understands_them(run_jobs, organisation):
    message = MessageFactory(organisation=organisation, channel="email", usager__email="anne@x.test")
    kept = build_mail(message).message().as_bytes()
    post = receipt_of("email", kept, callback_url(CallbackSource.BREVO_EMAIL))
    assert post
    path = post[0].removeprefix("http://testserver")
    assert Client().post(path, post[1], content_type="application/json").status_code == 200
    run_jobs("exchanges")
    message.refresh_from_db()
    assert message.status == "delivered"


class _Heard(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(body))
        self.send_response(500 if len(self.server.bodies) == 1 else 200)
        self.end_headers()
        if len(self.server.bodies) > 1:
            self.server.heard.set()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[HTTPServer]:
    """Answers 500 once, then 200; `heard` is set then."""
    server = HTTPServer(("127.0.0.1", 0), _Heard)
    server.bodies, server.heard = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_what_arrives_is_told_again_until_the_service_answers(tmp_path: Path, service: HTTPServer):
    address = f"http://127.0.0.1:{service.server_port}/callbacks/x"
    first, second = (sms(f"3360000000{number}", webUrl=address) for number in (1, 2))
    storage.store(tmp_path, channel="sms", recipient="+33600000001", content=first)
    with Receipts(tmp_path, delay=0.01, between_tries=0.01):
        storage.store(tmp_path, channel="sms", recipient="+33600000002", content=second)
        assert service.heard.wait(20)
    assert {body["to"] for body in service.bodies} == {"33600000002"}
