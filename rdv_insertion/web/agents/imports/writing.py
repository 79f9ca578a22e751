"""The people being written, then what came of each row."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import REFUSED, Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.results import figures, refusal_of
from rdv_insertion.kernel.progress import about
from rdv_insertion.web.agents.imports.invited import working
from rdv_insertion.web.agents.imports.steps import at_stages, current_step, of_run

_REFUSED_SHOWN = 200


@require_safe
@at_stages(Stage.WRITING, Stage.WRITTEN, Stage.INVITING, Stage.DONE)
def show(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Progress while the worker writes; then figures, and the rows that were refused."""
    under_way = run.stage == Stage.WRITING
    context = {"run": run, "stepper": of_run(run, 4), "working": under_way}
    details = working(run) if under_way else _result(run, timezone.now())
    return render(request, "agents/imports/writing.html", context | details)


def _result(run: ImportRun, now: datetime) -> dict[str, Any]:
    total, by_organisation = figures(run)
    refused = run.rows.filter(state__in=REFUSED).order_by("number")[:_REFUSED_SHOWN]
    until = services.undoable_until(run, now=now) if run.stage in (Stage.WRITTEN, Stage.DONE) else None
    return {
        "figures": total,
        "by_organisation": by_organisation,
        "refused": [(row, row.person, refusal_of(row)) for row in refused],
        "refused_shown": _REFUSED_SHOWN,
        "invitable": services.invitable_rows(run).count() if run.motif_category_id else 0,
        "undo_left": about(until - now) if until else "",
    }


@require_POST
@at_stages(Stage.CHECKING, Stage.WRITING, Stage.INVITING)
def start_again(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Go on with a work that was interrupted: what is done stays done."""
    services.start_again(run=run)
    return redirect(current_step(run), run.pk)
