"""Jobs that keep the queue itself in order."""

from contextlib import suppress

from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

_KEEP_FINISHED_JOBS_FOR_HOURS = 24 * 7


@app.periodic(cron="* * * * *")
@app.task(name="retry_stalled_jobs", queue="housekeeping", queueing_lock="retry_stalled_jobs")
async def retry_stalled_jobs(timestamp: int) -> None:
    """Every minute: give back the jobs of workers that died (their heart has stopped) to the living."""
    for job in await app.job_manager.get_stalled_jobs():
        # A worker that was only slow may have ended it meanwhile: the others still wait.
        with suppress(ConnectorException):
            await app.job_manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(name="delete_finished_jobs", queue="housekeeping", queueing_lock="delete_finished_jobs")
async def delete_finished_jobs(timestamp: int) -> None:
    """Every night: forget jobs finished a week ago; what they did is in the tables they wrote."""
    await app.job_manager.delete_old_jobs(nb_hours=_KEEP_FINISHED_JOBS_FOR_HOURS)
