"""The sectors of a department: list, name, delete."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from rdv_insertion.agenda.enums import ZoneLevel
from rdv_insertion.agenda.models import Sector, SectorAttribution, Zone
from rdv_insertion.agenda.services import sectors as services
from rdv_insertion.territory.addresses import towns
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.configuration.access import administered
from rdv_insertion.web.configuration.sectors.access import sector_of
from rdv_insertion.web.configuration.sectors.forms import SectorForm

_UNPROCESSABLE = 422


@require_safe
def list_sectors(request: HttpRequest, slug: str) -> HttpResponse:
    """Each sector with its zones in number and who serves it."""
    organisation = administered(request, slug)
    department = organisation.department
    attributions = SectorAttribution.objects.select_related("organisation", "agent").order_by(
        "organisation__name", "agent__last_name", "pk"
    )
    sectors = (
        Sector.objects.visible_to(agent_of(request))
        .filter(department=department)
        .annotate(
            cities=Count("zones", filter=Q(zones__level=ZoneLevel.CITY)),
            streets=Count("zones", filter=Q(zones__level=ZoneLevel.STREET)),
        )
        .prefetch_related(Prefetch("attributions", attributions))
    )
    covered = Zone.objects.filter(sector__department=department, level=ZoneLevel.CITY)
    all_towns = towns.of_department(department.number)
    context = {
        "organisation": organisation,
        "sectors": sectors,
        "towns": len(all_towns),
        "left_out": len(
            {town.code for town in all_towns} - set(covered.values_list("city_code", flat=True).distinct())
        ),
    }
    return render(request, "configuration/sectors/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Name a new sector; then its zones."""
    organisation = administered(request, slug)
    form = SectorForm(request.POST if request.method == "POST" else None)
    saved = _save(form, department=organisation.department) if request.method == "POST" else None
    if saved:
        messages.success(
            request, f"Le secteur {saved} est créé. Ajoutez maintenant ses communes et ses rues."
        )
        return redirect("sector", slug, saved.pk)
    return _form_page(request, {"organisation": organisation, "form": form, "sector": None})


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, sector_id: int) -> HttpResponse:
    """Rename a sector."""
    organisation, sector = sector_of(request, slug, sector_id)
    known = {"name": sector.name, "human_id": sector.human_id}
    form = SectorForm(request.POST if request.method == "POST" else None, initial=known)
    if request.method == "POST" and _save(form, department=organisation.department, sector=sector):
        messages.success(request, "Le secteur est enregistré.")
        return redirect("sector", slug, sector.pk)
    # What was refused is shown in the form, not in the title.
    sector.name = known["name"]
    return _form_page(request, {"organisation": organisation, "form": form, "sector": sector})


def _save(form: SectorForm, **target: Any) -> Sector | None:
    if not form.is_valid():
        return None
    try:
        return services.save_sector(**form.cleaned_data, **target)
    except ValidationError as error:
        form.add_error("human_id", error.messages[0])
        return None


def _form_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    refused = request.method == "POST"
    return render(
        request, "configuration/sectors/edit.html", context, status=_UNPROCESSABLE if refused else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, slug: str, sector_id: int) -> HttpResponse:
    """Say what would go, then delete it."""
    organisation, sector = sector_of(request, slug, sector_id)
    if request.method == "POST":
        services.delete_sector(sector=sector)
        messages.success(request, f"Le secteur {sector} est supprimé.")
        return redirect("sectors", slug)
    context = {
        "organisation": organisation,
        "sector": sector,
        "zones": sector.zones.count(),
        "attributions": sector.attributions.count(),
    }
    return render(request, "configuration/sectors/delete.html", context)
