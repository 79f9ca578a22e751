"""Giving a file, and the model to fill in."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from rdv_insertion.agenda.models import Sector
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.imports import services
from rdv_insertion.imports.columns import model_file
from rdv_insertion.imports.enums import Routing
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.read import MAX_BYTES, MAX_FLOW_BYTES, MAX_ROWS, UnreadableFile
from rdv_insertion.kernel.dates import short_moment
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.imports.columns import same_file
from rdv_insertion.web.agents.imports.forms import NewImportForm, read_upload
from rdv_insertion.web.agents.imports.steps import current_step, stepper
from rdv_insertion.web.shell import current_organisation

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEGABYTE = 1024**2


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Give a file. A script that sends it gets the next address as a header, not as a redirection."""
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    has_sectors = Sector.objects.filter(department=organisation.department_id).exists()
    form = NewImportForm(
        request.POST or None,
        request.FILES or None,
        organisation=organisation,
        may_route=has_sectors or _works_in_several(agent_of(request), organisation),
    )
    if request.method == "POST" and form.is_valid():
        run = _start(form, organisation, agent_of(request))
        if run is not None:
            _tell_known_flow(request, run)
            return _go_to(request, reverse(current_step(run), args=[run.pk]))
    context = {
        "form": form,
        "organisation": organisation,
        "stepper": stepper(1),
        "has_sectors": has_sectors,
        "routing": form.data.get("routing", Routing.HERE),
        "limits": {
            "megabytes": MAX_BYTES // _MEGABYTE,
            "flow_megabytes": MAX_FLOW_BYTES // _MEGABYTE,
            "rows": MAX_ROWS,
        },
    }
    return render(request, "agents/imports/new.html", context)


def _works_in_several(agent: Agent, organisation: Organisation) -> bool:
    others = organisations_of(agent).filter(department=organisation.department_id)
    return others.filter(~Q(pk=organisation.pk)).exists()


def _tell_known_flow(request: HttpRequest, run: ImportRun) -> None:
    """A flow goes past the page of columns, which tells it of the other files."""
    earlier = same_file(run) if run.flow else None
    if earlier is None:
        return
    sentence = (
        "Ce même flux a déjà été déposé le {}. Personne ne sera créé deux fois. "
        '<a href="{}">Voir cet import</a>'
    )
    moment = short_moment(earlier.created_at, run.organisation.time_zone)
    messages.warning(request, format_html(sentence, moment, reverse("import_run", args=[earlier.pk])))


def _go_to(request: HttpRequest, address: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _start(form: NewImportForm, organisation: Organisation, agent: Agent) -> ImportRun | None:
    configuration, contacts = form.cleaned_data["category"], form.cleaned_data["contacts"]
    try:
        return services.start(
            organisation=organisation,
            motif_category=configuration.motif_category if configuration else None,
            agent=agent,
            file=read_upload(form.cleaned_data["file"]),
            contacts_file=read_upload(contacts) if contacts else None,
            routing=form.cleaned_data.get("routing", Routing.HERE),
            now=timezone.now(),
            in_background=True,
        )
    except services.UnreadableContacts as error:
        form.add_error("contacts", str(error))
    except UnreadableFile as error:
        form.add_error("file", str(error))
    return None


@require_safe
def model_xlsx(request: HttpRequest) -> HttpResponse:
    """The model file, for Excel."""
    return _model(request, "xlsx")


@require_safe
def model_csv(request: HttpRequest) -> HttpResponse:
    """The model file, for any software."""
    return _model(request, "csv")


def _model(request: HttpRequest, extension: str) -> HttpResponse:
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    if extension == "xlsx":
        content, content_type = model_file.as_workbook(organisation), _XLSX
    else:
        content, content_type = model_file.as_csv(organisation), "text/csv; charset=utf-8"
    disposition = f'attachment; filename="modele-import.{extension}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})
