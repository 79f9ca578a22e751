"""Phone numbers of France and its overseas territories, stored as E.164, shown as people dictate them."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

# The order in which a number without a country code is tried (design/domain.md § Values).
REGIONS = ("FR", "GP", "GF", "MQ", "RE", "YT", "NC", "PF")
SMS_REGIONS = frozenset({*REGIONS, "BL", "MF"})
_MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
# 06 39 98 XX XX: mobiles that ARCEP keeps for fiction (décision 2018-0881). Nobody has them, so that a
# training or a demonstration may use them without ever reaching somebody.
_FICTION_MOBILE = re.compile(r"\+3363998\d{4}")


class InvalidPhone(ValueError):
    """The text is no phone number that can be called. Its message is a French sentence."""


def normalise(text: str) -> str:
    """E.164 of a number typed by hand or mangled by a spreadsheet (lost leading zero, `.0` at the end).

    Raises InvalidPhone when no country of `REGIONS` accepts it.
    """
    typed = re.sub(r"\.0+$", "", text.strip())
    if re.fullmatch(r"[1-9]\d{8}", typed):
        typed = f"0{typed}"
    typed = re.sub(r"^00", "+", typed)
    for region in REGIONS:
        try:
            number = phonenumbers.parse(typed, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or _FICTION_MOBILE.fullmatch(_e164(number)):
            return _e164(number)
    raise InvalidPhone("ce numéro de téléphone n'existe pas")


@lru_cache(maxsize=4096)
def is_mobile(e164: str | None) -> bool:
    """Whether an SMS may be sent: a mobile of metropolitan or overseas France, nowhere else."""
    if not e164 or not e164.startswith("+"):
        return False
    if _FICTION_MOBILE.fullmatch(e164):
        return True
    number = phonenumbers.parse(e164)
    region = phonenumbers.region_code_for_number(number)
    return region in SMS_REGIONS and phonenumbers.number_type(number) in _MOBILE_TYPES


@lru_cache(maxsize=4096)
def display(number: str | None) -> str:
    """`+33475000000` → `04 75 00 00 00`; a short number (3949) or a foreign one stays readable."""
    if not number or not number.startswith("+"):
        return number or ""
    parsed = phonenumbers.parse(number)
    if phonenumbers.region_code_for_number(parsed) in SMS_REGIONS:
        return " ".join(re.findall(r"\d{2}", _national(parsed)))
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def search_key(e164: str | None) -> str:
    """The digits an agent types to find the number: `0782605941`."""
    return _national(phonenumbers.parse(e164)) if e164 and e164.startswith("+") else (e164 or "")


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _national(number: PhoneNumber) -> str:
    return re.sub(r"\D", "", phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))
