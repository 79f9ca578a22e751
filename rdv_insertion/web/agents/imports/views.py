"""The imports of an organisation, a new one, and what its columns mean."""

import re
from dataclasses import dataclass
from itertools import islice

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from rdv_insertion.agents.models import Agent
from rdv_insertion.imports import columns as columns_of_file
from rdv_insertion.imports import preview, services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.perms import get_run_for
from rdv_insertion.imports.read import UnreadableFile
from rdv_insertion.kernel.text import squish
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.imports.forms import NewImportForm, columns_from, read_upload
from rdv_insertion.web.agents.imports.steps import at_stages, current_step, of_run, stepper
from rdv_insertion.web.shell import current_organisation

_PER_PAGE = 25
_SAMPLES = 3
_LIKE_A_NIR = re.compile(r"[1-478]\d{4}(\d{2}|2[AB])\d{6}(\d{2})?")
# Colour and icon of each stage in the history; a run at work is blue, one that waits for somebody orange.
_BADGES = {
    Stage.COLUMNS: ("orange", "fr-icon-table-line", "Colonnes à vérifier"),
    Stage.PREVIEW: ("orange", "fr-icon-edit-line", "À vérifier"),
    Stage.WRITING: ("blue", "fr-icon-refresh-line", "Enregistrement en cours"),
    Stage.WRITTEN: ("orange", "fr-icon-mail-line", "À inviter"),
    Stage.INVITING: ("blue", "fr-icon-mail-send-line", "Invitations en cours"),
    Stage.DONE: ("green", "fr-icon-checkbox-circle-line", "Terminé"),
}


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """The imports of the organisation the agent works in, the last first."""
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    runs = (
        ImportRun.objects.visible_to(agent_of(request))
        .filter(organisation=organisation)
        .select_related("motif_category", "agent")
        .annotate(row_count=Count("rows"))
        .order_by("-created_at", "-id")
    )
    page = Paginator(runs, _PER_PAGE).get_page(request.GET.get("page"))
    context = {"organisation": organisation, "page": page, "rows": [(run, _badge(run)) for run in page]}
    return render(request, "agents/imports/history.html", context)


def _badge(run: ImportRun) -> tuple[str, str, str]:
    stage = Stage(run.stage)
    if stage == Stage.WRITTEN and run.motif_category_id is None:
        stage = Stage.DONE
    return _BADGES[stage]


@require_safe
def resume(request: HttpRequest, run_id: int) -> HttpResponse:
    """The step where an import is."""
    run = get_run_for(agent_of(request), run_id)
    return redirect(current_step(run), run.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Give a file."""
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    form = NewImportForm(request.POST or None, request.FILES or None, organisation=organisation)
    if request.method == "POST" and form.is_valid():
        run = _start(form, organisation, agent_of(request))
        if run is not None:
            return redirect("import_columns", run.pk)
    context = {"form": form, "organisation": organisation, "stepper": stepper(1)}
    return render(request, "agents/imports/new.html", context)


def _start(form: NewImportForm, organisation: Organisation, agent: Agent) -> ImportRun | None:
    configuration, contacts = form.cleaned_data["category"], form.cleaned_data["contacts"]
    try:
        return services.start(
            organisation=organisation,
            motif_category=configuration.motif_category if configuration else None,
            agent=agent,
            file=read_upload(form.cleaned_data["file"]),
            contacts_file=read_upload(contacts) if contacts else None,
            now=timezone.now(),
        )
    except services.UnreadableContacts as error:
        form.add_error("contacts", str(error))
    except UnreadableFile as error:
        form.add_error("file", str(error))
    return None


@dataclass(frozen=True)
class Column:
    """One column of the file, as the page shows it."""

    place: int
    letter: str
    title: str
    samples: list[str]
    attribute: str
    repeated: bool


@require_http_methods(["GET", "HEAD", "POST"])
@at_stages(Stage.COLUMNS, Stage.PREVIEW)
def columns(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Say what each column holds."""
    header = preview.header_of(run)
    offered = columns_of_file.offered_fields(run.organisation.organisation_type)
    chosen = columns_from(request.POST, run, offered) if request.method == "POST" else run.columns
    error = _refusal(header, chosen)
    if request.method == "POST" and not error:
        services.set_columns(run=run, columns=chosen, now=timezone.now())
        return redirect("import_preview", run.pk)
    remembered = services.mapping_for(run.organisation, header)
    context = {
        "run": run,
        "stepper": of_run(run, 2),
        "header_line": header.row + 1,
        "error": error,
        "recognised": [one for one in _columns(run, header, chosen) if one.attribute],
        "others": [one for one in _columns(run, header, chosen) if not one.attribute],
        "offered": offered,
        "remembered": remembered if remembered and remembered.columns == run.columns else None,
        "same_file": _same_file(run),
    }
    return render(request, "agents/imports/columns.html", context)


def _refusal(header: columns_of_file.Header, chosen: list[str]) -> str:
    try:
        columns_of_file.check(header, chosen)
    except UnreadableFile as error:
        return str(error)
    return ""


def _columns(run: ImportRun, header: columns_of_file.Header, chosen: list[str]) -> list[Column]:
    repeated = {place for places in columns_of_file.repeated(chosen).values() for place in places}
    body = run.file.table[run.header_row + 1 :]
    return [
        Column(
            place=place,
            letter=columns_of_file.column_letter(place),
            title=squish(name) or "Sans titre",
            samples=_samples(body, place, hidden=chosen[place] == "nir"),
            attribute=chosen[place],
            repeated=place in repeated,
        )
        for place, name in enumerate(header.names)
    ]


def _samples(body: list[list[str]], place: int, *, hidden: bool) -> list[str]:
    filled = (squish(row[place]) for row in body if row[place])
    first = list(islice(filled, _SAMPLES))
    # A NIR is shown to nobody, not even one that nothing announces.
    masked = hidden or any(_LIKE_A_NIR.fullmatch("".join(value.split())) for value in first)
    return ["NIR présent"] if masked and first else [value[:60] for value in first]


def _same_file(run: ImportRun) -> ImportRun | None:
    """An earlier import of the very same file by this organisation."""
    earlier = ImportRun.objects.filter(organisation=run.organisation, fingerprint=run.fingerprint)
    return earlier.filter(pk__lt=run.pk).select_related("agent").order_by("-pk").first()
