import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.messaging.channels.sms import encoding
from rdv_insertion.messaging.channels.sms.encoding import (
    encode,
    fits,
    is_gsm7,
    length,
    of_two_places,
    segments,
    to_gsm7,
)

GSM = st.text(alphabet=sorted(encoding._BASIC | encoding._EXTENDED))
ANYTHING = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


def naive_segments(text: str) -> int:
    """One unit after the other, each text cut as late as it can be."""
    if all(letter in encoding._BASIC | encoding._EXTENDED for letter in text):
        units, single, part = ["xx" if letter in encoding._EXTENDED else "x" for letter in text], 160, 153
    else:
        units = ["x" * (len(letter.encode("utf-16-le")) // 2) for letter in text]
        single, part = 70, 67
    if len("".join(units)) <= single:
        return 1
    parts = [""]
    for unit in units:
        if len(parts[-1] + unit) > part:
            parts.append("")
        parts[-1] += unit
    return len(parts)


@given(ANYTHING)
def test_only_characters_of_the_alphabet_are_left(text: str) -> None:
    assert is_gsm7(to_gsm7(text))


@given(ANYTHING)
def test_writing_twice_changes_nothing_more(text: str) -> None:
    assert to_gsm7(to_gsm7(text)) == to_gsm7(text)


@given(GSM)
def test_what_is_in_the_alphabet_stays(text: str) -> None:
    assert to_gsm7(text) == text


@given(ANYTHING | GSM | st.text(alphabet="aé€ش😀", min_size=60, max_size=400))
def test_the_segments_are_those_of_a_naive_count(text: str) -> None:
    assert segments(text) == naive_segments(text)


@given(GSM, GSM)
def test_more_text_never_costs_less(text: str, more: str) -> None:
    assert segments(text + more) >= segments(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ش" * 70, 1),
        ("ش" * 71, 2),
        ("ش" * 134, 2),
        ("ش" * 135, 3),
    ],
)
def test_a_single_sms_holds_more_than_each_part_of_a_long_one(text: str, expected: int) -> None:
    assert segments(text) == expected
    assert fits(text, expected)
    assert not fits(text, expected - 1)


def test_french_is_kept_or_loses_only_its_rarer_accents() -> None:
    assert to_gsm7("Éléonore à l'hôtel, où ça ? Cœur «\u202frare » – 5 €…") == (
        'Éléonore à l\'hotel, où ca ? Coeur "rare" - 5 €...'
    )


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (unicodedata.normalize("NFD", "Élodie, où ça ?"), "Élodie, où ca ?"),
        ("Venez 😀 ✅❤️", "Venez  "),
        ("un\tdeux\u2028trois", "un deux trois"),
        ("日本 ™", "?? TM"),
    ],
)
def test_what_keyboards_add_never_becomes_a_question(typed: str, sent: str) -> None:
    assert to_gsm7(typed) == sent


def test_signs_of_two_places_are_counted_so() -> None:
    assert (length("5 € [a]"), of_two_places("5 € [a]")) == (10, ["[", "]", "€"])
    assert length("ش😀") == 3


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("tr", "Randevunuzu seçin, ığdır İŞ", "Randevunuzu secin, igdir IS"),
        ("ro", "Alegeți ședința dumneavoastră", "Alegeti sedinta dumneavoastra"),
        ("pt", "Não há sessão, opções", "Nao ha sessao, opcoes"),
        ("es", "¿Mañana? ¡Elija!", "¿Mañana? ¡Elija!"),
    ],
)
def test_other_latin_languages_stay_in_the_alphabet_of_sms(language: str, text: str, expected: str) -> None:
    assert encode(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text"), [("ar", "اختر موعدك"), ("uk", "Оберіть дату"), ("fa", "سه\u200cشنبه")]
)
def test_languages_with_letters_of_their_own_keep_them(language: str, text: str) -> None:
    assert encode(text, language) == text


def test_a_character_of_two_places_is_not_cut_between_two_sms() -> None:
    assert segments("a" * 152 + "€" + "a" * 151) == 2
    assert segments("a" * 152 + "€" + "a" * 152) == 3
    assert segments("ش" * 66 + "😀" + "ش" * 65) == 2
    assert segments("ش" * 66 + "😀" + "ش" * 66) == 3


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_invisible_marks_vanish(language: str) -> None:
    assert encode("04\u200b75\u2060 00\u00ad", language) == "0475 00"
