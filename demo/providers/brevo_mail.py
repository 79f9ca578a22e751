"""Brevo's mail API as documented (developers.brevo.com): send once a key, and the log of what was sent.

POST /v3/smtp/email, GET /v3/smtp/statistics/events.
"""

import base64
import itertools
import json
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any

from demo.providers import storage
from demo.providers.http import Answer, HttpProvider, Request, Taken, answer_of
from demo.providers.script import Behaviour
from demo.providers.smtp import parse

_SEND, _EVENTS = "/v3/smtp/email", "/v3/smtp/statistics/events"
_FIRST_ID = 20_260_101


def _error(status: int, code: str, message: str) -> Answer:
    return answer_of(status, {"code": code, "message": message})


_REFUSALS: dict[Behaviour, Answer] = {
    Behaviour.NO_CREDIT: _error(402, "not_enough_credits", "Insufficient email credits"),
    Behaviour.INVALID_PARAMETER: _error(400, "invalid_parameter", "email is not valid in to"),
}


class BrevoMailProvider(HttpProvider):
    """The provider on a port of this machine; a context manager. `port` 0 takes a free one."""

    channel = "email"

    def __init__(self, outbox: Path, *, port: int = 0, api_key: str | None = None) -> None:
        super().__init__(outbox, port=port)
        self.api_key = api_key
        # The bodies of the requests, oldest first, and the keys that they may not use again.
        self.asked: list[dict[str, Any]] = []
        self._keys: set[str] = set()
        self._ids = itertools.count(_FIRST_ID)

    @property
    def url(self) -> str:
        """What EMAIL_API_URL is set to."""
        return f"{self.address}/v3/"

    def mails(self) -> list[EmailMessage]:
        """The mails taken, oldest first, as their readers see them."""
        names = [name for name in storage.names(self.outbox) if storage.described(name)[1] == self.channel]
        return [parse((self.outbox / name).read_bytes()) for name in reversed(names)]

    def answer(self, request: Request) -> Answer:
        """See `HttpProvider.answer`."""
        if (request.method, request.path) not in (("POST", _SEND), ("GET", _EVENTS)):
            return _error(404, "document_not_found", "Not found")
        api_key = request.headers.get("api-key")
        if not api_key or self.api_key not in (None, api_key):
            return _error(401, "unauthorized", "Key not found")
        behaviour = self.script.take_one()
        failure = self.misbehave(behaviour) or _REFUSALS.get(behaviour)
        if failure:
            return failure
        return self._take(request, behaviour) if request.path == _SEND else self._events(request)

    def _take(self, request: Request, behaviour: Behaviour) -> Answer:
        try:
            mail = json.loads(request.body)
            key = mail.get("headers", {}).get("idempotencyKey", "")
            to, content = str(mail["to"][0]["email"]), _written(mail)
        except (ValueError, KeyError, IndexError, AttributeError):
            return _error(400, "missing_parameter", "sender, to, subject or content is missing")
        if "@" not in parseaddr(to)[1]:
            return _error(400, "invalid_parameter", "email is not valid in to")
        if key and key in self._keys:
            return _error(400, "duplicate_parameter", "idempotencyKey is already used")
        self._keys.add(key)
        self.asked.append(mail)
        reference = f"<{next(self._ids)}.demo@smtp-relay.mailin.fr>"
        tags = mail.get("tags") or [""]
        taken = Taken(str(tags[0]), reference, to)
        self.keep(taken=taken, content=content)
        return self.after_taking(taken, behaviour, answer_of(201, {"messageId": reference}))

    def _events(self, request: Request) -> Answer:
        try:
            tags = json.loads(request.asked.get("tags", "[]"))
        except ValueError:
            return _error(400, "invalid_parameter", "tags is not a valid JSON array")
        found = [
            {"email": one.recipient, "messageId": one.reference, "event": "requests", "tag": tag}
            for tag in tags
            for one in self.known(tag)
            if request.asked.get("email") in (None, one.recipient)
        ]
        return answer_of(200, {"events": found} if found else {})


def _written(mail: dict[str, Any]) -> bytes:
    """The mail that the provider makes of the fields; the outbox reads any mail.

    With the old classes of `email`: the new ones take longer than all the rest, and are in every benchmark.
    """
    written = MIMEMultipart()
    written["From"] = formataddr((mail["sender"].get("name", ""), mail["sender"]["email"]))
    written["To"] = mail["to"][0]["email"]
    written["Subject"] = mail["subject"]
    if "replyTo" in mail:
        written["Reply-To"] = mail["replyTo"]["email"]
    body = MIMEMultipart("alternative")
    body.attach(MIMEText(mail.get("textContent", ""), "plain", "utf-8"))
    if mail.get("htmlContent"):
        body.attach(MIMEText(mail["htmlContent"], "html", "utf-8"))
    written.attach(body)
    for file in mail.get("attachment", []):
        content, name = base64.b64decode(file["content"]), file["name"]
        calendar = name.endswith(".ics")
        part = MIMEText(content.decode(), "calendar", "utf-8") if calendar else MIMEApplication(content)
        part.add_header("Content-Disposition", "attachment", filename=name)
        written.attach(part)
    return written.as_bytes()
