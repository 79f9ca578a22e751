"""Every rule of design/domain.md § Values, on what people really type."""

from datetime import date, timedelta

import pytest
from django.core.validators import EmailValidator
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.usagers import values
from rdv_insertion.usagers.identity import ATTRIBUTES

TODAY = date(2026, 3, 2)


def parse(attribute: str, text: str) -> object:
    return values.parse(attribute, text, today=TODAY)


def test_every_attribute_has_a_parser() -> None:
    assert set(values.PARSERS) == set(ATTRIBUTES)


@pytest.mark.parametrize(
    "typed", ["M.", "m", "MR", "Mr.", "Monsieur", " MONSIEUR ", "h", "Homme", "Masculin"]
)
def test_the_ways_to_write_monsieur(typed: str) -> None:
    assert parse("title", typed) == "monsieur"


@pytest.mark.parametrize("typed", ["Mme", "MME", "Mme.", "Madame", "Mlle", "MADEMOISELLE", "F", "Féminin"])
def test_the_ways_to_write_madame(typed: str) -> None:
    assert parse("title", typed) == "madame"


@pytest.mark.parametrize(
    "typed", ["DEM", "dem", "Demandeur", "Demandeur / allocataire", "Demandeur (RSA)", "Allocataire"]
)
def test_the_ways_to_write_demandeur(typed: str) -> None:
    assert parse("role", typed) == "demandeur"


@pytest.mark.parametrize("typed", ["CJT", "cjt", "Conjoint", "Conjointe", "CONJOINT(E)"])
def test_the_ways_to_write_conjoint(typed: str) -> None:
    assert parse("role", typed) == "conjoint"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("1234567", "1234567"),
        ("12345670000", "1234567"),
        ("00012345670000", "1234567"),
        ("0001234567", "1234567"),
        ("12345670008", "12345670008"),
        ("ISQCJQO", "ISQCJQO"),
        ("isqcjqo", "ISQCJQO"),
        ("1234567.0", "1234567"),
        ("0012345", "0012345"),
        ("12345", "12345"),
        ("123 4567", "1234567"),
        ("1000000", "1000000"),
        ("10000000000", "1000000"),
    ],
)
def test_affiliation_numbers_lose_their_padding_and_nothing_else(typed: str, stored: str) -> None:
    assert parse("affiliation_number", typed) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Marina.FOIS@Laposte.NET", "marina.fois@laposte.net"),
        (" a@b.fr ", "a@b.fr"),
        ("a b@c.fr", "ab@c.fr"),
        ("mailto:a@b.fr", "a@b.fr"),
        ("a@b.fr;", "a@b.fr"),
        ("\u200ba@b.fr\u00a0", "a@b.fr"),
    ],
)
def test_mails_are_kept_in_lower_case_without_blanks(typed: str, stored: str) -> None:
    assert parse("email", typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        ".marina@laposte.net",
        "marina..fois@laposte.net",
        "marina@laposte.n",
        "marina",
        "marina@",
        "@laposte.net",
        "marina@laposte",
        "marina@lapo ste",
        "marina@laposte..net",
        "marina@localhost",
        '"marina fois"@laposte.net',
        "marina@[192.168.1.1]",
        "mariné@laposte.net",
        "marina@laposte.net, paul@laposte.net",
        "\u200b",
    ],
)
def test_a_wrong_mail_is_refused(typed: str) -> None:
    with pytest.raises(values.Refused, match="adresses? mail"):
        parse("email", typed)


@pytest.mark.parametrize(
    ("attribute", "typed", "stored"),
    [
        ("phone_number", "782605941", "+33782605941"),
        ("phone_number", "0692 12 34 56", "+262692123456"),
        ("nir", "2 55 08 14 168 025", "255081416802538"),
        ("nir", "2550814168025.0", "255081416802538"),
        ("birth_date", "03/04/1985", date(1985, 4, 3)),
        ("birth_date", "31140", date(1985, 4, 3)),
        ("birth_date", "03/04/85", date(1985, 4, 3)),
        ("birth_date", "03/03/26", date(1926, 3, 3)),
        ("birth_date", "02/03/26", date(2026, 3, 2)),
        ("rights_opening_date", "03/03/26", date(2026, 3, 3)),
        ("rights_opening_date", "01/01/95", date(1995, 1, 1)),
        ("rights_opening_date", "1er mars 2026", date(2026, 3, 1)),
        ("rights_opening_date", "2027-01-01", date(2027, 1, 1)),
        ("last_name", "  De  La Tour ", "De La Tour"),
        ("last_name", "De\u00a0La\u200b Tour\x00", "De La Tour"),
        ("department_internal_id", "4521.0", "4521"),
        ("france_travail_id", "12345678901", "12345678901"),
        ("address", "3 rue des Lilas\n26000  Valence", "3 rue des Lilas 26000 Valence"),
    ],
)
def test_each_attribute_is_stored_in_one_form(attribute: str, typed: str, stored: object) -> None:
    assert parse(attribute, typed) == stored


