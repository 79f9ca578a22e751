"""SMS by Brevo's transactional API: POST /transactionalSMS/send (developers.brevo.com)."""

from typing import Any

import httpx
from django.conf import settings

from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError

_CONNECT_TIMEOUT = 5
_CONNECTIONS = httpx.Limits(max_connections=50, max_keepalive_connections=50)
_CREATED, _TOO_MANY_REQUESTS, _SERVER_ERROR = 201, 429, 500

# Answers that say something about the message itself: the same message would fail again.
_PERMANENT = {
    "invalid_parameter": "Le prestataire SMS refuse ce numéro de téléphone.",
    "missing_parameter": "Le prestataire SMS refuse ce message.",
    "out_of_range": "Le prestataire SMS refuse ce message.",
    "blocked_contact": "Cette personne a demandé à ne plus recevoir de SMS.",
}


class BrevoSmsTransport:
    """Sends one SMS by one HTTP call, with the message's id as tag. Shared by the threads of a worker."""

    def __init__(self) -> None:
        self._client = httpx.Client(
            base_url=settings.SMS_API_URL,
            headers={"api-key": settings.SMS_API_KEY, "accept": "application/json"},
            timeout=httpx.Timeout(settings.SMS_TIMEOUT, connect=_CONNECT_TIMEOUT),
            limits=_CONNECTIONS,
        )

    def send(self, message: Message) -> str:
        """Hand `message` to Brevo and return its message id. Raises DeliveryError."""
        body = {
            "type": "transactional",
            "sender": message.sender,
            "recipient": message.recipient.removeprefix("+"),
            "content": message.text,
            "tag": f"message-{message.pk}",
        }
        try:
            response = self._client.post("transactionalSMS/send", json=body)
        except httpx.HTTPError as error:
            raise DeliveryError("Le prestataire SMS ne répond pas.", permanent=False) from error
        reference = _json(response).get("messageId")
        # 201 is a yes, even when what follows is garbled. Another success without a message id comes from
        # something that stands in the way (a proxy, a page of maintenance) and has taken nothing.
        if response.status_code == _CREATED or (response.is_success and reference):
            return str(reference or "")
        raise _failure(response)

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def _failure(response: httpx.Response) -> DeliveryError:
    status = response.status_code
    if status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR:
        return DeliveryError("Le prestataire SMS est momentanément saturé ou en panne.", permanent=False)
    sentence = _PERMANENT.get(str(_json(response).get("code")))
    if response.is_client_error and sentence:
        return DeliveryError(sentence, permanent=True)
    # No credit left, wrong key: our affair, not the message's; it will leave once mended.
    return DeliveryError("Le prestataire SMS refuse les envois du service.", permanent=False)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
