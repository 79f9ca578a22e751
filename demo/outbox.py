"""What people received: SMS and mails kept by the local providers, letters written to be printed, and what
was told to have arrived before the demonstration began, which is in the database only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr
from json import loads
from pathlib import Path

from django.db.models import Q

from demo.providers import storage
from demo.providers.smtp import parse
from rdv_insertion.kernel import phone
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.replies import reply_address

# How the references of what was told begin: no provider gives one of these.
TOLD = "demo-"
_TOLD_KEY = "told-"
_ARRIVED = (MessageStatus.SENT, MessageStatus.DELIVERED)


@dataclass(frozen=True, order=True)
class Entry:
    """One message in the list: known without opening it."""

    received_at: datetime
    # The name of its file, the number of a letter, or `told-` and the number of a message.
    key: str
    channel: str
    recipient: str


@dataclass(frozen=True)
class Received:
    """One message, opened."""

    entry: Entry
    sender: str = ""
    subject: str = ""
    text: str = ""
    html: str = field(default="", repr=False)
    calendar: bytes = field(default=b"", repr=False)
    # Where an answer goes; empty when nobody reads it.
    reply_to: str = ""


def entries(folder: Path, *, channel: str = "", recipient: str = "") -> list[Entry]:
    """All that was sent, newest first: by one channel, to recipients that contain `recipient`, if given."""
    found = [*_from_files(folder), *_told(), *_letters(recipient)]
    wanted = _comparable(recipient)
    return sorted(
        (
            entry
            for entry in found
            if channel in ("", entry.channel)
            and (entry.channel == Channel.LETTER or wanted in _comparable(entry.recipient))
        ),
        reverse=True,
    )


def _from_files(folder: Path) -> Iterator[Entry]:
    for name in storage.names(folder):
        received_at, channel, recipient = storage.described(name)
        yield Entry(received_at, name, channel, recipient)


def _told(number: int | None = None) -> Iterator[Entry]:
    """What was received before the demonstration began (demo/department/correspondence.py), or one of it."""
    rows = Message.objects.filter(provider_reference__startswith=TOLD, status__in=_ARRIVED)
    if number:
        rows = rows.filter(pk=number)
    for key, created_at, sent_at, channel, recipient in rows.order_by().values_list(
        "pk", "created_at", "sent_at", "channel", "recipient"
    ):
        yield Entry(sent_at or created_at, f"{_TOLD_KEY}{key}", channel, recipient)


def _letters(recipient: str) -> Iterator[Entry]:
    letters = Message.objects.filter(channel=Channel.LETTER)
    for word in recipient.split():
        letters = letters.filter(Q(recipient__icontains=word) | Q(usager__last_name__icontains=word))
    rows = letters.order_by("-id").values_list(
        "pk", "created_at", "usager__first_name", "usager__last_name", "recipient"
    )
    for key, created_at, first_name, last_name, address in rows:
        yield Entry(created_at, str(key), Channel.LETTER, f"{first_name} {last_name}, {address}")


def _comparable(recipient: str) -> str:
    """Numbers are typed in many ways: `06 12 34` and `+33612 34` meet."""
    typed = recipient.strip().lower()
    digits = typed.translate(str.maketrans("", "", " .-"))
    if digits.lstrip("+").isdigit():
        return digits.removeprefix("+").removeprefix("33").removeprefix("0")
    return typed


def opened(folder: Path, entries: Iterable[Entry]) -> list[Received]:
    """The messages behind entries; one query. Raises FileNotFoundError when one was deleted meanwhile."""
    numbered = [(entry, _number_of_told(entry.key)) for entry in entries]
    told = Message.objects.in_bulk([number for _, number in numbered if number])
    return [_of_row(entry, told[n]) if n else _kept(folder, entry) for entry, n in numbered]


def _number_of_told(key: str) -> int | None:
    number = key.removeprefix(_TOLD_KEY)
    return int(number) if number != key and number.isdecimal() else None


def _kept(folder: Path, entry: Entry) -> Received:
    if entry.channel == Channel.SMS:
        body = loads((folder / entry.key).read_bytes())
        return Received(entry, sender=str(body["sender"]), text=str(body["content"]))
    if entry.channel == Channel.EMAIL:
        return _mail(entry, parse((folder / entry.key).read_bytes()))
    return Received(entry)


def find(folder: Path, name: str) -> Received | None:
    """The mail or SMS kept under this name, or None when there is none."""
    if number := _number_of_told(name):
        found = next(_told(number), None)
    elif storage.is_name(name):
        received_at, channel, recipient = storage.described(name)
        found = Entry(received_at, name, channel, recipient)
    else:
        return None
    try:
        return opened(folder, [found])[0] if found else None
    except FileNotFoundError:
        return None


def _of_row(entry: Entry, message: Message) -> Received:
    mail = message.channel == Channel.EMAIL
    return Received(
        entry,
        sender=message.sender,
        subject=message.subject,
        text=message.text,
        html=message.html,
        calendar=message.calendar.encode(),
        reply_to=reply_address(message.pk) if mail else "",
    )


def _mail(entry: Entry, mail: EmailMessage) -> Received:
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    events = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return Received(
        entry,
        sender=str(mail["From"]),
        subject=str(mail["Subject"]),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
        calendar=bytes(events[0].get_payload(decode=True)) if events else b"",
        reply_to=str(mail["Reply-To"] or ""),
    )


def shown_recipient(received: Received) -> str:
    """The number as people dictate it, the address as it is written."""
    recipient = received.entry.recipient
    return phone.display(recipient) if received.entry.channel == Channel.SMS else recipient


def shown_sender(received: Received) -> str:
    """The name that the person reads first."""
    return parseaddr(received.sender)[0] or received.sender
