"""Receipts and answers: checked, kept as they came, answered 200 at once. A job understands them.

Whoever calls proves it with CALLBACK_SECRET: in the address, as a Bearer token, or as the password of Basic
authentication. A wrong secret is a page that does not exist; only wrong ones are counted and limited, so that
somebody who tries secrets cannot keep a provider, at the same network address, from being heard.
"""

import base64
import binascii
from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from rdv_insertion.exchanges import services
from rdv_insertion.kernel import throttle
from rdv_insertion.kernel.http import client_address
from rdv_insertion.messaging.callbacks import CallbackSource

logger = structlog.get_logger(__name__)

WRONG_SECRETS = throttle.Limit("wrong callback secrets", 30, timedelta(minutes=10))
_LARGEST_RECEIPT = 64 * 1024
_LARGEST = {
    # Brevo posts up to 500 events together.
    CallbackSource.BREVO_EMAIL: 1024 * 1024,
    # A mail with its HTML and the long thread that it quotes; its files are not in it.
    CallbackSource.BREVO_INBOUND: 2 * 1024 * 1024,
}
_LARGEST_ID = 2**63 - 1
_LENGTH_REQUIRED, _TOO_LARGE = 411, 413


@csrf_exempt
@login_not_required
def receive(
    request: HttpRequest, source: str, callback_secret: str = "", message_id: int | None = None
) -> HttpResponse:
    """Keep what `source` posts, as it came.

    405 to another method, 404 to a wrong secret, 413 to what is too large, 411 to what does not say its
    length: WSGI would show us an empty body, and what was said would be lost in silence.
    """
    if source not in list(CallbackSource):
        raise Http404
    # OVH calls an address with what it says in it.
    allowed = ["GET", "POST"] if source == CallbackSource.OVH_SMS else ["POST"]
    if request.method not in allowed:
        return HttpResponseNotAllowed(allowed)
    _check_secret(request, callback_secret)
    if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
        return HttpResponse(status=_LENGTH_REQUIRED)
    body = _body(request, _LARGEST.get(CallbackSource(source), _LARGEST_RECEIPT))
    if body is None:
        logger.warning("callback_too_large", source=source)
        return HttpResponse(status=_TOO_LARGE)
    _keep(source, body, message_id)
    return HttpResponse()


def _keep(source: str, body: bytes, message_id: int | None) -> None:
    if source == CallbackSource.BREVO_INBOUND:
        services.receive_mail(body=body, now=timezone.now())
        return
    known = message_id if message_id and message_id <= _LARGEST_ID else None
    services.receive_receipt(source=source, body=body, message_id=known, now=timezone.now())


def _check_secret(request: HttpRequest, in_address: str) -> None:
    """Raises Http404 when no right secret is given, TooManyAttempts (429) when it happens too often."""
    secret = settings.CALLBACK_SECRET
    given = (in_address, _in_header(request.headers.get("Authorization", "")))
    # Both are compared, whichever is right: how long it takes tells nothing.
    right = [constant_time_compare(one, secret) for one in given]
    if secret and any(right):
        return
    throttle.attempt(WRONG_SECRETS, client_address(request), now=timezone.now())
    raise Http404


def _in_header(authorization: str) -> str:
    kind, _, value = authorization.strip().partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode(errors="replace").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _body(request: HttpRequest, largest: int) -> bytes | None:
    """What was posted, or what the address says; None when it is too large."""
    if request.method == "GET":
        body = request.META.get("QUERY_STRING", "").encode()
        return body if len(body) <= largest else None
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > largest:
        return None
    try:
        body = request.body
    except RequestDataTooBig:
        return None
    if request.content_type == "multipart/form-data":
        body = _fields(request) or body
    # An empty form whose fields are in the address.
    body = body or request.META.get("QUERY_STRING", "").encode()
    return body if len(body) <= largest else None


def _fields(request: HttpRequest) -> bytes:
    """A form in several parts, as a simple one; empty when it is none, whatever it claims to be."""
    try:
        return request.POST.urlencode().encode()
    except (MultiPartParserError, SuspiciousOperation):
        return b""
