"""What browsers may keep of the pages of agents: these are about people, on screens that others share."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

_LOGOUT = "account_logout"


def keep_private(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Have each page of an agent asked for again, and forget those that were seen once they log out.

    Not `no-store`, which would take from *Back* what was being typed. A page that says how it is kept knows
    better.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and "Cache-Control" not in response:
            patch_cache_control(response, private=True, no_cache=True)
        match = request.resolver_match
        if request.method == "POST" and match and match.view_name == _LOGOUT:
            response["Clear-Site-Data"] = '"cache"'
        return response

    return handle
