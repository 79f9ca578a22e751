"""The answer of a person to a mail, as Brevo's inbound parsing would post it."""

import json
from uuid import uuid4

from demo.outbox import Received


def posted(received: Received, text: str) -> bytes:
    """What the provider posts when whoever received this mail answers `text`."""
    recipient = received.entry.recipient
    item = {
        "MessageId": f"<{uuid4()}@demo.test>",
        "From": {"Name": "", "Address": recipient},
        "ReplyTo": None,
        "To": [{"Name": "", "Address": received.reply_to}],
        "Recipients": [received.reply_to],
        "Subject": f"Re: {received.subject}",
        "ExtractedMarkdownMessage": text,
        "RawTextBody": text,
        "Attachments": [],
        "Headers": {},
    }
    return json.dumps({"items": [item]}).encode()
