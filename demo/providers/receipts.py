"""The receipts that a real provider would post: each message kept in the outbox is told to the service.

In `make demo`, messages become "Reçu" a moment after they leave, by a true HTTP callback. Some do not:

| SMS to a number ending in | mail to | what the provider says |
|---|---|---|
| `0000` | `inconnu@…` | it does not exist (hard bounce) |
| `1111` | `plein@…` | switched off, or full (soft bounce) |
| `2222` | `silence@…` | nothing: the message stays "Envoyé" |

The messages that were there before are left alone.
"""

import email.policy
import json
import re
import threading
import time
from collections.abc import Mapping
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from demo.providers import storage

_HARD, _SOFT = "hard_bounce", "soft_bounce"
_BY_ENDING: Mapping[str, str] = {"0000": _HARD, "1111": _SOFT, "2222": ""}
_BY_MAILBOX: Mapping[str, str] = {"inconnu": _HARD, "plein": _SOFT, "silence": ""}
_DELIVERED = "delivered"
_PATIENCE_IN_SECONDS = 5
_TRIES = 5

Post = tuple[str, dict[str, Any]]


class Receipts:
    """Posts the receipts of what arrives in `outbox`, `delay` seconds after; a context manager.

    `mail_callback` is the address for mails; SMS say theirs (`webUrl`).
    """

    def __init__(
        self, outbox: Path, *, mail_callback: str = "", delay: float = 1.0, between_tries: float = 2.0
    ) -> None:
        self.outbox, self.mail_callback = outbox, mail_callback
        self.delay, self.between_tries = delay, between_tries
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._seen = set(storage.names(outbox))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join(_PATIENCE_IN_SECONDS)

    def _watch(self) -> None:
        with httpx.Client(timeout=_PATIENCE_IN_SECONDS) as client:
            while not self._stopped.wait(self.delay):
                names = set(storage.names(self.outbox))
                for name in sorted(names - self._seen):
                    self._tell(client, name)
                self._seen = names

    def _tell(self, client: httpx.Client, name: str) -> None:
        channel = storage.described(name)[1]
        try:
            post = receipt_of(channel, (self.outbox / name).read_bytes(), self.mail_callback)
        except (OSError, ValueError):
            return
        if post is None:
            return
        for _ in range(_TRIES):
            try:
                if client.post(post[0], json=post[1]).is_success:
                    return
            except httpx.HTTPError:
                pass
            if self._stopped.wait(self.between_tries):
                return


def receipt_of(channel: str, content: bytes, mail_callback: str) -> Post | None:
    """Where to post what about one kept message, in Brevo's format; None when nothing is said of it."""
    if channel != "sms":
        return _mail_receipt(content, mail_callback)
    message = json.loads(content)
    return _sms_receipt(message) if isinstance(message, dict) else None


def _sms_receipt(message: Mapping[str, Any]) -> Post | None:
    recipient = str(message.get("recipient", ""))
    said, address = _BY_ENDING.get(recipient[-4:], _DELIVERED), str(message.get("webUrl", ""))
    if not said or not address:
        return None
    return address, {
        "to": recipient,
        "sms_count": 1,
        "msg_status": said,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "type": "Transactional",
        "tag": message.get("tag", ""),
    }


def _mail_receipt(content: bytes, mail_callback: str) -> Post | None:
    if not mail_callback:
        return None
    mail = BytesHeaderParser(policy=email.policy.default).parsebytes(content)
    recipient = parseaddr(str(mail["To"] or ""))[1]
    said = _BY_MAILBOX.get(re.split("[@+]", recipient.lower())[0], _DELIVERED)
    if not said or not mail["X-Mailin-custom"]:
        return None
    now = int(time.time())
    return mail_callback, {
        "event": said,
        "email": recipient,
        "id": 1,
        "ts_event": now,
        "ts_epoch": now * 1_000,
        "message-id": str(mail["Message-ID"] or ""),
        "X-Mailin-custom": str(mail["X-Mailin-custom"]),
    }
