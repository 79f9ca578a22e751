"""What a draft carries, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any, Protocol

from rdv_insertion.kernel.text import squish

LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Text:
    """What is sent.

    `subject` is for mails and letters, `html` for mails. `french` is the same in French when `text` is in
    another language. `letter` is all that a letter shows beside its text (channels/letter/render.py), so that
    it can be printed again as it was.
    """

    text: str
    subject: str = ""
    html: str = ""
    french: str = ""
    letter: Mapping[str, Any] = field(default_factory=dict)


class Content(Protocol):
    """The facts that one message tells."""

    def render(self, channel: str, language: str) -> Text:
        """The text of the message by this channel, in this language."""
        ...


def one_line(subject: str) -> str:
    """A subject on one line, whatever the words put into it, that fits its column."""
    line = squish(subject)
    return line if len(line) <= LONGEST_SUBJECT else shorten(line, LONGEST_SUBJECT, placeholder="…")
