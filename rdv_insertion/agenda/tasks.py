"""Jobs of the agenda."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from rdv_insertion.agenda import services
from rdv_insertion.agenda.announcements import Change
from rdv_insertion.agenda.services import telling, waiting_list

# A database that restarts is away for a minute or two.
_AGAIN = RetryStrategy(max_attempts=20, exponential_wait=2)


@app.periodic(cron="*/5 * * * *")
@app.task(name="remind_of_rdvs", queue="housekeeping", queueing_lock="remind_of_rdvs")
def remind_of_rdvs(timestamp: int) -> None:
    """Every five minutes: the reminders of rdvs that begin in 48 h."""
    services.remind(now=timezone.now())


@app.task(name="tell_of_rdv_change", queue="notifications", retry=_AGAIN)
def tell_of_rdv_change(*, kind: str, former_starts_at: str | None, **change: Any) -> None:
    """Tell everybody concerned by a change of a rdv (see `announcements.announce`)."""
    telling.tell(
        kind=Change(kind),
        former_starts_at=datetime.fromisoformat(former_starts_at) if former_starts_at else None,
        now=timezone.now(),
        **change,
    )


@app.periodic(cron="*/5 * * * *")
@app.task(name="offer_earlier_slots", queue="housekeeping", queueing_lock="offer_earlier_slots")
def offer_earlier_slots(timestamp: int) -> None:
    """Every five minutes: what became free earlier, to those of the waiting list."""
    waiting_list.offer_earlier_slots(now=timezone.now())
