"""OVHcloud's SMS API as documented (eu.api.ovh.com/console/?section=/sms): send, and what was sent.

POST /1.0/sms/{service}/jobs and GET /1.0/sms/{service}/outgoing, signed; GET /1.0/auth/time, not signed.
"""

import hashlib
import itertools
import json
import re
import time
from pathlib import Path
from typing import Any

from demo.providers.http import Answer, HttpProvider, Request, Taken, answer_of
from demo.providers.script import Behaviour

SERVICE = "sms-demo-1"
_TIME, _JOBS, _OUTGOING = "/1.0/auth/time", f"/1.0/sms/{SERVICE}/jobs", f"/1.0/sms/{SERVICE}/outgoing"
_FIRST_ID = 402_118_000
_LONGEST_TAG = 20
_CLOCK_TOLERANCE_IN_SECONDS = 30


def _error(status: int, kind: str, message: str) -> Answer:
    return answer_of(status, {"class": kind, "message": message})


_REFUSALS: dict[Behaviour, Answer] = {
    Behaviour.NO_CREDIT: _error(403, "Client::Forbidden", "Not enough credits to send this message"),
    Behaviour.INVALID_PARAMETER: answer_of(
        200, {"totalCreditsRemoved": 0, "ids": [], "validReceivers": [], "invalidReceivers": ["+33600000000"]}
    ),
}


class OvhProvider(HttpProvider):
    """The provider on a port of this machine; a context manager. Application, secret and consumer: `demo`."""

    def __init__(self, outbox: Path, *, port: int = 0, seconds_ahead: int = 0) -> None:
        super().__init__(outbox, port=port)
        self._ids = itertools.count(_FIRST_ID)
        self.seconds_ahead = seconds_ahead

    @property
    def url(self) -> str:
        """What OVH_API_URL is set to."""
        return f"{self.address}/1.0/"

    def answer(self, request: Request) -> Answer:
        """See `HttpProvider.answer`."""
        if request.path == _TIME:
            return Answer(200, str(self._now()).encode())
        if refusal := self._stranger(request):
            return refusal
        behaviour = self.script.take_one()
        failure = self.misbehave(behaviour) or _REFUSALS.get(behaviour)
        if failure:
            return failure
        if (request.method, request.path) == ("POST", _JOBS):
            return self._take(request, behaviour)
        if (request.method, request.path) == ("GET", _OUTGOING):
            return self._outgoing(request)
        return _error(404, "Client::NotFound", "The requested object does not exist")

    def _now(self) -> int:
        return int(time.time()) + self.seconds_ahead

    def _stranger(self, request: Request) -> Answer | None:
        """The answer to whoever does not sign as the documentation says; None to the others."""
        signed = request.headers.get("X-Ovh-Timestamp", "0")
        if not signed.isdecimal() or abs(int(signed) - self._now()) > _CLOCK_TOLERANCE_IN_SECONDS:
            return _error(400, "Client::BadRequest", "Query out of time")
        parts = ("demo", "demo", request.method, request.url, request.body.decode(), signed)
        expected = "$1$" + hashlib.sha1("+".join(parts).encode()).hexdigest()  # noqa: S324 - what the API defines
        known = (request.headers.get("X-Ovh-Application"), request.headers.get("X-Ovh-Consumer"))
        if known != ("demo", "demo") or request.headers.get("X-Ovh-Signature") != expected:
            return _error(403, "Client::Forbidden", "Invalid signature")
        return None

    def _take(self, request: Request, behaviour: Behaviour) -> Answer:
        try:
            job = json.loads(request.body)
        except ValueError:
            return _error(400, "Client::BadRequest", "Invalid JSON received")
        if problem := _problem(job):
            return _error(400, "Client::BadRequest", problem)
        number, recipient = next(self._ids), str(job["receivers"][0])
        # As the outbox reads any SMS, with the job itself beside it.
        content = json.dumps({"sender": job["sender"], "content": job["message"], "job": job}).encode()
        taken = Taken(job.get("tag", ""), str(number), recipient)
        self.keep(taken=taken, content=content)
        made = {"totalCreditsRemoved": 1, "ids": [number]}
        made |= {"validReceivers": [recipient], "invalidReceivers": []}
        return self.after_taking(taken, behaviour, answer_of(200, made))

    def _outgoing(self, request: Request) -> Answer:
        asked = request.asked
        found = [
            int(one.reference)
            for one in self.known(asked.get("tag", ""))
            if asked.get("receiver") in (None, one.recipient)
        ]
        return answer_of(200, found)


def _problem(job: Any) -> str:
    """What the documentation forbids first, in the API's words; empty when all is well."""
    if not isinstance(job, dict):
        return "Invalid JSON received"
    receivers = job.get("receivers")
    if not isinstance(receivers, list) or not receivers:
        return "[receivers] is required"
    wrong = {
        f"Invalid receiver {receivers[0]}": not re.fullmatch(r"\+[1-9]\d{6,14}", str(receivers[0])),
        "[message] is required": not job.get("message"),
        "This sender does not exist": not re.fullmatch(r"[A-Za-z0-9]{1,11}", str(job.get("sender", ""))),
        "Invalid [coding]": job.get("coding") not in (None, "7bit", "8bit"),
        "[tag] is too long": len(job.get("tag", "")) > _LONGEST_TAG,
    }
    return next((message for message, is_so in wrong.items() if is_so), "")
