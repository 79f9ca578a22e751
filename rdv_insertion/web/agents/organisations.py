"""In which organisation the agent works now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from rdv_insertion.agents.perms import get_organisation_for, organisations_of
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.shell import remember_organisation


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """The agent's organisations; with only one there is nothing to choose."""
    organisations = list(organisations_of(agent_of(request)))
    if len(organisations) == 1:
        return redirect("usagers", organisations[0].slug)
    return render(request, "agents/organisations.html", {"organisations": organisations})


@require_safe
def switch(request: HttpRequest) -> HttpResponse:
    """Go to the people of the organisation chosen in the header."""
    organisation = get_organisation_for(agent_of(request), request.GET.get("organisation", ""))
    remember_organisation(request, organisation)
    return redirect("usagers", organisation.slug)
