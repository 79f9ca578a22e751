"""What somebody who tries too often is told."""

from collections.abc import Callable
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rdv_insertion.kernel.throttle import TooManyAttempts


class answer_too_many_attempts:  # noqa: N801 - a middleware, used as a function
    """Turn TooManyAttempts, raised by any page, into a calm page with status 429 and Retry-After."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Called by Django when a view raises."""
        if not isinstance(exception, TooManyAttempts):
            return None
        return too_many_attempts_page(request, exception)


def too_many_attempts_page(
    request: HttpRequest, error: TooManyAttempts, *, help_phone: str = ""
) -> HttpResponse:
    """Status 429: when a try is welcome again, and whom to call meanwhile when it is known (E.164)."""
    context = {"minutes": ceil(error.retry_after / 60), "help_phone": help_phone}
    response = render(request, "public/too_many_attempts.html", context, status=429)
    response["Retry-After"] = str(error.retry_after)
    response["Cache-Control"] = "no-store"
    return response
