"""The mail as it leaves: headers, text first, HTML as an alternative, event attached."""

import json
import re
import uuid
from email.generator import BytesGenerator
from email.headerregistry import Address
from email.mime.text import MIMEText
from email.policy import Compat32
from email.utils import parseaddr
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from rdv_insertion.kernel.text import squish
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.replies import reply_address

_LONGEST_SENDER = 100
_LONGEST_LINE = 78
_EVENT_FILE = "rendez-vous.ics"


def sender_of(name: str) -> str:
    """`"Conseil départemental" <address>`: who a mail says it comes from, in one line that fits its column.

    A name is typed by somebody: line breaks and quotes are taken out, so that it cannot add a header.
    """
    return _sender(name, settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=256)
def _sender(name: str, from_email: str) -> str:
    """Parsed once for the thousands of mails of a run."""
    address = parseaddr(from_email)[1]
    printable = "".join(
        " " if not letter.isprintable() else letter for letter in name if letter not in '"\\<>'
    )
    room = _LONGEST_SENDER - len(address) - len('"" <>')
    return str(Address(display_name=squish(printable)[:room].rstrip(), addr_spec=address))


def build_mail(message: Message, *, event_as_alternative: bool = True) -> EmailMultiAlternatives:
    """The mail of `message`, for any connection.

    What a person answers comes back under the message's own address. `X-Mailin-custom` is what Brevo, by API
    or as an SMTP relay, repeats in its receipts. An API that takes no other alternative than HTML gets the
    event as a file (`event_as_alternative`).
    """
    mail = EmailMultiAlternatives(
        subject=squish(message.subject),
        body=message.text,
        from_email=message.sender,
        to=[message.recipient],
        headers={
            "Auto-Submitted": "auto-generated",
            "X-Mailin-custom": json.dumps({"record_identifier": f"message_{message.pk}"}),
        },
    )
    answers_to = message.reply_to or (reply_address(message.pk) if message.usager_id else "")
    if answers_to:
        mail.reply_to = [answers_to]
    mail.attach_alternative(message.html, "text/html")
    if message.calendar:
        _add_event(mail, message.calendar, as_alternative=event_as_alternative)
    return mail


def written(mail: EmailMultiAlternatives) -> bytes:
    """The mail to the byte, for a connection that takes it as it is.

    The boundaries are made here: to make its own, `email` searches all the mail for each of them.
    """
    whole = mail.message()
    for part in whole.walk():
        if part.is_multipart():
            part.set_boundary(f"=={uuid.uuid4().hex}==")
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=_AS_THEY_ARE).flatten(whole)
    return out.getvalue()


class _ShortHeaders(Compat32):
    """Writes as they are the headers that nothing has to be done to, most of them."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """See `email.policy.Policy`."""
        if isinstance(value, str) and value.isascii() and value.isprintable():
            line = f"{name}: {value}{self.linesep}".encode()
            if len(line) <= _LONGEST_LINE:
                return line
        return super().fold_binary(name, value)


_AS_THEY_ARE = _ShortHeaders(linesep="\r\n")


def message_id(message: Message) -> str:
    """The Message-ID: the same at each try, so that a mail server that has it already can tell."""
    domain = parseaddr(message.sender)[1].rpartition("@")[2]
    return f"<message-{message.pk}@{domain}>"


def _add_event(mail: EmailMultiAlternatives, calendar: str, *, as_alternative: bool) -> None:
    """An event to keep is attached; one that asks or frees the reader is also another form of the text.

    Outlook and Zimbra offer to accept, or take the event out, only for a part that is an alternative. The
    file beside it serves the programs that know files only; as another type, so that none sees two events.
    """
    method = _calendar_method(calendar)
    if method == "PUBLISH" and as_alternative:
        part = MIMEText(calendar, "calendar", "utf-8")
        part.set_param("method", method)
        part.add_header("Content-Disposition", "attachment", filename=_EVENT_FILE)
        mail.attach(part)
        return
    if as_alternative:
        mail.attach_alternative(calendar, f"text/calendar; method={method}")
    mail.attach(_EVENT_FILE, calendar.encode(), "application/ics")


def _calendar_method(calendar: str) -> str:
    """REQUEST and CANCEL make the reader's agenda take or remove the event; PUBLISH only shows it."""
    found = re.search(r"^METHOD:(\w+)", calendar, re.MULTILINE)
    return found.group(1) if found else "PUBLISH"
