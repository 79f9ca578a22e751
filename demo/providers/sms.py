"""Brevo's SMS endpoint as documented: POST /v3/transactionalSMS/send (developers.brevo.com)."""

import itertools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from demo.providers import storage
from demo.providers.script import Behaviour, Script

_PATH = "/v3/transactionalSMS/send"
_LARGEST_BODY = 100_000
_FIRST_MESSAGE_ID = 1511882900176220

Answer = tuple[int, bytes]


def _error(status: int, code: str, message: str) -> Answer:
    return status, json.dumps({"code": code, "message": message}).encode()


_ANSWERS: dict[Behaviour, Answer] = {
    Behaviour.SERVER_ERROR: _error(500, "internal_server_error", "Something went wrong"),
    Behaviour.TOO_MANY_REQUESTS: _error(429, "too_many_requests", "Rate limit exceeded"),
    Behaviour.NO_CREDIT: _error(402, "not_enough_credits", "Insufficient SMS credits"),
    Behaviour.INVALID_PARAMETER: _error(400, "invalid_parameter", "Invalid telephone number"),
    Behaviour.GARBAGE: (200, b"<html><body>Maintenance</body></html>"),
}


class SmsProvider:
    """The provider on a port of this machine; a context manager. `port` 0 takes a free one."""

    def __init__(self, outbox: Path, *, port: int = 0, api_key: str | None = None) -> None:
        self.outbox, self.api_key, self.script = outbox, api_key, Script()
        self._ids = itertools.count(_FIRST_MESSAGE_ID)
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.provider = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """What SMS_API_URL is set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v3/"

    def received(self) -> list[dict[str, Any]]:
        """The bodies of the messages taken, oldest first."""
        names = [name for name in storage.names(self.outbox) if storage.described(name)[1] == "sms"]
        return [json.loads((self.outbox / name).read_bytes()) for name in reversed(names)]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.script.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, api_key: str | None, body: bytes) -> Answer | None:
        """What to reply to one request; None to hang up without a word."""
        if path != _PATH:
            return _error(404, "document_not_found", "Not found")
        if not api_key or self.api_key not in (None, api_key):
            return _error(401, "unauthorized", "Key not found")
        behaviour = self.script.take_one()
        if behaviour == Behaviour.HANG:
            self.script.stopped.wait()
            return None
        return _ANSWERS.get(behaviour) or self._take(body, behaviour)

    def _take(self, body: bytes, behaviour: Behaviour) -> Answer:
        try:
            message = json.loads(body)
        except ValueError:
            return _error(400, "bad_request", "Input must be a valid JSON object")
        if problem := _problem(message):
            return _error(400, *problem)
        storage.store(self.outbox, channel="sms", recipient=f"+{message['recipient']}", content=body)
        if self.script.before_answer:
            self.script.before_answer(message["recipient"])
        if behaviour == Behaviour.TAKE_THEN_GARBAGE:
            return 201, b"<html>"
        number = next(self._ids)
        return 201, json.dumps({"messageId": number, "reference": f"demo{number}"}).encode()


def _problem(message: Any) -> tuple[str, str] | None:
    """Code and message of the first thing the documentation forbids."""
    if not isinstance(message, dict):
        return "bad_request", "Input must be a valid JSON object"
    for name in ("sender", "recipient", "content"):
        if not message.get(name):
            return "missing_parameter", f"{name} is missing"
    if not re.fullmatch(r"[A-Za-z0-9]{1,11}|\d{1,15}", str(message["sender"])):
        return "invalid_parameter", "Sender is not valid"
    if not re.fullmatch(r"[1-9]\d{6,14}", str(message["recipient"])):
        return "invalid_parameter", "Invalid telephone number"
    if message.get("type", "transactional") not in ("transactional", "marketing"):
        return "invalid_parameter", "Type is not valid"
    return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    provider: SmsProvider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up waiting is what some tests are about, not an error to print."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together

    def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _LARGEST_BODY))
        answer = self.server.provider.answer(self.path, self.headers.get("api-key"), body)
        if answer is None:
            self.close_connection = True
            return
        status, content = answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
        """Say nothing: the address and the numbers are people's."""
