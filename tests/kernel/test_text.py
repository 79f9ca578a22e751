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


def test_the_plural_begins_at_two() -> None:
    assert [text.plural(number, "personne") for number in (0, 1, 2)] == [
        "0 personne",
        "1 personne",
        "2 personnes",
    ]
    assert text.plural(3, "rendez-vous", "rendez-vous") == "3 rendez-vous"
    assert text.plural(10_000, "ligne") == "10\u00a0000 lignes"
