"""Zones by file: preview, then writing; export and model."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rdv_insertion.agenda import zone_files
from rdv_insertion.agenda.models import Sector
from rdv_insertion.agenda.services import sectors as services
from rdv_insertion.agenda.zone_files import Action, Plan, Planned, UnreadableZones
from rdv_insertion.imports.read import UnreadableFile, read_tables
from rdv_insertion.kernel.text import plural
from rdv_insertion.pilotage.tables import content_of
from rdv_insertion.territory.addresses import towns
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.configuration.access import administered
from rdv_insertion.web.configuration.sectors.forms import ZonesFileForm

_UNPROCESSABLE = 422
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The rows read wait in the page, signed, between the preview and the writing.
_SALT = "rdv_insertion.sectors.import"
_PREVIEW_LASTS_SECONDS = 24 * 3600
_ROWS_SHOWN = 200
# What asks for attention first.
_ORDER = (Action.REFUSED, Action.UPDATE, Action.CREATE, Action.UNCHANGED)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a file; see what each row would do. Nothing is written here."""
    organisation = administered(request, slug)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ZonesFileForm(*given)
    if form.is_bound and form.is_valid():
        try:
            return _preview_page(request, organisation, form)
        except (UnreadableFile, UnreadableZones) as error:
            form.add_error("fichier", str(error))
    status = _UNPROCESSABLE if form.is_bound else 200
    context = {"organisation": organisation, "form": form}
    return render(request, "configuration/sectors/import.html", context, status=status)


def _preview_page(request: HttpRequest, organisation: Organisation, form: ZonesFileForm) -> HttpResponse:
    tables = read_tables(form.cleaned_data["fichier"].read())
    rows = zone_files.read(tables[0].rows)
    create_sectors: bool = form.cleaned_data["creer"]
    plan = zone_files.plan(rows, organisation.department, create_sectors=create_sectors)
    kept = {
        "department": organisation.department_id,
        "create": create_sectors,
        "rows": zone_files.packed(rows),
    }
    context = {
        "organisation": organisation,
        "plan": plan,
        "figures": _figures(plan),
        "rows": _most_important(plan.rows)[:_ROWS_SHOWN],
        "shown": _ROWS_SHOWN,
        "kept": signing.dumps(kept, salt=_SALT, compress=True),
    }
    return render(request, "configuration/sectors/preview.html", context)


def _figures(plan: Plan) -> list[tuple[str, int]]:
    labels = {
        Action.CREATE: ("à ajouter", "à ajouter"),
        Action.UPDATE: ("à mettre à jour", "à mettre à jour"),
        Action.UNCHANGED: ("déjà connue", "déjà connues"),
        Action.REFUSED: ("refusée", "refusées"),
    }
    return [
        (one if plan.counts[action] < 2 else several, plan.counts[action])
        for action, (one, several) in labels.items()
    ]


def _most_important(rows: Sequence[Planned]) -> list[Planned]:
    return sorted(rows, key=lambda row: (_ORDER.index(row.action), row.line))


@require_POST
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Write what the preview announced, as things are now."""
    organisation = administered(request, slug)
    kept = _kept(request.POST.get("lignes", ""))
    if kept.get("department") != organisation.department_id:
        messages.error(request, "Cet aperçu n'est plus valable. Déposez le fichier à nouveau.")
        return redirect("sectors_import", slug)
    rows = zone_files.unpacked(kept["rows"])
    plan = zone_files.plan(rows, organisation.department, create_sectors=kept["create"])
    counts = services.apply(plan=plan)
    written = plural(counts[Action.CREATE], "zone ajoutée", "zones ajoutées")
    updated = plural(counts[Action.UPDATE], "mise à jour", "mises à jour")
    refused = plural(counts[Action.REFUSED], "refusée", "refusées")
    messages.success(request, f"{written}, {updated}, {refused}.")
    return redirect("sectors", slug)


def _kept(signed: str) -> dict[str, Any]:
    try:
        kept = signing.loads(signed, salt=_SALT, max_age=_PREVIEW_LASTS_SECONDS)
    except signing.BadSignature:
        return {}
    return kept if isinstance(kept, dict) else {}


@require_safe
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """All the zones of the department, as a file that the import reads back."""
    organisation = administered(request, slug)
    sectors = Sector.objects.visible_to(agent_of(request)).filter(department=organisation.department_id)
    return _file(services.rows_of(list(sectors)), f"secteurs-{organisation.department.number}.xlsx")


@require_safe
def template(request: HttpRequest, slug: str) -> HttpResponse:
    """A file to fill in, with a town and a street of the department as examples."""
    organisation = administered(request, slug)
    examples = sorted(towns.of_department(organisation.department.number), key=lambda town: -town.population)
    rows = [
        [sector, town.code, town.name, street, ""]
        for town in examples[:1]
        for sector, street in (("centre", ""), ("nord", "rue de la République"))
    ]
    return _file(rows, "modele-secteurs.xlsx")


def _file(rows: Sequence[Sequence[str]], name: str) -> HttpResponse:
    content = content_of({"Zones": (zone_files.COLUMNS, rows)})
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=_XLSX, headers=headers)
