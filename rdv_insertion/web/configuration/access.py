"""Who configures, and which organisation."""

from django.http import HttpRequest

from rdv_insertion.agents.perms import get_administered_organisation
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.shell import remember_organisation


def administered(request: HttpRequest, slug: str) -> Organisation:
    """The organisation that the page is about. Raises Http404 (stranger), PermissionDenied (colleague)."""
    organisation = get_administered_organisation(agent_of(request), slug)
    remember_organisation(request, organisation)
    return organisation
