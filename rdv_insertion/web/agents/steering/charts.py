"""Charts drawn by the server: stacked bars as SVG, each with the table of its very numbers.

The policy on content refuses inline styles, so that everything is a presentation attribute. Widths of lying
bars are percentages: the text keeps its size whatever the screen.
"""

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import TextChoices

from rdv_insertion.pilotage.rdv_filters import RdvState
from rdv_insertion.pilotage.rdv_statistics import Line, Step

# What a screen shows at once; the others are drawn together, and are in the table one by one.
MOST_BARS = 20
_LABEL_WIDTH = 30
_LINE, _BAR, _GAP, _TEXT_TOP = 20, 22, 14, 14
# Columns of the standing chart, in the units of its own box.
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 1100, 320, 46, 24, 30
# The width of a figure, in the same units.
_FIGURE = 8


@dataclass(frozen=True)
class Segment:
    """The part of a bar in one state. Lengths are percentages when lying, units of the box when standing."""

    state: str
    label: str
    count: int
    start: str
    length: str
    middle: str
    # Whether the number fits inside.
    shown: bool


@dataclass(frozen=True)
class Text:
    """A line of text at a height."""

    text: str
    y: int


@dataclass(frozen=True)
class Bar:
    """A lying bar under its label."""

    labels: list[Text]
    total: int
    y: int
    text_y: int
    segments: list[Segment]


@dataclass(frozen=True)
class Column:
    """A standing bar above its label."""

    label: str
    total: int
    x: str
    middle: str
    top: str
    width: str
    segments: list[Segment]
    # Whether there is room for the total above.
    shown: bool = True


@dataclass(frozen=True)
class Tick:
    """A horizontal line of the standing chart."""

    value: int
    y: str


@dataclass(frozen=True)
class Chart:
    """One question: its bars, and the table behind."""

    key: str
    title: str
    note: str
    # Titles of the first column of the table, and of its sheet.
    first_column: str
    lines: Sequence[Line]
    bars: list[Bar]
    height: int
    columns: list[Column] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    # What bars are made of, in order.
    states: type[TextChoices] = RdvState

    @property
    def rows(self) -> list[tuple[str, int, list[int]]]:
        """The table: label, total, and one number a state."""
        return [
            (one.label, one.total, [one.counts.get(state, 0) for state in self.states]) for one in self.lines
        ]

    @property
    def header(self) -> list[str]:
        """The titles of the table."""
        return [self.first_column, "Total", *(str(state.label) for state in self.states)]

    @property
    def description(self) -> str:
        """The chart in a sentence, for who does not see it."""
        named = ", ".join(f"{one.label} : {one.total}" for one in self.lines[:MOST_BARS])
        return f"{self.title} {named}. Le tableau qui suit donne tous les nombres."


def lying(key: str, title: str, first_column: str, lines: Sequence[Line], note: str = "") -> Chart:
    """Bars one under the other."""
    drawn = _drawn(lines)
    bars, height = _bars(drawn, RdvState)
    return Chart(key, title, note, first_column, lines, bars, height)


def standing(
    title: str,
    lines: Sequence[Line],
    step: Step,
    *,
    states: type[TextChoices] = RdvState,
    narrow: Sequence[Line] | None = None,
) -> Chart:
    """The time axis: columns side by side, and lying bars for a narrow screen: the same, or `narrow`."""
    first_column = {Step.DAY: "Jour", Step.WEEK: "Semaine", Step.MONTH: "Mois", Step.YEAR: "Année"}[step]
    bars, height = _bars(lines if narrow is None else narrow, states)
    top = nice_ceiling(max((line.total for line in lines), default=0))
    columns = list(_columns(lines, step, top, states))
    ticks = [Tick(top * part // 4, f"{_y(top * part // 4, top):.1f}") for part in range(5)]
    return Chart("periode", title, "", first_column, lines, bars, height, columns, ticks, states)


def nice_ceiling(most: int) -> int:
    """The smallest of 4, 8, 20, 40, 80, 100, 200… not under `most`: its quarter is a whole number."""
    if most <= 4:
        return 4
    power = int(10 ** (len(str(most)) - 1))
    candidates = (power * factor // 10 for factor in (10, 20, 40, 80, 100, 200))
    return next(one for one in candidates if one >= most and one % 4 == 0)


def _drawn(lines: Sequence[Line]) -> list[Line]:
    """The largest ones; the others as one bar."""
    if len(lines) <= MOST_BARS:
        return list(lines)
    others: dict[str, int] = {}
    for line in lines[MOST_BARS - 1 :]:
        for state, count in line.counts.items():
            others[state] = others.get(state, 0) + count
    kept = list(lines[: MOST_BARS - 1])
    return [*kept, Line(f"Les {len(lines) - len(kept)} autres ensemble", others)]


def _bars(lines: Sequence[Line], states: type[TextChoices]) -> tuple[list[Bar], int]:
    most = max((line.total for line in lines), default=0) or 1
    bars, y = [], 0
    for line in lines:
        wrapped = textwrap.wrap(line.label, _LABEL_WIDTH) or [""]
        labels = [Text(text, y + _TEXT_TOP + number * _LINE) for number, text in enumerate(wrapped)]
        y += len(wrapped) * _LINE
        bars.append(Bar(labels, line.total, y, y + _TEXT_TOP + 2, list(_lying_segments(line, most, states))))
        y += _BAR + _GAP
    return bars, y


def _lying_segments(line: Line, most: int, states: type[TextChoices]) -> Iterator[Segment]:
    start = 0.0
    for state in states:
        if count := line.counts.get(state, 0):
            length = count * 100 / most
            room = length >= 4 + 3 * len(str(count))
            yield Segment(
                state.name.lower(),
                str(state.label),
                count,
                f"{start:.2f}%",
                f"{length:.2f}%",
                f"{start + length / 2:.2f}%",
                room,
            )
            start += length


def _columns(lines: Sequence[Line], step: Step, top: int, states: type[TextChoices]) -> Iterator[Column]:
    room = (_WIDTH - _LEFT) / max(len(lines), 1)
    width = min(room * 0.7, 60)
    # One label in two, in three… when they would touch; figures, all of them or none.
    every = math.ceil(60 / room)
    figures = room >= _FIGURE * len(str(max((line.total for line in lines), default=0)))
    for number, line in enumerate(lines):
        middle = _LEFT + room * (number + 0.5)
        label = _axis_label(line.day, step) if line.day and number % every == 0 else ""
        yield Column(
            label,
            line.total,
            f"{middle - width / 2:.1f}",
            f"{middle:.1f}",
            f"{_y(line.total, top) - 6:.1f}",
            f"{width:.1f}",
            list(_standing_segments(line, top, width if figures else 0, states)),
            shown=figures,
        )


def _standing_segments(line: Line, top: int, width: float, states: type[TextChoices]) -> Iterator[Segment]:
    below = 0
    for state in states:
        if count := line.counts.get(state, 0):
            high, low = _y(below + count, top), _y(below, top)
            # Half the height of a figure under the middle, where text is placed from.
            yield Segment(
                state.name.lower(),
                str(state.label),
                count,
                f"{high:.1f}",
                f"{low - high:.1f}",
                f"{(low + high) / 2 + 5:.1f}",
                low - high >= 18 and width >= _FIGURE * len(str(count)),
            )
            below += count


def _y(count: int, top: int) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * count / top


def _axis_label(day: date, step: Step) -> str:
    if step == Step.YEAR:
        return str(day.year)
    return f"{day:%d/%m}" if step in (Step.DAY, Step.WEEK) else f"{day:%m/%Y}"
