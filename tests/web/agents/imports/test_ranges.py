"""Row numbers in little text."""

from django.db.models import Q
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.web.agents.imports import ranges


def numbers_in(condition: Q | None) -> set[int]:
    """What the condition keeps, without a database."""
    if condition is None:
        return set()
    pairs = [child[1] if isinstance(child, tuple) else child.children[0][1] for child in condition.children]
    return {number for first, last in pairs for number in range(first, last + 1)}


@given(st.sets(st.integers(min_value=1, max_value=5_000), max_size=300))
def test_numbers_come_back_as_they_were(numbers: set[int]):
    assert numbers_in(ranges.read(ranges.written(numbers))) == numbers


def test_a_whole_file_is_a_few_characters():
    assert ranges.written(range(2, 50_002)) == "2-50001"


def test_too_many_ranges_are_not_written():
    assert ranges.written(range(0, 2_000, 2)) == ""


@given(st.text(max_size=60))
def test_nonsense_is_ignored(text: str):
    ranges.read(text)
