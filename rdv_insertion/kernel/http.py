"""What each request goes through, whatever the page."""

import time
from collections.abc import Callable

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


def refuse_null_characters(get_response: Handler) -> Handler:
    """Answer 400 to what no browser sends and PostgreSQL cannot hold, instead of an error in each page."""

    def handle(request: HttpRequest) -> HttpResponse:
        typed = [*request.GET.lists(), *request.POST.lists()]
        if "\0" in request.path or any("\0" in value for name, values in typed for value in (name, *values)):
            raise BadRequest("null character")
        return get_response(request)

    return handle


def client_address(request: HttpRequest) -> str:
    """The network address of the caller, as seen by the outermost machine that we trust.

    `TRUSTED_PROXY_COUNT` says how many of ours stand before the web server; what a caller writes in
    X-Forwarded-For beyond those counts for nothing.
    """
    proxies: int = settings.TRUSTED_PROXY_COUNT
    header = request.headers.get("X-Forwarded-For", "")
    forwarded = [part.strip() for part in header.split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))
