"""Proof of what a person was sent about a rdv: each message, when it left, what its provider answered.

The page and the PDF say the same, from the same lines.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db.models import Q

from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.presentation import place_lines, title_of
from rdv_insertion.exchanges.enums import Outcome
from rdv_insertion.exchanges.models import Receipt
from rdv_insertion.exchanges.receipts.readers import Unreadable, documents_of, event_of
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.kernel import dates, phone
from rdv_insertion.kernel.languages import IN_FRENCH
from rdv_insertion.messaging.channels.letter.render import letter_fonts, printable, typeset
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.outcomes import sentence_of

_SOURCE = Path(__file__).with_name("evidence.typ")

Fact = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One message: what is said of it, the provider's answers in order, its subject and its text."""

    title: str
    status: str
    facts: Sequence[Fact]
    answers: Sequence[str] = ()
    subject: str = ""
    text: str
    # The same in French, when it is in another language.
    french: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Who was summoned to what and by whom, and all that they were sent about it, oldest first."""

    participation: Participation
    established_at: datetime
    title: str
    person: str
    facts: Sequence[Fact]
    sent: Sequence[Sent] = field(default_factory=tuple)


def messages_about(participation: Participation) -> Sequence[Message]:
    """All that the person was sent about this rdv, oldest first. One query."""
    # Before the subject of messages had a column, it was in their key alone.
    of_before = Q(about="", unique_key__contains=f":participation-{participation.pk}-")
    about = Q(about=f"participation-{participation.pk}") | of_before
    known = Message.objects.filter(about, usager=participation.usager_id)
    return list(known.order_by("created_at", "pk"))


def evidence_of(participation: Participation, *, now: datetime) -> Evidence:
    """The proof as it stands at `now`. Three queries.

    The participation comes `with_details` and with the agent who set it.
    """
    messages = messages_about(participation)
    answers = _answers(messages, participation.rdv.time_zone)
    return Evidence(
        participation=participation,
        established_at=now,
        title="Preuve d'envoi de la convocation" if participation.convocable else "Preuve d'envoi",
        person=participation.usager.polite_name,
        facts=_facts(participation, now),
        sent=[_sent(message, answers[message.pk], participation.rdv.time_zone) for message in messages],
    )


def evidence_pdf(evidence: Evidence) -> bytes:
    """The same as accessible PDF (PDF/UA-1)."""
    rdv = evidence.participation.rdv
    return typeset(
        _SOURCE,
        printable(
            {
                "fonts": letter_fonts(),
                "title": f"{evidence.title} : {evidence.person}",
                "author": rdv.organisation.name,
                "heading": evidence.title,
                "established": f"Établie le {dates.long_moment(evidence.established_at, rdv.time_zone)}.",
                "facts": [list(fact) for fact in evidence.facts],
                "sent": [_drawn(sent) for sent in evidence.sent],
            }
        ),
    )


def _drawn(sent: Sent) -> dict[str, object]:
    return {
        "title": sent.title,
        "facts": [list(fact) for fact in sent.facts],
        "answers": list(sent.answers),
        "subject": sent.subject,
        "language": sent.language,
        "text": sent.text.splitlines(),
        "french": sent.french.splitlines(),
    }


def _facts(participation: Participation, now: datetime) -> list[Fact]:
    rdv, usager = participation.rdv, participation.usager
    zone = rdv.time_zone
    born = [("Date de naissance", dates.long_date(usager.birth_date))] if usager.birth_date else []
    number = [("Numéro CAF ou MSA", usager.affiliation_number)] if usager.affiliation_number else []
    convened = "Convocation décidée par" if participation.convocable else "Rendez-vous pris par"
    return [
        ("Personne", usager.polite_name),
        *born,
        *number,
        ("Organisation", rdv.organisation.name),
        ("Rendez-vous", title_of(rdv)),
        ("Date", dates.long_moment(rdv.starts_at, zone)),
        ("Lieu", ", ".join(line for line in place_lines(rdv) if line)),
        (convened, f"{_author(participation)}, le {dates.long_moment(participation.created_at, zone)}"),
        ("Statut", _status(participation, now)),
    ]


def _status(participation: Participation, now: datetime) -> str:
    if participation.status != ParticipationStatus.UNKNOWN:
        return str(participation.get_status_display())
    return "à venir" if participation.rdv.starts_at > now else "présence à renseigner"


def _author(participation: Participation) -> str:
    agent = participation.created_by_agent
    if agent is None:
        return participation.get_created_by_display().lower()
    return str(agent)


def _sent(message: Message, answers: Sequence[str], zone: ZoneInfo) -> Sent:
    translated = message.french_text and message.french_text != message.text
    return Sent(
        title=f"{message.get_purpose_display()}, par {Channel(message.channel).noun}",
        status=message.status,
        facts=[(label, value) for label, value in _facts_of(message, zone) if value],
        answers=answers,
        subject=message.subject,
        text=message.text,
        french=message.french_text if translated else "",
        language=IN_FRENCH.get(message.language, "") if translated else "",
    )


def _facts_of(message: Message, zone: ZoneInfo) -> Iterable[Fact]:
    def said(moment: datetime | None) -> str:
        return dates.long_moment(moment, zone) if moment else ""

    by_sms = message.channel == Channel.SMS
    yield "Destinataire", phone.display(message.recipient) if by_sms else message.recipient
    yield "Expéditeur", message.sender
    yield "Écrit le", said(message.created_at)
    if message.channel == Channel.LETTER:
        yield "Imprimé le", said(message.settled_at if message.status == MessageStatus.PRINTED else None)
    else:
        yield "Remis au prestataire le", said(message.sent_at)
        yield "Prestataire", message.get_provider_display() if message.provider else ""
        yield "Référence du prestataire", message.provider_reference
    if message.status == MessageStatus.DELIVERED:
        yield "Reçu le", said(message.settled_at)
    yield "État", sentence_of(message)


def _answers(messages: Sequence[Message], zone: ZoneInfo) -> dict[int, list[str]]:
    """What providers said of each message, by its id, in the order in which they said it. One query."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    receipts = Receipt.objects.filter(message_id__in=[message.pk for message in messages])
    for receipt in receipts.exclude(outcome=Outcome.UNREADABLE).order_by("received_at", "pk"):
        if said := _said(receipt, zone):
            found[receipt.message_id or 0].append(said)
    return found


def _said(receipt: Receipt, zone: ZoneInfo) -> str:
    """`Reçu, le mardi 3 mars 2026 à 9 h 30`; empty for what is only on its way."""
    try:
        event = event_of(receipt.source, documents_of(receipt.body)[0])
    except Unreadable:
        return ""
    if event.meaning is None:
        return ""
    words = str(MessageStatus(event.meaning.status).label)
    if event.meaning.reason:
        words = f"{words} : {event.meaning.reason.sentence.rstrip('.')}"
    return f"{words}, le {dates.long_moment(event.at or receipt.received_at, zone)}"
