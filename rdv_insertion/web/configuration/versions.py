"""Versions of a setting, told as what each one changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.http import HttpRequest

from rdv_insertion.agents.models import Agent

# How many versions a page tells.
SHOWN = 50


class Row(Protocol):
    """One version of a setting, as it is kept."""

    version: int
    created_at: datetime
    created_by: Agent | None


@dataclass(frozen=True)
class Change:
    """One thing that a version changed, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """Who saved what, and when. `changes` are told from the version before."""

    number: int
    at: datetime
    by: str
    changes: list[Change]
    is_current: bool


_LARGEST = 2**31 - 1


def seen_version(request: HttpRequest) -> int:
    """The version that the page was drawn with (`version`); -1, which nothing is, when it is not a number."""
    typed = request.POST.get("version", "")
    known = typed.isascii() and typed.isdecimal() and len(typed) <= len(str(_LARGEST))
    return int(typed) if known else -1


Said = Callable[[Any], Mapping[str, str]]


def told(rows: Sequence[Row], said: Said, before_any: Any) -> list[Version]:
    """`rows`, last version first, as what each changed; at most SHOWN of them.

    `said` gives what a row says, in words by label; `before_any` is what held before the first version. Pass
    one row more than SHOWN: the oldest one shown is compared with it.
    """
    versions = []
    for place, row in enumerate(rows[:SHOWN]):
        older = rows[place + 1] if place + 1 < len(rows) else before_any
        before, after = said(older), said(row)
        changes = [
            Change(label, before[label], after[label]) for label in after if before[label] != after[label]
        ]
        by = str(row.created_by) if row.created_by else "un agent qui n'est plus là"
        versions.append(Version(row.version, row.created_at, by, changes, is_current=place == 0))
    return versions
