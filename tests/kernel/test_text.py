import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.kernel import text


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("  N'Diaye ", "n diaye"),
        ("Barthélémy", "barthelemy"),
        ("Œuvrard", "oeuvrard"),
        ("DUPRÉ-VIDAL", "dupre vidal"),
        ("Straße", "strasse"),
        ("...", ""),
        (None, ""),
    ],
)
def test_case_accents_spaces_and_punctuation_do_not_count(typed: str | None, folded: str) -> None:
    assert text.fold(typed) == folded


def _folded_the_long_way(typed: str) -> str:
    """Unicode's own decomposition, then what is left of the alphabet."""
    for ligature, letters in {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"}.items():
        typed = typed.replace(ligature, letters)
    decomposed = unicodedata.normalize("NFKD", typed)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(re.findall("[a-z0-9]+", bare.lower()))


@given(st.one_of(st.text(), st.text(alphabet=st.characters(max_codepoint=0x2100))))
def test_folding_is_unicodes_whatever_the_letters(typed: str) -> None:
    assert text.fold(typed) == _folded_the_long_way(typed)


def test_each_western_character_folds_as_unicode_says() -> None:
    for code in range(0x2100):
        typed = f"a{chr(code)}b"
        assert text.fold(typed) == _folded_the_long_way(typed), hex(code)


@given(st.text())
def test_folding_twice_changes_nothing(typed: str) -> None:
    assert text.fold(text.fold(typed)) == text.fold(typed)


@given(st.text(alphabet=st.characters(max_codepoint=0x17F)))
def test_case_never_counts(typed: str) -> None:
    assert text.fold(typed.upper().lower()) == text.fold(typed.lower().upper().lower())


def test_the_first_word_of_a_composed_first_name_is_compared() -> None:
    assert text.first_word("Jean-Paul Marie") == "jean"
    assert text.first_word("") == text.first_word(None) == ""


def test_stray_blanks_are_removed() -> None:
    assert text.squish(" De  La\u00a0Tour\n") == "De La Tour"


def test_characters_that_nobody_sees_are_removed_and_blanks_stay() -> None:
    assert text.without_unseen("De\u200b\ufeff La\u00a0Tour\x00\n\ud800") == "De La\u00a0Tour\n"


@pytest.mark.parametrize(
    ("typed", "bare"),
    [("'0612", "0612"), ('="0612"', "0612"), ("’0612", "0612"), ("06'12", "06'12"), ("", "")],
)
def test_what_keeps_a_spreadsheet_from_changing_a_number_is_removed(typed: str, bare: str) -> None:
    assert text.without_marks(typed) == bare


def test_the_plural_begins_at_two() -> None:
    assert [text.plural(number, "personne") for number in (0, 1, 2)] == [
        "0 personne",
        "1 personne",
        "2 personnes",
    ]
    assert text.plural(3, "rendez-vous", "rendez-vous") == "3 rendez-vous"
    assert text.plural(10_000, "ligne") == "10\u00a0000 lignes"
