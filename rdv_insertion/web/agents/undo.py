"""*Annuler*, offered once, just after an action."""

from typing import Any

from django.http import HttpRequest

_SESSION_KEY = "undo"


def offer_undo(request: HttpRequest, url: str, **fields: Any) -> None:
    """Have the next page offer a button that posts `fields` to `url`."""
    request.session[_SESSION_KEY] = {"url": url, "fields": fields}


def take_undo(request: HttpRequest) -> dict[str, Any] | None:
    """What the page being drawn offers to undo; offered once."""
    taken: dict[str, Any] | None = request.session.pop(_SESSION_KEY, None)
    return taken
