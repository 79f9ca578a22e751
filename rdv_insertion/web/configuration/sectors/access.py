"""Which sector a page is about, for whom."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from rdv_insertion.agenda.models import Sector
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.configuration.access import administered


def sector_of(request: HttpRequest, slug: str, sector_id: int) -> tuple[Organisation, Sector]:
    """The organisation that the agent administers and a sector of its department.

    Raises Http404, or PermissionDenied for a colleague without the right.
    """
    organisation = administered(request, slug)
    sectors = Sector.objects.visible_to(agent_of(request)).filter(department=organisation.department_id)
    sector = get_object_or_404(sectors, pk=sector_id)
    sector.department = organisation.department
    return organisation, sector
