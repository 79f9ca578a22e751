"""The national address base as documented: GET /search?q=…, a GeoJSON FeatureCollection.

It knows the towns and the streets of the demonstration, and their houses up to number 90.
"""

import json
import math
import re
import threading
import unicodedata
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from demo.department.names import STREETS
from demo.providers.script import Behaviour, Script

# Postcode, name, longitude and latitude, by INSEE code.
_TOWNS = {
    "26057": ("26300", "Bourg-de-Péage", 5.0496, 45.0316),
    "26058": ("26500", "Bourg-lès-Valence", 4.8956, 44.9474),
    "26064": ("26120", "Chabeuil", 5.0211, 44.8994),
    "26086": ("26410", "Châtillon-en-Diois", 5.4839, 44.6936),
    "26108": ("26400", "Crest", 5.0222, 44.7283),
    "26113": ("26150", "Die", 5.3706, 44.7536),
    "26114": ("26220", "Dieulefit", 5.0633, 44.5247),
    "26139": ("26750", "Génissieux", 5.0833, 45.0833),
    "26165": ("26250", "Livron-sur-Drôme", 4.8433, 44.7722),
    "26166": ("26270", "Loriol-sur-Drôme", 4.8211, 44.7506),
    "26167": ("26310", "Luc-en-Diois", 5.4478, 44.6167),
    "26198": ("26200", "Montélimar", 4.7508, 44.5583),
    "26220": ("26110", "Nyons", 5.1392, 44.3606),
    "26235": ("26700", "Pierrelatte", 4.6947, 44.3764),
    "26252": ("26800", "Portes-lès-Valence", 4.8769, 44.8736),
    "26281": ("26100", "Romans-sur-Isère", 5.0500, 45.0464),
    "26324": ("26130", "Saint-Paul-Trois-Châteaux", 4.7683, 44.3489),
    "26362": ("26000", "Valence", 4.8924, 44.9334),
}
_LARGEST_NUMBER = 90
_LIMIT_BY_DEFAULT, _LARGEST_LIMIT = 5, 100
_SHORTEST, _LONGEST = 3, 200
_PATH = "/search"

Answer = tuple[int, bytes]


class AddressBase:
    """The base on a port of this machine; a context manager. `port` 0 takes a free one."""

    def __init__(self, *, port: int = 0) -> None:
        self.script = Script()
        # What was asked, oldest first: the parameters of each request.
        self.asked: list[dict[str, str]] = []
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.base = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """What ADDRESS_API_URL is set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.script.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, address: str) -> Answer | None:
        """What to reply to one request; None to hang up without a word."""
        url = urlsplit(address)
        if url.path.rstrip("/") != _PATH:
            return 404, b'{"code": 404, "message": "Not found"}'
        parameters = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.asked.append(parameters)
        behaviour = self.script.take_one()
        if behaviour == Behaviour.HANG:
            self.script.stopped.wait()
            return None
        failures = {
            Behaviour.SERVER_ERROR: (500, b"Internal Server Error"),
            Behaviour.TOO_MANY_REQUESTS: (429, b'{"code": 429, "message": "Too many requests"}'),
            Behaviour.GARBAGE: (200, b"<html><body>Maintenance</body></html>"),
            Behaviour.INVALID_PARAMETER: (400, b'{"code": 400, "message": "Failed parsing query"}'),
            Behaviour.TAKE_THEN_GARBAGE: (200, b'{"features": [{"properties": null}]}'),
        }
        return failures.get(behaviour) or self._search(parameters)

    def _search(self, parameters: dict[str, str]) -> Answer:
        text = parameters.get("q", "").strip()
        if not _SHORTEST <= len(text) <= _LONGEST or not text[0].isalnum():
            message = "q must contain between 3 and 200 chars and start with a number or a letter"
            return 400, json.dumps({"code": 400, "message": message}).encode()
        limit = min(int(parameters.get("limit", _LIMIT_BY_DEFAULT)), _LARGEST_LIMIT)
        found = [
            one for one in _features(text) if parameters.get("type") in (None, one["properties"]["type"])
        ]
        longitude, latitude = (float(parameters.get(name, 0)) for name in ("lon", "lat"))
        found.sort(key=lambda one: (-one["properties"]["score"], _far(one, longitude, latitude)))
        return 200, json.dumps(
            {"type": "FeatureCollection", "features": found[:limit], "query": text}
        ).encode()


def _features(text: str) -> Iterator[dict[str, Any]]:
    """The towns and streets all of whose words may be meant, with how much of them was said."""
    said = _words(text)
    number = said[0] if said and said[0].isdecimal() and int(said[0]) <= _LARGEST_NUMBER else ""
    wanted = said[1:] if number else said
    for code, (postcode, city, longitude, latitude) in _TOWNS.items():
        town = {"postcode": postcode, "citycode": code, "city": city, "context": "26, Drôme"}
        point = {"type": "Point", "coordinates": [longitude, latitude]}
        for properties in ({"type": "municipality", "id": code, "name": city}, *_streets(code, number)):
            label = " ".join(dict.fromkeys((properties["name"], f"{postcode} {city}")))
            if properties["type"] == "municipality":
                label = city
            score = _score(wanted, _words(f"{properties['name']} {postcode} {city}"))
            if score:
                yield {
                    "type": "Feature",
                    "geometry": point,
                    "properties": {**town, **properties, "label": label, "score": score},
                }


def _far(feature: dict[str, Any], longitude: float, latitude: float) -> float:
    """How far a place is from the point that was asked, in degrees: enough to compare."""
    return math.dist(feature["geometry"]["coordinates"], (longitude, latitude)) if latitude else 0


def _streets(code: str, number: str) -> Iterator[dict[str, Any]]:
    for place, name in enumerate(STREETS, start=1):
        street = f"{name[0].upper()}{name[1:]}"
        identifier = f"{code}_{place * 10:04d}"
        if number:
            yield {
                "type": "housenumber",
                "id": f"{identifier}_{int(number):05d}",
                "name": f"{number} {street}",
                "housenumber": number,
                "street": street,
            }
        else:
            yield {"type": "street", "id": identifier, "name": street}


def _score(wanted: list[str], known: list[str]) -> float:
    """0 when a word is unknown; else the nearer to 1, the more of the words were said."""
    if not wanted or any(not any(word.startswith(one) for word in known) for one in wanted):
        return 0
    said = sum(any(word.startswith(one) for one in wanted) for word in known)
    return round(0.4 + 0.6 * said / len(known), 4)


def _words(text: str) -> list[str]:
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return re.findall(r"[a-z0-9]+", plain.lower())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    base: AddressBase

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up waiting is what some tests are about, not an error to print."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:  # noqa: N802 - the name http.server calls
        answer = self.server.base.answer(self.path)
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
        """Say nothing: the addresses are people's."""
