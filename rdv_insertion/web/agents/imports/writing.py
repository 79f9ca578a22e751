"""The people being written, then what came of each row."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import REFUSED, RowState, Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.results import counts_by_state, progress, refusal_of
from rdv_insertion.web.agents.imports.steps import about, at_stages, current_step, of_run

_REFUSED_SHOWN = 200


@require_safe
@at_stages(Stage.WRITING, Stage.WRITTEN, Stage.INVITING, Stage.DONE)
def show(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Progress while the worker writes; then figures, and the rows that were refused."""
    working = run.stage == Stage.WRITING
    context = {"run": run, "stepper": of_run(run, 4), "working": working}
    return render(
        request, "agents/imports/writing.html", context | (_working(run) if working else _result(run))
    )


def _working(run: ImportRun) -> dict[str, object]:
    done = progress(run)
    return {
        "progress": done,
        "time_left": about(done.time_left(timezone.now())),
        "interrupted": not services.has_job(run),
    }


def _result(run: ImportRun) -> dict[str, object]:
    counts = counts_by_state(run)
    refused = run.rows.filter(state__in=REFUSED).order_by("number")[:_REFUSED_SHOWN]
    left_out = services.selectable_rows(run).exclude(state=RowState.DUPLICATE).count()
    return {
        "created": counts.get(RowState.CREATED, 0),
        "updated": counts.get(RowState.UPDATED, 0),
        "unchanged": run.rows.filter(state=RowState.UNCHANGED, written_at__isnull=False).count(),
        "left_out": left_out,
        "duplicates": counts.get(RowState.DUPLICATE, 0),
        "refused_count": counts.get(RowState.ERROR, 0) + counts.get(RowState.REFUSED, 0),
        "refused": [(row, row.person, refusal_of(row)) for row in refused],
        "invitable": services.invitable_rows(run).count() if run.motif_category_id else 0,
    }


@require_POST
@at_stages(Stage.WRITING, Stage.INVITING)
def start_again(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Go on with a work that was interrupted: what is done stays done."""
    services.start_again(run=run)
    return redirect(current_step(run), run.pk)
