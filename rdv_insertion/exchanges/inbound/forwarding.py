"""Giving the answer of a person to those who must read it.

An answer goes to the agents of the rdv that the mail was about, else to the organisation that sent it, as a
mail that they answer directly. Files are named, never forwarded: nobody has looked into them.

What is never forwarded: what a machine answered by itself (absences, failures of delivery: two machines that
answer each other never stop), and the answers of agendas to events (`METHOD:REPLY`, when an agent accepts or
declines): nothing is to be done with them, since the agenda of the service decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from rdv_insertion.agenda.links import usager_url
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agents.enums import AccessLevel
from rdv_insertion.agents.models import Agent
from rdv_insertion.exchanges.inbound.mails import Mail
from rdv_insertion.kernel import dates, throttle
from rdv_insertion.kernel.languages import IN_FRENCH, Language
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.replies import message_id_of
from rdv_insertion.messaging.texts import FromTemplates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager

# More answers to one mail come from a machine.
ANSWERS_TO_ONE_MESSAGE = throttle.Limit("answers to one message", 20, timedelta(days=1))
_TO_SUPPORT_ONCE = throttle.Limit("mail given to support", 1, timedelta(days=30))
_TO_SUPPORT_A_DAY = throttle.Limit("mails given to support", 100, timedelta(days=1))

_AUTOMATIC_SUBJECT = re.compile(
    r"^\W*(réponse automatique|reponse automatique|automatic reply|auto(matic)?[- ]?reply|autoreply"
    r"|out of (the )?office|absence du bureau|absent du bureau|message d'absence"
    r"|undeliver(ed|able)|delivery (status notification|failure|has failed)|mail delivery|returned mail"
    r"|échec de (la )?remise|non remis|failure notice)",
    re.IGNORECASE,
)
_MACHINES = re.compile(
    r"^(mailer-daemon|postmaster|no-?reply|ne-?pas-?repondre|do-?not-?reply|bounces?)\b", re.IGNORECASE
)
_AUTOMATIC_HEADERS = ("x-autoreply", "x-autorespond", "x-auto-responder", "list-id", "x-failed-recipients")
_PARTICIPATION = re.compile(r"participation-(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Result:
    """What came of a mail: `what` is a word for the logs, `forwarded` whether somebody gets it."""

    what: str
    message_id: int | None = None
    forwarded: bool = False


def forward(mail: Mail, *, now: datetime) -> Result:
    """Give `mail` to those who must read it. The same mail given twice is forwarded once."""
    message_id = next((found for one in mail.recipients if (found := message_id_of(one))), None)
    if why := _why_ignored(mail):
        return Result(why, message_id)
    message = _message(message_id)
    if message is None or message.usager is None:
        return _give_to_support(mail, now)
    try:
        throttle.attempt(ANSWERS_TO_ONE_MESSAGE, str(message.pk), now=now)
    except throttle.TooManyAttempts:
        return Result("too_many_answers", message_id)
    return _tell(message, message.usager, mail, now)


def _why_ignored(mail: Mail) -> str:
    if _is_calendar_answer(mail):
        return "calendar_answer"
    if _is_automatic(mail):
        return "automatic"
    return ""


def _is_calendar_answer(mail: Mail) -> bool:
    types = (mail.headers.get("content-type", "").lower(), *mail.file_types)
    return (
        any("text/calendar" in one and "reply" in one for one in types)
        or ("begin:vcalendar" in mail.text.lower() and "method:reply" in mail.text.lower())
        or any(one == "text/calendar" and not mail.text for one in mail.file_types)
    )


def _is_automatic(mail: Mail) -> bool:
    headers = mail.headers
    sender = mail.sender.lower()
    ours = {parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower(), settings.SUPPORT_EMAIL.lower()} - {""}
    return (
        headers.get("auto-submitted", "no").strip().lower() not in ("", "no")
        or headers.get("precedence", "").strip().lower() in ("bulk", "junk", "list", "auto_reply")
        or headers.get("return-path", "").strip() == "<>"
        or "multipart/report" in headers.get("content-type", "").lower()
        or any(name in headers for name in _AUTOMATIC_HEADERS)
        or not sender
        or bool(_MACHINES.match(sender))
        or sender in ours
        or message_id_of(sender) is not None
        or bool(_AUTOMATIC_SUBJECT.match(mail.subject))
    )


def _message(message_id: int | None) -> Message | None:
    if message_id is None:
        return None
    return Message.objects.filter(pk=message_id).select_related("usager", "organisation__department").first()


def _tell(message: Message, usager: Usager, mail: Mail, now: datetime) -> Result:
    content = FromTemplates(Purpose.REPLY, _context(message, usager, mail))
    drafts = [
        messaging.Draft(
            organisation=message.organisation,
            to=to,
            address=address,
            purpose=Purpose.REPLY,
            channel=Channel.EMAIL,
            about=f"reply-{message.pk}",
            period=mail.key,
            content=content,
            reply_to=mail.reply_to,
        )
        for to, address in _readers(message)
    ]
    messaging.enqueue(drafts=drafts, now=now)
    return Result("forwarded" if drafts else "nobody_to_tell", message.pk, bool(drafts))


def _readers(message: Message) -> Sequence[tuple[Agent | Organisation, str]]:
    """Who reads the answer, with the address when it is not theirs: the agents of the rdv, else the
    organisation, else those who administer it, else the support."""
    if agents := _agents_of_rdv(message):
        return [(agent, "") for agent in agents]
    organisation = message.organisation
    if organisation.email:
        return [(organisation, "")]
    administrators = Agent.objects.filter(
        is_active=True, roles__organisation=organisation, roles__access_level=AccessLevel.ADMIN
    )
    if found := list(administrators.order_by("pk")):
        return [(agent, "") for agent in found]
    return [(organisation, settings.SUPPORT_EMAIL)] if settings.SUPPORT_EMAIL else []


def _agents_of_rdv(message: Message) -> list[Agent]:
    """Those who still work in the organisation of the rdv that the message is about."""
    named = _PARTICIPATION.fullmatch(message.about)
    if not named:
        return []
    participation = Participation.objects.filter(pk=int(named[1]), usager=message.usager_id)
    rdv = participation.values_list("rdv_id", "rdv__organisation_id").first()
    if rdv is None:
        return []
    rdv_id, organisation_id = rdv
    agents = Agent.objects.filter(rdvs=rdv_id, roles__organisation=organisation_id, is_active=True)
    return list(agents.order_by("pk").distinct())


def _context(message: Message, usager: Usager, mail: Mail) -> dict[str, Any]:
    moment = message.sent_at or message.created_at
    return {
        "person": short_name(usager),
        "answered": message.get_purpose_display(),
        "answered_at": dates.long_moment(moment, message.organisation.time_zone),
        "language": IN_FRENCH[message.language] if message.language != Language.FR else "",
        "subject": mail.subject,
        "paragraphs": [part.splitlines() for part in re.split(r"\n{2,}", mail.text) if part.strip()],
        "files": mail.files,
        "sender": mail.reply_to,
        "sender_is_known": mail.sender.lower() == (usager.email or "").lower(),
        "link": usager_url(usager),
        "organisation": message.organisation.name,
        "help_phone": "",
    }


def short_name(usager: Usager) -> str:
    """`Marina F.`: enough for who knows the person, in a mail that may be read over a shoulder."""
    return f"{usager.first_name} {usager.last_name[:1]}."


def _give_to_support(mail: Mail, now: datetime) -> Result:
    """What names none of our messages, or a forged one: to the support when there is one, once.

    Not a `Message`, which belongs to an organisation. A mail server that is away makes the job start again.
    """
    if not settings.SUPPORT_EMAIL:
        return Result("unknown")
    try:
        throttle.attempt(_TO_SUPPORT_ONCE, mail.key, now=now)
        throttle.attempt(_TO_SUPPORT_A_DAY, "", now=now)
    except throttle.TooManyAttempts:
        return Result("unknown_again")
    files = [f"Pièces jointes, non transmises : {', '.join(mail.files)}"] if mail.files else []
    EmailMessage(
        subject=f"Mail sans destinataire : {mail.subject or 'sans objet'}"[:200],
        body="\n\n".join(
            [f"Ce mail de {mail.sender} ne répond à aucun message du service.", mail.text or "(vide)", *files]
        ),
        to=[settings.SUPPORT_EMAIL],
        reply_to=[mail.reply_to],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
    return Result("given_to_support", forwarded=True)
