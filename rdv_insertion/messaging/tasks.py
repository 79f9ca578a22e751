"""Jobs of the queue. Each takes identifiers and calls one service."""

from django.utils import timezone
from procrastinate.contrib.django import app

from rdv_insertion.messaging import services


@app.task(name="deliver", queue="sms")
def deliver(message_id: int) -> None:
    """Send one message; its queue is its channel, so that slow mails never delay SMS."""
    services.send(message_id=message_id, now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="resume_stuck_messages", queue="housekeeping", queueing_lock="resume_stuck_messages")
def resume_stuck_messages(timestamp: int) -> None:
    """Every minute: take over what a dead worker left."""
    services.resume_stuck(now=timezone.now())
