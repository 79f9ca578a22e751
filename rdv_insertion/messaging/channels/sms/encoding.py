"""What an SMS costs: 160 characters of the alphabet of SMS (3GPP TS 23.038), or 70 of any other.

A text in Latin letters is brought back to that alphabet: é è à ù and the capital É are in it and stay, the
others lose their accent. Arabic, Persian and Ukrainian keep their own letters, at 70 characters an SMS.
"""

import re
import unicodedata

from rdv_insertion.kernel.languages import Language
from rdv_insertion.kernel.text import without_accents

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take the place of two characters.
_EXTENDED = frozenset("^{}\\[~]|€")
_REPLACED = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": "...",
     "\u00a0": " ", "\u202f": " ", "\u2009": " ", "œ": "oe", "Œ": "OE", "°": "o", "º": "o", "ª": "a",
     "ç": "c", "`": "'", "´": "'", "‐": "-", "‑": "-", "•": "-", "×": "x", "ı": "i", "ł": "l", "Ł": "L",
     "đ": "d", "Đ": "D", "ð": "d", "þ": "th"}
)  # fmt: skip

_GUILLEMET = re.compile(r"«\s?|\s?»")

_SINGLE, _PART = 160, 153
_WIDE_SINGLE, _WIDE_PART = 70, 67
_WIDE_LANGUAGES = frozenset({Language.AR, Language.FA, Language.UK})
# Zero-width marks, pasted with an address; lone accents; pictures: nobody asks a question by them.
_LEFT_OUT = frozenset({"Cf", "Mn", "Me", "So", "Sk"})
_BLANKS = frozenset({"Cc", "Zs", "Zl", "Zp"})
# Persian writes the second inside words; the third keeps French words in order among Arabic letters.
_NEEDED_UNSEEN = frozenset("\n\u200c\u200e")


def encode(text: str, language: str) -> str:
    """`text` as it travels: in the alphabet of SMS, unless the language has letters of its own."""
    return _without_invisible(text) if language in _WIDE_LANGUAGES else to_gsm7(text)


def to_gsm7(text: str) -> str:
    """`text` written with the alphabet of SMS; a letter that it cannot say becomes `?`, a symbol nothing."""
    # Some keyboards type é as e and an accent.
    composed = unicodedata.normalize("NFC", text)
    quoted = _GUILLEMET.sub('"', composed)
    return "".join(_closest(character) for character in quoted.translate(_REPLACED))


def is_gsm7(text: str) -> bool:
    """Whether `text` is in the alphabet of SMS; otherwise each SMS holds 70 characters only."""
    return all(character in _BASIC or character in _EXTENDED for character in text)


def segments(text: str) -> int:
    """How many SMS are paid for `text`. A character of two places is never cut."""
    single, part = (_SINGLE, _PART) if is_gsm7(text) else (_WIDE_SINGLE, _WIDE_PART)
    return _parts(_sizes(text), single, part)


def length(text: str) -> int:
    """How many places `text` takes: `€` and some signs take two."""
    return sum(_sizes(text))


def of_two_places(text: str) -> list[str]:
    """The characters of `text` that take two places in the alphabet of SMS, once each."""
    return sorted(_EXTENDED & set(text))


def fits(text: str, most: int = 1) -> bool:
    """Whether `text` is paid as `most` SMS or fewer."""
    return segments(text) <= most


def _sizes(text: str) -> list[int]:
    if is_gsm7(text):
        return [2 if character in _EXTENDED else 1 for character in text]
    return [2 if character > "\uffff" else 1 for character in text]


def _parts(sizes: list[int], single: int, part: int) -> int:
    if sum(sizes) <= single:
        return 1
    parts, room = 1, part
    for size in sizes:
        if size > room:
            parts, room = parts + 1, part
        room -= size
    return parts


def _closest(character: str) -> str:
    if character in _BASIC or character in _EXTENDED:
        return character
    plain = without_accents(character)
    if plain and all(letter in _BASIC for letter in plain):
        return plain
    kind = unicodedata.category(character)
    if kind in _LEFT_OUT:
        return ""
    return " " if kind in _BLANKS else "?"


def _without_invisible(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        letter
        for letter in composed
        if letter in _NEEDED_UNSEEN or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
    )
