"""Jobs of imports. A job that is given back after a crash goes on where the first one stopped."""

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from rdv_insertion.imports import run as runner
from rdv_insertion.imports.models import ImportRun

# A database that restarts is away for a minute or two; after that, the page offers to start again.
_AGAIN = RetryStrategy(max_attempts=6, exponential_wait=4)


@app.task(name="write_import", queue="imports", retry=_AGAIN)
def write_import(run_id: int) -> None:
    """Write the chosen rows of an import."""
    runner.write(_run(run_id), now=timezone.now())


@app.task(name="invite_import", queue="imports", retry=_AGAIN)
def invite_import(run_id: int) -> None:
    """Invite the chosen rows of an import."""
    runner.invite(_run(run_id), now=timezone.now())


def _run(run_id: int) -> ImportRun:
    return ImportRun.objects.select_related("organisation__department", "motif_category", "agent").get(
        pk=run_id
    )
