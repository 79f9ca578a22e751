"""Timing, counting and printing, the same for every figure."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, the value, the goal of quality.md when it has one.

    `compared` says what it amounts to: a ratio to a floor measured in the same run, a rate, queries.
    """

    name: str
    value: float
    unit: str = "ms"
    goal: float | None = None
    compared: str = ""
    higher_is_better: bool = False

    @property
    def verdict(self) -> str:
        """`ok`, or how many times too slow."""
        if self.goal is None:
            return ""
        missed = self.goal / self.value if self.higher_is_better else self.value / self.goal
        return "ok" if missed <= 1 else f"x {missed:.1f}"


@dataclass
class Stopwatch:
    """How long a block took, in milliseconds."""

    milliseconds: float = field(default=0.0)


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Time the block."""
    watch, began = Stopwatch(), time.perf_counter()
    yield watch
    watch.milliseconds = (time.perf_counter() - began) * 1000


def repeated(call: Callable[[], object], *, times: int = 15) -> list[float]:
    """The milliseconds of each of several calls, after one that warms the caches as a running server is."""
    call()
    durations = []
    for _ in range(times):
        with stopwatch() as watch:
            call()
        durations.append(watch.milliseconds)
    return durations


def median(durations: Sequence[float]) -> float:
    """Half are faster."""
    return statistics.median(durations)


def p95(durations: Sequence[float]) -> float:
    """95 in 100 are faster."""
    return sorted(durations)[math.ceil(len(durations) * 0.95) - 1]


def queries(call: Callable[[], object]) -> int:
    """How many statements a call sends to the database."""
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


def rows_read(call: Callable[[], object]) -> int:
    """How many rows the database gives a call."""
    counts: list[int] = []

    def count(execute: Callable[..., object], sql: str, params: object, many: bool, context: dict) -> object:
        result = execute(sql, params, many, context)
        counts.append(max(context["cursor"].rowcount, 0))
        return result

    with connection.execute_wrapper(count):
        call()
    return sum(counts)


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns."""
    rows = [("figure", "value", "goal", "", "compared")]
    rows += [
        (
            figure.name,
            f"{figure.value:,.0f} {figure.unit}"
            if figure.value >= 10
            else f"{figure.value:.1f} {figure.unit}",
            f"{'≥' if figure.higher_is_better else '≤'} {figure.goal:,.0f}" if figure.goal else "",
            figure.verdict,
            figure.compared,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
