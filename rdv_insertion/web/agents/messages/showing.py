"""A message as agents read it: what, to whom, when, what became of it, what to do."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rdv_insertion.invitations.services.postal import worth_printing
from rdv_insertion.invitations.usefulness import Useless
from rdv_insertion.kernel import phone
from rdv_insertion.kernel.languages import IN_FRENCH, Language, direction
from rdv_insertion.messaging.enums import FAILED, STOPPED, Channel, MessageStatus
from rdv_insertion.messaging.models import ChannelPause, Message
from rdv_insertion.messaging.outcomes import Remedy, action_of, remedy_of, sentence_of
from rdv_insertion.messaging.services.resending import current_contact
from rdv_insertion.messaging.waiting import Reason, reason_of, sentence_of_waiting

_SETTLED = {
    MessageStatus.DELIVERED: "Reçu",
    MessageStatus.PRINTED: "Imprimé",
    MessageStatus.TEMPORARY_FAILURE: "Non distribué",
    MessageStatus.PERMANENT_FAILURE: "Refusé",
    MessageStatus.WITHDRAWN: "Retenu",
}

_WITH_AN_ACTION = (MessageStatus.TO_PRINT, MessageStatus.WITHDRAWN)
_NEVER_PRINTED = "Ce courrier n'a pas été imprimé, et n'est plus utile."


@dataclass(frozen=True)
class Step:
    """Something that happened to a message."""

    label: str
    moment: datetime


@dataclass(frozen=True)
class ShownMessage:
    """One message, with its buttons; an empty `send_again` or `correct` is one that is not there."""

    message: Message
    zone: ZoneInfo
    recipient: str
    steps: list[Step]
    sentence: str
    action: str
    send_again: str
    correct: str
    to_print: bool

    @property
    def failed(self) -> bool:
        """Whether it is to be seen at once."""
        return self.message.status in FAILED

    @property
    def arrived(self) -> bool:
        """Whether its badge says it all."""
        return self.message.status == MessageStatus.DELIVERED

    @property
    def language(self) -> str:
        """In French, the language it is written in; empty for French."""
        return "" if self.message.language == Language.FR else IN_FRENCH[self.message.language]

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return direction(self.message.language)


def shown(messages: Iterable[Message], *, now: datetime) -> list[ShownMessage]:
    """These messages, each with its `useless`, organisation, department and person.

    One query, and one more when some are letters to print.
    """
    listed = list(messages)
    paused = _paused({message.organisation_id for message in listed})
    dropped = _never_printed(listed, now)
    return [
        _shown(
            message,
            paused.get(message.organisation_id, ()),
            now,
            never_printed=message.pk in dropped,
        )
        for message in listed
    ]


def recipient_of(message: Message) -> str:
    """The number as people dictate it, or the address."""
    return phone.display(message.recipient) if message.channel == Channel.SMS else message.recipient


def _paused(organisations: Collection[int]) -> Mapping[int, set[str]]:
    found: dict[int, set[str]] = {}
    for one in ChannelPause.objects.filter(organisation__in=organisations):
        found.setdefault(one.organisation_id, set()).add(one.channel)
    return found


def _never_printed(listed: Collection[Message], now: datetime) -> set[int]:
    """The letters that *Courriers à imprimer* leaves out: nobody needs them any more."""
    to_print = {message.pk for message in listed if message.status == MessageStatus.TO_PRINT}
    if not to_print:
        return set()
    kept = Message.objects.filter(worth_printing(now), pk__in=to_print)
    return to_print - set(kept.values_list("pk", flat=True))


def _shown(message: Message, paused: Collection[str], now: datetime, *, never_printed: bool) -> ShownMessage:
    zone = message.organisation.time_zone
    reason = reason_of(message, paused=paused, now=now)
    useless = Useless(message.useless) if message.useless else None  # type: ignore[attr-defined]
    send_again = "" if useless else _send_again(message)
    return ShownMessage(
        message,
        zone,
        recipient_of(message),
        list(_steps(message)),
        sentence=_NEVER_PRINTED if never_printed else _sentence(message, reason, zone, now),
        action="" if never_printed else _action(message, useless, send_again),
        send_again=send_again,
        correct="" if useless or send_again else _correct(message),
        to_print=message.status == MessageStatus.TO_PRINT and not never_printed,
    )


def _sentence(message: Message, reason: Reason | None, zone: ZoneInfo, now: datetime) -> str:
    if reason is None:
        return sentence_of(message)
    return sentence_of_waiting(message, reason, zone=zone, now=now)


def _action(message: Message, useless: Useless | None, send_again: str) -> str:
    """What to do; nothing is asked for about what nobody needs any more."""
    if message.status not in FAILED:
        return action_of(message) if message.status in _WITH_AN_ACTION else ""
    if useless:
        return str(useless.label)
    if send_again and message.status not in STOPPED:
        return "Le contact de la personne a changé depuis : vous pouvez lui renvoyer ce message."
    return action_of(message)


def _send_again(message: Message) -> str:
    """The words of the button that sends it again, where the person is reached now."""
    if message.status not in FAILED:
        return ""
    contact = current_contact(message)
    if contact and contact != message.recipient:
        return f"Renvoyer à {contact}" if message.channel == Channel.EMAIL else _to_number(contact)
    return "Renvoyer" if message.status in STOPPED else ""


def _to_number(number: str) -> str:
    return f"Renvoyer au {phone.display(number)}"


def _correct(message: Message) -> str:
    """The words of the link to the person's contacts, when these are what is wrong."""
    if message.usager_id is None or message.status not in FAILED:
        return ""
    if message.channel == Channel.LETTER or remedy_of(message) != Remedy.CORRECT_CONTACT:
        return ""
    return "Corriger le numéro" if message.channel == Channel.SMS else "Corriger l'adresse"


def _steps(message: Message) -> Iterable[Step]:
    yield Step("Écrit", message.created_at)
    if message.sent_at:
        yield Step("Remis au prestataire", message.sent_at)
    if message.settled_at and message.status in _SETTLED:
        yield Step(_SETTLED[MessageStatus(message.status)], message.settled_at)
