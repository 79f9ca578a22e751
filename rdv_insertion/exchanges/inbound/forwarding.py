"""Giving the answer of a person to those who must read it.

An answer goes to the agents of the rdv that the mail was about, else to the organisation that sent it, as a
mail that they answer directly. Files are named, never forwarded: nobody has looked into them.

What is never forwarded: what a machine answered by itself (absences, failures of delivery: two machines that
answer each other never stop), and the answers of agendas to events (`METHOD:REPLY`, when an agent accepts or
declines): nothing is to be done with them, since the agenda of the service decides.
"""

import re
from collections.abc import Collection, Mapping, Sequence
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
from rdv_insertion.exchanges.inbound.mails import LONGEST_ADDRESS, Mail
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
_REPLY = re.compile(r"reply-(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Result:
    """What came of a mail: `what` is a word for the logs, `forwarded` whether somebody gets it.

    `to_support`: the support is still to be written to, once this is committed (`write_to_support`).
    """

    what: str
    message_id: int | None = None
    forwarded: bool = False
    to_support: bool = False


def forward(mail: Mail, *, now: datetime) -> Result:
    """Give `mail` to those who must read it. The same mail given twice is forwarded once."""
    message_id = next((found for one in mail.recipients if (found := message_id_of(one))), None)
    if why := _why_ignored(mail):
        return Result(why, message_id)
    message = _message(message_id)
    if message is None or message.usager is None:
        return _for_support(mail, now)
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
            about=about_answers_to(message.pk),
            period=mail.key,
            content=content,
            reply_to=_where_to_answer(mail),
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


def about_answers_to(message_id: int) -> str:
    """What the mails that forward the answers to this message are about."""
    return f"reply-{message_id}"


def answered(about: str) -> int | None:
    """Which message `about_answers_to` names; None when it is something else."""
    named = _REPLY.fullmatch(about)
    return int(named[1]) if named else None


def forwarded_answers(message_ids: Collection[int]) -> Mapping[int, list[Message]]:
    """The mails that forwarded the answers to these messages, by the id of the message, oldest first.

    With the agent or the organisation that got each. One query.
    """
    found: dict[int, list[Message]] = {}
    abouts = {about_answers_to(one): one for one in message_ids}
    replies = Message.objects.filter(purpose=Purpose.REPLY, about__in=abouts).order_by("created_at", "pk")
    for reply in replies.select_related("agent", "organisation"):
        found.setdefault(abouts[reply.about], []).append(reply)
    return found


def _where_to_answer(mail: Mail) -> str:
    """Where an agent's answer goes: where the mail asks, unless that is back to us.

    In ASCII, as mail servers take it; empty when there is no such address.
    """
    address = mail.sender if message_id_of(mail.reply_to) is not None else mail.reply_to
    local, _, domain = address.rpartition("@")
    try:
        written = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return ""
    return written if local.isascii() and len(written) <= LONGEST_ADDRESS else ""


def _context(message: Message, usager: Usager, mail: Mail) -> dict[str, Any]:
    moment = message.sent_at or message.created_at
    answer_to, known = _where_to_answer(mail), (usager.email or "").lower()
    return {
        "person": short_name(usager),
        "answered": message.get_purpose_display(),
        "answered_at": dates.long_moment(moment, message.organisation.time_zone),
        "language": IN_FRENCH[message.language] if message.language != Language.FR else "",
        "subject": mail.subject,
        "paragraphs": [part.splitlines() for part in re.split(r"\n{2,}", mail.text) if part.strip()],
        "files": mail.files,
        "answer_to": answer_to,
        # Whoever forges the sender may have the answer sent elsewhere: both must be the person's.
        "unknown_address": next(
            (one for one in (mail.sender, answer_to) if one and one.lower() != known), ""
        ),
        "link": usager_url(usager),
        "organisation": message.organisation.name,
        "help_phone": "",
    }


def short_name(usager: Usager) -> str:
    """`Marina F.`: enough for who knows the person, in a mail that may be read over a shoulder."""
    return f"{usager.first_name} {usager.last_name[:1]}."


def _for_support(mail: Mail, now: datetime) -> Result:
    """What names none of our messages, or a forged one: for the support when there is one, once."""
    if not settings.SUPPORT_EMAIL:
        return Result("unknown")
    try:
        throttle.attempt(_TO_SUPPORT_ONCE, mail.key, now=now)
        throttle.attempt(_TO_SUPPORT_A_DAY, "", now=now)
    except throttle.TooManyAttempts:
        return Result("unknown_again")
    return Result("given_to_support", forwarded=True, to_support=True)


def write_to_support(mail: Mail) -> None:
    """Send `mail` to the support at once. Not a `Message`, which belongs to an organisation.

    Raises what the mail server raises. Never inside a transaction: it would wait for that server, and its end
    could undo what has already left.
    """
    files = [f"Pièces jointes, non transmises : {', '.join(mail.files)}"] if mail.files else []
    EmailMessage(
        subject=f"Mail sans destinataire : {mail.subject or 'sans objet'}"[:200],
        body="\n\n".join(
            [f"Ce mail de {mail.sender} ne répond à aucun message du service.", mail.text or "(vide)", *files]
        ),
        to=[settings.SUPPORT_EMAIL],
        reply_to=[one for one in (_where_to_answer(mail),) if one],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
