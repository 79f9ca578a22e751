"""Where a rdv is held, by type of place: how it is said in a sentence, and in the frame of a mail."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rdv_insertion.kernel.text import squish
from rdv_insertion.messaging.texts.blocks import RdvBox
from rdv_insertion.messaging.texts.rendering import phone_in_text

if TYPE_CHECKING:
    from rdv_insertion.messaging.texts.rdvs.content import RdvContent

PHONE, VISIO, HOME = "phone", "visio", "home"


def stays_home(content: "RdvContent") -> bool:
    """Whether the person has nowhere to go."""
    return content.location_type in (PHONE, VISIO, HOME)


def sentence_of(content: "RdvContent") -> str:
    """Where, as a sentence; the address of a visio ends it."""
    if content.location_type == PHONE:
        return _by_phone(content)
    if content.location_type == VISIO:
        return _("En visioconférence, à cette adresse : %(url)s") % {"url": content.visio_url}
    if content.location_type == HOME:
        return _("Nous venons chez vous.")
    lines = ", ".join(squish(line).rstrip(" .,") for line in content.place if squish(line))
    return f"{lines}." if lines else ""


def brief_sentence_of(content: "RdvContent") -> str:
    """The same in fewer words, for SMS."""
    if content.location_type == PHONE and content.phone_number:
        return _("Nous vous appelons au %(number)s.") % {"number": phone_in_text(content.phone_number)}
    if content.location_type == VISIO:
        return _("En visio : %(url)s") % {"url": content.visio_url}
    return sentence_of(content)


def box_of(content: "RdvContent", moment: str, with_whom: str) -> RdvBox:
    """When and where, framed."""
    if content.location_type == VISIO:
        lines: tuple[str, ...] = (_("En visioconférence, à cette adresse :"),)
    elif stays_home(content):
        lines = (sentence_of(content),)
    else:
        lines = tuple(squish(line) for line in content.place)
    return RdvBox(
        moment=moment,
        lines=tuple(line for line in (*lines, with_whom) if line),
        url=content.visio_url if content.location_type == VISIO else "",
        access="" if stays_home(content) else squish(content.access),
    )


def _by_phone(content: "RdvContent") -> str:
    if not content.phone_number:
        return _("Par téléphone : nous vous appelons.")
    return _("Par téléphone : nous vous appelons au %(number)s.") % {
        "number": phone_in_text(content.phone_number)
    }
