"""Phone numbers of France and its overseas territories, stored as E.164, shown as people dictate them."""

import re
from collections.abc import Callable
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat

from rdv_insertion.kernel.text import squish, without_marks, without_unseen

# The order in which a number without a country code is tried (design/domain.md § Values).
REGIONS = ("FR", "GP", "GF", "MQ", "RE", "YT", "NC", "PF")
SMS_REGIONS = frozenset({*REGIONS, "BL", "MF"})
# 06 39 98 XX XX: mobiles that ARCEP keeps for fiction (décision 2018-0881). Nobody has them, so that a
# training or a demonstration may use them without ever reaching somebody.
_FICTION = r"63998\d{4}"
_FICTION_MOBILE = re.compile(rf"\+33{_FICTION}")

_PLAIN = re.compile(r"(?:\+33 ?|0)[1-9](?:[ .-]?[0-9]{2}){4}")
_WITHOUT_COUNTRY = re.compile(r"[0-9 ./()-]*")
_FLOAT = re.compile(r"([0-9]+)[.,]0+")
_SCIENTIFIC = re.compile(r"([0-9])(?:[.,]([0-9]+))?E\+?([0-9]{1,2})", re.IGNORECASE)
_LOST_ZERO = re.compile(r"[1-9](?:[ .-]?[0-9]{2}){4}")


class InvalidPhone(ValueError):
    """The text is no phone number that can be called. Its message is a French sentence."""


def normalise(text: str) -> str:
    """E.164 of a number typed by hand or mangled by a spreadsheet (see `mend`).

    Raises InvalidPhone when no country of `REGIONS` accepts it.
    """
    found = plain(text)
    if found is None:
        typed, _ = mend(text)
        found = plain(typed)
        if found is None and _may_exist(typed):
            found = _looked_up(typed)
    if found is None:
        raise InvalidPhone("ce numéro de téléphone n'existe pas")
    return found


def plain(text: str) -> str | None:
    """What `normalise` answers for ten digits or +33 and nine, with usual separators; None for the rest.

    The library takes thirty microseconds a number; here its own patterns are tried at once.
    """
    digits = text if len(text) == 10 else text.replace(" ", "")
    if len(digits) != 10 or not (digits.isdigit() and digits.isascii()):
        if _PLAIN.fullmatch(text) is None:
            return None
        digits = digits.replace(".", "").replace("-", "")
        if digits[0] == "+":
            return digits if _PLANS[0][1].fullmatch(digits, 3) else None
    if digits[0] == "0":
        for country, plan in _PLANS:
            if plan.fullmatch(digits, 1):
                return country + digits[1:]
    return None


def mend(text: str) -> tuple[str, str]:
    """`text` as it was before a spreadsheet broke it, and a French sentence that says what was, or nothing.

    Raises InvalidPhone when digits are lost for good.
    """
    given = squish(without_unseen(text))
    typed = without_marks(given)
    sentence = "" if typed == given else "l'apostrophe laissée par le tableur est retirée"
    if found := _SCIENTIFIC.fullmatch(typed):
        typed = _all_digits(found)
        sentence = "le tableur avait écrit ce numéro en puissance de dix : il est rétabli"
    elif found := _FLOAT.fullmatch(typed):
        typed = found.group(1)
        sentence = "le tableur avait écrit ce numéro comme un nombre à virgule : il est rétabli"
    if _LOST_ZERO.fullmatch(typed):
        typed = f"0{typed}"
        sentence = "le tableur avait retiré le zéro du début : il est rétabli"
    return re.sub(r"^00", "+", typed), sentence


def _all_digits(scientific: re.Match[str]) -> str:
    whole, decimals, exponent = scientific.groups(default="")
    if len(decimals) != int(exponent):
        raise InvalidPhone("le tableur a arrondi ce numéro : ses derniers chiffres sont perdus")
    return whole + decimals


