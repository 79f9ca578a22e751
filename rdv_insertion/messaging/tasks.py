"""Jobs of the queue. Each takes identifiers and calls one service."""

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from rdv_insertion.messaging import services
from rdv_insertion.messaging.services import pictures

# Only for a job that could not even begin, the database being away: a refusal by a provider is handled by
# the service, which knows the message.
_WHEN_THE_DATABASE_IS_AWAY = RetryStrategy(max_attempts=100, wait=10, linear_wait=5)


@app.task(name="deliver", queue="sms", retry=_WHEN_THE_DATABASE_IS_AWAY)
def deliver(message_ids: list[int]) -> None:
    """Send these messages; the queue is the channel, so that slow mails never delay SMS."""
    services.send(message_ids=message_ids, now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="resume_stuck_messages", queue="housekeeping", queueing_lock="resume_stuck_messages")
def resume_stuck_messages(timestamp: int) -> None:
    """Every minute: take over what a dead worker left."""
    services.resume_stuck(now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="plan_forgotten_messages", queue="housekeeping", queueing_lock="plan_forgotten_messages")
def plan_forgotten_messages(timestamp: int) -> None:
    """Every minute: a lost job is not a lost message."""
    services.plan_forgotten(now=timezone.now())


@app.periodic(cron="29 3 * * *")
@app.task(name="forget_unused_pictures", queue="housekeeping", queueing_lock="forget_unused_pictures")
def forget_unused_pictures(timestamp: int) -> None:
    """Every night: forget the logos and signatures that were chosen and never saved."""
    pictures.forget_unused_pictures()
