"""Who may see what: codes that open pages, limited tries, and names that prove a person."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods

from rdv_insertion.agenda.models import Participation
from rdv_insertion.invitations import links
from rdv_insertion.invitations.links import OpenLink
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel import codes, throttle
from rdv_insertion.kernel.http import client_address
from rdv_insertion.kernel.throttle import Limit
from rdv_insertion.web.usagers.forms import CodeForm, code_problem
from rdv_insertion.web.usagers.languages import in_their_language, speak_to

UNKNOWN_CODES = Limit("unknown-code", 30, timedelta(minutes=10))
NAMES = Limit("rdv-name", 5, timedelta(minutes=15))
CHANGES = Limit("rdv-changes", 20, timedelta(hours=1))

# How long somebody who gave the right name, or has just booked, is not asked again.
_REMEMBERED_FOR = timedelta(hours=1)
_SESSION_KEY = "known_rdvs"

Parameters = ParamSpec("Parameters")
View = Callable[Concatenate[HttpRequest, Parameters], HttpResponse]
InvitationView = Callable[Concatenate[HttpRequest, Invitation, datetime, Parameters], HttpResponse]
RdvView = Callable[Concatenate[HttpRequest, Participation, datetime, Parameters], HttpResponse]


def person_page(view: View[Parameters]) -> View[Parameters]:
    """A page without login, in the person's language, that no cache keeps: it may show a name or a rdv.

    It travels compressed, for old phones; Django hides the length of what is secret in it.
    """
    page = gzip_page(require_http_methods(["GET", "HEAD", "POST"])(view))
    return in_their_language(login_not_required(never_cache(page)))


def look_up(request: HttpRequest, typed: str, now: datetime) -> OpenLink | Participation | None:
    """What stands behind a code: an invitation, a rdv, or nothing, which counts against the address.

    Raises TooManyAttempts for an address that has tried too many unknown codes, whatever it tries now.
    """
    address = client_address(request)
    throttle.refuse_if_spent(UNKNOWN_CODES, address, now=now)
    code = codes.clean(typed)
    if not code_problem(code):
        found = (
            links.open_link(code, now=now) or Participation.objects.with_details().filter(code=code).first()
        )
        if found:
            return found
    throttle.attempt(UNKNOWN_CODES, address, now=now)
    return None


def invitation_page(view: InvitationView[Parameters]) -> View[...]:
    """A page opened by the code of a valid invitation that has not served yet.

    Otherwise: an expired one says whom to call, one that has served leads to its rdv, an unknown code is
    asked again.
    """

    @wraps(view)
    def opened(request: HttpRequest, code: str, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        found = look_up(request, code, now)
        if found is None:
            return unknown_code_page(request, code)
        if isinstance(found, Participation):
            return redirect("rdv", found.code)
        if found.participation:
            return redirect("rdv", found.participation.code)
        speak_to(request, found.invitation.follow_up.usager)
        if found.expired:
            return expired_page(request, found.invitation)
        return view(request, found.invitation, now, *args, **kwargs)

    return person_page(opened)


def rdv_code_page(view: RdvView[Parameters]) -> View[...]:
    """A page opened by the code of a rdv, before its name is asked: it shows nothing of the rdv by itself."""

    @wraps(view)
    def opened(request: HttpRequest, code: str, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        found = look_up(request, code, now)
        if found is None:
            return unknown_code_page(request, code)
        if isinstance(found, OpenLink):
            return redirect("open_invitation", found.invitation.code)
        speak_to(request, found.usager)
        return view(request, found, now, *args, **kwargs)

    return person_page(opened)


def rdv_page(view: RdvView[Parameters]) -> View[...]:
    """A page about a rdv, for somebody who has proved to be the person; others are asked their name."""

    @wraps(view)
    def proved(
        request: HttpRequest,
        participation: Participation,
        now: datetime,
        *args: Any,
        **kwargs: Any,
    ) -> HttpResponse:
        if not is_known(request, participation, now):
            return redirect("rdv", participation.code)
        return view(request, participation, now, *args, **kwargs)

    return rdv_code_page(proved)


def unknown_code_page(request: HttpRequest, typed: str) -> HttpResponse:
    """Ask the code again, with what was tried and why it is no code. Status 404."""
    form = CodeForm({"code": codes.clean(typed)})
    if form.is_valid():
        form.add_error("code", unknown_code())
    return render(request, "usagers/type_code.html", {"form": form}, status=404)


def unknown_code() -> str:
    """What is said of a code that opens nothing."""
    return gettext(
        "Ce code n'existe pas. Relisez chaque caractère de votre message, puis tapez-le à nouveau."
    )


def expired_page(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Whom to call, and nothing else."""
    return render(request, "usagers/expired.html", {"help_phone": invitation.help_phone_number})


def is_known(request: HttpRequest, participation: Participation, now: datetime) -> bool:
    """Whether this browser has lately proved to be the person of this rdv."""
    until = request.session.get(_SESSION_KEY, {}).get(participation.code)
    return until is not None and datetime.fromisoformat(until) > now


def remember(request: HttpRequest, participation: Participation, now: datetime) -> None:
    """This browser is the person of this rdv: do not ask the name for a while."""
    known = request.session.get(_SESSION_KEY, {})
    kept = {code: until for code, until in known.items() if datetime.fromisoformat(until) > now}
    kept[participation.code] = (now + _REMEMBERED_FOR).isoformat()
    request.session[_SESSION_KEY] = kept
