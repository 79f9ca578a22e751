"""The language of a person's page, and how they choose it. Every other page of the service is French.

First what the person chose, or what an agent wrote down for them; then what this browser chose before it gave
a code; then what the browser asks for, which is never kept. `?lire=fr` shows one page in French without
changing anything: for somebody who helps.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import translation

from rdv_insertion.kernel.languages import Language
from rdv_insertion.usagers.models import Usager

# A year: longer than a path lasts.
_COOKIE_AGE = 365 * 24 * 3600
_READ_IN = "lire"
_MARK = "in_the_language_of_the_person"


def in_their_language(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view as one that people read; the outermost decorator, so that the middleware sees it."""
    setattr(view, _MARK, True)
    return view


class speak_their_language:  # noqa: N801 - a middleware, used as a function
    """French for everybody, and the language of the person for the views marked `in_their_language`.

    It stands before whatever may answer in place of the view: an expired form, too many tries. Where no view
    is found, the browser's language is spoken: a link cut short is a person's more often than an agent's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(_of_this_browser(request)):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> None:
        """Called by Django before the view."""
        if not getattr(view, _MARK, False):
            translation.activate(settings.LANGUAGE_CODE)


def speak_to(request: HttpRequest, usager: Usager) -> None:
    """The person is known: what was chosen for them wins over what this browser says."""
    if usager.language != Language.FR and not _asks_for_french(request):
        translation.activate(usager.language)


def _of_this_browser(request: HttpRequest) -> str:
    return Language.FR if _asks_for_french(request) else translation.get_language_from_request(request)


def _asks_for_french(request: HttpRequest) -> bool:
    return request.GET.get(_READ_IN) == Language.FR


def is_for_people(match: ResolverMatch | None) -> bool:
    """Whether this address leads to a page that people read."""
    return bool(match and getattr(match.func, _MARK, False))


def this_page(request: HttpRequest) -> str:
    """The address to come back to, in the language of the person."""
    return _address(request)


def this_page_in_french(request: HttpRequest) -> str:
    """The address of this page in French, this once."""
    return _address(request, **{_READ_IN: Language.FR.value})


def _address(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    query.pop(_READ_IN, None)
    query.update(changes)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def page_to_come_back_to(written: str) -> tuple[str, ResolverMatch] | None:
    """An address of ours that people read, with what it leads to; None for anything else."""
    try:
        parts = urlsplit(written)
        match = resolve(parts.path)
    except (ValueError, Resolver404):
        return None
    if parts.scheme or parts.netloc or not is_for_people(match):
        return None
    query = QueryDict(parts.query).urlencode()
    return f"{parts.path}?{query}" if query else parts.path, match


def keep_in_this_browser(response: HttpResponse, language: str) -> None:
    """For the pages that come before a code is given."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
