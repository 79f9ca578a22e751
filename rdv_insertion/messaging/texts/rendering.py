"""From what a content says in one language to what is sent: the reader's language, French never far."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.template import loader
from django.template.backends.django import Template
from django.utils.translation import gettext, override

from rdv_insertion.kernel.languages import Language, active, direction
from rdv_insertion.kernel.text import squish
from rdv_insertion.messaging.channels.sms.encoding import encode, segments
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts.blocks import (
    Block,
    Button,
    Call,
    Labelled,
    Letter,
    Mail,
    Paragraph,
    RdvBox,
)
from rdv_insertion.messaging.texts.content import Text, one_line
from rdv_insertion.messaging.texts.sentences import spaced

_PHONE = "\0"
# French puts a space before these: a line never begins with one of them.
_LED_BY_A_SPACE = ("?", "!", ":", ";", "»")


class Frame(Protocol):
    """All that a letter shows around its text (channels/letter/frame.py)."""

    def to_json(self) -> dict[str, Any]:
        """What `Message.letter` keeps."""
        ...


class PersonalContent(ABC):
    """What one message tells one person, said in the active language by each channel."""

    organisation: str
    help_phone: str
    letter: Frame | None

    @abstractmethod
    def sms(self) -> list[str]:
        """Its sentences; empty ones are left out. A link ends its sentence."""

    def shorter_sms(self) -> Iterable[list[str]]:
        """The same in fewer and fewer words: sent instead when it costs fewer SMS. None by default."""
        return ()

    @abstractmethod
    def mail(self) -> Mail:
        """Its subject and blocks."""

    @abstractmethod
    def written(self) -> Letter:
        """The subject and paragraphs of the letter."""

    @property
    def ends_with_help(self) -> bool:
        """Whether its mail ends with the number to call; not when calling is all that it asks."""
        return True

    def render(self, channel: str, language: str) -> Text:
        """See `Content.render`. In mails their language first, then French; in letters French."""
        if channel == Channel.SMS:
            french = self._sms(Language.FR) if language != Language.FR else ""
            return Text(self._sms(language), french=french)
        return self._mail(language) if channel == Channel.EMAIL else self._letter(language)

    def _sms(self, language: str) -> str:
        with override(language):
            whole = _as_sms(self.sms(), language)
            if segments(whole) == 1:
                return whole
            shorter = [_as_sms(sentences, language) for sentences in self.shorter_sms()]
            return min((whole, *shorter), key=segments)

    def _mail(self, language: str) -> Text:
        versions = [_Version(self, language)]
        if language != Language.FR:
            versions.append(_Version(self, Language.FR))
        first, french = versions[0], versions[-1]
        return Text(
            text="\n\n".join(version.text(among=versions) for version in versions),
            subject=one_line(first.mail.subject),
            html=_mail_template().render(
                {
                    "language": language,
                    "direction": direction(language),
                    "organisation": self.organisation,
                    "heading": first.mail.heading,
                    "preview": first.mail.preview,
                    "versions": [version.drawn(among=versions) for version in versions],
                    "dialled": self.help_phone.replace(" ", ""),
                }
            ),
            french=french.text(among=[french]) if french is not first else "",
        )

    def _letter(self, language: str) -> Text:
        with override(Language.FR):
            french = self.written()
        letter = self.letter.to_json() if self.letter else {}
        if language != Language.FR:
            letter["translation"] = self._translation(language)
        return Text("\n\n".join(french.paragraphs), subject=one_line(french.subject), letter=letter)

    def _translation(self, language: str) -> dict[str, Any]:
        with override(language):
            translated = self.written()
        return {
            "language": str(language),
            "direction": direction(language),
            "subject": one_line(translated.subject),
            "paragraphs": list(translated.paragraphs),
        }


def phone_in_text(number: str) -> str:
    """`number` so that its pairs of digits keep their order between words that go from right to left."""
    return number.replace(" ", "\u00a0") if direction(active()) == "rtl" else number


def _as_sms(sentences: Iterable[str], language: str) -> str:
    # What the alphabet of SMS leaves out may leave a blank.
    return re.sub(" {2,}", " ", encode(spaced(*sentences), language)).strip()


class _Version:
    """A mail in one language, drawn as text and as HTML."""

    def __init__(self, content: PersonalContent, language: str) -> None:
        self.language, self._organisation = str(language), squish(content.organisation)
        self._phone = content.help_phone
        self._colon = " :" if language == Language.FR else ":"
        with override(language):
            self.mail = content.mail()
            self._help = self._sentence_of_help() if self._phone and content.ends_with_help else ""
            self._footer = _footer(self._organisation)
            self._french_below = gettext("Ce message est écrit en français plus bas.")
            self._address_again = gettext("Le bouton ne marche pas ? Ouvrez cette adresse :")
            self._way_in = gettext("Pour venir :")
            self._shown_phone = phone_in_text(self._phone)

    def _sentence_of_help(self) -> str:
        return gettext("Une question ? Appelez le %(phone)s.") % {"phone": _PHONE}

    def text(self, *, among: list["_Version"]) -> str:
        """The text part, with a word about the French below, or above it."""
        parts = [_as_text(block, self._way_in, self._colon) for block in self.mail.blocks]
        if among[0] is not self:
            parts.insert(0, "En français :")
        elif len(among) > 1:
            parts.insert(0, self._french_below)
        parts += [self._help.replace(_PHONE, self._shown_phone), self._organisation, self._footer[1]]
        return "\n\n".join(part for part in parts if part)

    def drawn(self, *, among: list["_Version"]) -> dict[str, Any]:
        """What the template of mails shows of this version."""
        typeset = _typeset if self.language == Language.FR else str
        first = among[0] is self
        return {
            "first": first,
            "language": self.language,
            "direction": direction(self.language),
            "heading": typeset(self.mail.heading),
            "note": self._french_below if first and len(among) > 1 else "",
            "blocks": [_as_html(block, typeset) for block in self.mail.blocks],
            "help": self._drawn_help(typeset),
            "way_in": typeset(self._way_in),
            "address_again": typeset(self._address_again),
            "footer": " ".join(self._footer),
        }

    def _drawn_help(self, typeset: Any) -> dict[str, str] | None:
        """The sentence cut where the number stands, which is a link."""
        before, _, after = self._help.partition(_PHONE)
        return {"before": typeset(before), "after": after, "phone": self._shown_phone} if self._help else None


def _footer(organisation: str) -> tuple[str, str]:
    """Who writes, and whether answers are read: they are when they have somewhere to arrive."""
    sent_by = gettext("Ce mail vous est envoyé par %(organisation)s.") % {"organisation": organisation}
    if settings.REPLY_DOMAIN:
        return sent_by, gettext("Vous pouvez répondre à ce mail.")
    return sent_by, gettext("Personne ne lit les réponses à cette adresse mail.")


def _as_text(block: Block, way_in: str, colon: str) -> str:
    match block:
        case Paragraph():
            return spaced(block.strong, block.text)
        case Labelled():
            return f"{block.label} {block.text.strip()}"
        case RdvBox():
            access = f"{way_in} {block.access}" if block.access else ""
            return "\n".join(line for line in (block.moment, *block.lines, block.url, access) if line)
        case Button():
            return f"{block.label}{colon}\n{block.link}"
        case Call():
            return f"{block.label}."


def _as_html(block: Block, typeset: Any) -> Mapping[str, Any]:
    """The block as the template knows it, every name present."""
    return {
        "kind": block.kind,
        **{name: typeset(value) if isinstance(value, str) else value for name, value in vars(block).items()},
        **({"link": block.link} if isinstance(block, Button) else {}),
        **({"url": block.url} if isinstance(block, RdvBox) else {}),
        **(_callable(block, typeset) if isinstance(block, Call) else {}),
    }


def _callable(block: Call, typeset: Any) -> dict[str, str]:
    """The number to dial, and the sentence that holds it, where it is never cut in two."""
    whole = block.number.replace(" ", "\u00a0")
    return {
        "dialled": block.number.replace(" ", ""),
        "label": typeset(block.label).replace(block.number, whole),
    }


def _typeset(text: str) -> str:
    for sign in _LED_BY_A_SPACE:
        text = text.replace(f" {sign}", f"\u00a0{sign}")
    return text.replace("« ", "«\u00a0")


@lru_cache(maxsize=1)
def _mail_template() -> Template:
    return loader.get_template("messages/person.html")  # type: ignore[return-value]
