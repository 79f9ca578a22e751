"""What providers post, as their documentations show it, about a message of ours."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from rdv_insertion.kernel.dates import PARIS


def brevo_email(message_id: int, event: str = "delivered", *, at: datetime, **changes: Any) -> dict[str, Any]:
    """A transactional mail event."""
    return {
        "event": event,
        "email": "marina@example.org",
        "id": 26224,
        "date": at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M:%S"),
        "ts": int(at.timestamp()),
        "message-id": "<201798300811.5787683@smtp-relay.mailin.fr>",
        "ts_event": int(at.timestamp()),
        "subject": "Votre rendez-vous",
        "X-Mailin-custom": json.dumps({"record_identifier": f"message_{message_id}"}),
        "sending_ip": "185.41.28.109",
        "ts_epoch": int(at.timestamp() * 1_000),
        "tags": ["invitation"],
        **changes,
    }


def brevo_sms(tag: str, status: str = "delivered", *, at: datetime, **changes: Any) -> dict[str, Any]:
    """A transactional SMS event; `tag` may be empty, as in the documentation."""
    return {
        "id": 26570,
        "to": "33612345678",
        "sms_count": 1,
        "credits_used": 4.5,
        "messageId": 1511882900176220,
        "remaining_credit": 11488.845,
        "msg_status": status,
        "date": at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M:%S"),
        "type": "transactional",
        "reference": {"1": "ab12cdef34gh"},
        **({"tag": tag} if tag else {}),
        **changes,
    }


def ovh_query(reference: str, ptt: str = "4", *, at: datetime, description: str = "1") -> str:
    """What OVH adds to the address that it calls."""
    return urlencode(
        {
            "id": reference,
            "ptt": ptt,
            "date": at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M:%S"),
            "description": description,
            "descriptionDlr": "Success",
        }
    )


def inbound(to: str, **changes: Any) -> dict[str, Any]:
    """One item of Brevo's inbound parsing: a short answer to one of our mails."""
    return {
        "Uuid": ["2b2b1dc4-1d1d-4a5a-8d6e-0a8e8a5f2b11"],
        "MessageId": "<CAF5v@mail.example.org>",
        "InReplyTo": "<message-1@rdv-insertion.localhost>",
        "From": {"Name": "Marina Foïs", "Address": "marina@example.org"},
        "To": [{"Name": None, "Address": to}],
        "Cc": [],
        "Recipients": [to],
        "ReplyTo": None,
        "SentAtDate": "Tue, 03 Mar 2026 10:30:00 +0100",
        "Subject": "Re: Votre rendez-vous",
        "Attachments": [],
        "Headers": {
            "From": "Marina Foïs <marina@example.org>",
            "To": to,
            "Content-Type": 'multipart/alternative; boundary="b"',
            "Received": ["from a by b", "from c by d"],
        },
        "SpamScore": 0.1,
        "ExtractedMarkdownMessage": "Bonjour,\n\nje suis malade mardi. Puis-je venir jeudi ?\n\nMarina",
        "ExtractedMarkdownSignature": None,
        "RawHtmlBody": "<p>Bonjour,</p><p>je suis malade mardi.</p>",
        "RawTextBody": "Bonjour,\n\nje suis malade mardi. Puis-je venir jeudi ?\n\nMarina\n\n"
        "Le mar. 3 mars 2026 à 09:12, Conseil départemental <ne-pas-repondre@rdv.fr> a écrit :\n"
        "> Vous avez rendez-vous.",
        **changes,
    }
