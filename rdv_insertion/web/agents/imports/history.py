"""The imports of an organisation: who gave what, when, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from rdv_insertion.imports.enums import Origin, RowState, Stage
from rdv_insertion.imports.models import KEPT, ImportRow, ImportRun
from rdv_insertion.imports.perms import get_run_for
from rdv_insertion.kernel.text import plural
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.imports.steps import current_step
from rdv_insertion.web.shell import current_organisation, remember_organisation

_PER_PAGE = 25
_LONGEST_SEARCH = 100
# Colour and icon of each stage; a run at work is blue, one that waits for somebody orange.
_BADGES = {
    Stage.COLUMNS: ("orange", "fr-icon-table-line", "Colonnes à vérifier"),
    Stage.CHECKING: ("blue", "fr-icon-refresh-line", "Lecture en cours"),
    Stage.PREVIEW: ("orange", "fr-icon-edit-line", "À vérifier"),
    Stage.WRITING: ("blue", "fr-icon-refresh-line", "Enregistrement en cours"),
    Stage.WRITTEN: ("orange", "fr-icon-mail-line", "À inviter"),
    Stage.INVITING: ("blue", "fr-icon-mail-send-line", "Invitations en cours"),
    Stage.DONE: ("green", "fr-icon-checkbox-circle-line", "Terminé"),
}
_ABANDONED = ("grey", "fr-icon-close-circle-line", "Non enregistré")
_BEFORE_WRITING = (Stage.COLUMNS, Stage.CHECKING, Stage.PREVIEW)
# What is said of the rows in each state, one then several.
_WORDS: Mapping[str, tuple[str, str]] = {
    RowState.CREATED: ("créée", "créées"),
    RowState.UPDATED: ("mise à jour", "mises à jour"),
    RowState.TO_CREATE: ("à créer", "à créer"),
    RowState.TO_UPDATE: ("à mettre à jour", "à mettre à jour"),
    RowState.UNCHANGED: ("déjà à jour", "déjà à jour"),
    RowState.DUPLICATE: ("doublon possible", "doublons possibles"),
    RowState.UNASSIGNED: ("sans organisation", "sans organisation"),
    RowState.MERGED: ("en double dans le fichier", "en double dans le fichier"),
    RowState.ERROR: ("en erreur", "en erreur"),
    RowState.REFUSED: ("refusée", "refusées"),
    RowState.UNDONE: ("création annulée", "créations annulées"),
}
# Rows that were to be written, and were left out.
_LEFT_OUT: Mapping[str, tuple[str, str]] = {
    RowState.TO_CREATE: ("non créée", "non créées"),
    RowState.TO_UPDATE: ("non mise à jour", "non mises à jour"),
}


@dataclass(frozen=True)
class Line:
    """An import as the history shows it."""

    run: ImportRun
    badge: tuple[str, str, str]
    rows: str
    counts: list[str]
    has_report: bool

    @property
    def short_fingerprint(self) -> str:
        """Enough of the fingerprint to compare two files by eye."""
        return self.run.fingerprint[:8]


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """The imports of the organisation the agent works in, the last first."""
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    runs = ImportRun.objects.visible_to(agent_of(request)).filter(organisation=organisation)
    search = request.GET.get("fichier", "").replace("\0", "").strip()[:_LONGEST_SEARCH]
    origin = request.GET.get("origine", "")
    page = Paginator(_found(runs, search, origin), _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "organisation": organisation,
        "page": page,
        "lines": _lines(list(page)),
        "search": search,
        "origin": origin if origin in Origin.values else "",
        "origins": Origin.choices,
        "filtered": bool(search or origin in Origin.values),
        "days_kept": KEPT.days,
    }
    return render(request, "agents/imports/history.html", context)


def _found(runs: QuerySet[ImportRun], search: str, origin: str) -> QuerySet[ImportRun]:
    if search:
        begins = Q(fingerprint__startswith=search.lower())
        runs = runs.filter(Q(file_name__icontains=search) | Q(contacts_name__icontains=search) | begins)
    if origin in Origin.values:
        runs = runs.filter(origin=origin)
    return runs.select_related("organisation__department", "motif_category", "agent").order_by(
        "-created_at", "-id"
    )


def _lines(runs: Sequence[ImportRun]) -> list[Line]:
    counted = _counts(runs)
    return [_line(run, counted[run.pk]) for run in runs]


def _counts(runs: Sequence[ImportRun]) -> dict[int, dict[str, int]]:
    """Rows by state of each run: those kept with it once they are erased, else counted. One query."""
    counted = {run.pk: dict(run.counts) if run.erased_at else {} for run in runs}
    kept = [run.pk for run in runs if not run.erased_at]
    groups = ImportRow.objects.filter(run__in=kept).order_by().values_list("run", "state")
    for run_id, state, number in groups.annotate(Count("pk")):
        counted[run_id][state] = number
    return counted


def _line(run: ImportRun, counts: Mapping[str, int]) -> Line:
    total = sum(counts.values())
    return Line(
        run=run,
        badge=_badge(run),
        rows=plural(total, "ligne") if total else "",
        counts=_in_words(run, counts),
        has_report=bool(total) and run.erased_at is None and run.written_at is not None,
    )


def _in_words(run: ImportRun, counts: Mapping[str, int]) -> list[str]:
    """`12 créées`, `1 en erreur`…, the most telling first."""
    is_over = run.stage not in (*_BEFORE_WRITING, Stage.WRITING)
    words = {**_WORDS, **_LEFT_OUT} if is_over else _WORDS
    return [plural(counts[state], *several) for state, several in words.items() if counts.get(state)]


def _badge(run: ImportRun) -> tuple[str, str, str]:
    stage = Stage(run.stage)
    if run.erased_at and run.written_at is None:
        return _ABANDONED
    if stage == Stage.WRITTEN and run.motif_category_id is None:
        stage = Stage.DONE
    return _BADGES[stage]


@require_safe
def resume(request: HttpRequest, run_id: int) -> HttpResponse:
    """The step where an import is; once its rows are erased, what was done."""
    run = get_run_for(agent_of(request), run_id)
    remember_organisation(request, run.organisation)
    if run.erased_at is None:
        return redirect(current_step(run), run.pk)
    organisation: Organisation = run.organisation
    context = {"run": run, "organisation": organisation, "line": _line(run, run.counts)}
    return render(request, "agents/imports/erased_run.html", context)
