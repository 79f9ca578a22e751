"""What each request goes through, whatever the page."""

import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Network, ip_address

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

logger = structlog.get_logger(__name__)

Handler = Callable[[HttpRequest], HttpResponse]


def log_requests(get_response: Handler) -> Handler:
    """Log one line a request: the name of the route, never its address, which may hold a code."""

    def handle(request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        logger.info(
            "request",
            method=request.method,
            route=match.view_name if match else None,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - start) * 1000),
            agent_id=getattr(getattr(request, "user", None), "pk", None),
        )
        return response

    return handle


class RefuseNullCharacters:
    """Answer 400 to what no browser sends and PostgreSQL cannot hold, instead of an error in each page.

    The doors of other software (`csrf_exempt`) read what is posted themselves, as it came.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            raise BadRequest("null character")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Handler, *arguments: object) -> None:
        """Look at what was typed, once the page is known. Raises BadRequest."""
        if getattr(view, "csrf_exempt", False):
            return
        typed = [*request.GET.lists(), *request.POST.lists()]
        if any("\0" in value for name, values in typed for value in (name, *values)):
            raise BadRequest("null character")


def client_address(request: HttpRequest) -> str:
    """The network address of the caller, as seen by the outermost machine that we trust.

    `TRUSTED_PROXY_COUNT` says how many of ours stand before the web server; what a caller writes in
    X-Forwarded-For beyond those counts for nothing. Of IPv6, the network of a subscriber (/64): they have all
    its addresses, and a limit of tries counted by each would be none.
    """
    proxies: int = settings.TRUSTED_PROXY_COUNT
    header = request.headers.get("X-Forwarded-For", "")
    forwarded = [part.strip() for part in header.split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return _of_a_subscriber(forwarded[-proxies])
    return _of_a_subscriber(str(request.META.get("REMOTE_ADDR", "")))


def _of_a_subscriber(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return str(known)
    return str(known.ipv4_mapped or IPv6Network((known, 64), strict=False))
