"""What mails and letters are made of. Each block is written once, and drawn as text and as HTML."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Paragraph:
    """One or two sentences; `strong` is said first, and seen first."""

    kind: ClassVar[str] = "paragraph"
    text: str = ""
    strong: str = ""


@dataclass(frozen=True)
class Labelled:
    """A label with its colon, and what agents typed; its lines are kept."""

    kind: ClassVar[str] = "labelled"
    label: str
    text: str


@dataclass(frozen=True)
class RdvBox:
    """When and where, in a frame; `url` is where a rdv in visio is held."""

    kind: ClassVar[str] = "rdv"
    moment: str
    lines: tuple[str, ...] = ()
    url: str = ""
    access: str = ""


@dataclass(frozen=True)
class Button:
    """The one thing to do. Its address is also written out, for those who cannot press it."""

    kind: ClassVar[str] = "button"
    label: str
    link: str


@dataclass(frozen=True)
class Call:
    """A number to call as the one thing to do: a sentence, and a button on a phone."""

    kind: ClassVar[str] = "call"
    label: str
    number: str


Block = Paragraph | Labelled | RdvBox | Button | Call


@dataclass(frozen=True)
class Mail:
    """A mail in one language: `preview` is the line shown in the list of mails."""

    subject: str
    heading: str
    preview: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Letter:
    """A letter in one language; its letterhead, address and codes are drawn around it."""

    subject: str
    paragraphs: tuple[str, ...]
