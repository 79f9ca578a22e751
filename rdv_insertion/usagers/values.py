"""One value of a person, from what somebody typed to what is stored (design/domain.md § Values).

Each function takes text that is not blank, and returns the value or raises Refused with a French
sentence. The same functions serve files, forms and the API. What spreadsheets break without doubt is
repaired; `repairs.read` says so.

`PLAIN` holds, for some attributes, what is read at once: the value of a text written as most are, or None
when it takes the whole parser. Ten thousand rows are read in a blink thanks to it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from rdv_insertion.kernel import dates, nir, phone
from rdv_insertion.kernel.text import fold, squish, without_marks, without_unseen
from rdv_insertion.usagers.enums import Role, Title

_TITLES = {
    Title.MONSIEUR: {"m", "mr", "monsieur", "homme", "masculin", "h"},
    Title.MADAME: {"mme", "madame", "mlle", "mademoiselle", "melle", "femme", "feminin", "f"},
}
_ROLES = {
    Role.DEMANDEUR: {"dem", "demandeur", "demandeuse", "usager", "allocataire", "responsable"},
    Role.CONJOINT: {"cjt", "conjoint", "conjointe", "partenaire"},
}
AFFILIATION_LENGTH = 7
LONGEST_TEXT = 255
_LONGEST_NAME, _LONGEST_EMAIL, _LONGEST_LABEL = 100, 254, 63
_YEARS_TO_COME = 10
_WRONG_EMAIL = "cette adresse mail est incorrecte"
_check_email = EmailValidator(allowlist=[])

_FLOAT = re.compile(r"([0-9]+)[.,]0+")
_SCIENTIFIC = re.compile(r"[0-9]+[.,][0-9]+E\+?[0-9]+|[0-9]+E\+[0-9]+", re.IGNORECASE)
# What these accept, the whole parsers accept and leave as it is: tests/usagers/test_values.py.
_LETTERS = "A-Za-zÀ-ÅÇ-ÏÑ-ÖÙ-Ýà-åç-ïñ-öù-ýÿ"
_PLAIN_NAME = re.compile(f"[{_LETTERS}]+(?:[ '-][{_LETTERS}]+)*")
_PLAIN_AFFILIATION = re.compile("(?=[A-Z]*[0-9])[A-Z0-9]+")
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}", re.ASCII
)

Value = TypeVar("Value")


class Refused(ValueError):
    """The value cannot be used. Its message is a French sentence without the value itself."""


def parse_title(text: str, *, today: date) -> str:
    """`M.`, `Mr`, `Mme`… → `monsieur` or `madame`."""
    return _one_of(_TITLES, text, "écrivez Monsieur ou Madame")


def parse_role(text: str, *, today: date) -> str:
    """`DEM`, `Demandeur / allocataire`, `CJT`… → `demandeur` or `conjoint`."""
    return _one_of(_ROLES, re.split(r"[/(]", text)[0], "écrivez Demandeur ou Conjoint")


def parse_name(text: str, *, today: date) -> str:
    """A name, as typed, without stray blanks."""
    name = squish(without_unseen(text))
    if not fold(name):
        foreign = any(map(str.isalpha, name))
        raise Refused("écrivez ce nom en lettres latines" if foreign else "ce nom ne contient aucune lettre")
    if len(name) > _LONGEST_NAME:
        raise Refused("ce nom dépasse 100 caractères")
    return name


def plain_name(text: str) -> str | None:
    """A name in letters of Western Europe."""
    if len(text) > _LONGEST_NAME:
        return None
    return text if (text.isascii() and text.isalpha()) or _PLAIN_NAME.fullmatch(text) else None


def parse_text(text: str, *, today: date) -> str:
    """Free text on one line, 255 characters at most."""
    line = squish(without_unseen(text))
    if not line:
        raise Refused("ce texte est vide")
    if len(line) > LONGEST_TEXT:
        raise Refused("ce texte dépasse 255 caractères")
    return line


def plain_address(text: str) -> str | None:
    """Text on one line, without stray blanks, too long to be a word for nothing."""
    if 20 < len(text) <= LONGEST_TEXT and text.isprintable() and "  " not in text and text == text.strip():
        return text
    return None


def parse_number(text: str, *, today: date) -> str:
    """An identifier; what a spreadsheet adds to numbers (`.0`, an apostrophe in front) is dropped."""
    return parse_text(mend_number(text)[0], today=today)


def plain_number(text: str) -> str | None:
    """An identifier in digits; a lone zero is a blank for most spreadsheets."""
    if text.isdigit() and text.isascii() and text != "0" and len(text) <= LONGEST_TEXT:
        return text
    return None


def mend_number(text: str) -> tuple[str, str]:
    """An identifier as it was before a spreadsheet broke it, and a French sentence that says what was, or
    nothing. Raises Refused when digits are lost for good.
    """
    given = squish(without_unseen(text))
    typed = without_marks(given)
    sentence = "" if typed == given else "l'apostrophe laissée par le tableur est retirée"
    if _SCIENTIFIC.fullmatch(typed):
        raise Refused("le tableur a arrondi ce numéro : ses derniers chiffres sont perdus")
    if found := _FLOAT.fullmatch(typed):
        typed = found.group(1)
        sentence = "le tableur avait écrit ce numéro comme un nombre à virgule : il est rétabli"
    return typed, sentence


def parse_affiliation_number(text: str, *, today: date) -> str:
    """CAF or MSA number: seven characters, zeros that pad it on the right or on the left are dropped."""
    number = re.sub(r"\s", "", parse_number(text, today=today)).upper()
    if not re.fullmatch(r"[A-Z0-9]{1,15}", number):
        raise Refused("un numéro CAF ou MSA ne compte que des lettres et des chiffres, 15 au plus")
    return _without_padding(number)


def plain_affiliation_number(text: str) -> str | None:
    """Seven characters, of which some are digits."""
    if len(text) != AFFILIATION_LENGTH or not text.isascii():
        return None
    return text if text.isdigit() or _PLAIN_AFFILIATION.fullmatch(text) else None


def _without_padding(number: str) -> str:
    for candidate in (number, number.lstrip("0")):
        if len(candidate) > AFFILIATION_LENGTH and not candidate[AFFILIATION_LENGTH:].strip("0"):
            return candidate[:AFFILIATION_LENGTH]
    if len(number) > AFFILIATION_LENGTH:
        excess = len(number) - AFFILIATION_LENGTH
        leading = len(number) - len(number.lstrip("0"))
        return number[min(excess, leading) :]
    return number


def parse_email(text: str, *, today: date) -> str:
    """One mail address in lower case, without what surrounds it (`mailto:`, blanks, a last comma)."""
    address = re.sub(r"\s", "", without_unseen(text)).lower()
    if address.count("@") > 1:
        raise Refused("il y a plusieurs adresses mail : gardez-en une seule")
    address = address.removeprefix("mailto:").lstrip("<").rstrip(">,;.")
    if len(address) > _LONGEST_EMAIL:
        raise Refused("cette adresse mail dépasse 254 caractères")
    name, _, _ = address.partition("@")
    try:
        _check_email(address)
    except ValidationError as error:
        raise Refused(_WRONG_EMAIL) from error
    # The standard also allows quoted names and bare network addresses: nobody's mailbox.
    if not name.isascii() or '"' in name or "[" in address:
        raise Refused(_WRONG_EMAIL)
    return address


def plain_email(text: str) -> str | None:
    """A usual mail address: short, in plain letters, digits, dots, dashes and underscores."""
    address = text.lower()
    return address if len(address) <= _LONGEST_LABEL and _PLAIN_EMAIL.fullmatch(address) else None


def parse_phone(text: str, *, today: date) -> str:
    """A phone number as E.164."""
    return _french(phone.normalise, text)


def parse_nir(text: str, *, today: date) -> str:
    """A NIR with its key, 15 characters."""
    return _french(nir.normalise, text)


def parse_birth_date(text: str, *, today: date) -> date:
    """A birth date, neither future nor over 130 years ago; two digits of a year are the last such year."""
    return _french(lambda typed: dates.check_birth_date(dates.parse(typed, latest=today), today=today), text)


def parse_date(text: str, *, today: date) -> date:
    """A date under 130 years old, future or not; two digits of a year are ten years ahead at most."""
    latest = date(min(today.year + _YEARS_TO_COME, date.max.year), 12, 31)
    return _french(lambda typed: dates.check_date(dates.parse(typed, latest=latest), today=today), text)


PARSERS: Mapping[str, Callable[..., Any]] = {
    "title": parse_title,
    "last_name": parse_name,
    "first_name": parse_name,
    "birth_name": parse_name,
    "birth_date": parse_birth_date,
    "role": parse_role,
    "affiliation_number": parse_affiliation_number,
    "nir": parse_nir,
    "department_internal_id": parse_number,
    "france_travail_id": parse_number,
    "email": parse_email,
    "phone_number": parse_phone,
    "address": parse_text,
    "rights_opening_date": parse_date,
}

PLAIN: Mapping[str, Callable[[str], Any]] = {
    "last_name": plain_name,
    "first_name": plain_name,
    "birth_name": plain_name,
    "affiliation_number": plain_affiliation_number,
    "nir": nir.plain,
    "department_internal_id": plain_number,
    "france_travail_id": plain_number,
    "email": plain_email,
    "phone_number": phone.plain,
    "address": plain_address,
}


def parse(attribute: str, text: str, *, today: date) -> Any:
    """The stored value of `attribute` for the text somebody typed, which is not blank. Raises Refused."""
    return PARSERS[attribute](text, today=today)


def _one_of(choices: Mapping[Any, set[str]], text: str, advice: str) -> str:
    word = fold(without_unseen(text))
    for value, spellings in choices.items():
        if word in spellings:
            return str(value)
    raise Refused(advice)


def _french(parse_one: Callable[[str], Value], text: str) -> Value:
    try:
        return parse_one(text)
    except ValueError as error:
        raise Refused(str(error)) from error
