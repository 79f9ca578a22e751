"""Receive first, understand later: what comes in is written with its job in one transaction, and answered."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
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
    receipt.message_id = _message_of(event, receipt)
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
    lost: list[JSONDict] = [
        {"inbound_mail_id": inbound.pk, "place": place}
        for place, result in enumerate(results)
        if result.to_support
    ]
    jobs.defer("give_mail_to_support", *lost, queue=QUEUE)
    inbound.message_id = next((result.message_id for result in results if result.message_id), None)
    _finish(inbound, Outcome.APPLIED if any(one.forwarded for one in results) else Outcome.IGNORED, now)


def give_to_support(*, inbound_mail_id: int, place: int) -> None:
    """Write to the support about one mail of a call, the `place`-th; about nothing that was erased meanwhile.

    Raises what the mail server raises: the job starts again.
    """
    inbound = InboundMail.objects.filter(pk=inbound_mail_id).first()
    if inbound is not None:
        forwarding.write_to_support(mails_of(inbound.body)[place])


@transaction.atomic
def erase_old(*, now: datetime) -> int:
    """Forget what was received more than 90 days ago, or about people deleted since, and the mails that
    forwarded their words.

    What became of each message stays on the message, which goes with its person: what names a message that
    is no more is what they leave here, however they were deleted. Returns how many rows are erased.
    """
    since = now - KEPT_FOR
    gone = Q(message_id__isnull=False) & ~Exists(Message.objects.filter(pk=OuterRef("message_id")))
    erased = [
        Receipt.objects.filter(Q(received_at__lt=since) | gone).delete(),
        InboundMail.objects.filter(Q(received_at__lt=since) | gone).delete(),
        _replies().filter(Q(created_at__lt=since) | Q(pk__in=_replies_of_the_gone())).delete(),
    ]
    return sum(count for count, _ in erased)


def _replies() -> QuerySet[Message]:
    return Message.objects.filter(purpose=Purpose.REPLY).order_by()


def _replies_of_the_gone() -> list[int]:
    answered = {pk: forwarding.answered(about) for pk, about in _replies().values_list("pk", "about")}
    known = set(Message.objects.filter(pk__in=set(answered.values())).values_list("pk", flat=True))
    return [pk for pk, message_id in answered.items() if message_id and message_id not in known]


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


def _message_of(event: Event, receipt: Receipt) -> int | None:
    """The message that a receipt is about, when there is one: the id of none is not kept (`erase_old`)."""
    named = event.message_id or receipt.message_id
    if named is None:
        return _message_by_reference(event)
    return Message.objects.filter(pk=named).values_list("pk", flat=True).first()


def _message_by_reference(event: Event) -> int | None:
    """The message to which the provider gave this reference."""
    if not event.provider or not event.reference:
        return None
    known = Message.objects.filter(provider_reference=event.reference, provider=event.provider)
    return known.order_by("-id").values_list("pk", flat=True).first()
