"""SMS by Brevo's transactional API: POST /transactionalSMS/send (developers.brevo.com)."""

from typing import Any

import httpx
from django.conf import settings

from rdv_insertion.messaging.callbacks import CallbackSource, callback_url
from rdv_insertion.messaging.channels import http
from rdv_insertion.messaging.channels.sms.encoding import is_gsm7
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError, reference_of

_WHO = "Le prestataire SMS"
_CREATED = 201

# Answers that say something about the message itself: the same message would fail again.
_PERMANENT = {
    "invalid_parameter": "Le prestataire SMS refuse ce numéro de téléphone.",
    "missing_parameter": "Le prestataire SMS refuse ce message.",
    "out_of_range": "Le prestataire SMS refuse ce message.",
    "blocked_contact": "Cette personne a demandé à ne plus recevoir de SMS.",
}
_REFUSES_CONTACT = ("invalid_parameter", "blocked_contact")
# No credit left, wrong key: our affair, not the message's; it will leave once mended.
_OUR_AFFAIR = "Le prestataire SMS refuse les envois du service."


class BrevoSmsTransport:
    """Sends one SMS by one HTTP call, with the message's id as tag. Shared by the threads of a worker."""

    can_tell = True

    def __init__(self) -> None:
        self._client = http.client(
            settings.SMS_API_URL, timeout=settings.SMS_TIMEOUT, headers={"api-key": settings.SMS_API_KEY}
        )

    def send(self, message: Message) -> str:
        """Hand `message` to Brevo and return its message id. Raises DeliveryError."""
        body: dict[str, Any] = {
            "type": "transactional",
            "sender": message.sender,
            "recipient": message.recipient.removeprefix("+"),
            "content": message.text,
            "tag": reference_of(message),
        }
        if not is_gsm7(message.text):
            body["unicodeEnabled"] = True
        if address := callback_url(CallbackSource.BREVO_SMS, message.pk):
            body["webUrl"] = address
        try:
            response = self._client.post("transactionalSMS/send", json=body)
        except httpx.HTTPError as error:
            raise http.unreachable(error, _WHO) from error
        reference = http.document(response).get("messageId")
        # 201 is a yes, even when what follows is garbled. Another success without a message id comes from
        # something that stands in the way (a proxy, a page of maintenance) and has taken nothing.
        if response.status_code == _CREATED or (response.is_success and reference):
            return str(reference or "")
        raise _failure(response)

    def find(self, message: Message) -> str | None:
        """What Brevo's log of SMS knows under the tag of `message`, at its number."""
        asked = {
            "tags": reference_of(message),
            "phoneNumber": message.recipient.removeprefix("+"),
            "limit": "1",
        }
        try:
            response = self._client.get("transactionalSMS/statistics/events", params=asked)
        except httpx.HTTPError as error:
            raise http.unreachable(error, _WHO) from error
        if failure := http.out_of_order(response, _WHO):
            raise failure
        return http.first_reference(response, _WHO)

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def _failure(response: httpx.Response) -> DeliveryError:
    if failure := http.out_of_order(response, _WHO):
        return failure
    code = str(http.document(response).get("code"))
    sentence = _PERMANENT.get(code)
    if response.is_client_error and sentence:
        return DeliveryError(sentence, permanent=True, refuses_contact=code in _REFUSES_CONTACT)
    return DeliveryError(_OUR_AFFAIR, permanent=False)
