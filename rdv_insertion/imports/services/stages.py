"""Where a run is, and going on: one at a time, whoever asks."""

from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.kernel import jobs

# Steps at which an agent may still say who is who, and have it written.
DECIDABLE = (Stage.PREVIEW, Stage.WRITTEN, Stage.DONE)
_JOBS = {Stage.CHECKING: "check_import", Stage.WRITING: "write_import", Stage.INVITING: "invite_import"}


class WrongStage(Exception):
    """The run is elsewhere: somebody else went on with it, or the page is an old one."""


@transaction.atomic
def start_again(*, run: ImportRun) -> None:
    """Give the present work back to the worker after it gave up. Raises WrongStage when it did not."""
    lock(run, *_JOBS)
    if has_job(run):
        raise WrongStage
    defer(run)


def has_job(run: ImportRun) -> bool:
    """Whether the worker has the present work of this run in hand, or still has to take it."""
    known = ProcrastinateJob.objects.filter(task_name=_JOBS.get(Stage(run.stage), ""), args__run_id=run.pk)
    return known.filter(status__in=("todo", "doing")).exists()


def defer(run: ImportRun) -> None:
    """Give the work of the present stage to the worker."""
    # The lock keeps two workers from the same run.
    jobs.defer(_JOBS[Stage(run.stage)], {"run_id": run.pk}, queue="imports", lock=f"import-{run.pk}")


def lock(run: ImportRun, *expected: str) -> None:
    """Hold the run until the end of the transaction. Raises WrongStage when it is not where expected."""
    stage = ImportRun.objects.select_for_update().values_list("stage", flat=True).get(pk=run.pk)
    if stage not in expected:
        raise WrongStage
    run.stage = stage


def advance(run: ImportRun, stage: str, *expected: str, now: datetime) -> None:
    """Go from one of the expected stages to another. Raises WrongStage."""
    lock(run, *expected)
    run.stage, run.stage_began_at = stage, now
    run.save(update_fields=["stage", "stage_began_at"])
