"""From what was posted to events, whatever the source."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from rdv_insertion.exchanges.receipts import brevo, generic, ovh
from rdv_insertion.exchanges.receipts.events import Document, Event
from rdv_insertion.messaging.callbacks import CallbackSource

READERS: Mapping[str, Callable[[Document], Event]] = {
    CallbackSource.BREVO_EMAIL: brevo.email_event,
    CallbackSource.BREVO_SMS: brevo.sms_event,
    CallbackSource.OVH_SMS: ovh.sms_event,
    CallbackSource.GENERIC: generic.event,
}
MOST_FIELDS = 100
# No provider writes deeper. Beyond, reading and writing again would fail on Python's and orjson's own limits.
_DEEPEST = 50


class Unreadable(Exception):
    """What was posted is neither JSON nor a form, or holds no event."""


def documents_of(body: str) -> list[Document]:
    """The events of one call: one JSON object, an array of them, or a form. Raises Unreadable."""
    try:
        read = json_of(body)
    except orjson.JSONDecodeError:
        read = _form(body)
    found = read if isinstance(read, list) else [read]
    documents: list[Document] = [one for one in found if isinstance(one, dict) and one]
    if not documents:
        raise Unreadable
    return documents


def event_of(source: str, document: Document) -> Event:
    """What one document says. Raises Unreadable for a source that is not known."""
    if source not in READERS:
        raise Unreadable
    return READERS[source](document)


def json_of(body: str) -> Any:
    """What `body` says in JSON. Raises JSONDecodeError when it is none, Unreadable when it is too deep."""
    read = orjson.loads(body)
    level = [read]
    for _ in range(_DEEPEST):
        level = [part for one in level for part in _parts(one)]
        if not level:
            return read
    raise Unreadable


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _form(body: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(body, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Unreadable from error
