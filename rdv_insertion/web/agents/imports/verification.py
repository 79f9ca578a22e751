"""Every row before anything is written: leave out, decide on possible duplicates, then write."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import WRITABLE, Decision, RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.results import counts_by_state
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.imports.rows import show as show_rows
from rdv_insertion.web.agents.imports.steps import at_stages, of_run

_PER_PAGE = 50
_TO_CHECK = "a-regarder"


@dataclass(frozen=True)
class Filter:
    """One figure at the top of the page, and the rows it leads to."""

    key: str
    label: str
    count: int
    current: bool


@dataclass(frozen=True)
class ToWrite:
    """What the button will write, and what it will leave."""

    create: int
    update: int
    unchanged: int
    left_out: int
    undecided: int
    errors: int

    @property
    def people(self) -> int:
        """How many people the button says."""
        return self.create + self.update + self.unchanged


@require_http_methods(["GET", "HEAD", "POST"])
@at_stages(*services.DECIDABLE)
def show(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The rows, filtered; POST has the chosen ones written."""
    if request.method == "POST":
        services.start_writing(run=run, now=timezone.now())
        return redirect("import_writing", run.pk)
    state = request.GET.get("etat", "")
    page = Paginator(_filtered(run, state), _PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    context = {
        "run": run,
        "stepper": of_run(run, 3),
        "filters": _filters(run, state),
        "to_write": _to_write(run),
        "page": page,
        "rows": show_rows(rows, run, visible=_visible_to(request, rows)),
        "later_stage": run.stage != Stage.PREVIEW,
        "decisions": Decision,
    }
    return render(request, "agents/imports/verification.html", context)


def _filtered(run: ImportRun, state: str) -> QuerySet[ImportRow]:
    rows = run.rows.select_related("usager").prefetch_related("lookalikes").order_by("number")
    if state == _TO_CHECK:
        return rows.filter(to_check=True)
    return rows.filter(state=state) if state in RowState.values else rows


def _visible_to(request: HttpRequest, rows: Iterable[ImportRow]) -> set[int]:
    """The ids of the known people of these rows whom the agent may see."""
    known = {row.usager_id for row in rows if row.usager_id}
    known |= {usager.pk for row in rows for usager in row.lookalikes.all()}
    visible = Usager.objects.visible_to(agent_of(request)).filter(pk__in=known)
    return set(visible.order_by().values_list("pk", flat=True))


def _filters(run: ImportRun, current: str) -> list[Filter]:
    counts = counts_by_state(run)
    to_check = run.rows.filter(to_check=True).count()
    filters = [("", "Toutes les lignes", sum(counts.values())), (_TO_CHECK, "À regarder", to_check)]
    filters += [(state.value, state.label, counts[state]) for state in RowState if counts.get(state)]
    known = {key for key, _, _ in filters}
    chosen = current if current in known else ""
    return [
        Filter(key, str(label), count, key == chosen) for key, label, count in filters if count or not key
    ]


def _to_write(run: ImportRun) -> ToWrite:
    """One query: rows by state, choice and decision."""
    groups = run.rows.filter(written_at=None).order_by().values_list("state", "selected", "decision")
    counts: Counter[str] = Counter()
    for state, selected, decision, number in groups.annotate(Count("pk")):
        counts[_fate(state, selected, decision)] += number
    return ToWrite(
        create=counts[RowState.TO_CREATE],
        update=counts[RowState.TO_UPDATE],
        unchanged=counts[RowState.UNCHANGED],
        left_out=counts["left_out"],
        undecided=counts[RowState.DUPLICATE],
        errors=counts[RowState.ERROR],
    )


def _fate(state: str, selected: bool, decision: str) -> str:
    """What will become of a row: what it is, once decided and unless it is left out."""
    if not selected and state in (*WRITABLE, RowState.DUPLICATE):
        return "left_out"
    if state == RowState.DUPLICATE and decision != Decision.LATER:
        return RowState.TO_UPDATE if decision == Decision.SAME else RowState.TO_CREATE
    return state


@require_POST
@at_stages(*services.DECIDABLE)
def select(request: HttpRequest, run: ImportRun, number: int) -> HttpResponse:
    """Take a row, or leave it out."""
    services.select(row=_row(run, number), selected=request.POST.get("choisie") == "oui")
    return _back(request, run, number)


@require_POST
@at_stages(*services.DECIDABLE)
def decide(request: HttpRequest, run: ImportRun, number: int) -> HttpResponse:
    """Say who a possible duplicate is: `same` with the known person, `different` or `later`."""
    decision = request.POST.get("decision", "")
    usager_id = request.POST.get("personne", "")
    if decision in Decision.values:
        row = _row(run, number)
        services.decide(
            row=row, decision=decision, usager_id=int(usager_id) if usager_id.isdecimal() else None
        )
    return _back(request, run, number)


def _row(run: ImportRun, number: int) -> ImportRow:
    row: ImportRow = get_object_or_404(run.rows, number=number)
    row.run = run
    return row


def _back(request: HttpRequest, run: ImportRun, number: int) -> HttpResponse:
    """The same page of the table, at the same row."""
    page = page_to_return_to(request, reverse("import_preview", args=[run.pk]))
    return redirect(f"{page}#ligne-{number}")
