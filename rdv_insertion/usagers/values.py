"""One value of a person, from what somebody typed to what is stored (design/domain.md § Values).

Each function takes text that is not blank, and returns the value or raises Refused with a French
sentence. The same functions serve files, forms and the API.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from rdv_insertion.kernel import dates, nir, phone
from rdv_insertion.kernel.text import fold, squish
from rdv_insertion.usagers.enums import Role, Title

_TITLES = {
    Title.MONSIEUR: {"m", "mr", "monsieur", "homme", "masculin", "h"},
    Title.MADAME: {"mme", "madame", "mlle", "mademoiselle", "melle", "femme", "feminin", "f"},
}
_ROLES = {
    Role.DEMANDEUR: {"dem", "demandeur", "demandeuse", "usager", "allocataire", "responsable"},
    Role.CONJOINT: {"cjt", "conjoint", "conjointe", "partenaire"},
}
_AFFILIATION_LENGTH = 7


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
    name = squish(text)
    if not fold(name):
        raise Refused("ce nom ne contient aucune lettre")
    if len(name) > 100:
        raise Refused("ce nom dépasse 100 caractères")
    return name


def parse_text(text: str, *, today: date) -> str:
    """Free text on one line, 255 characters at most."""
    line = squish(text)
    if len(line) > 255:
        raise Refused("ce texte dépasse 255 caractères")
    return line


def parse_number(text: str, *, today: date) -> str:
    """An identifier; the `.0` that a spreadsheet adds to numbers is dropped."""
    return parse_text(re.sub(r"^(\d+)\.0+$", r"\1", text.strip()), today=today)


def parse_affiliation_number(text: str, *, today: date) -> str:
    """CAF or MSA number: seven characters, zeros that pad it on the right or on the left are dropped."""
    number = re.sub(r"\s", "", parse_number(text, today=today)).upper()
    if not re.fullmatch(r"[A-Z0-9]{1,15}", number):
        raise Refused("un numéro CAF ou MSA ne compte que des lettres et des chiffres, 15 au plus")
    return _without_padding(number)


def _without_padding(number: str) -> str:
    for candidate in (number, number.lstrip("0")):
        if len(candidate) > _AFFILIATION_LENGTH and not candidate[_AFFILIATION_LENGTH:].strip("0"):
            return candidate[:_AFFILIATION_LENGTH]
    if len(number) > _AFFILIATION_LENGTH:
        excess = len(number) - _AFFILIATION_LENGTH
        leading = len(number) - len(number.lstrip("0"))
        return number[min(excess, leading) :]
    return number


def parse_email(text: str, *, today: date) -> str:
    """A mail address in lower case."""
    address = re.sub(r"\s", "", text).lower()
    if len(address) > 254:
        raise Refused("cette adresse mail dépasse 254 caractères")
    try:
        EmailValidator()(address)
    except ValidationError as error:
        raise Refused("cette adresse mail est incorrecte") from error
    return address


def parse_phone(text: str, *, today: date) -> str:
    """A phone number as E.164."""
    return _french(phone.normalise, text)


def parse_nir(text: str, *, today: date) -> str:
    """A NIR with its key, 15 characters."""
    return _french(nir.normalise, re.sub(r"\.0+$", "", text.strip()))


def parse_birth_date(text: str, *, today: date) -> date:
    """A birth date, neither future nor over 130 years ago."""
    return _french(lambda typed: dates.check_birth_date(dates.parse(typed), today=today), text)


def parse_date(text: str, *, today: date) -> date:
    """Any date."""
    return _french(dates.parse, text)


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


def parse(attribute: str, text: str, *, today: date) -> Any:
    """The stored value of `attribute` for the text somebody typed, which is not blank. Raises Refused."""
    return PARSERS[attribute](text, today=today)


def _one_of(choices: Mapping[Any, set[str]], text: str, advice: str) -> str:
    word = fold(text)
    for value, spellings in choices.items():
        if word in spellings:
            return str(value)
    raise Refused(advice)


def _french(parse_one: Callable[[str], Value], text: str) -> Value:
    try:
        return parse_one(text)
    except ValueError as error:
        raise Refused(str(error)) from error
