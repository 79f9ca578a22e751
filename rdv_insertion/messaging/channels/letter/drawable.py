"""What the fonts of letters can draw. PDF/UA allows no hole: the rest is replaced before typesetting."""

import unicodedata
from typing import Any

# The alphabets of the font that comes with typst. A name in another one is rare. Phonetic signs, between the
# two, and ancient ones, beyond, are letters too that the font does not have.
_FIRST_PHONETIC, _ACCENTED_AGAIN, _END = "\u1d00", "\u1e00", "\u2000"
_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
_SIGNS = frozenset("\u00a0\u202f«»“”‘’–—…°€ªº·×½¼²³§£•‐‑¡¿№")
# Arabic and Persian letters, vowel signs, digits and punctuation, whole in the font added for them. Marks
# that change the direction, and signs that stretch under the digits that follow, are left out.
_FIRST_ARABIC, _LAST_ARABIC = "\u060c", "\u06ff"
_NOT_DRAWN_ALONE = frozenset("\u061c\u06dd")
# Between two letters, it says that they are not joined: Persian spelling needs it.
_NOT_JOINED = "\u200c"


def drawable(value: Any, *, arabic: bool) -> Any:
    """`value` with what the fonts cannot draw replaced, in all its texts. `arabic`: a font draws it."""
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value)
        return "".join(_drawable(character, arabic) for character in text)
    if isinstance(value, dict):
        return {name: drawable(part, arabic=arabic) for name, part in value.items()}
    return [drawable(part, arabic=arabic) for part in value] if isinstance(value, list) else value


def _drawable(character: str, arabic: bool) -> str:
    """The character itself, nothing for an invisible one, or `?`."""
    if character.isascii():
        return character if character.isprintable() or character == "\n" else " "
    if arabic and _is_arabic(character):
        return character
    kind = unicodedata.category(character)
    if kind in ("Cf", "Cc", "Cs", "Co", "Cn", "Mn"):
        return ""
    if kind.startswith("L"):
        written = character < _FIRST_PHONETIC or _ACCENTED_AGAIN <= character < _END
        return character if written and unicodedata.name(character, "").startswith(_SCRIPTS) else "?"
    return character if character in _SIGNS else "?"


def _is_arabic(character: str) -> bool:
    if character == _NOT_JOINED:
        return True
    in_block = _FIRST_ARABIC <= character <= _LAST_ARABIC and character not in _NOT_DRAWN_ALONE
    return in_block and unicodedata.category(character) != "Cn"
