"""A message as people will get it, by the three channels, before anything leaves.

`components/message_preview.html` draws what `preview_of` gives. The HTML of a mail is never put into a
page of ours: it is served at an address of its own by `mail_page`, and framed.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from rdv_insertion.kernel.languages import direction
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.channels.sms.encoding import is_gsm7, length, of_two_places, segments, to_gsm7
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts import Content

_LONGEST, _LONGEST_WIDE = 160, 70
_TAG = re.compile(r"(<style.*?</style>|<title.*?</title>|<!--.*?-->|<[^>]+>)", re.DOTALL | re.IGNORECASE)
_AGREEMENT = re.compile(r"\\\((e|ne)\\\)")


@dataclass(frozen=True)
class SmsPreview:
    """An SMS: its text with the organisation's own words marked, and what it costs."""

    text: SafeString
    sender: str
    french: str
    segments: int
    cost: str
    colour: str
    length: str
    alphabet: str


@dataclass(frozen=True)
class MailPreview:
    """A mail: its subject, and the address of its HTML (see `mail_page`)."""

    subject: SafeString
    url: str


@dataclass(frozen=True)
class LetterPreview:
    """A letter: `frame` is what `LetterFrame.to_json` gives; the PDF is at `pdf_url`."""

    subject: SafeString
    paragraphs: list[SafeString]
    frame: Mapping[str, Any]
    pdf_url: str


@dataclass(frozen=True)
class MessagePreview:
    """The same message by each channel; None where the channel is not asked for."""

    direction: str
    sms: SmsPreview | None
    mail: MailPreview | None
    letter: LetterPreview | None


def preview_of(
    content: Content,
    *,
    language: str,
    sender: str,
    own: Collection[str] = (),
    mail_url: str,
    pdf_url: str,
    channels: Collection[str] = (Channel.SMS, Channel.EMAIL, Channel.LETTER),
) -> MessagePreview:
    """How `content` reads in `language` by each of `channels`. No query, nothing is written.

    `sender` is that of SMS; `own` are the words of the organisation, marked wherever they stand; `mail_url`
    answers with `mail_page` and `pdf_url` with the real letter.
    """
    return MessagePreview(
        direction=direction(language),
        sms=_sms(content, language, sender, own) if Channel.SMS in channels else None,
        mail=_mail(content, language, own, mail_url) if Channel.EMAIL in channels else None,
        letter=_letter(content, language, own, pdf_url) if Channel.LETTER in channels else None,
    )


def _sms(content: Content, language: str, sender: str, own: Collection[str]) -> SmsPreview:
    text = content.render(Channel.SMS, language)
    count = segments(text.text)
    plain = is_gsm7(text.text)
    return SmsPreview(
        text=marked(text.text, [*own, *map(to_gsm7, own)]),
        sender=sender,
        french=text.french,
        segments=count,
        cost=f"{count} SMS",
        colour="green" if count == 1 else "orange",
        length=_length(length(text.text), count, _LONGEST if plain else _LONGEST_WIDE),
        alphabet=_alphabet(plain, own, of_two_places(text.text)),
    )


def _length(places: int, count: int, most: int) -> str:
    characters = plural(places, "caractère")
    if count > 1:
        return f"{characters} : chaque envoi coûte {count} SMS. Jusqu'à {most} caractères, un seul suffit."
    if places >= most:
        return f"{characters} : un de plus, et chaque envoi coûterait 2 SMS."
    return f"{characters} : il en reste {most - places} avant un deuxième SMS."


def _alphabet(plain: bool, own: Collection[str], double: Collection[str]) -> str:
    if not plain:
        return "Cette langue a ses propres lettres : 70 caractères par SMS au lieu de 160."
    typed = [unicodedata.normalize("NFC", word) for word in own]
    lost = {letter: to_gsm7(letter) for word in typed for letter in word if to_gsm7(letter) != letter}
    twice = "".join(f" «\u00a0{sign}\u00a0» compte pour deux caractères." for sign in double)
    if not lost:
        return f"Tous les caractères sont de l'alphabet des SMS.{twice}"
    said = ", ".join(_changed(letter, instead) for letter, instead in sorted(lost.items()))
    return (
        f"L'alphabet des SMS n'a pas toutes vos lettres : {said}. Sinon, chaque SMS n'en tiendrait que 70."
        f"{twice}"
    )


def _changed(letter: str, instead: str) -> str:
    becomes = f"devient «\u00a0{instead}\u00a0»" if instead else "disparaît"
    return f"«\u00a0{letter}\u00a0» {becomes}"


def _mail(content: Content, language: str, own: Collection[str], url: str) -> MailPreview:
    return MailPreview(marked(content.render(Channel.EMAIL, language).subject, own), url)


def _letter(content: Content, language: str, own: Collection[str], pdf_url: str) -> LetterPreview:
    text = content.render(Channel.LETTER, language)
    paragraphs = [marked(paragraph, own) for paragraph in text.text.split("\n\n")]
    return LetterPreview(marked(text.subject, own), paragraphs, text.letter, pdf_url)


def marked(text: str, own: Collection[str]) -> SafeString:
    """`text` as HTML, with the words of `own` in `<mark>` wherever they stand, however they agree."""
    pattern = _pattern(own)
    if pattern is None:
        return escape(text)
    parts = pattern.split(text)
    # `split` gives what is between the words at even places, and the words at odd ones.
    return mark_safe(  # noqa: S308 - each part is escaped here
        "".join(
            f"<mark>{escape(part)}</mark>" if place % 2 else escape(part) for place, part in enumerate(parts)
        )
    )


def _marked_html(html: str, own: Collection[str]) -> str:
    """The same in a document that is HTML already: between its tags, and nowhere else."""
    pattern = _pattern([str(escape(word)) for word in own])
    if pattern is None:
        return html
    parts = _TAG.split(html)
    return "".join(
        part if place % 2 else pattern.sub(r"<mark>\1</mark>", part) for place, part in enumerate(parts)
    )


def _pattern(own: Collection[str]) -> re.Pattern[str] | None:
    words = sorted({word for word in own if word.strip()}, key=lambda word: (-len(word), word))
    if not words:
        return None
    # Not inside an entity of HTML, such as `&amp;`.
    return re.compile(rf"(?<![\w&#])({'|'.join(map(_spelt, words))})(?!\w)", re.IGNORECASE)


def _spelt(word: str) -> str:
    """A word however it is spaced, and however `(e)` agreed in it."""
    spelt = r"\s+".join(map(re.escape, word.split()))
    return _AGREEMENT.sub(r"(?:\\(\1\\)|\1)?", spelt)


# It runs no script, sends no form and opens no link. Styles are in its tags: mailboxes know nothing else.
# As in message_preview.css, which the frame does not read; legible on dark screens too.
_MARK = "mark { background: #fff3a3; color: #161616; }"
_MAIL_POLICY = {
    "default-src": ["'none'"],
    "img-src": ["'self'", "data:"],
    "style-src": ["'unsafe-inline'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": [],
}


def mail_page(
    request: HttpRequest, content: Content, *, language: str, own: Collection[str] = ()
) -> HttpResponse:
    """The HTML of the mail that `content` makes, to be framed by a page of ours and by nobody else."""

    @csp_replace(_MAIL_POLICY)
    def framed(_request: HttpRequest) -> HttpResponse:
        html = _marked_html(content.render(Channel.EMAIL, language).html, own)
        html = html.replace("</head>", f"<style>{_MARK}</style></head>", 1)
        return HttpResponse(html, headers={"Cache-Control": "no-store", "X-Frame-Options": "SAMEORIGIN"})

    return cast(HttpResponse, framed(request))
