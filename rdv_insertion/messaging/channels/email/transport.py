"""Mail by SMTP, through Django's connection, which each thread of a worker keeps open."""

import smtplib
import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from django.core.mail import get_connection
from django.core.mail.message import sanitize_address

from rdv_insertion.messaging.channels.email.mail import build_mail, message_id, written
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError

_OK, _WILL_FORWARD, _FIRST_PERMANENT_CODE = 250, 251, 500
_BROKEN = (smtplib.SMTPException, OSError)
_ACCENTS_AS_THEY_ARE = ("8bitmime", "BODY=8BITMIME")


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
        content = written(mail)
        session = self._session(_for_smtp(message.sender))
        code = self._code(session.rcpt, message.recipient, maybe_taken=False)
        if code not in (_OK, _WILL_FORWARD):
            raise _recipient_refused(session, code)
        code = self._code(session.data, content, maybe_taken=True)
        if code != _OK:
            raise _mail_refused(session, code)
        return str(mail.extra_headers["Message-ID"])

    def find(self, message: Message) -> str | None:
        """Nobody can tell."""
        raise NotImplementedError

    def close(self) -> None:
        """Hang up, for all threads."""
        while self._open:
            _hang_up(self._open.pop())

    def _session(self, sender: str) -> Any:
        """This thread's session, in which the server expects a mail from `sender`: the one it has if the
        server still listens, else a new one.

        The first word of a mail is also the question whether anybody listens: nothing has left yet. Raises
        DeliveryError.
        """
        kept = getattr(self._kept, "connection", None)
        if kept is not None and _expects(kept.connection, sender):
            return kept.connection
        self._drop()
        try:
            session = self._connect()
        except _BROKEN as error:
            raise _silent(maybe_taken=False) from error
        if not _expects(session, sender):
            self._drop()
            raise _silent(maybe_taken=False)
        return session

    def _connect(self) -> Any:
        connection: Any = get_connection()
        connection.open()
        self._kept.connection = connection
        self._open.add(connection)
        return connection.connection

    def _code(
        self, say: Callable[[Any], tuple[int, bytes]], what: "str | bytes", *, maybe_taken: bool
    ) -> int:
        """The code that the server answers; raises DeliveryError when the connection is lost instead."""
        try:
            return say(what)[0]
        except smtplib.SMTPDataError as refusal:
            return int(refusal.smtp_code)
        except _BROKEN as error:
            self._drop()
            raise _silent(maybe_taken=maybe_taken) from error

    def _drop(self) -> None:
        connection = getattr(self._kept, "connection", None)
        self._kept.connection = None
        if connection is not None:
            self._open.discard(connection)
            _hang_up(connection)


@lru_cache(maxsize=64)
def _for_smtp(sender: str) -> str:
    """The address alone, its domain in ASCII, the same for thousands of mails. Raises ValueError for none."""
    return parseaddr(sanitize_address(sender, "utf-8"))[1]


def _expects(session: Any, sender: str) -> bool:
    """Whether the server is there and takes a mail from `sender`."""
    extension, option = _ACCENTS_AS_THEY_ARE
    try:
        session.ehlo_or_helo_if_needed()
        options = [option] if session.has_extn(extension) else []
        return bool(session.mail(sender, options)[0] == _OK)
    except _BROKEN:
        return False


def _silent(*, maybe_taken: bool) -> DeliveryError:
    return DeliveryError("Le serveur de mail ne répond pas.", permanent=False, maybe_taken=maybe_taken)


def _recipient_refused(session: Any, code: int) -> DeliveryError:
    _forget_mail(session)
    if code >= _FIRST_PERMANENT_CODE:
        sentence = "Cette adresse mail est refusée : elle n'existe pas, ou plus."
        return DeliveryError(sentence, permanent=True, refuses_contact=True)
    return DeliveryError("Le serveur de mail demande de réessayer plus tard.", permanent=False)


def _mail_refused(session: Any, code: int) -> DeliveryError:
    _forget_mail(session)
    return DeliveryError("Le serveur de mail refuse ce message.", permanent=code >= _FIRST_PERMANENT_CODE)


def _forget_mail(session: Any) -> None:
    """Ready for another mail; should the server have left, the next one finds out."""
    with suppress(*_BROKEN):
        session.rset()


def _hang_up(connection: Any) -> None:
    with suppress(*_BROKEN):
        connection.close()
