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


@pytest.mark.parametrize("mangled", ["612345678", "612345678.0", "0612345678.0", " 6 12 34 56 78 "])
def test_what_a_spreadsheet_takes_from_a_number_is_given_back(mangled: str) -> None:
    assert phone.normalise(mangled) == "+33612345678"


@pytest.mark.parametrize(
    "typed", ["6.12345678E8", "abc", "0", "3949", "06 12 34 56", "0000000000", "06 12 34 56 78 ou 07"]
)
def test_what_cannot_be_called_is_refused_in_french(typed: str) -> None:
    with pytest.raises(phone.InvalidPhone, match="n'existe pas"):
        phone.normalise(typed)


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
