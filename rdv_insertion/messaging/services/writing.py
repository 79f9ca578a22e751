"""From "say this to that person" to a row and a job in one transaction."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import bulk, phone
from rdv_insertion.messaging import quiet_hours
from rdv_insertion.messaging.channels.sms.encoding import segments
from rdv_insertion.messaging.drafts import Draft, addresses_of
from rdv_insertion.messaging.enums import NEVER_ARRIVED, Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services import budget
from rdv_insertion.messaging.services.planning import plan

MESSAGES_PER_PERSON_AND_DAY = 10


@transaction.atomic
def enqueue(*, drafts: Sequence[Draft], now: datetime) -> dict[str, Message]:
    """Write the messages and their jobs together; what was already written is not written again.

    Returns the message of each draft by its unique key. A person who already has ten messages in the last
    day gets no more: the message is kept, failed, with the reason.
    """
    wanted = {draft.unique_key: draft for draft in drafts}
    known = {message.unique_key: message for message in Message.objects.filter(unique_key__in=wanted)}
    allowance = _allowance({draft.usager.pk for draft in drafts if draft.usager}, now)
    fresh = [_message(draft, allowance, now) for key, draft in wanted.items() if key not in known]
    bulk.insert(fresh)
    plan([message for message in fresh if message.status == MessageStatus.CREATED], now=now)
    _watch_budgets(fresh, drafts, now)
    return known | {message.unique_key: message for message in fresh}


def _watch_budgets(written: Collection[Message], drafts: Sequence[Draft], now: datetime) -> None:
    """Tell the organisations whose SMS of the month have become many; once each a month."""
    paying = {message.organisation_id for message in written if message.segments}
    organisations = {one.organisation.pk: one.organisation for one in drafts if one.organisation.pk in paying}
    if organisations and (mails := budget.alerts(list(organisations.values()), now)):
        enqueue(drafts=mails, now=now)


def _allowance(usager_ids: Collection[int], now: datetime) -> Counter[int]:
    """How many more messages each person may get today. What failed did not reach them."""
    recent = Message.objects.filter(usager__in=usager_ids, created_at__gt=now - timedelta(days=1))
    recent = recent.exclude(status__in=NEVER_ARRIVED)
    sent = dict(recent.order_by().values_list("usager").annotate(Count("id")))
    return Counter({key: MESSAGES_PER_PERSON_AND_DAY - sent.get(key, 0) for key in usager_ids})


def _message(draft: Draft, allowance: Counter[int], now: datetime) -> Message:
    text = draft.content.render(draft.channel, draft.language)
    recipient, sender = addresses_of(draft)
    message = Message(
        organisation=draft.organisation,
        usager=draft.usager,
        agent=draft.to if isinstance(draft.to, Agent) else None,
        channel=draft.channel,
        purpose=draft.purpose,
        unique_key=draft.unique_key,
        recipient=recipient,
        sender=sender,
        subject=text.subject,
        text=text.text,
        html=text.html,
        language=draft.language,
        french_text=text.french,
        letter=text.letter or None,
        about=draft.about,
        segments=segments(text.text) if draft.channel == Channel.SMS else 0,
        even_at_night=draft.even_at_night,
        calendar=draft.calendar if draft.channel == Channel.EMAIL else "",
        reply_to=draft.reply_to if draft.channel == Channel.EMAIL else "",
        created_at=now,
    )
    if draft.channel == Channel.LETTER:
        message.status = MessageStatus.TO_PRINT
    elif refusal := draft.refusal or _refusal(message, allowance[draft.usager.pk] if draft.usager else 1):
        message.status, message.failure = MessageStatus.PERMANENT_FAILURE, refusal
        return message
    elif draft.channel == Channel.SMS and not draft.even_at_night:
        message.not_before = quiet_hours.leaves_at(now, draft.organisation.time_zone)
    if draft.usager:
        allowance[draft.usager.pk] -= 1
    return message


def _refusal(message: Message, allowance: int) -> str:
    """Why this message must not leave, or an empty string."""
    if message.channel == Channel.SMS and not phone.is_mobile(message.recipient):
        return "Ce numéro n'est pas celui d'un mobile français."
    if not message.recipient:
        return "L'adresse mail n'est pas connue."
    if allowance <= 0:
        return "Cette personne a déjà reçu dix messages aujourd'hui."
    return ""
