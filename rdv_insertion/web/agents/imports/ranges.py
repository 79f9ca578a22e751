"""Many row numbers in little text, for a form to send them back: `2-5000,5003`."""

from collections.abc import Iterable

from django.db.models import Q

_MOST_RANGES = 300
_LONGEST_NUMBER = 9


def written(numbers: Iterable[int]) -> str:
    """These numbers as ranges; empty when that would take more than a form may hold."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    if len(ranges) > _MOST_RANGES:
        return ""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def read(text: str) -> Q | None:
    """The rows that `written` named, as a condition on their number; None when nothing is understood."""
    condition: Q | None = None
    for part in text.split(",")[:_MOST_RANGES]:
        first, _, last = part.partition("-")
        last = last or first
        if all(one.isascii() and one.isdigit() and len(one) <= _LONGEST_NUMBER for one in (first, last)):
            one = Q(number__range=(int(first), int(last)))
            condition = one if condition is None else condition | one
    return condition
