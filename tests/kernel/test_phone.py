import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.kernel import phone


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("33612345678", "+33612345678"),
        ("04 75 79 26 26", "+33475792626"),
        ("0690 12 34 56", "+590690123456"),
        ("0694 12 34 56", "+594694123456"),
        ("0696 12 34 56", "+596696123456"),
        ("0692 12 34 56", "+262692123456"),
        ("0639 12 34 56", None),
        ("0639 69 12 34", "+262639691234"),
        ("84 11 22", "+687841122"),
        ("87 12 34 56", "+68987123456"),
    ],
    ids=str,
)
def test_each_territory_is_recognised(typed: str, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(phone.InvalidPhone):
            phone.normalise(typed)
    else:
        assert phone.normalise(typed) == stored


@pytest.mark.parametrize(
    "mangled",
    [
        "612345678",
        "612345678.0",
        "0612345678.0",
        " 6 12 34 56 78 ",
        "6.12345678E8",
        "6,12345678E+08",
        "'0612345678",
        '="0612345678"',
        "06\u202f12\u00a034 56 78",
        "\u200b0612345678",
    ],
)
def test_what_a_spreadsheet_takes_from_a_number_is_given_back(mangled: str) -> None:
    assert phone.normalise(mangled) == "+33612345678"


@pytest.mark.parametrize("typed", ["abc", "0", "3949", "06 12 34 56", "0000000000", "06 12 34 56 78 ou 07"])
def test_what_cannot_be_called_is_refused_in_french(typed: str) -> None:
    with pytest.raises(phone.InvalidPhone, match="n'existe pas"):
        phone.normalise(typed)


@pytest.mark.parametrize("typed", ["6,12E+08", "6.1234567E8", "6E8", "6,123456789E+08"])
def test_a_number_rounded_by_the_spreadsheet_is_refused_and_explained(typed: str) -> None:
    with pytest.raises(phone.InvalidPhone, match="arrondi"):
        phone.normalise(typed)


def _by_the_library(typed: str) -> str | None:
    for region in phone.REGIONS:
        try:
            number = phonenumbers.parse(typed, region)
        except phonenumbers.NumberParseException:
            continue
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if phonenumbers.is_valid_number(number) or re.fullmatch(r"\+3363998\d{4}", e164):
            return e164
    return None


@given(st.from_regex(r"\A(\+33 ?|0)[1-9]([ .-]?[0-9]{2}){4}\Z"))
def test_a_plain_number_is_what_the_library_says(typed: str) -> None:
    assert phone.plain(typed) == _by_the_library(typed)


@pytest.mark.parametrize("start", ["069", "0639", "0709", "059", "026", "08", "09", "0699", "063998"])
@given(data=st.data())
def test_a_plain_number_overseas_or_special_is_what_the_library_says(start: str, data: st.DataObject) -> None:
    length = 10 - len(start)
    typed = start + data.draw(st.text(alphabet="0123456789", min_size=length, max_size=length))
    assert phone.plain(typed) == _by_the_library(typed)


@given(st.one_of(st.text(max_size=16), st.from_regex(r"\A[0-9 .+()-]{8,18}\Z")))
def test_any_text_is_no_plain_number_or_what_the_library_says(typed: str) -> None:
    assert phone.plain(typed) in (None, _by_the_library(typed))


@given(st.from_regex(r"\A[0-9 ./()-]{1,24}\Z"))
def test_a_number_without_its_country_exists_when_the_library_says_so(typed: str) -> None:
    try:
        found = phone.normalise(typed)
    except phone.InvalidPhone:
        found = None
    assert found == _by_the_library(phone.mend(typed)[0])


_TERRITORIES = ("+33", "+590", "+594", "+596", "+262", "+687", "+689")


@pytest.mark.parametrize("country", _TERRITORIES)
@given(national=st.from_regex(r"\A[1-9][0-9]{5,8}\Z"))
def test_a_mobile_is_what_the_library_says(country: str, national: str) -> None:
    number = phonenumbers.parse(country + national)
    types = phonenumbers.PhoneNumberType
    mobile = phonenumbers.number_type(number) in (types.MOBILE, types.FIXED_LINE_OR_MOBILE)
    fiction = country == "+33" and re.fullmatch(r"63998\d{4}", national) is not None
    assert phone.is_mobile(country + national) == (mobile or fiction)


@pytest.mark.parametrize("country", _TERRITORIES)
@given(national=st.from_regex(r"\A[1-9][0-9]{5,8}\Z"))
def test_the_search_key_is_the_national_number_of_the_library(country: str, national: str) -> None:
    number = phonenumbers.parse(country + national)
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert phone.search_key(country + national) == re.sub(r"\D", "", shown)


@given(st.text(max_size=30))
def test_any_text_gives_a_stable_number_or_is_refused(typed: str) -> None:
    try:
        number = phone.normalise(typed)
    except phone.InvalidPhone:
        return
    assert phone.normalise(number) == number
    assert phone.normalise(phone.display(number)) == number or not phone.is_mobile(number)


@pytest.mark.parametrize(
    "mobile",
    [
        "+33612345678",
        "+33750123456",
        "+590690123456",
        "+594694123456",
        "+596696123456",
        "+262692123456",
        "+262639691234",
        "+687841122",
        "+68987123456",
    ],
)
def test_sms_reach_french_and_overseas_mobiles(mobile: str) -> None:
    assert phone.is_mobile(mobile)


@pytest.mark.parametrize(
    "number", [None, "", "+33475792626", "+32470123456", "+447400123456", "3949", "+33890123456"]
)
def test_sms_reach_neither_landlines_nor_foreign_mobiles(number: str | None) -> None:
    assert not phone.is_mobile(number)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+33475000000", "04 75 00 00 00"),
        ("3949", "3949"),
        ("", ""),
        (None, ""),
        ("+32470123456", "+32 470 12 34 56"),
        ("+687841122", "84 11 22"),
    ],
)
def test_numbers_are_shown_as_people_dictate_them(number: str | None, shown: str) -> None:
    assert phone.display(number) == shown


def test_the_search_key_is_what_an_agent_types() -> None:
    assert phone.search_key("+33782605941") == "0782605941"
    assert phone.search_key("0782605941") == "0782605941"
    assert phone.search_key(None) == ""
