"""What is shown in place of a page: to agents in French, to people in their language (decision 0019).

A page that fails has its language already, given by `usagers.languages.speak_their_language`, and so has an
address that leads nowhere: that of the browser, which an agent who is logged in does not want.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template import loader
from django.utils import translation

from rdv_insertion.web.usagers.languages import is_for_people


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Status 404: agents are told of their rights, people where to type their code."""
    if not request.user.is_authenticated:
        return render(request, "usagers/not_found.html", status=404)
    with translation.override(settings.LANGUAGE_CODE):
        return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Status 500: drawn without the database, which may be what fails."""
    match = request.resolver_match
    context = {"for_people": match is None or is_for_people(match), "this_page": request.path}
    return HttpResponseServerError(loader.get_template("500.html").render(context))
