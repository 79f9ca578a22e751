"""The NIR (numéro de sécurité sociale): 13 digits and a key of two.

Rules: INSEE's numbering, checked by python-stdnum; Corsican departments are written 2A and 2B.
"""

import re

from stdnum.exceptions import ValidationError
from stdnum.fr import nir as standard

from rdv_insertion.kernel.text import without_marks, without_unseen

LENGTH_WITHOUT_KEY = 13
_FIRST_DIGITS = "123478"
_SHAPE = re.compile(r"[1-478]\d{4}(\d{2}|2A|2B)\d{6}(\d{2})?", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?\d+")
_EXPECTED = "un NIR compte 13 chiffres, ou 15 avec sa clé"


class InvalidNir(ValueError):
    """The number cannot be a NIR. Its message is a French sentence for the reader of the file."""


def plain(text: str) -> str | None:
    """What `normalise` answers for 13 or 15 digits in a row whose key is right; None for the rest."""
    if len(text) not in (13, 15) or not (text.isdigit() and text.isascii()) or text[0] not in _FIRST_DIGITS:
        return None
    key = 97 - int(text[:LENGTH_WITHOUT_KEY]) % 97
    if len(text) == LENGTH_WITHOUT_KEY:
        return f"{text}{key:02d}"
    return text if int(text[LENGTH_WITHOUT_KEY:]) == key else None


def normalise(text: str) -> str:
    """The 15 characters of a NIR given with or without its key, spaces or dots.

    Raises InvalidNir when the length, the characters or the key are wrong.
    """
    typed = without_marks(re.sub(r"\s", "", without_unseen(text)).upper())
    if _SCIENTIFIC.fullmatch(typed):
        raise InvalidNir("le tableur a arrondi ce NIR : ses derniers chiffres sont perdus")
    compact = re.sub(r"[.\-_/]", "", re.sub(r"^([0-9]+)[.,]0+$", r"\1", typed))
    if not _SHAPE.fullmatch(compact):
        raise InvalidNir(_why(compact))
    if len(compact) == LENGTH_WITHOUT_KEY:
        return compact + standard.calc_check_digits(compact)
    try:
        return str(standard.validate(compact))
    except ValidationError as error:
        raise InvalidNir("la clé du NIR (ses deux derniers chiffres) ne correspond pas au numéro") from error


def _why(compact: str) -> str:
    if compact.isdecimal() and len(compact) in (12, 14):
        return f"{_EXPECTED} : celui-ci en a {len(compact)}, le tableur en a peut-être retiré un"
    return _EXPECTED


def contradictions(nir: str, *, title: str | None, birth_year: int | None) -> list[str]:
    """What a valid NIR says that the person's title or birth year contradicts, as French sentences."""
    sentences = []
    expected = "1" if title == "monsieur" else "2" if title == "madame" else ""
    if expected and nir[0] != expected and nir[0] in "12":
        sentences.append("la civilité ne correspond pas au premier chiffre du NIR")
    if birth_year and int(nir[1:3]) != birth_year % 100:
        sentences.append("l'année de naissance ne correspond pas au NIR")
    return sentences
