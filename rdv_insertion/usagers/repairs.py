"""Values as files hold them: what a spreadsheet or a hurried hand broke is repaired, and said.

Forms and the API call `values.parse`, which repairs the same without saying it: there, the person who types
sees the result. Here nobody watches, so that each repair comes with one French sentence.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from rdv_insertion.kernel import dates, phone
from rdv_insertion.kernel.text import squish, without_marks, without_unseen
from rdv_insertion.usagers import values

# What a cell shows when its formula fails. `#N/A`, not found, says nothing: the cell is blank.
_BROKEN_FORMULA = re.compile(
    r"#(REF|VALEUR|VALUE|NOM|NAME|DIV/0|NOMBRE|NUM|NUL|NULL|CHAMP|PROPAGATION|SPILL)\s?[!?]?|#{2,}",
    re.IGNORECASE,
)
_BETWEEN_PHONES = re.compile(r"[/;,|\n\r]+|\s(?:ou|et|puis)\s|(?<=\d{2})\s*-\s*(?=0\d|\+)")
_PHONE = re.compile(r"(?<![0-9])(?:(?:\+|00)33 ?(?:\(0\))? ?|0)[1-9](?:[ .-]?[0-9]{2}){4}(?![0-9])")
_SHORTEST_AFFILIATION = 4


def read(attribute: str, text: str, *, today: date) -> tuple[Any, str]:
    """The stored value of a cell that is not blank, and what was repaired, or an empty string.

    Raises values.Refused.
    """
    if text[0] == "#" and _BROKEN_FORMULA.fullmatch(text):
        raise values.Refused("le tableur affiche une erreur à la place de cette valeur")
    if special := _READERS.get(attribute):
        return special(text, today)
    return values.parse(attribute, text, today=today), ""


def _phone(text: str, today: date) -> tuple[str, str]:
    try:
        return values.parse_phone(text, today=today), phone.mend(text)[1]
    except values.Refused:
        numbers = _numbers_in(text, today)
        if not numbers:
            raise
    kept = next(filter(phone.is_mobile, numbers), numbers[0])
    why = "la case donne plusieurs numéros" if len(numbers) > 1 else "la case ne contient pas qu'un numéro"
    return kept, f"{why} : le {phone.display(kept)} est gardé"


def _numbers_in(text: str, today: date) -> list[str]:
    """The different numbers that one cell gives, among words or signs."""
    parts = _BETWEEN_PHONES.split(text)
    numbers = []
    for part in parts:
        # The whole cell was tried already.
        for written in (part, *_PHONE.findall(part)) if len(parts) > 1 else _PHONE.findall(part):
            try:
                numbers.append(values.parse_phone(written, today=today))
            except values.Refused:
                continue
            break
    return list(dict.fromkeys(numbers))


def _number(attribute: str) -> Callable[[str, date], tuple[str, str]]:
    def read_number(text: str, today: date) -> tuple[str, str]:
        return values.parse(attribute, text, today=today), values.mend_number(text)[1]

    return read_number


def _affiliation_number(text: str, today: date) -> tuple[str, str]:
    """A number of the CAF has seven digits: one with less lost the zeros in front of it in a spreadsheet."""
    number, repair = _number("affiliation_number")(text, today)
    if number.isdigit() and _SHORTEST_AFFILIATION <= len(number) < values.AFFILIATION_LENGTH:
        return number.zfill(values.AFFILIATION_LENGTH), (
            "le tableur avait retiré les zéros du début : le numéro est complété à sept chiffres"
        )
    return number, repair


def _nir(text: str, today: date) -> tuple[str, str]:
    nir = values.parse_nir(text, today=today)
    compact = re.sub(r"\s", "", without_unseen(text))
    if compact != without_marks(compact):
        return nir, "l'apostrophe laissée par le tableur est retirée"
    if re.search(r"[.,]0+$", compact) and sum(map(str.isdigit, compact)) not in (13, 15):
        return nir, "le tableur avait écrit ce numéro comme un nombre à virgule : il est rétabli"
    return nir, ""


def _email(text: str, today: date) -> tuple[str, str]:
    address = values.parse_email(text, today=today)
    typed = re.sub(r"\s", "", without_unseen(text)).lower()
    return address, "" if typed == address else f"l'adresse mail est lue {address}"


def _date(attribute: str) -> Callable[[str, date], tuple[date, str]]:
    def read_date(text: str, today: date) -> tuple[date, str]:
        day = values.parse(attribute, text, today=today)
        if dates.is_serial(text):
            return day, f"le tableur avait changé cette date en nombre : elle est lue {day:%d/%m/}{day.year}"
        if dates.has_short_year(text):
            return day, f"l'année n'a que deux chiffres : elle est lue {day.year}"
        return day, ""

    return read_date


def _address(text: str, today: date) -> tuple[str, str]:
    line = squish(without_unseen(text))
    if len(line) <= values.LONGEST_TEXT:
        return values.parse_text(line, today=today), ""
    return line[: values.LONGEST_TEXT].rstrip(), "l'adresse est trop longue : sa fin est coupée"


_READERS: Mapping[str, Callable[[str, date], tuple[Any, str]]] = {
    "phone_number": _phone,
    "affiliation_number": _affiliation_number,
    "department_internal_id": _number("department_internal_id"),
    "france_travail_id": _number("france_travail_id"),
    "nir": _nir,
    "email": _email,
    "birth_date": _date("birth_date"),
    "rights_opening_date": _date("rights_opening_date"),
    "address": _address,
}
