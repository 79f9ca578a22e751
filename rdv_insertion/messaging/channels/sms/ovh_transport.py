"""SMS by OVHcloud's API: POST /sms/{service}/jobs (eu.api.ovh.com/console/?section=/sms)."""

import hashlib
import json
import time
from typing import Any

import httpx
from django.conf import settings

from rdv_insertion.messaging.channels import http
from rdv_insertion.messaging.channels.sms.encoding import is_gsm7
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError, reference_of

_WHO = "Le prestataire SMS"
_BAD_REQUEST = 400
_VALID_FOR_MINUTES = 2 * 24 * 60
_REFUSED_NUMBER = "Le prestataire SMS refuse ce numéro de téléphone."
_OUR_AFFAIR = "Le prestataire SMS refuse les envois du service."

# OVH says what is wrong in a sentence (`message`) that names the field. Whatever is not here (a sender that
# was not declared, no credit left, a key that expired) is our affair and passes once mended.
_PERMANENT = {
    "receiver": _REFUSED_NUMBER,
    "message is too long": "Le prestataire SMS refuse ce message.",
}


class OvhSmsTransport:
    """Sends one SMS as one job, with the message's id as tag. Shared by the threads of a worker."""

    can_tell = True

    def __init__(self) -> None:
        self._client = http.client(settings.OVH_API_URL, timeout=settings.SMS_TIMEOUT)
        self._path = f"sms/{settings.OVH_SMS_SERVICE}"
        self._seconds_ahead: float | None = None

    def send(self, message: Message) -> str:
        """Hand `message` to OVH and return the id of the SMS there. Raises DeliveryError."""
        body = {
            "message": message.text,
            "sender": message.sender,
            "receivers": [message.recipient],
            # What is sent is never an advertisement: no "STOP" to pay for at its end.
            "noStopClause": True,
            "priority": "high",
            "charset": "UTF-8",
            "coding": "7bit" if is_gsm7(message.text) else "8bit",
            "validityPeriod": _VALID_FOR_MINUTES,
            "tag": reference_of(message),
        }
        response = self._ask("POST", f"{self._path}/jobs", body)
        if response.is_success:
            return _reference(http.document(response))
        raise _failure(response)

    def find(self, message: Message) -> str | None:
        """The id of the SMS that OVH has under the tag of `message`, for its number."""
        asked = httpx.QueryParams({"tag": reference_of(message), "receiver": message.recipient})
        response = self._ask("GET", f"{self._path}/outgoing?{asked}")
        if not response.is_success:
            raise _failure(response)
        try:
            ids = response.json()
        except ValueError:
            ids = None
        if not isinstance(ids, list):
            raise DeliveryError(_OUR_AFFAIR, permanent=False)
        return str(ids[0]) if ids else None

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """One signed request. What is signed is what is sent, to the byte."""
        content = json.dumps(body) if body is not None else ""
        request = self._client.build_request(
            method, path, content=content, headers={"content-type": "application/json"}
        )
        try:
            request.headers.update(self._signature(method, str(request.url), content))
            return self._client.send(request)
        except httpx.HTTPError as error:
            raise http.unreachable(error, _WHO) from error

    def _signature(self, method: str, url: str, content: str) -> dict[str, str]:
        """The headers that say who asks. The time is OVH's own, whatever our clock says."""
        secret, consumer = settings.OVH_APPLICATION_SECRET, settings.OVH_CONSUMER_KEY
        timestamp = str(int(time.time() + self._ahead()))
        signed = "+".join((secret, consumer, method, url, content, timestamp))
        return {
            "X-Ovh-Application": settings.OVH_APPLICATION_KEY,
            "X-Ovh-Consumer": consumer,
            "X-Ovh-Timestamp": timestamp,
            # SHA-1 is what the API defines.
            "X-Ovh-Signature": f"$1${hashlib.sha1(signed.encode()).hexdigest()}",  # noqa: S324
        }

    def _ahead(self) -> float:
        """By how many seconds OVH's clock is ahead of ours; asked until it has answered once."""
        if self._seconds_ahead is None:
            said = self._client.get("auth/time").text.strip()
            if not said.isdecimal():
                return 0
            self._seconds_ahead = int(said) - time.time()
        return self._seconds_ahead


def _reference(answer: dict[str, Any]) -> str:
    """The id in a yes; raises DeliveryError when the yes is about nobody."""
    if answer.get("ids"):
        return str(answer["ids"][0])
    if answer.get("invalidReceivers"):
        raise DeliveryError(_REFUSED_NUMBER, permanent=True, refuses_contact=True)
    # A yes that names no SMS: a page of maintenance, or a job that was cut. OVH is asked before the next try.
    raise DeliveryError(f"{_WHO} a répondu de façon incomplète.", permanent=False, maybe_taken=True)


def _failure(response: httpx.Response) -> DeliveryError:
    if failure := http.out_of_order(response, _WHO):
        return failure
    said = str(http.document(response).get("message", "")).lower()
    for words, sentence in _PERMANENT.items():
        if response.status_code == _BAD_REQUEST and words in said:
            return DeliveryError(sentence, permanent=True, refuses_contact=sentence == _REFUSED_NUMBER)
    return DeliveryError(_OUR_AFFAIR, permanent=False)
