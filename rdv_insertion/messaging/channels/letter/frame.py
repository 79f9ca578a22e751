"""What a letter shows around its text, kept with the message so that it can be printed again as it was."""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rdv_insertion.kernel import codes, dates, phone
from rdv_insertion.kernel.languages import direction
from rdv_insertion.messaging.identity import SenderIdentity
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager

# What the window of a French envelope shows, as the post office reads it (NF Z 10-011).
LINE_IN_WINDOW, LINES_IN_WINDOW = 38, 6


@dataclass(frozen=True, kw_only=True)
class Translation:
    """The same letter in the person's language, on a page of its own. Paragraphs are plain texts."""

    language: str
    subject: str
    paragraphs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As it is kept in `LetterFrame.to_json`."""
        return {**asdict(self), "paragraphs": list(self.paragraphs), "direction": direction(self.language)}


@dataclass(frozen=True, kw_only=True)
class LetterFrame:
    """All that a letter shows beside its subject and its text. Most are made by `frame_for`.

    `sender`, `recipient`, `signature` and `referents` are lines. `logos` are dicts of `digest` (of a
    Picture) and `name`, read aloud in place of the image; `signature_digest` is that of a Picture too.
    `link`, `code` and `typing_page` are for invitations: together they give the QR and the code to type.
    """

    sender: tuple[str, ...]
    recipient: tuple[str, ...]
    place_and_date: str
    signature: tuple[str, ...]
    signature_digest: str = ""
    logos: tuple[Mapping[str, str], ...] = ()
    affiliation_number: str = ""
    referents: tuple[str, ...] = ()
    help_address: str = ""
    link: str = ""
    code: str = ""
    typing_page: str = ""
    translation: Translation | None = None

    def to_json(self) -> dict[str, Any]:
        """As `Message.letter` keeps it and `printing.letters_pdf` reads it."""
        return {
            "sender": list(self.sender),
            "recipient": list(self.recipient),
            "place_and_date": self.place_and_date,
            "signature": list(self.signature),
            "signature_digest": self.signature_digest,
            "logos": [dict(logo) for logo in self.logos],
            "affiliation_number": self.affiliation_number,
            "referents": list(self.referents),
            "help_address": self.help_address,
            "link": self.link,
            "code": self.code,
            "typing_page": self.typing_page,
            "translation": self.translation.to_json() if self.translation else None,
        }


def frame_for(
    usager: Usager,
    organisation: Organisation,
    identity: SenderIdentity,
    *,
    help_phone: str,
    moment: datetime,
    referents: Iterable[str] = (),
    link: str = "",
    code: str = "",
    typing_page: str = "",
    translation: Translation | None = None,
) -> LetterFrame:
    """The frame of a letter to `usager` written at `moment`, dated on the clocks of the organisation.

    `help_phone` is any writing of a number, or empty; `code` is a bare code of 8 characters. No query.
    """
    return LetterFrame(
        sender=sender_lines(identity, help_phone),
        recipient=recipient_lines(usager),
        place_and_date=place_and_date(identity, organisation, moment),
        signature=identity.signature_lines,
        signature_digest=identity.signature_digest,
        logos=identity.logos,
        affiliation_number=usager.affiliation_number or "",
        referents=tuple(referents),
        help_address=identity.help_address,
        link=link,
        code=codes.display(code) if code else "",
        typing_page=typing_page,
        translation=translation,
    )


def sender_lines(identity: SenderIdentity, help_phone: str) -> tuple[str, ...]:
    """Who writes: the name, its directions (once each), the number to call."""
    names = dict.fromkeys((identity.letter_sender_name, *identity.direction_names))
    number = phone.display(help_phone)
    return (*(name for name in names if name), *([f"Tél. : {number}"] if number else []))


def place_and_date(identity: SenderIdentity, organisation: Organisation, moment: datetime) -> str:
    """`Valence, le mardi 3 mars 2026`; the date alone when no town is known."""
    day = f"le {dates.long_date(moment.astimezone(organisation.time_zone).date())}"
    return f"{identity.sender_city}, {day}" if identity.sender_city else day.capitalize()


def has_postal_address(usager: Usager) -> bool:
    """Whether a letter would arrive: something before the postcode, five digits, a town."""
    return bool(usager.town and _street(usager))


def recipient_lines(usager: Usager) -> tuple[str, ...]:
    """The name, then the address, in lines that the window of the envelope shows whole when they can."""
    return address_lines(usager.polite_name, _street(usager), usager.town)


def address_lines(*parts: str) -> tuple[str, ...]:
    """Each part on lines of 38 characters at most, cut at commas first, then between words."""
    return tuple(line for part in parts for line in _cut(part))


def _street(usager: Usager) -> str:
    address = " ".join((usager.address or "").split("\r"))
    return address.removesuffix(usager.town).strip(" ,\n")


def _cut(part: str) -> list[str]:
    lines: list[str] = []
    for line in part.splitlines():
        # Kept in one piece when it fits: « 12, rue de la République » is one line.
        pieces = [line] if len(line.strip()) <= LINE_IN_WINDOW else line.split(", ")
        for piece in pieces:
            lines += textwrap.wrap(" ".join(piece.split()), LINE_IN_WINDOW, break_on_hyphens=False)
    return lines
