"""Mail by Brevo's transactional API: POST /smtp/email (developers.brevo.com), through django-anymail."""

import threading
import uuid
from contextlib import suppress
from typing import Any

import requests
from anymail.exceptions import AnymailRequestsAPIError
from django.conf import settings
from django.core.mail import get_connection
from urllib3.exceptions import MaxRetryError, NewConnectionError

from rdv_insertion.messaging.channels import http
from rdv_insertion.messaging.channels.email.mail import build_mail
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError, reference_of

_BACKEND = "anymail.backends.brevo.EmailBackend"
_CREATED = 201
_WHO = "Le prestataire de mail"
_OUR_AFFAIR = "Le prestataire de mail refuse les envois du service."
# The key was used less than half an hour ago: Brevo has this mail, and will not send it twice.
_ALREADY_TAKEN = "duplicate_parameter"

# What is wrong with the mail itself; whatever is not here is our affair and passes once mended.
_PERMANENT = {
    "invalid_parameter": "Cette adresse mail est refusée par le prestataire.",
    "missing_parameter": "Le prestataire de mail refuse ce message.",
    "out_of_range": "Le prestataire de mail refuse ce message.",
    "blocked_contact": "Cette personne a demandé à ne plus recevoir de mails.",
}

_REFUSES_CONTACT = ("invalid_parameter", "blocked_contact")


class BrevoMailTransport:
    """Sends one mail by one HTTP call, under a key that makes Brevo send it once (for half an hour)."""

    can_tell = True

    def __init__(self) -> None:
        # requests does not promise that threads may share a session: each has its own.
        self._kept = threading.local()
        self._open: list[Any] = []

    def send(self, message: Message) -> str:
        """Hand `message` to Brevo and return its message id. Raises DeliveryError."""
        if not message.recipient.isascii():
            raise DeliveryError("Cette adresse mail n'est pas valable.", permanent=True, refuses_contact=True)
        mail: Any = build_mail(message, event_as_alternative=False)
        mail.extra_headers["idempotencyKey"] = str(uuid.uuid5(uuid.NAMESPACE_URL, _address_of(message)))
        mail.tags = [reference_of(message)]
        mail.connection = self._connection()
        try:
            mail.send()
        except AnymailRequestsAPIError as error:
            if _says_yes(error.response):
                return ""
            raise _failure(error) from error
        return str(mail.anymail_status.message_id or "")

    def find(self, message: Message) -> str | None:
        """What Brevo's log of mails knows under the tag of `message`, at its address."""
        asked = {
            "tags": f'["{reference_of(message)}"]',
            "email": message.recipient,
            "limit": "1",
        }
        try:
            response = self._connection().session.get(
                f"{settings.EMAIL_API_URL}smtp/statistics/events",
                params=asked,
                headers={"api-key": settings.EMAIL_API_KEY},
                timeout=settings.EMAIL_TIMEOUT,
            )
        except requests.RequestException as error:
            raise _silent(error) from error
        if failure := http.out_of_order(response, _WHO):
            raise failure
        return http.first_reference(response, _WHO)

    def close(self) -> None:
        """Hang up, for all threads."""
        while self._open:
            with suppress(requests.RequestException):
                self._open.pop().close()

    def _connection(self) -> Any:
        """This thread's connection."""
        connection: Any = getattr(self._kept, "connection", None)
        if connection is None or connection.session is None:
            connection = get_connection(
                _BACKEND,
                api_key=settings.EMAIL_API_KEY,
                api_url=settings.EMAIL_API_URL,
                timeout=settings.EMAIL_TIMEOUT,
            )
            connection.open()
            _read_environment_once(connection.session)
            self._kept.connection = connection
            self._open.append(connection)
        return connection


def _read_environment_once(session: requests.Session) -> None:
    """Proxies and certificates of the machine, which requests would look for again at each mail, as long as
    sending it takes."""
    found = session.merge_environment_settings(settings.EMAIL_API_URL, {}, None, None, None)
    session.proxies, session.verify = found["proxies"], found["verify"]
    session.trust_env = False


def _address_of(message: Message) -> str:
    """What this message is called in the whole world: several services may share an account."""
    return f"{settings.PUBLIC_URL}/messages/{message.pk}"


def _says_yes(response: "requests.Response | None") -> bool:
    """201 is a yes even when its body is garbled; so is being told that it was taken before."""
    if response is None:
        return False
    return response.status_code == _CREATED or http.document(response).get("code") == _ALREADY_TAKEN


def _failure(error: AnymailRequestsAPIError) -> DeliveryError:
    if error.response is None:
        return _silent(error.__cause__ or error)
    return _refusal(error.response)


def _refusal(response: requests.Response) -> DeliveryError:
    if failure := http.out_of_order(response, _WHO):
        return failure
    code = str(http.document(response).get("code"))
    sentence = _PERMANENT.get(code)
    if response.status_code >= http.BAD_REQUEST and sentence:
        return DeliveryError(sentence, permanent=True, refuses_contact=code in _REFUSES_CONTACT)
    return DeliveryError(_OUR_AFFAIR, permanent=False)


def _silent(error: BaseException) -> DeliveryError:
    """No answer. The mail can have been taken unless the connection was never made."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    never_met = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    return DeliveryError(f"{_WHO} ne répond pas.", permanent=False, maybe_taken=not never_met)
