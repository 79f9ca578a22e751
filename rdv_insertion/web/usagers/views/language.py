"""Choosing the language of one's pages and messages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from rdv_insertion.agenda.models import Participation
from rdv_insertion.kernel.languages import Language
from rdv_insertion.usagers.models import Usager
from rdv_insertion.usagers.services import choose_language
from rdv_insertion.web.usagers import languages
from rdv_insertion.web.usagers.access import look_up, person_page


@person_page
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the choice: on the person when the page that they were reading is theirs, else in the browser.

    It leads back to that page.
    """
    found = languages.page_to_come_back_to(request.POST.get("retour", ""))
    address, match = found or (reverse("type_code"), None)
    response = redirect(address)
    chosen = request.POST.get("langue", "")
    if chosen in Language.values:
        if usager := _person_of(request, match):
            choose_language(usager=usager, language=chosen, now=timezone.now())
        languages.keep_in_this_browser(response, chosen)
    return response


def _person_of(request: HttpRequest, match: ResolverMatch | None) -> Usager | None:
    """The person whose code opens that page. An unknown code counts as a try."""
    code = match.kwargs.get("code") if match else None
    found = look_up(request, code, timezone.now()) if code else None
    if found is None:
        return None
    return found.usager if isinstance(found, Participation) else found.invitation.follow_up.usager
