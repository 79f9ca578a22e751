from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.messaging.channels.sms import gsm7
from rdv_insertion.messaging.channels.sms.gsm7 import segments, to_gsm7

GSM = st.text(alphabet=sorted(gsm7._BASIC | gsm7._EXTENDED))


@given(st.text())
def test_only_characters_of_the_alphabet_are_left(text: str) -> None:
    assert set(to_gsm7(text)) <= gsm7._BASIC | gsm7._EXTENDED


@given(st.text())
def test_writing_twice_changes_nothing_more(text: str) -> None:
    assert to_gsm7(to_gsm7(text)) == to_gsm7(text)


@given(GSM)
def test_what_is_in_the_alphabet_stays(text: str) -> None:
    assert to_gsm7(text) == text


@given(GSM)
def test_the_parts_hold_the_text_and_none_is_wasted(text: str) -> None:
    size = sum(2 if character in gsm7._EXTENDED else 1 for character in text)
    if size <= 160:
        assert segments(text) == 1
    else:
        assert segments(text) >= 2
        assert segments(text) * 153 >= size
        assert (segments(text) - 1) * 152 < size


@given(GSM, GSM)
def test_more_text_never_costs_less(text: str, more: str) -> None:
    assert segments(text + more) >= segments(text)


def test_french_is_kept_or_loses_only_its_rarer_accents() -> None:
    assert to_gsm7("Éléonore à l'hôtel, où ça ? Cœur « rare » – 5 €…") == (
        'Éléonore à l\'hotel, où ca ? Coeur " rare " - 5 €...'
    )


def test_a_character_of_two_places_is_not_cut_between_two_sms() -> None:
    assert segments("a" * 152 + "€" + "a" * 151) == 2
    assert segments("a" * 152 + "€" + "a" * 152) == 3


def test_invisible_marks_vanish() -> None:
    assert to_gsm7("04\u200b75\u2060 00\u00ad") == "0475 00"
