"""One file a message. Its name says when, how and to whom, so that a list opens only what it shows."""

import itertools
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

_SUFFIXES = {"sms": ".json", "email": ".eml"}
_LONGEST_RECIPIENT = 180
_counter = itertools.count()


def store(folder: Path, *, channel: str, recipient: str, content: bytes) -> Path:
    """Write one message received now; whoever lists the folder sees it whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    who = quote(recipient, safe="@+")[:_LONGEST_RECIPIENT]
    name = f"{time.time_ns():020d}_{next(_counter):06d}_{channel}_{who}{_SUFFIXES[channel]}"
    hidden = folder / f".{name}"
    hidden.write_bytes(content)
    return hidden.rename(folder / name)


def names(folder: Path) -> list[str]:
    """The names of all that was received, newest first."""
    if not folder.is_dir():
        return []
    kept = (entry.name for entry in os.scandir(folder))
    return sorted((name for name in kept if is_name(name)), reverse=True)


def is_name(name: str) -> bool:
    """Whether `name` is one that `store` writes, and nothing else (no path, no hidden file)."""
    parts = name.split("_", 3)
    return len(parts) == 4 and parts[0].isdigit() and parts[2] in _SUFFIXES and os.path.basename(name) == name


def described(name: str) -> tuple[datetime, str, str]:
    """When, by which channel and to whom, from the name alone."""
    nanoseconds, _, channel, who = name.split("_", 3)
    received_at = datetime.fromtimestamp(int(nanoseconds) / 1e9, tz=UTC)
    return received_at, channel, unquote(who.removesuffix(_SUFFIXES[channel]))
