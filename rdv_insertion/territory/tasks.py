"""Jobs of the territory."""

from django.utils import timezone
from procrastinate.contrib.django import app

from rdv_insertion.territory.addresses import memory


@app.periodic(cron="43 3 * * *")
@app.task(name="forget_old_addresses", queue="housekeeping", queueing_lock="forget_old_addresses")
def forget_old_addresses(timestamp: int) -> None:
    """Every night: forget what the national address base answered too long ago."""
    memory.forget_old(now=timezone.now())
