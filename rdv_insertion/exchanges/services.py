"""Receive first, understand later: what comes in is written with its job in one transaction, and answered."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from django.db import transaction
from procrastinate.types import JSONDict

from rdv_insertion.exchanges.enums import Outcome
from rdv_insertion.exchanges.inbound import forwarding
from rdv_insertion.exchanges.inbound.mails import mails_of
from rdv_insertion.exchanges.models import InboundMail, Receipt
from rdv_insertion.exchanges.receipts.events import Event
from rdv_insertion.exchanges.receipts.readers import Unreadable, documents_of, event_of
from rdv_insertion.kernel import jobs
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message

logger = structlog.get_logger(__name__)

QUEUE = "exchanges"
# Long enough to look into a complaint, short enough for what holds addresses and words of people.
KEPT_FOR = timedelta(days=90)


@transaction.atomic
def receive_receipt(*, source: str, body: bytes, message_id: int | None, now: datetime) -> None:
    """Keep what a provider posted about messages, and have it understood by a job.

    `message_id` is the message that the address called was made for, if any.
    """
    receipt = Receipt.objects.create(source=source, body=_text(body), message_id=message_id, received_at=now)
    jobs.defer("process_receipt", {"receipt_id": receipt.pk}, queue=QUEUE)


@transaction.atomic
def receive_mail(*, body: bytes, now: datetime) -> None:
    """Keep a mail that somebody answered, as the provider posted it, and have it forwarded by a job."""
    mail = InboundMail.objects.create(body=_text(body), received_at=now)
    jobs.defer("process_inbound_mail", {"inbound_mail_id": mail.pk}, queue=QUEUE)


@transaction.atomic
def process_receipt(*, receipt_id: int, now: datetime) -> None:
    """Apply one receipt, once. Several events posted together become as many receipts, each with its job."""
    receipt = _waiting(Receipt, receipt_id)
    if receipt is None:
        return
    try:
        documents = documents_of(receipt.body)
        if len(documents) > 1:
            _split(receipt, documents)
            return
        event = event_of(receipt.source, documents[0])
    except Unreadable:
        logger.warning("receipt_unreadable", receipt_id=receipt.pk, source=receipt.source)
        _finish(receipt, Outcome.UNREADABLE, now)
        return
    receipt.message_id = event.message_id or receipt.message_id or _message_by_reference(event)
    _finish(receipt, Outcome.APPLIED if _apply(receipt, event, now) else Outcome.IGNORED, now)


@transaction.atomic
def process_inbound_mail(*, inbound_mail_id: int, now: datetime) -> None:
    """Forward what one call holds, once: nearly always one mail. What is forged or automatic is ignored."""
    inbound = _waiting(InboundMail, inbound_mail_id)
    if inbound is None:
        return
    try:
        mails = mails_of(inbound.body)
    except Unreadable:
        logger.warning("inbound_mail_unreadable", inbound_mail_id=inbound.pk)
        _finish(inbound, Outcome.UNREADABLE, now)
        return
    results = [forwarding.forward(mail, now=now) for mail in mails]
    for result in results:
        logger.info("inbound_mail", inbound_mail_id=inbound.pk, result=result.what)
    inbound.message_id = next((result.message_id for result in results if result.message_id), None)
    _finish(inbound, Outcome.APPLIED if any(one.forwarded for one in results) else Outcome.IGNORED, now)


@transaction.atomic
def erase_old(*, now: datetime) -> int:
    """Forget what was received more than 90 days ago, and the mails that forwarded people's words.

    What became of each message stays on the message. Returns how many rows are erased.
    """
    since = now - KEPT_FOR
    erased = [
        Receipt.objects.filter(received_at__lt=since).delete(),
        InboundMail.objects.filter(received_at__lt=since).delete(),
        Message.objects.filter(purpose=Purpose.REPLY, created_at__lt=since).delete(),
    ]
    return sum(count for count, _ in erased)


def _text(body: bytes) -> str:
    """Bytes as PostgreSQL can keep them; what is not UTF-8 shows as such."""
    return body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _waiting(model: Any, key: int) -> Any:
    """The row, locked, when nobody has processed it."""
    return model.objects.select_for_update().filter(pk=key, outcome=Outcome.WAITING).first()


def _finish(received: Receipt | InboundMail, outcome: Outcome, now: datetime) -> None:
    received.outcome, received.processed_at = outcome, now
    received.save(update_fields=["outcome", "processed_at", "message_id"])


def _split(receipt: Receipt, documents: list[Any]) -> None:
    parts = Receipt.objects.bulk_create(
        Receipt(
            source=receipt.source,
            body=orjson.dumps(document).decode(),
            message_id=receipt.message_id,
            received_at=receipt.received_at,
        )
        for document in documents
    )
    planned: list[JSONDict] = [{"receipt_id": part.pk} for part in parts]
    jobs.defer("process_receipt", *planned, queue=QUEUE)
    receipt.delete()


def _apply(receipt: Receipt, event: Event, now: datetime) -> bool:
    if receipt.message_id is None or event.meaning is None:
        return False
    reason = event.meaning.reason
    return messaging.record_outcome(
        message_id=receipt.message_id,
        status=event.meaning.status,
        code=event.meaning.code,
        at=event.at or receipt.received_at,
        now=now,
        sentence=reason.sentence if reason else "",
        refuses_contact=event.meaning.refuses_contact,
    )


def _message_by_reference(event: Event) -> int | None:
    """The message to which the provider gave this reference."""
    if not event.provider or not event.reference:
        return None
    known = Message.objects.filter(provider_reference=event.reference, provider=event.provider)
    return known.order_by("-id").values_list("pk", flat=True).first()
