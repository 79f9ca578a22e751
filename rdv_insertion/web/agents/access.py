"""Who is asking, and where to send them back."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from rdv_insertion.agents.models import Agent


def agent_of(request: HttpRequest) -> Agent:
    """The agent behind a request that passed the login wall."""
    if not isinstance(request.user, Agent):
        raise TypeError("this page is behind the login wall")
    return request.user


def page_to_return_to(request: HttpRequest, default: str) -> str:
    """The page of ours that the form came from (`next`), else `default`; never another site."""
    return _ours(request, request.POST.get("next", "")) or default


def page_asked_for(request: HttpRequest, default: str) -> str:
    """The page of ours to which a form asked by a link leads when it is done (`?retour=`), else `default`."""
    return _ours(request, request.GET.get("retour", "")) or default


def _ours(request: HttpRequest, address: str) -> str:
    """`address`, or nothing when it is another site's, or no address at all.

    It begins with a slash, as those that our pages write: Django takes a bare word for the name of a page.
    """
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if ours and address.startswith("/") else ""
