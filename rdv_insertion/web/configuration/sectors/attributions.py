"""Who serves a sector: organisations of the department, or some of their agents."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from rdv_insertion.agenda.models import SectorAttribution
from rdv_insertion.agenda.services import sectors as services
from rdv_insertion.agents.models import AgentRole
from rdv_insertion.web.agents.undo import offer_undo
from rdv_insertion.web.configuration.sectors.access import sector_of
from rdv_insertion.web.configuration.sectors.forms import ReceiverForm


@require_POST
def add(request: HttpRequest, slug: str, sector_id: int) -> HttpResponse:
    """Have an organisation or an agent serve the sector."""
    organisation, sector = sector_of(request, slug, sector_id)
    form = ReceiverForm(request.POST, department=organisation.department)
    if form.is_valid():
        receiver, agent = form.receiver
        attribution = services.attribute(sector=sector, organisation=receiver, agent=agent)
        messages.success(request, f"{agent or receiver} reçoit maintenant les personnes de ce secteur.")
        offer_undo(request, reverse("attribution_remove", args=[slug, sector.pk, attribution.pk]))
    else:
        messages.error(request, " ".join(map(str, form.errors.get("qui", []))))
    return redirect("sector", slug, sector.pk)


@require_POST
def remove(request: HttpRequest, slug: str, sector_id: int, attribution_id: int) -> HttpResponse:
    """Have them no longer serve it."""
    _, sector = sector_of(request, slug, sector_id)
    attributions = SectorAttribution.objects.filter(sector=sector).select_related("organisation", "agent")
    attribution = get_object_or_404(attributions, pk=attribution_id)
    chosen = _as_chosen(attribution)
    services.remove_attribution(attribution=attribution)
    name = attribution.agent or attribution.organisation
    messages.success(request, f"{name} ne reçoit plus les personnes de ce secteur.")
    if chosen:
        offer_undo(request, reverse("attribution_add", args=[slug, sector.pk]), qui=chosen)
    return redirect("sector", slug, sector.pk)


def _as_chosen(attribution: SectorAttribution) -> str:
    """The choice of the form that makes this attribution; empty for an agent who left."""
    if attribution.agent_id is None:
        return f"organisation-{attribution.organisation_id}"
    role = AgentRole.objects.filter(
        agent=attribution.agent_id, organisation=attribution.organisation_id
    ).first()
    return f"agent-{role.pk}" if role else ""
