"""Brevo's SMS API as documented (developers.brevo.com): send, and the log of what was sent.

POST /v3/transactionalSMS/send, GET /v3/transactionalSMS/statistics/events.
"""

import itertools
import json
import re
from pathlib import Path
from typing import Any

from demo.providers.http import Answer, HttpProvider, Request, Taken, answer_of
from demo.providers.script import Behaviour

_SEND, _EVENTS = "/v3/transactionalSMS/send", "/v3/transactionalSMS/statistics/events"
_FIRST_MESSAGE_ID = 1511882900176220


def _error(status: int, code: str, message: str) -> Answer:
    return answer_of(status, {"code": code, "message": message})


_REFUSALS: dict[Behaviour, Answer] = {
    Behaviour.NO_CREDIT: _error(402, "not_enough_credits", "Insufficient SMS credits"),
    Behaviour.INVALID_PARAMETER: _error(400, "invalid_parameter", "Invalid telephone number"),
}


class SmsProvider(HttpProvider):
    """The provider on a port of this machine; a context manager. `port` 0 takes a free one."""

    def __init__(self, outbox: Path, *, port: int = 0, api_key: str | None = None) -> None:
        super().__init__(outbox, port=port)
        self.api_key = api_key
        self._ids = itertools.count(_FIRST_MESSAGE_ID)

    @property
    def url(self) -> str:
        """What SMS_API_URL is set to."""
        return f"{self.address}/v3/"

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
            message = json.loads(request.body)
        except ValueError:
            return _error(400, "bad_request", "Input must be a valid JSON object")
        if problem := _problem(message):
            return _error(400, *problem)
        number = next(self._ids)
        taken = Taken(str(message.get("tag", "")), str(number), f"+{message['recipient']}")
        self.keep(taken=taken, content=request.body)
        answer = answer_of(201, {"messageId": number, "reference": f"demo{number}"})
        return self.after_taking(taken, behaviour, answer)

    def _events(self, request: Request) -> Answer:
        """What was sent under a tag to a number. Without any, the documented answer has no `events`."""
        found = [
            {"phoneNumber": one.recipient.removeprefix("+"), "messageId": one.reference, "event": "sent"}
            for one in self.known(request.asked.get("tags", ""))
            if one.recipient == f"+{request.asked.get('phoneNumber')}"
        ]
        return answer_of(200, {"events": found} if found else {})


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
