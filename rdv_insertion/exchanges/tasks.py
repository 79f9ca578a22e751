"""Jobs of what comes in. Each calls one service; what is wrong with the content never raises."""

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from rdv_insertion.exchanges import services

# The database, or the mail server, was away.
_LATER = RetryStrategy(max_attempts=100, wait=10, linear_wait=5)


@app.task(name="process_receipt", queue=services.QUEUE, retry=_LATER)
def process_receipt(receipt_id: int) -> None:
    """Apply what a provider says became of a message."""
    services.process_receipt(receipt_id=receipt_id, now=timezone.now())


@app.task(name="process_inbound_mail", queue=services.QUEUE, retry=_LATER)
def process_inbound_mail(inbound_mail_id: int) -> None:
    """Forward an answer by mail to those who must read it."""
    services.process_inbound_mail(inbound_mail_id=inbound_mail_id, now=timezone.now())


@app.task(name="give_mail_to_support", queue=services.QUEUE, retry=_LATER)
def give_mail_to_support(inbound_mail_id: int, place: int) -> None:
    """Write to the support about a mail that answers none of ours, outside any transaction."""
    services.give_to_support(inbound_mail_id=inbound_mail_id, place=place)


@app.periodic(cron="43 3 * * *")
@app.task(name="erase_old_exchanges", queue="housekeeping", queueing_lock="erase_old_exchanges")
def erase_old_exchanges(timestamp: int) -> None:
    """Every night: forget what was received three months ago."""
    services.erase_old(now=timezone.now())
