"""What a draft carries, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


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
