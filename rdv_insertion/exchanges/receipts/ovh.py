"""OVHcloud's SMS callback: `id`, `ptt`, `date`, `description` and `descriptionDlr` in the address called.

There is one address for a whole SMS account, so that only `id`, which OVH gave when it took the message, says
which message it is about (guide "Everything you need to know about SMS users", callback).
"""

from rdv_insertion.exchanges.receipts.events import Document, Event, id_in, moment, reference, word
from rdv_insertion.messaging.enums import Provider
from rdv_insertion.messaging.outcomes import OVH_DLR, OVH_SMS


def sms_event(document: Document) -> Event:
    """One state of an SMS. A `ptt` that we do not know leaves the word to the state of its report."""
    code, state = word(document.get("ptt")), word(document.get("description"))
    tag = document.get("tag")
    return Event(
        message_id=id_in(tag) if isinstance(tag, str) and not tag.isdigit() else None,
        meaning=OVH_SMS[code] if code in OVH_SMS else OVH_DLR.get(state),
        at=moment(document.get("date")),
        provider=Provider.OVH_SMS,
        reference=reference(document.get("id")),
    )
