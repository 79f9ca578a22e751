"""Comparing what people typed: case, accents, spaces and punctuation do not count."""

import re
import unicodedata

_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_APOSTROPHES = "'’`´"  # noqa: RUF001
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})


def without_accents(text: str) -> str:
    """`Barthélémy` → `Barthelemy`; case is kept."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _spaced(text: str) -> str:
    """`text` folded, whatever its alphabet, with a space for all that is no letter nor digit."""
    return _NO_WORD.sub(" ", without_accents(text).lower())


_NO_WORD = re.compile("[^a-z0-9]+")
# Western letters and punctuation fold one by one; text with anything else takes the long way.
_SPACED = {code: _spaced(chr(code)) for code in (*range(0x180), *range(0x2000, 0x2070))}


def fold(text: str | None) -> str:
    """The words of `text`, lower case, without accents or punctuation, one space between them."""
    if not text:
        return ""
    if text.isascii() and text.isalpha():
        return text.lower()
    spaced = text.translate(_SPACED)
    return " ".join((spaced if spaced.isascii() else _spaced(text)).split())


def first_word(text: str | None) -> str:
    """The first word of `text`, folded (`Jean-Paul` → `jean`), or an empty string."""
    return fold(text).partition(" ")[0]


def squish(text: str | None) -> str:
    """`text` without blanks around it, and with one space where there were several."""
    return " ".join((text or "").split())


def without_unseen(text: str) -> str:
    """`text` without the characters that nobody sees: zero-width, control and broken ones. Blanks stay."""
    return text if text.isprintable() else _UNSEEN.sub("", text)


def without_marks(text: str) -> str:
    """`text` without what keeps a spreadsheet from changing a number: `'0123`, `="0123"`."""
    if (text and text[0] in _APOSTROPHES) or text[:2] == '="':
        return text.lstrip(f'=" {_APOSTROPHES}').rstrip('" ')
    return text


def grouped(number: int) -> str:
    """`10 000`: with spaces that no line breaks."""
    return f"{number:,}".replace(",", "\u00a0")


def plural(number: int, singular: str, many: str | None = None) -> str:
    """`0 personne`, `1 personne`, `10 000 personnes`: in French the plural begins at two."""
    word = singular if abs(number) < 2 else many or f"{singular}s"
    return f"{grouped(number)} {word}"
