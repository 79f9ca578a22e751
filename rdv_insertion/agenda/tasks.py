"""Jobs of the agenda."""

from django.utils import timezone
from procrastinate.contrib.django import app

from rdv_insertion.agenda import services


@app.periodic(cron="*/5 * * * *")
@app.task(name="remind_of_rdvs", queue="housekeeping", queueing_lock="remind_of_rdvs")
def remind_of_rdvs(timestamp: int) -> None:
    """Every five minutes: the reminders of rdvs that begin in 48 h."""
    services.remind(now=timezone.now())
