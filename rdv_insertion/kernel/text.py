"""Comparing what people typed: case, accents, spaces and punctuation do not count."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})


def without_accents(text: str) -> str:
    """`Barthélémy` → `Barthelemy`; case is kept."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def fold(text: str | None) -> str:
    """The words of `text`, lower case, without accents or punctuation, one space between them."""
    words = re.split(r"[^a-z0-9]+", without_accents(text or "").lower())
    return " ".join(word for word in words if word)


def first_word(text: str | None) -> str:
    """The first word of `text`, folded (`Jean-Paul` → `jean`), or an empty string."""
    return fold(text).partition(" ")[0]


def squish(text: str | None) -> str:
    """`text` without blanks around it, and with one space where there were several."""
    return " ".join((text or "").split())


def plural(number: int, singular: str, many: str | None = None) -> str:
    """`0 personne`, `1 personne`, `10 000 personnes`: in French the plural begins at two."""
    word = singular if abs(number) < 2 else many or f"{singular}s"
    return f"{number:,} {word}".replace(",", "\u00a0")
