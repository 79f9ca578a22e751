"""One word of a provider about one message, and what formats have in common."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rdv_insertion.kernel.dates import PARIS
from rdv_insertion.kernel.text import without_unseen
from rdv_insertion.messaging.outcomes import Meaning

Document = Mapping[str, Any]

_LARGEST_ID = 2**63 - 1
# As messages are named to providers: `message-12`, `message_12`.
_NAMED = re.compile(r"message[-_](\d{1,18})(?!\d)", re.ASCII)
_COMPACT = re.compile(r"\d{14}", re.ASCII)
_SECONDS, _MILLISECONDS = 10, 13


@dataclass(frozen=True)
class Event:
    """What a provider says of a message.

    Known by our own id, or by the `reference` that `provider` gave it. `meaning` is None when there is
    nothing to keep. `at` is None when the moment is missing or cannot be read.
    """

    message_id: int | None
    meaning: Meaning | None
    at: datetime | None
    provider: str = ""
    reference: str = ""


def id_in(value: Any) -> int | None:
    """The id of one of our messages: a number, or the first `message-12` of a text or of a list of texts."""
    if isinstance(value, list):
        return next((found for one in value[:20] if (found := id_in(one))), None)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value if 0 < value <= _LARGEST_ID else None
    text = str(value)
    if named := _NAMED.search(text):
        return int(named[1]) or None
    return int(text) or None if text.isascii() and text.isdigit() and len(text) <= 18 else None


def moment(value: Any) -> datetime | None:
    """A moment as providers write it, in UTC: seconds or milliseconds since 1970, ISO 8601, `20260303093000`.

    What says no time zone is on the clocks of Paris, as the accounts of French services are.
    """
    text = str(value).strip() if isinstance(value, int | float | str) else ""
    try:
        if text.isascii() and text.isdigit() and len(text) in (_SECONDS, _MILLISECONDS):
            read = datetime.fromtimestamp(int(text) / (1 if len(text) == _SECONDS else 1_000), UTC)
        elif _COMPACT.fullmatch(text):
            read = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=PARIS)
        else:
            read = datetime.fromisoformat(text)
        read = read if read.tzinfo else read.replace(tzinfo=PARIS)
        return read.astimezone(UTC) if 2000 < read.year < 2200 else None
    except (ValueError, OverflowError, OSError):
        return None


def word(value: Any) -> str:
    """A code, as the tables of `messaging.outcomes` write it: `Soft Bounce` → `soft_bounce`."""
    return re.sub(r"[\s-]+", "_", str(value if value is not None else "").strip().lower())[:50]


def reference(value: Any) -> str:
    """The provider's own reference, as `Message.provider_reference` keeps it."""
    kept = value if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)) else ""
    return without_unseen(str(kept)).strip()[:100]