def _may_exist(typed: str) -> bool:
    """Whether the library is worth asking: it takes a quarter of a millisecond to say no.

    What is written plainly and is in no plan does not exist; without a country, numbers of our territories
    have six digits, or eight, and up to thirteen with the code of the country and the zero.
    """
    if _PLAIN.fullmatch(typed):
        return False
    digits = sum(map(str.isdigit, typed))
    return _WITHOUT_COUNTRY.fullmatch(typed) is None or digits == 6 or 8 <= digits <= 13


def _looked_up(typed: str) -> str | None:
    for region in REGIONS[:1] if typed.startswith("+") else REGIONS:
        try:
            number = phonenumbers.parse(typed, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or _FICTION_MOBILE.fullmatch(_e164(number)):
            return _e164(number)
    return None


def is_mobile(e164: str | None) -> bool:
    """Whether an SMS may be sent: a mobile of metropolitan or overseas France, nowhere else."""
    if not e164:
        return False
    return any(e164.startswith(country) and plan.fullmatch(e164, len(country)) for country, plan in _MOBILES)


@lru_cache(maxsize=4096)
def display(number: str | None) -> str:
    """`+33475000000` → `04 75 00 00 00`; a short number (3949) or a foreign one stays readable."""
    if not number or not number.startswith("+"):
        return number or ""
    if digits := _dialled(number):
        return " ".join(digits[start : start + 2] for start in range(0, len(digits), 2))
    parsed = phonenumbers.parse(number)
    if phonenumbers.region_code_for_number(parsed) in SMS_REGIONS:
        return " ".join(re.findall(r"\d{2}", _national(parsed)))
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def search_key(e164: str | None) -> str:
    """The digits an agent types to find the number: `0782605941`."""
    if not e164 or not e164.startswith("+"):
        return e164 or ""
    return _dialled(e164) or _national(phonenumbers.parse(e164))


def _dialled(e164: str) -> str | None:
    """The ten digits of a number of metropolitan or overseas France; None for the rest."""
    for country, plan in _PLANS:
        if e164.startswith(country) and plan.fullmatch(e164, len(country)):
            return "0" + e164[len(country) :]
    return None


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _national(number: PhoneNumber) -> str:
    return re.sub(r"\D", "", phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))


def _plan(country_code: int, *more: str) -> re.Pattern[str]:
    """The nine-digit national numbers that the library calls valid for a country code, as one pattern."""
    patterns = list(more)
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[country_code]:
        valid = "|".join(filter(None, map(_pattern(region), ("mobile", "fixed_line", *_OTHER_KINDS))))
        patterns.append(rf"(?=(?:{_pattern(region)('general_desc')})\Z)(?:{valid})")
    return re.compile("|".join(patterns), re.ASCII)


def _mobile_plan(country_code: int, *more: str) -> re.Pattern[str]:
    """The national numbers that the library calls mobiles for a country code, as one pattern."""
    patterns = list(more)
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[country_code]:
        others = "|".join(filter(None, map(_pattern(region), _OTHER_KINDS)))
        general, mobile = map(_pattern(region), ("general_desc", "mobile"))
        patterns.append(rf"(?=(?:{general})\Z)(?!(?:{others})\Z)(?:{mobile})")
    return re.compile("|".join(patterns), re.ASCII)


def _pattern(region: str) -> Callable[[str], str]:
    metadata = PhoneMetadata.metadata_for_region(region)

    def of(kind: str) -> str:
        return getattr(getattr(metadata, kind), "national_number_pattern", None) or ""

    return of


_OTHER_KINDS = (
    "voip",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
# In the order of REGIONS: a country code serves several of them.
_PLANS = (
    ("+33", _plan(33, _FICTION)),
    ("+590", _plan(590)),
    ("+594", _plan(594)),
    ("+596", _plan(596)),
    ("+262", _plan(262)),
)
_MOBILES = (
    ("+33", _mobile_plan(33, _FICTION)),
    *((f"+{code}", _mobile_plan(code)) for code in (590, 594, 596, 262, 687, 689)),
)
