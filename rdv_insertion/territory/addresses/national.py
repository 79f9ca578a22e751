"""The national address base (Base Adresse Nationale) over HTTP: `GET {ADDRESS_API_URL}/search?q=…`.

Whatever goes wrong there (silence, errors, nonsense) is one exception, Unavailable, and never waits long.
After a failure nobody is made to wait again before a minute. What is asked for is never logged.
"""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import structlog
from django.conf import settings

from rdv_insertion.kernel.text import squish
from rdv_insertion.territory.addresses.location import Location, Source

logger = structlog.get_logger(__name__)

_SHORTEST, _LONGEST = 3, 200
_TRIES = 2
_REST_IN_SECONDS = 60
_BAD_REQUEST, _TOO_MANY_REQUESTS, _SERVER_ERROR = 400, 429, 500
_TYPES = frozenset({"housenumber", "street", "locality", "municipality"})


class Unavailable(Exception):
    """The base cannot be asked now, or is not set."""


class _State:
    """Of this process: until when, on its clock, the base is left alone; the client, once there is one."""

    rest_until = 0.0
    client: httpx.Client | None = None


def search(
    text: str,
    *,
    limit: int,
    kind: str = "",
    autocomplete: bool = False,
    near: tuple[float, float] | None = None,
) -> list[tuple[Location, float]]:
    """The addresses closest to `text`, each with its score from 0 to 1, the best first.

    `kind` is one of the base's types (`street`, `municipality`…), or empty for all; `autocomplete` is for
    texts that are being typed; `near`, a latitude and a longitude, comes first when several fit. An empty
    list when the base knows nothing like it. Raises Unavailable.
    """
    question = _question(text)
    if not settings.ADDRESS_API_URL or time.monotonic() < _State.rest_until:
        raise Unavailable
    if len(question) < _SHORTEST:
        return []
    parameters: dict[str, Any] = {"q": question, "limit": limit, "autocomplete": int(autocomplete)}
    if kind:
        parameters["type"] = kind
    if near:
        parameters["lat"], parameters["lon"] = near
    answer = _ask(parameters)
    try:
        return list(_read(answer))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _failure("nonsense") from error


def start_afresh() -> None:
    """Hang up, forget failures and read the settings again, as a new process does."""
    if _State.client:
        _State.client.close()
    _State.client, _State.rest_until = None, 0.0


def _question(text: str) -> str:
    """As the base wants it: it refuses a text that begins with punctuation, is too short or too long."""
    return re.sub(r"^\W+", "", squish(text.replace("\x00", " ")))[:_LONGEST]


def _client() -> httpx.Client:
    """One for all the threads of the process."""
    if _State.client is None:
        _State.client = httpx.Client(
            base_url=settings.ADDRESS_API_URL.rstrip("/"),
            timeout=httpx.Timeout(settings.ADDRESS_API_TIMEOUT),
            follow_redirects=True,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=5),
        )
    return _State.client


def _ask(parameters: dict[str, Any]) -> Any:
    client = _client()
    for tries_left in reversed(range(_TRIES)):
        try:
            response = client.get("search", params=parameters)
            if response.status_code == _BAD_REQUEST:
                # A text that it does not take is a text that it does not know, and says nothing of the rest.
                return {"features": []}
            if response.status_code < _SERVER_ERROR and response.status_code != _TOO_MANY_REQUESTS:
                return response.raise_for_status().json()
        except httpx.TransportError as error:
            # A base that does not answer in time will not do better at once.
            if not tries_left or isinstance(error, httpx.TimeoutException):
                raise _failure(type(error).__name__) from error
        except (httpx.HTTPError, ValueError) as error:
            raise _failure(type(error).__name__) from error
    raise _failure("server error")


def _failure(reason: str) -> Unavailable:
    _State.rest_until = time.monotonic() + _REST_IN_SECONDS
    logger.warning("national_address_base_unavailable", reason=reason)
    return Unavailable()


def _read(answer: Any) -> Iterator[tuple[Location, float]]:
    for feature in answer["features"]:
        properties = feature["properties"]
        if properties["type"] in _TYPES and re.fullmatch(r"\d[\dAB]\d{3}", properties["citycode"]):
            longitude, latitude = (float(one) for one in feature["geometry"]["coordinates"][:2])
            yield _location(properties, latitude, longitude), float(properties["score"])


def _location(properties: dict[str, Any], latitude: float, longitude: float) -> Location:
    street = _text(properties, "street") or _text(properties, "name")
    if properties["type"] == "municipality":
        street = ""
    return Location(
        label=_text(properties, "label")[:250],
        city_code=properties["citycode"],
        city=_text(properties, "city")[:100],
        postcode=_text(properties, "postcode")[:5],
        street=street[:200],
        street_code=_street_code(_text(properties, "id")) if street else "",
        latitude=latitude,
        longitude=longitude,
        source=Source.NATIONAL_BASE,
    )


def _text(properties: dict[str, Any], name: str) -> str:
    value = properties.get(name) or ""
    if not isinstance(value, str):
        raise TypeError(name)
    return value.replace("\x00", "")


def _street_code(identifier: str) -> str:
    """`26362_1234_00012_bis`, a house, and `26362_1234`, a street, give `26362_1234`."""
    found = re.match(r"\d[\dAB]\d{3}_[0-9A-Za-z]{1,12}(?![0-9A-Za-z])", identifier)
    return found.group() if found else ""
