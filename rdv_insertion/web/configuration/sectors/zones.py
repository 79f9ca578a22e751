"""One sector: its towns and streets, and who serves them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agenda.models import Zone
from rdv_insertion.agenda.services import sectors as services
from rdv_insertion.agenda.services.sectors import Refused
from rdv_insertion.territory.addresses import Location, Wanted, suggest, towns
from rdv_insertion.territory.addresses.location import of_town
from rdv_insertion.territory.models import Department
from rdv_insertion.web.agents.undo import offer_undo
from rdv_insertion.web.configuration.sectors.access import sector_of
from rdv_insertion.web.configuration.sectors.forms import PlaceForm, ReceiverForm

_PER_PAGE = 50
_SUGGESTED = 6
_LONGEST_SEARCH = 200


@require_safe
def show(request: HttpRequest, slug: str, sector_id: int) -> HttpResponse:
    """The sector; `?q=` searches a town or a street to add."""
    organisation, sector = sector_of(request, slug, sector_id)
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:_LONGEST_SEARCH]
    attributions = sector.attributions.select_related("organisation", "agent")
    context = {
        "organisation": organisation,
        "sector": sector,
        "typed": typed,
        "suggestions": _suggestions(typed, organisation.department),
        "page": Paginator(sector.zones.all(), _PER_PAGE).get_page(request.GET.get("page")),
        "attributions": attributions.order_by("organisation__name", "agent__last_name", "pk"),
        "form": ReceiverForm(department=organisation.department),
    }
    return render(request, "configuration/sectors/show.html", context)


def _suggestions(typed: str, department: Department) -> list[Location]:
    """The towns, then the streets, that look like what is typed."""
    if not typed:
        return []
    near = [of_town(town) for town in towns.suggest(typed, department=department.number, limit=_SUGGESTED)]
    return near + suggest(typed, department, wanted=Wanted.STREET, limit=_SUGGESTED)


@require_POST
def add(request: HttpRequest, slug: str, sector_id: int) -> HttpResponse:
    """Add a town or a street."""
    _, sector = sector_of(request, slug, sector_id)
    form = PlaceForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused("Choisissez une commune ou une rue dans la liste proposée.")
        zone = services.add_zone(sector=sector, place=form.place)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Zone ajoutée : {zone}.")
        offer_undo(request, reverse("zone_remove", args=[slug, sector.pk, zone.pk]))
    return redirect("sector", slug, sector.pk)


@require_POST
def remove(request: HttpRequest, slug: str, sector_id: int, zone_id: int) -> HttpResponse:
    """Take a town or a street out."""
    _, sector = sector_of(request, slug, sector_id)
    zone = get_object_or_404(Zone, sector=sector, pk=zone_id)
    label = str(zone)
    place = services.remove_zone(zone=zone)
    messages.success(request, f"Zone retirée : {label}.")
    offer_undo(
        request,
        reverse("zone_add", args=[slug, sector.pk]),
        commune=place.city_code,
        rue=place.street_name,
        code_rue=place.street_code,
    )
    return redirect("sector", slug, sector.pk)
