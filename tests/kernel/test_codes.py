from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.kernel import codes


def test_codes_have_eight_characters_without_lookalikes() -> None:
    many = {codes.new_code() for _ in range(2_000)}
    assert len(many) == 2_000
    assert {len(code) for code in many} == {8}
    assert not set("".join(many)) & set("01OIL")


@given(st.text(alphabet=codes.ALPHABET, min_size=8, max_size=8), st.sampled_from([" ", "-", "  ", "."]))
def test_a_code_typed_as_it_is_shown_in_lower_case_or_with_dashes_is_the_same(
    code: str, separator: str
) -> None:
    assert codes.clean(codes.display(code)) == code
    assert codes.clean(f" {code[:4].lower()}{separator}{code[4:]} ") == code
