"""A worker killed at random moments of an import: finishing gives what an unbroken run gives.

`python -m benchmarks import_kills`: 20 kills in 10 000 rows; tests/imports/test_kills.py does it small.
"""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from asgiref.sync import async_to_sync
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from benchmarks import population
from benchmarks.imports import workbook
from benchmarks.measure import Figure, stopwatch
from rdv_insertion.imports import run as runner
from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.identity import ATTRIBUTES
from rdv_insertion.usagers.models import Usager

ROWS, KILLS = 10_000, 20
_ROOT = Path(__file__).resolve().parent.parent
_BLOCK_SECONDS = 0.5
_PATIENCE_SECONDS = 120


@dataclass
class Finished:
    """How a broken run ended: how often it was killed, after how many rows each time, what differs."""

    kills: Sequence[int]
    differences: Sequence[str]


def measure() -> list[Figure]:
    """Figures of the whole thing."""
    with stopwatch() as watch:
        finished = broken_and_unbroken(rows=ROWS, kills=KILLS)
    moments = ", ".join(map(str, finished.kills))
    return [
        Figure(
            f"{ROWS:,} rows, worker killed {len(finished.kills)} times: differences",
            len(finished.differences),
            unit="",
            goal=0.5,
            compared="; ".join(finished.differences) or f"killed after {moments} rows",
        ),
        Figure("of which time, with 21 starts of a worker", watch.milliseconds),
    ]


def broken_and_unbroken(*, rows: int, kills: int, seed: int = 1) -> Finished:
    """Import the same list in two departments, one of them by workers that are killed, and compare."""
    content = workbook([*range(rows // 4), *range(rows, rows + rows - rows // 4)])
    unbroken, broken = (_previewed(number, rows, content) for number in ("01", "26"))
    runner.write(unbroken, now=timezone.now())
    moments = _write_and_kill(broken, sorted(random.Random(seed).sample(range(rows), kills)))  # noqa: S311
    return Finished(kills=moments, differences=_differences(unbroken, broken))


def _previewed(number: str, rows: int, content: bytes) -> ImportRun:
    """Half of the rows that are known say something new."""
    now = timezone.now()
    organisation = population.an_organisation(int(number), number)
    configuration = population.a_configuration(organisation)
    known = population.people(organisation, rows // 4, now=now)
    Usager.objects.filter(pk__in=[one.pk for one in known[::2]]).update(email=None)
    run = services.start(
        organisation=organisation,
        motif_category=configuration.motif_category,
        agent=None,
        file=services.File("allocataires.xlsx", content),
        now=now,
    )
    services.set_columns(run=run, columns=run.columns, now=now)
    services.start_writing(run=run, now=now, in_background=number == "26")
    return run


def _write_and_kill(run: ImportRun, thresholds: Sequence[int]) -> list[int]:
    """Have workers write, killing one once it has passed each threshold, somewhere in its next block."""
    moments = []
    for number, threshold in enumerate(thresholds):
        worker = _worker()
        while worker.poll() is None and _written(run) < threshold:
            _wait(worker, 0.02)
        _wait(worker, _BLOCK_SECONDS * (number % 5) / 5)
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)
        if worker.wait(_PATIENCE_SECONDS) == -signal.SIGKILL:
            moments.append(_written(run))
        _recover()
    if _worker().wait(_PATIENCE_SECONDS):
        raise AssertionError("the last worker failed")
    run.refresh_from_db()
    return moments


def _worker() -> "subprocess.Popen[bytes]":
    """A worker of its own process, on the database of this one, that leaves when nothing waits."""
    place = connection.settings_dict
    host = place["OPTIONS"].get("host") or place["HOST"]
    login = (
        f"{quote(place['USER'])}:{quote(place['PASSWORD'])}" if place["PASSWORD"] else quote(place["USER"])
    )
    url = f"postgresql://{login}@/{place['NAME']}?host={host}&port={place['PORT'] or 5432}"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.dev", "DATABASE_URL": url}
    command = [sys.executable, "manage.py", "procrastinate", "worker", "--one-shot", "--queues", "imports"]
    return subprocess.Popen(command, cwd=_ROOT, env=environment, stderr=subprocess.DEVNULL)


def _wait(worker: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        worker.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _recover() -> None:
    """What the housekeeping of the living does in the minute after a death."""
    for job in async_to_sync(app.job_manager.get_stalled_jobs)(seconds_since_heartbeat=0):
        async_to_sync(app.job_manager.retry_job)(job)


def _written(run: ImportRun) -> int:
    return run.rows.filter(written_at__isnull=False).count()


def _differences(one: ImportRun, other: ImportRun) -> list[str]:
    """What tells two runs of one list apart, in words; nothing when they did the same."""
    one.refresh_from_db()
    found = [] if one.stage == other.stage == Stage.WRITTEN else [f"{one.stage} and {other.stage}"]
    for what, of in (("rows", _rows), ("people", _people)):
        some, others = of(one), of(other)
        if some != others:
            count = sum(1 for pair in zip(some, others, strict=False) if pair[0] != pair[1])
            found.append(f"{count + abs(len(some) - len(others))} {what} differ")
    return found


def _rows(run: ImportRun) -> list[object]:
    rows = run.rows.order_by("number").select_related("usager")
    return [
        (
            one.number,
            one.state,
            one.usager.department_internal_id if one.usager else None,
            one.content.as_json(),
        )
        for one in rows.iterator(chunk_size=2_000)
    ]


def _people(run: ImportRun) -> list[object]:
    department: Organisation = run.organisation
    people = Usager.objects.filter(department=department.department_id).order_by("department_internal_id")
    several = people.prefetch_related("memberships", "follow_ups")
    return [
        (
            *(getattr(one, name) for name in ATTRIBUTES),
            len(one.memberships.all()),
            [follow_up.motif_category_id for follow_up in one.follow_ups.all()],
        )
        for one in several
    ]
