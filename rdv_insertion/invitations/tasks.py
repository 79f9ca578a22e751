"""Jobs of invitations. A job that is given back after a crash goes on where the first one stopped."""

from collections.abc import Sequence

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from rdv_insertion.invitations.services import blocked, outdated, reminders, runs
from rdv_insertion.territory import addresses
from rdv_insertion.usagers.models import Usager

# A database that restarts is away for a minute or two; after that, the page offers to go on.
_AGAIN = RetryStrategy(max_attempts=6, exponential_wait=4)


@app.task(name="locate_invited", queue="addresses")
def locate_invited(usager_ids: Sequence[int]) -> None:
    """Ask the national base where these people live, so that their page never waits for it."""
    for usager in Usager.objects.filter(pk__in=usager_ids).select_related("department").order_by("pk"):
        addresses.locate(usager.address, usager.department, now=timezone.now())


@app.task(name="invite_run", queue="imports", retry=_AGAIN)
def invite_run(run_id: int) -> None:
    """Invite the people of a run who are still to invite."""
    runs.advance(run_id=run_id, now=timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(name="remind_of_invitations", queue="housekeeping", queueing_lock="remind_of_invitations")
def remind_of_invitations(timestamp: int) -> None:
    """Every ten minutes: the reminders of day 3, where it is 11:00 or later."""
    reminders.remind(now=timezone.now())


# Just before the hour too: SMS of the night leave at 8:00, on any clock.
@app.periodic(cron="4-59/5 * * * *")
@app.task(name="withdraw_outdated", queue="housekeeping", queueing_lock="withdraw_outdated")
def withdraw_outdated(timestamp: int) -> None:
    """Every five minutes: what waits and serves nobody any more does not leave."""
    outdated.withdraw_outdated(now=timezone.now())


@app.periodic(cron="0 * * * *")
@app.task(name="alert_of_blocked_people", queue="housekeeping", queueing_lock="alert_of_blocked_people")
def alert_of_blocked_people(timestamp: int) -> None:
    """Every hour: the mails of the night, where it is 01:00."""
    blocked.alert(now=timezone.now())


@app.periodic(cron="37 3 * * *")
@app.task(name="forget_old_runs", queue="housekeeping", queueing_lock="forget_old_runs")
def forget_old_runs(timestamp: int) -> None:
    """Every night: forget the runs of invitations that nobody launched."""
    runs.forget_old_preparations(now=timezone.now())
