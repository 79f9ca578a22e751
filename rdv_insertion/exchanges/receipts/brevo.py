"""Brevo's transactional webhooks, for mails and SMS (developers.brevo.com/docs/transactional-webhooks)."""

from rdv_insertion.exchanges.receipts.events import Document, Event, id_in, moment, word
from rdv_insertion.messaging.outcomes import BREVO_EMAIL, BREVO_SMS


def email_event(document: Document) -> Event:
    """One event of a mail: `event`, `email`, `date`, `ts_event`, `message-id`, `X-Mailin-custom`, `tags`.

    The message is named by the header that we sent (`X-Mailin-custom`), by its tag, or by the Message-ID that
    we give to mails; only `ts_epoch` and `ts_event` are in UTC.
    """
    named = (document.get(key) for key in ("X-Mailin-custom", "tags", "tag", "message-id"))
    epoch = document.get("ts_epoch") or document.get("ts_event") or document.get("ts")
    return Event(
        message_id=next((found for one in named if not isinstance(one, int) and (found := id_in(one))), None),
        meaning=BREVO_EMAIL.get(word(document.get("event"))),
        at=moment(epoch) or moment(document.get("date")),
    )


def sms_event(document: Document) -> Event:
    """One event of an SMS: `to`, `msg_status`, `date` (on the clocks of Paris), `messageId`, `tag`.

    `tag` may be missing, or be a list: the address that was called, made for one message, then says which.
    """
    tag = document.get("tag") or document.get("tags")
    said = document.get("msg_status") or document.get("status") or document.get("event")
    return Event(
        message_id=None if isinstance(tag, int) else id_in(tag),
        meaning=BREVO_SMS.get(word(said)),
        at=moment(document.get("ts_event")) or moment(document.get("date")),
    )
