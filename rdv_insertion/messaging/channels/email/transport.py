"""Mail by SMTP, through Django's connection, which each thread of a worker keeps open."""

import smtplib
import threading
from contextlib import suppress
from typing import Any

from django.core.mail import get_connection

from rdv_insertion.messaging.channels.email.mail import build_mail, message_id
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError

_FIRST_PERMANENT_CODE = 500
_OK = 250


class SmtpTransport:
    """Sends one mail, text and HTML, with the event of the rdv when there is one."""

    # SMTP has no question to ask afterwards: only the Message-ID, the same at each try, tells a double.
    can_tell = False

    def __init__(self) -> None:
        self._kept = threading.local()
        self._open: set[Any] = set()

    def send(self, message: Message) -> str:
        """Hand `message` to the SMTP server and return its Message-ID. Raises DeliveryError."""
        if not message.recipient.isascii():
            raise DeliveryError("Cette adresse mail n'est pas valable.", permanent=True, refuses_contact=True)
        mail = build_mail(message)
        mail.extra_headers["Message-ID"] = message_id(message)
        mail.connection = self._connect()
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            raise _recipient_refused(error) from error
        except smtplib.SMTPDataError as error:
            permanent = error.smtp_code >= _FIRST_PERMANENT_CODE
            raise DeliveryError("Le serveur de mail refuse ce message.", permanent=permanent) from error
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise _silent(maybe_taken=not isinstance(error, smtplib.SMTPSenderRefused)) from error
        return str(mail.extra_headers["Message-ID"])

    def find(self, message: Message) -> str | None:
        """Nobody can tell."""
        raise NotImplementedError

    def _connect(self) -> Any:
        try:
            return self._connection()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise _silent(maybe_taken=False) from error

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


def _silent(*, maybe_taken: bool) -> DeliveryError:
    return DeliveryError("Le serveur de mail ne répond pas.", permanent=False, maybe_taken=maybe_taken)


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
        sentence = "Cette adresse mail est refusée : elle n'existe pas, ou plus."
        return DeliveryError(sentence, permanent=True, refuses_contact=True)
    return DeliveryError("Le serveur de mail demande de réessayer plus tard.", permanent=False)
