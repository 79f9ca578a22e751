"""The NIR (numéro de sécurité sociale): 13 digits and a key of two.

Rules: INSEE's numbering, checked by python-stdnum; Corsican departments are written 2A and 2B.
"""

import re

from stdnum.exceptions import ValidationError
from stdnum.fr import nir as standard

LENGTH_WITHOUT_KEY = 13


class InvalidNir(ValueError):
    """The number cannot be a NIR. Its message is a French sentence for the reader of the file."""


def normalise(text: str) -> str:
    """The 15 characters of a NIR given with or without its key, spaces or dots.

    Raises InvalidNir when the length, the characters or the key are wrong.
    """
    compact = re.sub(r"[\s.\-_/]", "", text).upper()
    if re.fullmatch(r"\d([.,]\d+)?E\+?\d+", re.sub(r"\s", "", text).upper()):
        raise InvalidNir("le tableur a arrondi ce NIR : ses derniers chiffres sont perdus")
    if not re.fullmatch(r"[1-478]\d{4}(\d{2}|2A|2B)\d{6}(\d{2})?", compact, re.ASCII):
        raise InvalidNir("un NIR compte 13 chiffres, ou 15 avec sa clé")
    if len(compact) == LENGTH_WITHOUT_KEY:
        return compact + standard.calc_check_digits(compact)
    try:
        return str(standard.validate(compact))
    except ValidationError as error:
        raise InvalidNir("la clé du NIR (ses deux derniers chiffres) ne correspond pas au numéro") from error


def contradictions(nir: str, *, title: str | None, birth_year: int | None) -> list[str]:
    """What a valid NIR says that the person's title or birth year contradicts, as French sentences."""
    sentences = []
    expected = {"monsieur": "1", "madame": "2"}.get(title or "")
    if expected and nir[0] in "12" and nir[0] != expected:
        sentences.append("la civilité ne correspond pas au premier chiffre du NIR")
    if birth_year and nir[1:3] != f"{birth_year % 100:02d}":
        sentences.append("l'année de naissance ne correspond pas au NIR")
    return sentences
