import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fr import nir as standard

from rdv_insertion.kernel import nir


def _key(digits: str) -> str:
    """The published formula: 97 less the rest by 97; Corsica counts as 19 and 18."""
    return f"{97 - int(digits.replace('2A', '19').replace('2B', '18')) % 97:02d}"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2550814168025", "255081416802538"),
        ("2 55 08 14 168 025", "255081416802538"),
        ("2.55.08.14.168.025/38", "255081416802538"),
        ("255081416802538", "255081416802538"),
        ("285122A004001", f"285122A004001{_key('285122A004001')}"),
        ("285122b004001", f"285122B004001{_key('285122B004001')}"),
    ],
)
def test_a_nir_is_completed_with_its_key(typed: str, stored: str) -> None:
    assert nir.normalise(typed) == stored


def test_thirteen_and_fifteen_characters_are_the_same_nir() -> None:
    whole = nir.normalise("285122A004001")
    assert nir.normalise(whole) == whole
    assert whole[:13] == "285122A004001"


def test_a_wrong_key_is_refused() -> None:
    with pytest.raises(nir.InvalidNir, match="clé"):
        nir.normalise("255081416802539")


@pytest.mark.parametrize("typed", ["1.85042636212E+12", "1,85042636212E+14", "1.85E12", "2 E+14"])
def test_a_number_rounded_by_the_spreadsheet_is_refused_and_explained(typed: str) -> None:
    with pytest.raises(nir.InvalidNir, match="arrondi"):
        nir.normalise(typed)


@pytest.mark.parametrize(
    "typed", ["", "12345", "185042C362123", "5850426362123", "18504263621234", "18504263621234567"]
)
def test_other_lengths_and_characters_are_refused(typed: str) -> None:
    with pytest.raises(nir.InvalidNir, match="13 chiffres"):
        nir.normalise(typed)


@pytest.mark.parametrize("typed", ["185042636212", "18504263621234", "185042636212.0", "1 85 04 26 362 12"])
def test_a_number_that_lost_a_digit_is_refused_and_explained(typed: str) -> None:
    with pytest.raises(nir.InvalidNir, match="le tableur en a peut-être retiré un"):
        nir.normalise(typed)


@pytest.mark.parametrize(
    "typed", ["'2550814168025", "2550814168025.0", "2550814168025,0", "\u200b255\u202f0814168025"]
)
def test_what_a_spreadsheet_adds_to_a_nir_is_dropped(typed: str) -> None:
    assert nir.normalise(typed) == "255081416802538"


@given(st.from_regex(r"\A[1-478][0-9]{12}\Z"))
def test_a_plain_nir_is_completed_as_the_standard_library_does(digits: str) -> None:
    whole = digits + standard.calc_check_digits(digits)
    assert nir.plain(digits) == nir.plain(whole) == nir.normalise(digits) == standard.validate(whole)


@given(st.one_of(st.text(max_size=16), st.from_regex(r"\A[0-9]{12,16}\Z")))
def test_a_plain_nir_is_one_that_the_whole_reading_accepts(typed: str) -> None:
    found = nir.plain(typed)
    if found is not None:
        assert found == nir.normalise(typed)
    elif len(typed) == 15 and typed.isascii() and typed.isdigit():
        with pytest.raises(nir.InvalidNir):
            nir.normalise(typed)


def test_the_sex_and_birth_year_of_a_nir_are_compared_with_the_person() -> None:
    number = nir.normalise("1850426362123")
    assert nir.contradictions(number, title="monsieur", birth_year=1985) == []
    assert nir.contradictions(number, title=None, birth_year=None) == []
    assert nir.contradictions(number, title="madame", birth_year=1985) == [
        "la civilité ne correspond pas au premier chiffre du NIR"
    ]
    assert len(nir.contradictions(number, title="madame", birth_year=1986)) == 2


def test_temporary_numbers_say_nothing_of_the_title() -> None:
    number = nir.normalise("7850426362123")
    assert nir.contradictions(number, title="madame", birth_year=1985) == []
