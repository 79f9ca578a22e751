"""The alphabet of SMS (3GPP TS 23.038): kept, a message holds 160 characters; left, only 70.

French accents é è à ù and the capital É are in the alphabet and stay; the others lose their accent.
"""

import unicodedata

from rdv_insertion.kernel.text import without_accents

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take the place of two characters.
_EXTENDED = frozenset("^{}\\[~]|€")
_REPLACED = str.maketrans(
    {"’": "'", "‘": "'", "«": '"', "»": '"', "“": '"', "”": '"', "–": "-", "—": "-", "…": "...",
     "\u00a0": " ", "\u202f": " ", "œ": "oe", "Œ": "OE", "°": "o", "ç": "c", "`": "'", "´": "'",
     "‐": "-", "‑": "-", "•": "-", "×": "x"}
)  # fmt: skip

_SINGLE, _PART = 160, 153


def to_gsm7(text: str) -> str:
    """`text` written with the alphabet of SMS; what it cannot say becomes `?`."""
    return "".join(_closest(character) for character in text.translate(_REPLACED))


def _closest(character: str) -> str:
    if character in _BASIC or character in _EXTENDED:
        return character
    if unicodedata.category(character) == "Cf":  # zero-width marks, pasted with an address
        return ""
    plain = without_accents(character)
    return plain if plain and all(letter in _BASIC for letter in plain) else "?"


def segments(text: str) -> int:
    """How many SMS are paid for a text in the alphabet. A character of two places is never cut."""
    sizes = [2 if character in _EXTENDED else 1 for character in text]
    if sum(sizes) <= _SINGLE:
        return 1
    parts, room = 1, _PART
    for size in sizes:
        if size > room:
            parts, room = parts + 1, _PART
        room -= size
    return parts
