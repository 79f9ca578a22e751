"""The local providers speak the documented protocols: they are what every other test leans on."""

import json
import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from demo.providers import storage
from demo.providers.script import Behaviour
from demo.providers.sms import SmsProvider
from demo.providers.smtp import SmtpProvider

_ROOT = Path(__file__).resolve().parent.parent.parent
SMS = {"sender": "Dept26", "recipient": "33612345678", "content": "Bonjour", "type": "transactional"}


@pytest.fixture
def sms(tmp_path: Path) -> Iterator[SmsProvider]:
    with SmsProvider(tmp_path, api_key="key") as provider:
        yield provider


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[SmtpProvider]:
    with SmtpProvider(tmp_path) as provider:
        yield provider


def post(
    sms: SmsProvider, body: object, *, key: str = "key", path: str = "transactionalSMS/send"
) -> httpx.Response:
    return httpx.post(f"{sms.url}{path}", json=body, headers={"api-key": key}, timeout=5)


def send_mail(smtp: SmtpProvider, *recipients: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP("127.0.0.1", smtp.port, timeout=5) as client:
        return client.sendmail("a@demo.test", recipients, b"Subject: Bonjour\r\n\r\nTexte\r\n")


def test_an_sms_is_taken_and_kept(sms: SmsProvider) -> None:
    answer = post(sms, SMS)
    assert answer.status_code == 201
    assert isinstance(answer.json()["messageId"], int)
    assert sms.received() == [SMS]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipient": "06 12 34 56 78"}, "invalid_parameter"),
        ({"recipient": "0612345678"}, "invalid_parameter"),
        ({"sender": "Département 26"}, "invalid_parameter"),
        ({"sender": "TwelveLetters"}, "invalid_parameter"),
        ({"type": "spam"}, "invalid_parameter"),
        ({"content": ""}, "missing_parameter"),
    ],
)
def test_what_the_documentation_forbids_is_refused(
    sms: SmsProvider, change: dict[str, str], code: str
) -> None:
    answer = post(sms, {**SMS, **change})
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert not sms.received()


def test_a_wrong_key_or_address_is_refused(sms: SmsProvider) -> None:
    assert post(sms, SMS, key="other").status_code == 401
    assert post(sms, SMS, path="transactionalSMS/sms").status_code == 404


def test_a_body_that_is_no_object_is_refused(sms: SmsProvider) -> None:
    assert post(sms, ["not", "an", "object"]).json()["code"] == "bad_request"


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (Behaviour.SERVER_ERROR, 500),
        (Behaviour.TOO_MANY_REQUESTS, 429),
        (Behaviour.NO_CREDIT, 402),
        (Behaviour.INVALID_PARAMETER, 400),
        (Behaviour.GARBAGE, 200),
    ],
)
def test_a_scripted_answer_is_given_once_and_nothing_is_kept(
    sms: SmsProvider, behaviour: Behaviour, status: int
) -> None:
    sms.script.next(behaviour)
    assert post(sms, SMS).status_code == status
    assert not sms.received()
    assert post(sms, SMS).status_code == 201


def test_a_mail_is_taken_and_kept(smtp: SmtpProvider) -> None:
    assert send_mail(smtp, "marina@example.org") == {}
    assert [mail["Subject"] for mail in smtp.received()] == ["Bonjour"]


def test_a_recipient_may_be_refused_for_good_or_for_now(smtp: SmtpProvider) -> None:
    smtp.script.next(Behaviour.REFUSE_RECIPIENT, Behaviour.TRY_LATER, Behaviour.TAKE)
    refused = send_mail(smtp, "a@example.org", "b@example.org", "c@example.org")
    assert {who: code for who, (code, _) in refused.items()} == {"a@example.org": 550, "b@example.org": 451}
    assert len(smtp.received()) == 1


def test_a_server_may_hang_up(smtp: SmtpProvider) -> None:
    smtp.script.next(Behaviour.DISCONNECT)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send_mail(smtp, "a@example.org")


@pytest.mark.parametrize(
    "recipient", ["a/../../etc/passwd@example.org", "a_b c%@example.org", "+33612345678"]
)
def test_a_file_is_named_after_its_recipient_and_stays_in_its_folder(tmp_path: Path, recipient: str) -> None:
    path = storage.store(tmp_path / "outbox", channel="email", recipient=recipient, content=b"x")
    assert path.parent == tmp_path / "outbox"
    assert storage.is_name(path.name)
    assert storage.described(path.name)[1:] == ("email", recipient)


@pytest.mark.parametrize(
    "name", ["", "..", "../x_1_sms_y.json", "1_2_sms_/etc/passwd", ".1_2_sms_a.json", "1_2_fax_a"]
)
def test_other_names_are_not_taken_for_messages(name: str) -> None:
    assert not storage.is_name(name)


def test_both_run_as_one_process_that_leaves_when_asked(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "demo.providers",
        "--outbox",
        str(tmp_path),
        "--smtp-port",
        "0",
        "--sms-port",
        "0",
    ]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        port, url = ready.split("port ")[1].split(",")[0], ready.split("at ")[1].rstrip(")\n")
        httpx.post(f"{url}transactionalSMS/send", json=SMS, headers={"api-key": "any"}, timeout=5)
        with smtplib.SMTP("127.0.0.1", int(port), timeout=5) as client:
            client.sendmail("a@demo.test", ["b@demo.test"], b"Subject: x\r\n\r\ny\r\n")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    kept = {storage.described(name)[1:] for name in storage.names(tmp_path)}
    assert kept == {("sms", "+33612345678"), ("email", "b@demo.test")}


def test_a_port_already_taken_is_said_in_a_sentence(tmp_path: Path, sms: SmsProvider) -> None:
    port = sms.url.split(":")[-1].split("/")[0]
    command = [
        sys.executable,
        "-m",
        "demo.providers",
        "--outbox",
        str(tmp_path),
        "--smtp-port",
        "0",
        "--sms-port",
        port,
    ]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "cannot listen" in done.stderr


def test_a_kept_sms_is_the_exact_body(sms: SmsProvider, tmp_path: Path) -> None:
    post(sms, SMS)
    [name] = storage.names(tmp_path)
    assert json.loads((tmp_path / name).read_bytes()) == SMS