@pytest.mark.parametrize(
    ("attribute", "typed", "why"),
    [
        ("title", "docteur", "Monsieur ou Madame"),
        ("role", "cousin", "Demandeur ou Conjoint"),
        ("birth_date", "03/03/2026", "futur"),
        ("birth_date", "03/03/1890", "130 ans"),
        ("birth_date", "31/02/1985", "n'existe pas"),
        ("birth_date", "1986", "écrivez"),
        ("rights_opening_date", "01/01/1880", "130 ans"),
        ("last_name", "Иванов", "lettres latines"),
        ("address", "\u200b", "vide"),
        ("department_internal_id", "1,2E+09", "arrondi"),
        ("nir", "2550814168025 39", "clé"),
        ("nir", "2,55081416802E+12", "arrondi"),
        ("phone_number", "0000000000", "n'existe pas"),
        ("affiliation_number", "12/34", "lettres et des chiffres"),
        ("affiliation_number", "1" * 16, "15 au plus"),
        ("last_name", "...", "aucune lettre"),
        ("first_name", "é" * 101, "100 caractères"),
        ("address", "a" * 256, "255 caractères"),
    ],
)
def test_what_is_refused_says_why_in_french_without_the_value(attribute: str, typed: str, why: str) -> None:
    with pytest.raises(values.Refused, match=why) as refused:
        parse(attribute, typed)
    assert typed not in str(refused.value)


_LIKELY = st.one_of(
    st.text(min_size=1, max_size=40),
    st.from_regex(r"\A[0-9 .,/+E-]{1,20}\Z"),
    st.from_regex(r"\A[12]\d{12}(\d\d)?\Z"),
    st.from_regex(r"\A0[67]( ?\d\d){4}\Z"),
    st.from_regex(r"\A\d{1,2}[/ .-]\d{1,2}[/ .-]\d{4}\Z"),
    st.from_regex(r"\A[a-z.]{1,8}@[a-z.]{1,8}\.[a-z]{1,3}\Z"),
    st.sampled_from(["M.", "DEM", "1er mai 1990", "31140"]),
)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@given(typed=_LIKELY.filter(str.strip))
def test_any_text_is_refused_or_gives_a_value_that_reads_back_as_itself(attribute: str, typed: str) -> None:
    try:
        value = parse(attribute, typed)
    except values.Refused as refused:
        assert str(refused)
        return
    assert value
    assert parse(attribute, value.isoformat() if isinstance(value, date) else value) == value


@given(st.dates(TODAY - timedelta(days=130 * 365), TODAY))
def test_every_possible_birth_date_is_taken(day: date) -> None:
    assert parse("birth_date", f"{day:%d/%m/%Y}") == day


_USUAL = st.one_of(
    _LIKELY,
    st.from_regex(r"\A[A-Za-zÀ-ÿ' -]{1,12}\Z"),
    st.from_regex(r"\A[A-Z0-9]{7}\Z"),
    st.from_regex(r"\A[0-9]{1,16}\Z"),
    st.from_regex(r"\A[A-Za-z0-9._+-]{1,12}@[a-z0-9.-]{1,12}\.[a-z]{2,4}\Z"),
    st.from_regex(r"\A[a-z0-9 ,]{18,30}\Z"),
)


@pytest.mark.parametrize("attribute", values.PLAIN)
@given(typed=_USUAL.filter(str.strip))
def test_what_is_read_at_once_is_what_the_whole_parser_reads(attribute: str, typed: str) -> None:
    value = values.PLAIN[attribute](typed)
    if value is not None:
        assert values.PARSERS[attribute](typed, today=TODAY) == value


@given(st.from_regex(r"\A[A-Za-z0-9._+-]{1,12}@([a-z0-9-]{1,6}\.){1,3}[a-z-]{2,4}\Z"))
def test_a_mail_read_at_once_is_one_that_django_accepts(typed: str) -> None:
    address = values.plain_email(typed)
    if address is not None:
        EmailValidator()(address)
        assert address == typed.lower()


@pytest.mark.parametrize(
    ("attribute", "typed"),
    [
        ("last_name", "DUPRÉ-VIDAL"),
        ("last_name", "N'Diaye"),
        ("first_name", "Élodie"),
        ("affiliation_number", "1234567"),
        ("affiliation_number", "AB12345"),
        ("nir", "255081416802538"),
        ("nir", "2550814168025"),
        ("department_internal_id", "4521"),
        ("email", "Marina.Fois-26@la-poste.net"),
        ("phone_number", "06 12 34 56 78"),
        ("phone_number", "0692123456"),
        ("address", "7 rue de la Gare 26150 Die"),
    ],
)
def test_usual_writings_are_read_at_once(attribute: str, typed: str) -> None:
    assert values.PLAIN[attribute](typed) is not None
