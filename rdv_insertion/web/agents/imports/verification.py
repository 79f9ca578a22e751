"""Every row before anything is written: a table of any size, filtered, searched and sorted by its address."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import administers, organisations_of
from rdv_insertion.imports import services
from rdv_insertion.imports.enums import NOT_SELECTABLE, Routing, RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.preview import table
from rdv_insertion.imports.preview.destinations import candidates_of
from rdv_insertion.imports.preview.table import Group, Wanted
from rdv_insertion.imports.run import to_write
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.imports import filtering, rows
from rdv_insertion.web.agents.imports.rows import COLUMNS, RowView, Sheet
from rdv_insertion.web.agents.imports.steps import at_stages, of_run

PER_PAGE = 50

Parameters = ParamSpec("Parameters")


def in_place(
    view: Callable[Concatenate[HttpRequest, Parameters], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Have a redirect lead the whole page elsewhere even when a script asked, which would follow it alone."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if asked_in_place(request) and response.status_code == 302:
            return HttpResponseClientRedirect(response["Location"])
        return response

    return answer


def asked_in_place(request: HttpRequest) -> bool:
    """Whether a script of the page asks, and will put the answer where it belongs."""
    return request.headers.get("HX-Request") == "true"


@require_http_methods(["GET", "HEAD", "POST"])
@at_stages(*services.DECIDABLE)
def show(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The rows that the address asks for; POST has those chosen, of the whole file, written."""
    if request.method == "POST":
        return _write(request, run)
    groups = table.groups_of(run)
    among = filtering.organisations_among(groups)
    wanted = filtering.wanted_of(request.GET, (one.organisation for one in among))
    if (number := _row_asked(request)) is not None:
        page_number = table.place_of(run, number) // PER_PAGE + 1
        return redirect(f"{reverse('import_preview', args=[run.pk])}?page={page_number}#ligne-{number}")
    places = wanted.places(run, groups)
    page = Paginator(places, PER_PAGE).get_page(request.GET.get("page"))
    shown = table.page_of(run, wanted, places[max(page.start_index() - 1, 0) : page.end_index()])
    columns = rows.columns_of(run, several_organisations=_several(run, groups, among), rows=shown)
    agent = agent_of(request)
    context = {
        "run": run,
        "stepper": of_run(run, 3),
        "columns": [(name, COLUMNS[name]) for name in columns],
        "column_names": ",".join(columns),
        "parameters": request.GET,
        "here": request.get_full_path(),
        "rows": views_of(run, shown, columns, agent, _others(run, shown, groups)),
        "numbers": ",".join(str(row.number) for row in shown),
        "page": page,
        "wanted": wanted,
        "chips": filtering.chips(wanted, among),
        "sort_labels": filtering.SORT_LABELS,
        "matching": page.paginator.count,
        "all_out": _all_out(shown),
        "administers": bool(run.unknown_referents) and administers(agent, run.organisation),
        "later_stage": run.stage != Stage.PREVIEW,
        **figures(groups, among, wanted),
        "candidates": candidates_for(agent, run),
    }
    return render(request, "agents/imports/verification.html", context)


def _write(request: HttpRequest, run: ImportRun) -> HttpResponse:
    if not run.rows.filter(to_write()).exists():
        messages.warning(request, "Aucune ligne n'est à enregistrer. Choisissez-en au moins une.")
        return redirect("import_preview", run.pk)
    services.start_writing(run=run, now=timezone.now())
    return redirect("import_writing", run.pk)


def _row_asked(request: HttpRequest) -> int | None:
    """The row that a link of another page or of this one leads to."""
    return next(iter(filtering.numbers_of(request.GET.get("ligne", ""))), None)


def _several(run: ImportRun, groups: Sequence[Group], among: Sequence[filtering.OrganisationCount]) -> bool:
    """Whether it makes sense to say where each person goes."""
    unassigned = any(group.state == RowState.UNASSIGNED for group in groups)
    return unassigned or len(among) > 1 or run.routing == Routing.ADDRESS or "organisation" in run.columns


def _others(run: ImportRun, shown: Sequence[ImportRow], groups: Sequence[Group]) -> Mapping[int, list[int]]:
    """The rows merged with those shown; nothing is read when none is."""
    merged = any(group.state == RowState.MERGED for group in groups)
    return table.merged_into(run, (row.number for row in shown)) if merged else {}


def _all_out(shown: Iterable[ImportRow]) -> bool | None:
    """Whether every row of the page that may be chosen is left alone; None when none may be."""
    choices = {row.selected for row in shown if row.written_at is None and row.state not in NOT_SELECTABLE}
    return None if not choices else True not in choices


def views_of(
    run: ImportRun,
    shown: Sequence[ImportRow],
    columns: Sequence[str],
    agent: Agent,
    others: Mapping[int, list[int]] | None = None,
) -> list[RowView]:
    """The rows as the table shows them to `agent`: one query at most, whatever their number. `others` are, by
    row, those of the same person.
    """
    known = {row.usager_id for row in shown if row.usager_id}
    visible = Usager.objects.visible_to(agent).filter(pk__in=known) if known else Usager.objects.none()
    sheet = Sheet(
        columns=columns,
        references=rows.references_of(run),
        organisation_type=run.organisation.organisation_type,
        visible=set(visible.order_by().values_list("pk", flat=True)),
        others=others or {},
    )
    return [sheet.show(row) for row in shown]


def figures(
    groups: Sequence[Group], among: Sequence[filtering.OrganisationCount], wanted: Wanted
) -> dict[str, Any]:
    """What is counted at the top and at the bottom of the page."""
    writing = table.to_write(groups)
    return {
        "filters": filtering.filters(groups, wanted),
        "among": among,
        "to_write": writing,
        "to_write_by_organisation": [
            (one.organisation, writing.by_organisation[one.organisation.pk])
            for one in among
            if writing.by_organisation[one.organisation.pk]
        ],
    }


def candidates_for(agent: Agent, run: ImportRun) -> list[Organisation]:
    """The organisations to which `agent` may give rows of this import."""
    own = set(organisations_of(agent).order_by().values_list("pk", flat=True))
    return [one for one in candidates_of(run) if one.pk in own]


def row_numbered(run: ImportRun, number: int) -> ImportRow:
    """One row, with its known person and its organisation. Raises Http404."""
    row: ImportRow = get_object_or_404(run.rows.select_related("usager", "organisation"), number=number)
    row.run = run
    return row


def back_to(request: HttpRequest, run: ImportRun, number: int | None = None) -> HttpResponse:
    """The same page of the table, at the same row."""
    page = page_to_return_to(request, reverse("import_preview", args=[run.pk])).partition("#")[0]
    return redirect(page if number is None else f"{page}#ligne-{number}")
