"""What the HTTP APIs of providers have in common: time-outs, garbage, limits."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx

from rdv_insertion.messaging.transport import DeliveryError

_CONNECT_TIMEOUT = 5
_CONNECTIONS = httpx.Limits(max_connections=50, max_keepalive_connections=50)
OK, BAD_REQUEST, TOO_MANY_REQUESTS, SERVER_ERROR, UNAVAILABLE = 200, 400, 429, 500, 503
# Brevo says how many seconds are left in a header of its own; the others in the standard one.
_WAIT_HEADERS = ("retry-after", "x-sib-ratelimit-reset")
_LONGEST_WAIT = timedelta(hours=1)
# Raised before a byte of the request has left: the provider cannot have it.
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def client(base_url: str, *, timeout: float, headers: dict[str, str] | None = None) -> httpx.Client:
    """A client that keeps its connections, for all the threads of a worker."""
    return httpx.Client(
        base_url=base_url,
        headers={"accept": "application/json", **(headers or {})},
        timeout=httpx.Timeout(timeout, connect=_CONNECT_TIMEOUT),
        limits=_CONNECTIONS,
    )


def unreachable(error: httpx.HTTPError, who: str) -> DeliveryError:
    """The failure of a request that got no answer from `who` ("Le prestataire SMS")."""
    return DeliveryError(
        f"{who} ne répond pas.", permanent=False, maybe_taken=not isinstance(error, _NOT_REACHED)
    )


class Answer(Protocol):
    """What httpx and requests have in common."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Any: ...
    def json(self) -> Any: ...


def out_of_order(response: Answer, who: str) -> DeliveryError | None:
    """The failure when `who` answers that it is overloaded or broken, whatever the message; None otherwise.

    A limit (429), "unavailable" (503) and an error in the provider's own words are refusals. Another server
    error may come from something in front of a provider that took the message.
    """
    status = response.status_code
    if status != TOO_MANY_REQUESTS and status < SERVER_ERROR:
        return None
    return DeliveryError(
        f"{who} est momentanément saturé ou en panne.",
        permanent=False,
        maybe_taken=status not in (TOO_MANY_REQUESTS, UNAVAILABLE) and "message" not in document(response),
        retry_after=wait_asked(response.headers) if status in (TOO_MANY_REQUESTS, UNAVAILABLE) else None,
    )


def first_reference(response: Answer, who: str) -> str | None:
    """The provider's reference in the first of the `events` that it lists; None when it knows of none.

    Without any, the list is left out. Raises DeliveryError for what is no such answer.
    """
    try:
        answer = response.json()
    except ValueError:
        answer = None
    events = answer.get("events", []) if isinstance(answer, dict) else None
    if response.status_code != OK or not isinstance(events, list):
        raise DeliveryError(f"{who} ne dit pas s'il a pris ce message.", permanent=False)
    if not events:
        return None
    return str(events[0].get("messageId") or "") if isinstance(events[0], dict) else ""


def wait_asked(headers: Any) -> timedelta | None:
    """How long the answer asks to wait, an hour at most: in seconds, or until a date; None when it says
    nothing."""
    for name in _WAIT_HEADERS:
        wait = _wait(headers.get(name))
        if wait is not None:
            return max(timedelta(), min(wait, _LONGEST_WAIT))
    return None


def _wait(value: str | None) -> timedelta | None:
    if not value:
        return None
    if value.isascii() and value.isdecimal():
        return timedelta(seconds=min(int(value), _LONGEST_WAIT.total_seconds()))
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date - datetime.now(UTC) if date.tzinfo else None


def document(response: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
