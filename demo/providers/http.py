"""What the HTTP providers share: a server on this machine, a script, and a log of what it took."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.message import Message as HttpHeaders
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from demo.providers import storage
from demo.providers.script import Behaviour, Script

_LARGEST_BODY = 30_000_000


@dataclass(frozen=True)
class Request:
    """One request, whole. `url` is as the client wrote it, host included."""

    method: str
    url: str
    headers: HttpHeaders
    body: bytes

    @property
    def path(self) -> str:
        """Without what was asked."""
        return urlsplit(self.url).path

    @property
    def asked(self) -> dict[str, str]:
        """The parameters after `?`."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}


@dataclass(frozen=True)
class Answer:
    """What is replied. `silent` closes the connection without a word."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    # The message that a yes is about.
    acknowledges: str = ""


@dataclass(frozen=True)
class Taken:
    """A line of the provider's own log: which message of the client it took, under which number."""

    tag: str
    reference: str
    recipient: str


def answer_of(status: int, document: object, **headers: str) -> Answer:
    """A JSON answer."""
    return Answer(status, json.dumps(document).encode(), headers)


class HttpProvider:
    """A provider on a port of this machine; a context manager. `port` 0 takes a free one."""

    # How its file in the outbox is named.
    channel = "sms"

    def __init__(self, outbox: Path, *, port: int = 0) -> None:
        self.outbox, self.script = outbox, Script()
        # All that it took, oldest first; and the tags of what its client was told of.
        self.taken: list[Taken] = []
        self.acknowledged: list[str] = []
        self._by_tag: dict[str, list[Taken]] = {}
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.provider = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def received(self) -> list[dict[str, Any]]:
        """The bodies of the messages taken, oldest first."""
        names = [name for name in storage.names(self.outbox) if storage.described(name)[1] == self.channel]
        return [json.loads((self.outbox / name).read_bytes()) for name in reversed(names)]

    def answer(self, request: Request) -> Answer:
        """What to reply to one request."""
        raise NotImplementedError

    def keep(self, *, taken: Taken, content: bytes) -> None:
        """Take a message: from now on it is in the outbox and in the log."""
        storage.store(self.outbox, channel=self.channel, recipient=taken.recipient, content=content)
        self.taken.append(taken)
        self._by_tag.setdefault(taken.tag, []).append(taken)
        if self.script.before_answer:
            self.script.before_answer(taken.recipient)

    def known(self, tag: str) -> list[Taken]:
        """What was taken under this tag."""
        return self._by_tag.get(tag, [])

    def misbehave(self, behaviour: Behaviour) -> Answer | None:
        """What every provider does alike when it fails; None when it does not."""
        asked = {"Retry-After": str(self.script.retry_after)} if self.script.retry_after else {}
        if behaviour == Behaviour.HANG:
            self.script.stopped.wait()
            return Answer(silent=True)
        if behaviour == Behaviour.DISCONNECT:
            return Answer(silent=True)
        failures = {
            Behaviour.SERVER_ERROR: answer_of(
                500, {"code": "internal_server_error", "message": "Something went wrong"}
            ),
            Behaviour.TOO_MANY_REQUESTS: answer_of(
                429, {"code": "too_many_requests", "message": "Rate limit exceeded"}, **asked
            ),
            Behaviour.UNAVAILABLE: Answer(503, b"<html>Maintenance</html>", asked),
            Behaviour.BAD_GATEWAY: Answer(502, b"<html>Bad gateway</html>"),
            Behaviour.GARBAGE: Answer(200, b"<html><body>Maintenance</body></html>"),
        }
        return failures.get(behaviour)

    def after_taking(self, taken: Taken, behaviour: Behaviour, answer: Answer) -> Answer:
        """The answer once the message is kept: the good one, unless the script wants it lost on the way."""
        if behaviour == Behaviour.TAKE_THEN_HANG:
            self.script.stopped.wait()
        if behaviour in (Behaviour.TAKE_THEN_HANG, Behaviour.TAKE_THEN_DISCONNECT):
            return Answer(silent=True)
        if behaviour == Behaviour.TAKE_THEN_BAD_GATEWAY:
            return Answer(502, b"<html>Bad gateway</html>")
        good = Answer(201, b"<html>") if behaviour == Behaviour.TAKE_THEN_GARBAGE else answer
        return replace(good, acknowledges=taken.tag)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.script.stopped.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    provider: HttpProvider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up waiting is what some tests are about, not an error to print."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together

    def do_GET(self) -> None:  # noqa: N802 - the names http.server calls
        self._reply(b"")

    def do_POST(self) -> None:  # noqa: N802
        self._reply(self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _LARGEST_BODY)))

    def _reply(self, body: bytes) -> None:
        provider = self.server.provider
        url = f"http://{self.headers.get('Host', '')}{self.path}"
        answer = provider.answer(Request(self.command, url, self.headers, body))
        if answer.silent:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()
        if answer.acknowledges:
            provider.acknowledged.append(answer.acknowledges)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
        """Say nothing: the addresses and the numbers are people's."""
