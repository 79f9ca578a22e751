"""Jobs of the queue. Each takes identifiers and calls one service."""

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from rdv_insertion.messaging import services

# Only for a job that could not even begin, the database being away: a refusal by a provider is handled by
# the service, which knows the message.
_WHEN_THE_DATABASE_IS_AWAY = RetryStrategy(max_attempts=100, wait=10, linear_wait=5)


@app.task(name="deliver", queue="sms", retry=_WHEN_THE_DATABASE_IS_AWAY)
def deliver(message_ids: list[int]) -> None:
    """Send these messages; the queue is the channel, so that slow mails never delay SMS."""
    for message_id in message_ids:
        services.send(message_id=message_id, now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="resume_stuck_messages", queue="housekeeping", queueing_lock="resume_stuck_messages")
def resume_stuck_messages(timestamp: int) -> None:
    """Every minute: take over what a dead worker left."""
    services.resume_stuck(now=timezone.now())
