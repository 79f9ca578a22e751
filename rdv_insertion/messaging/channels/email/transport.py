"""Mail by SMTP, through Django's connection, which each thread of a worker keeps open."""

import re
import smtplib
import threading
from contextlib import suppress
from email.headerregistry import Address
from email.mime.text import MIMEText
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from rdv_insertion.kernel.text import squish
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError

_FIRST_PERMANENT_CODE = 500
_OK = 250
_LONGEST_SENDER = 100
_EVENT_FILE = "rendez-vous.ics"


class SmtpTransport:
    """Sends one mail, text and HTML, with the event of the rdv when there is one."""

    def __init__(self) -> None:
        self._kept = threading.local()
        self._open: set[Any] = set()

    def send(self, message: Message) -> str:
        """Hand `message` to the SMTP server and return its Message-ID. Raises DeliveryError."""
        if not message.recipient.isascii():
            raise DeliveryError("Cette adresse mail n'est pas valable.", permanent=True)
        mail = build_mail(message)
        try:
            mail.connection = self._connection()
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            raise _recipient_refused(error) from error
        except smtplib.SMTPDataError as error:
            permanent = error.smtp_code >= _FIRST_PERMANENT_CODE
            raise DeliveryError("Le serveur de mail refuse ce message.", permanent=permanent) from error
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise DeliveryError("Le serveur de mail ne répond pas.", permanent=False) from error
        return str(mail.extra_headers["Message-ID"])

    def _connection(self) -> Any:
        """This thread's connection: the one it has if the server still listens, else a new one.

        Asking first (NOOP) costs a round trip; finding out in the middle of a mail would leave us without
        knowing whether it left.
        """
        connection = getattr(self._kept, "connection", None)
        if connection is None or not _is_alive(connection):
            self._drop()
            connection = get_connection()
            connection.open()
            self._kept.connection = connection
            self._open.add(connection)
        return connection

    def _drop(self) -> None:
        connection = getattr(self._kept, "connection", None)
        self._kept.connection = None
        if connection is not None:
            self._open.discard(connection)
            _hang_up(connection)

    def close(self) -> None:
        """Hang up, for all threads."""
        while self._open:
            _hang_up(self._open.pop())


def _hang_up(connection: Any) -> None:
    with suppress(smtplib.SMTPException, OSError):
        connection.close()


def _is_alive(connection: Any) -> bool:
    session = getattr(connection, "connection", None)
    if session is None:
        return False
    try:
        return bool(session.noop()[0] == _OK)
    except (smtplib.SMTPException, OSError):
        return False


def _recipient_refused(error: smtplib.SMTPRecipientsRefused) -> DeliveryError:
    permanent = all(code >= _FIRST_PERMANENT_CODE for code, _ in error.recipients.values())
    if permanent:
        return DeliveryError("Cette adresse mail est refusée : elle n'existe pas, ou plus.", permanent=True)
    return DeliveryError("Le serveur de mail demande de réessayer plus tard.", permanent=False)


def sender_of(name: str) -> str:
    """`"Conseil départemental" <address>`: who a mail says it comes from, in one line that fits its column.

    A name is typed by somebody: line breaks and quotes are taken out, so that it cannot add a header.
    """
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    printable = "".join(
        " " if not letter.isprintable() else letter for letter in name if letter not in '"\\<>'
    )
    room = _LONGEST_SENDER - len(address) - len('"" <>')
    return str(Address(display_name=squish(printable)[:room].rstrip(), addr_spec=address))


def build_mail(message: Message) -> EmailMultiAlternatives:
    """The mail as it leaves: sender's name, text first, HTML as an alternative, event attached.

    The Message-ID is the same at each try, so that a mail server that has it already can tell.
    """
    domain = parseaddr(message.sender)[1].rpartition("@")[2]
    mail = EmailMultiAlternatives(
        subject=squish(message.subject),
        body=message.text,
        from_email=message.sender,
        to=[message.recipient],
        headers={"Message-ID": f"<message-{message.pk}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(message.html, "text/html")
    if message.calendar:
        _add_event(mail, message.calendar)
    return mail


def _add_event(mail: EmailMultiAlternatives, calendar: str) -> None:
    """An event to keep is attached; one that asks or frees the reader is also another form of the text.

    Outlook and Zimbra offer to accept, or take the event out, only for a part that is an alternative. The
    file beside it serves the programs that know files only; as another type, so that none sees two events.
    """
    method = _calendar_method(calendar)
    if method == "PUBLISH":
        part = MIMEText(calendar, "calendar", "utf-8")
        part.set_param("method", method)
        part.add_header("Content-Disposition", "attachment", filename=_EVENT_FILE)
        mail.attach(part)
    else:
        mail.attach_alternative(calendar, f"text/calendar; method={method}")
        mail.attach(_EVENT_FILE, calendar.encode(), "application/ics")


def _calendar_method(calendar: str) -> str:
    """REQUEST and CANCEL make the reader's agenda take or remove the event; PUBLISH only shows it."""
    found = re.search(r"^METHOD:(\w+)", calendar, re.MULTILINE)
    return found.group(1) if found else "PUBLISH"
