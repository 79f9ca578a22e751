"""What spreadsheets and hurried hands break is repaired, and said in one French sentence."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.usagers import repairs, values
from rdv_insertion.usagers.identity import ATTRIBUTES

TODAY = date(2026, 3, 2)


def read(attribute: str, text: str) -> tuple[object, str]:
    return repairs.read(attribute, text, today=TODAY)


@pytest.mark.parametrize(
    ("attribute", "text", "value", "said"),
    [
        ("phone_number", "612345678", "+33612345678", "zéro du début"),
        ("phone_number", "6 12 34 56 78", "+33612345678", "zéro du début"),
        ("phone_number", "692123456", "+262692123456", "zéro du début"),
        ("phone_number", "782605941.0", "+33782605941", "zéro du début"),
        ("phone_number", "0612345678.0", "+33612345678", "nombre à virgule"),
        ("phone_number", "6,12345678E+08", "+33612345678", "zéro du début"),
        ("phone_number", "3.3612345678E10", "+33612345678", "puissance de dix"),
        ("phone_number", "'0612345678", "+33612345678", "apostrophe"),
        ("phone_number", '="0612345678"', "+33612345678", "apostrophe"),
        ("phone_number", "06 12 34 56 78 / 04 75 79 26 26", "+33612345678", "plusieurs numéros"),
        ("phone_number", "04 75 79 26 26 - 06 12 34 56 78", "+33612345678", "06 12 34 56 78"),
        ("phone_number", "0475792626 ou 0475792627", "+33475792626", "plusieurs numéros"),
        ("phone_number", "0475792626\n0612345678", "+33612345678", "plusieurs numéros"),
        ("phone_number", "0612345678 (mère)", "+33612345678", "pas qu'un numéro"),
        ("affiliation_number", "123456", "0123456", "zéros du début"),
        ("affiliation_number", "1234567.0", "1234567", "nombre à virgule"),
        ("affiliation_number", "'0123456", "0123456", "apostrophe"),
        ("department_internal_id", "4521.0", "4521", "nombre à virgule"),
        ("france_travail_id", "’12345678901", "12345678901", "apostrophe"),
        ("nir", "1850426362123.0", "185042636212372", "nombre à virgule"),
        ("nir", "'1850426362123", "185042636212372", "apostrophe"),
        ("birth_date", "30884", date(1984, 7, 21), "21/07/1984"),
        ("birth_date", "30884.0", date(1984, 7, 21), "en nombre"),
        ("birth_date", "21/07/84", date(1984, 7, 21), "lue 1984"),
        ("birth_date", "21-juil-84", date(1984, 7, 21), "lue 1984"),
        ("rights_opening_date", "45000", date(2023, 3, 15), "en nombre"),
        ("email", "mailto:Marine@Courriel.test", "marine@courriel.test", "marine@courriel.test"),
        ("email", "<marine@courriel.test>;", "marine@courriel.test", "marine@courriel.test"),
    ],
)
def test_damage_is_repaired_and_said(attribute: str, text: str, value: object, said: str) -> None:
    repaired, sentence = read(attribute, text)
    assert repaired == value
    assert said in sentence


@pytest.mark.parametrize(
    ("attribute", "text", "value"),
    [
        ("phone_number", "06 12 34 56 78", "+33612345678"),
        ("phone_number", "+33 (0)6 12 34 56 78", "+33612345678"),
        ("phone_number", "06-12-34-56-78", "+33612345678"),
        ("phone_number", "06\u202f12\u00a034\u200b56 78", "+33612345678"),
        ("affiliation_number", "12345670000", "1234567"),
        ("affiliation_number", "ASXASA", "ASXASA"),
        ("affiliation_number", "12", "12"),
        ("nir", "1 85 04 26 362 123", "185042636212372"),
        ("birth_date", "21 juillet 1984", date(1984, 7, 21)),
        ("birth_date", "21.07.1984", date(1984, 7, 21)),
        ("birth_date", "1984-07-21 10:30:00", date(1984, 7, 21)),
        ("email", " Marine@Courriel.test\u200b", "marine@courriel.test"),
        ("last_name", "De\u00a0La\u200b  Tour", "De La Tour"),
        ("title", "Mme\u200b", "madame"),
    ],
)
def test_the_ways_that_people_write_are_no_damage(attribute: str, text: str, value: object) -> None:
    assert read(attribute, text) == (value, "")


@pytest.mark.parametrize(
    ("attribute", "text", "why"),
    [
        ("phone_number", "6,12E+08", "arrondi"),
        ("phone_number", "6,1234567E+08", "arrondi"),
        ("affiliation_number", "1,23E+06", "arrondi"),
        ("department_internal_id", "4,5E+12", "arrondi"),
        ("nir", "1,85042636212E+12", "arrondi"),
        ("nir", "1.85042636212372E+14", "arrondi"),
        ("nir", "185042636212", "en a 12"),
        ("nir", "18504263621237", "en a 14"),
        ("email", "a@b.fr / c@d.fr", "plusieurs adresses"),
        ("email", "a@b.fr;c@d.fr", "plusieurs adresses"),
        ("last_name", "#REF!", "erreur"),
        ("phone_number", "########", "erreur"),
    ],
)
def test_what_is_lost_is_refused_and_never_guessed(attribute: str, text: str, why: str) -> None:
    with pytest.raises(values.Refused, match=why):
        read(attribute, text)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@given(
    text=st.one_of(
        st.text(min_size=1, max_size=40),
        st.from_regex(r"\A['=\"]{0,2}[0-9 .,/+E-]{1,22}\Z"),
        st.from_regex(r"\A(mailto:)?[a-z.<]{1,8}@[a-z.]{1,8}\.[a-z]{1,3}[>;]?\Z"),
        st.from_regex(r"\A0[67]( ?[0-9]{2}){4}( ?[/;-] ?0[1-9]( ?[0-9]{2}){4})?\Z"),
        st.from_regex(r"\A[0-9]{1,2}[/ .-]([0-9]{1,2}|mai|juil\.)[/ .-][0-9]{2}([0-9]{2})?\Z"),
    ).filter(str.strip)
)
def test_any_cell_is_refused_or_gives_a_value_that_reads_back_as_itself(attribute: str, text: str) -> None:
    try:
        value, sentence = read(attribute, text)
    except values.Refused as refused:
        assert str(refused)
        return
    assert value
    written = value.isoformat() if isinstance(value, date) else value
    assert read(attribute, written)[0] == value
    assert sentence == "" or not sentence.endswith(".")
