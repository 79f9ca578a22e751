"""SMS by Brevo's transactional API: POST /transactionalSMS/send (developers.brevo.com)."""

from typing import Any

import httpx
from django.conf import settings

from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError

_TIMEOUT = httpx.Timeout(10, connect=5)
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500

# Answers that say something about the message itself: the same message would fail again.
_PERMANENT = {
    "invalid_parameter": "Le prestataire refuse ce numéro de téléphone.",
    "blocked_contact": "Cette personne a demandé à ne plus recevoir de SMS.",
}


class BrevoSmsTransport:
    """Sends one SMS by one HTTP call, with the message's id as tag."""

    def __init__(self) -> None:
        self._client = httpx.Client(
            base_url=settings.SMS_API_URL, headers={"api-key": settings.SMS_API_KEY}, timeout=_TIMEOUT
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
        if response.is_success:
            return str(_json(response).get("messageId", ""))
        raise _failure(response)


def _failure(response: httpx.Response) -> DeliveryError:
    status = response.status_code
    if status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR:
        return DeliveryError("Le prestataire SMS est momentanément saturé ou en panne.", permanent=False)
    sentence = _PERMANENT.get(str(_json(response).get("code")))
    if sentence:
        return DeliveryError(sentence, permanent=True)
    # No credit left, wrong key: our affair, not the message's; it will leave once mended.
    return DeliveryError("Le prestataire SMS refuse les envois du service.", permanent=False)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
