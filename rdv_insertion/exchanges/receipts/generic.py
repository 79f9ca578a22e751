"""Our own format, for whoever carries messages and is none of the above (docs/operation/callbacks.md).

    {"message": 12, "status": "delivered", "at": "2026-03-03T09:30:00+01:00"}

`message` is our id (or the text `message-12`), `status` one of `delivered`, `temporary_failure` and
`permanent_failure`, `at` a moment in ISO 8601; without one, it is the moment of the call.
"""

from rdv_insertion.exchanges.receipts.events import Document, Event, id_in, moment, word
from rdv_insertion.messaging.outcomes import GENERIC


def event(document: Document) -> Event:
    """One outcome of one message."""
    return Event(
        message_id=id_in(document.get("message")),
        meaning=GENERIC.get(word(document.get("status"))),
        at=moment(document.get("at")),
    )
