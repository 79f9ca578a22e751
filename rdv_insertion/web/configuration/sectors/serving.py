"""Who receives at an address, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rdv_insertion.agenda.enums import SectorisationLevel
from rdv_insertion.agenda.models import Motif
from rdv_insertion.agenda.sectors import Serving, serving
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import get_organisation_for
from rdv_insertion.territory.addresses import Location, locate, suggest
from rdv_insertion.territory.models import Department, Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.shell import remember_organisation

_LONGEST_ADDRESS = 255
_SUGGESTED = 6


@dataclass
class Receiver:
    """One organisation, as far as an address is concerned."""

    organisation: Organisation
    # Whether the whole organisation serves the address; else its agents do, or its motifs are for everybody.
    whole: bool = False
    agents: list[Agent] = field(default_factory=list)
    motifs: list[Motif] = field(default_factory=list)


@require_safe
def who_serves(request: HttpRequest, slug: str) -> HttpResponse:
    """`?adresse=` is looked for when it is sent; while it is being typed, htmx asks for suggestions alone."""
    organisation = get_organisation_for(agent_of(request), slug)
    remember_organisation(request, organisation)
    department = organisation.department
    typed = request.GET.get("adresse", "").replace("\x00", "").strip()[:_LONGEST_ADDRESS]
    context = {"organisation": organisation, "typed": typed, "location": None, "suggestions": []}
    if request.headers.get("HX-Request"):
        context["suggestions"] = suggest(typed, department, limit=_SUGGESTED)
        return render(request, "configuration/sectors/suggestions.html", context)
    if typed:
        context |= _found(typed, department)
    return render(request, "configuration/sectors/who_serves.html", context)


def _found(typed: str, department: Department) -> dict[str, object]:
    location = locate(typed, department)
    found = serving(location, department)
    receivers = _receivers(found, _motifs(department, location))
    return {
        "location": location,
        "elsewhere": location is not None and location.department_number != department.number,
        "serving": found,
        "served_by": [one for one in receivers if one.whole or one.agents],
        "open_to_all": [one for one in receivers if not one.whole and not one.agents],
        "suggestions": [] if location else suggest(typed, department, limit=_SUGGESTED),
    }


def _motifs(department: Department, location: Location | None) -> Iterable[Motif]:
    """Those that somebody living there might be received for."""
    if location is None or location.department_number != department.number:
        return []
    return (
        Motif.objects.in_use()
        .filter(organisation__department=department, organisation__archived_at=None)
        .select_related("organisation", "motif_category")
        .order_by("organisation__name", "name", "pk")
    )


def _receivers(found: Serving, motifs: Iterable[Motif]) -> list[Receiver]:
    """The organisations that serve the address, each with the motifs it opens, then the others."""
    receivers: dict[int, Receiver] = {}
    for one in found.attributions:
        receiver = receivers.setdefault(one.organisation_id, Receiver(one.organisation))
        receiver.whole = receiver.whole or one.agent is None
        if one.agent and one.agent not in receiver.agents:
            receiver.agents.append(one.agent)
    for motif in motifs:
        if _opens(motif, found):
            receiver = receivers.setdefault(motif.organisation_id, Receiver(motif.organisation))
            receiver.motifs.append(motif)
    return list(receivers.values())


def _opens(motif: Motif, found: Serving) -> bool:
    if motif.sectorisation_level == SectorisationLevel.AGENT:
        return bool(found.agents_in(motif.organisation_id))
    if motif.sectorisation_level == SectorisationLevel.ORGANISATION:
        return motif.organisation_id in found.organisations
    return True
