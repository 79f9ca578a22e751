"""Jobs of imports. A job that is given back after a crash goes on where the first one stopped."""

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from rdv_insertion.imports import folders, retention, services
from rdv_insertion.imports import run as runner
from rdv_insertion.imports.models import ImportRun

# A database that restarts is away for a minute or two; after that, the page offers to start again.
_AGAIN = RetryStrategy(max_attempts=6, exponential_wait=4)


@app.task(name="check_import", queue="imports", retry=_AGAIN)
def check_import(run_id: int) -> None:
    """Build the preview of a large import."""
    services.check(run=_run(run_id), now=timezone.now())


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


@app.periodic(cron="* * * * *")
@app.task(name="watch_import_folders", queue="imports", queueing_lock="watch_import_folders")
def watch_import_folders(timestamp: int) -> None:
    """Every minute: see which files were dropped."""
    folders.watch(now=timezone.now())


@app.task(name="import_folder", queue="imports", retry=_AGAIN)
def import_folder(folder_id: int, seen: dict[str, list[int]]) -> None:
    """Import what was dropped in one folder, if it is still as it was seen."""
    folders.import_arrived(folder_id=folder_id, seen=seen, clock=timezone.now)


@app.periodic(cron="11 4 * * *")
@app.task(name="erase_expired_imports", queue="housekeeping", queueing_lock="erase_expired_imports")
def erase_expired_imports(timestamp: int) -> None:
    """Every night: erase the rows of the imports that were kept long enough."""
    retention.erase_expired(now=timezone.now())


@app.periodic(cron="21 4 * * *")
@app.task(name="erase_put_away_files", queue="housekeeping", queueing_lock="erase_put_away_files")
def erase_put_away_files(timestamp: int) -> None:
    """Every night: erase the dropped files that were put away long enough ago."""
    folders.erase_put_away(now=timezone.now())
