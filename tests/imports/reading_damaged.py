"""Reading damaged files, and what becomes of them. Run as a script, it says so of each family:

    python -m tests.imports.reading_damaged 2000

Anything else than tables or a French sentence, in a bounded time and memory, and it fails.
"""

import os
import resource
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from multiprocessing import get_context

from rdv_insertion.imports.read import UnreadableFile, read_file
from tests.imports.damaged import DamagedFile, damaged_files

# What one file may cost: the process that reads workbooks allows itself 1 GB, apart, and 15 s.
MAX_SECONDS = 32.0
MAX_MEMORY_MB = 400.0
_SELF, _CHILDREN = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN


@dataclass
class Outcome:
    """What became of the files of a family."""

    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    sentences: set[str] = field(default_factory=set)

    def add(self, result: "Result") -> None:
        """Count one more."""
        self.slowest = max(self.slowest, result.seconds)
        if result.sentence:
            self.refused += 1
            self.sentences.add(result.sentence)
        else:
            self.read += not result.failure


def outcome_of(damaged: DamagedFile) -> str:
    """The sentence that refuses a file, or nothing when it gives tables; AssertionError for anything else."""
    try:
        reading = read_file(BytesIO(damaged.content), size=len(damaged.content))
    except UnreadableFile as refusal:
        sentence = str(refusal)
        is_sentence = sentence[:1].isupper() and sentence.endswith(".") and 20 < len(sentence) < 400
        assert is_sentence and not any(word in sentence for word in ("Error", "error", "None")), sentence
        return sentence
    assert reading.tables
    for table in reading.tables:
        assert {len(row) for row in table.rows} == {len(table.rows[0])}
        cells = {cell for row in table.rows for cell in row}
        assert all(type(cell) is str and cell == cell.strip() and "\x00" not in cell for cell in cells)
    return ""


@dataclass(frozen=True)
class Result:
    """What became of one file, in the process that read it; memory is the highest so far, in MB."""

    failure: str
    sentence: str
    seconds: float
    memory: float
    memory_apart: float


def result_of(damaged: DamagedFile) -> Result:
    """Read one file and measure; whatever happens is told."""
    failure, sentence = "", ""
    began = time.perf_counter()
    try:
        sentence = outcome_of(damaged)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        failure = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - began
    if seconds > MAX_SECONDS:
        failure = f"{seconds:.0f} s"
    own, apart = (resource.getrusage(who).ru_maxrss / 1024 for who in (_SELF, _CHILDREN))
    return Result(failure, sentence, seconds, own, apart)


def main(count: int) -> int:
    """Read so many, print what became of them; 1 when one of them did anything else than it may."""
    outcomes: dict[str, Outcome] = defaultdict(Outcome)
    failures = []
    own, apart = 0.0, 0.0
    # In processes that only read: their memory is that of reading, and one that dies is seen.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as readers:
        everything = damaged_files(count)
        while some := list(islice(everything, 32)):
            for damaged, result in zip(some, readers.map(result_of, some), strict=True):
                outcomes[damaged.family].add(result)
                own, apart = max(own, result.memory), max(apart, result.memory_apart)
                if result.failure:
                    failures.append(f"{damaged.name} ({damaged.family}): {result.failure}")
    if own > MAX_MEMORY_MB:
        failures.append(f"{own:.0f} MB of memory")
    _print(outcomes, own, apart, failures)
    return 1 if failures else 0


def _print(outcomes: dict[str, Outcome], own: float, apart: float, failures: list[str]) -> None:
    write = sys.stdout.write
    write(f"{'family':<36}{'refused':>8}{'read':>6}{'slowest':>10}  sentences\n")
    for family, outcome in outcomes.items():
        sentences = len(outcome.sentences)
        write(f"{family:<36}{outcome.refused:>8}{outcome.read:>6}{outcome.slowest:>8.2f} s{sentences:>11}\n")
    refused, read = (sum(getattr(one, kind) for one in outcomes.values()) for kind in ("refused", "read"))
    write(f"\n{refused} refused with a sentence, {read} read, {len(failures)} failed\n")
    write(f"peak memory: {own:.0f} MB where files are read, {apart:.0f} MB in the process of workbooks\n")
    for failure in failures:
        write(f"FAILED {failure}\n")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000))
