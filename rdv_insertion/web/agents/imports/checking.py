"""A large file being checked: a page that waits, and that may be left."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.kernel.progress import about
from rdv_insertion.kernel.snapshots import one_moment
from rdv_insertion.web.agents.imports.steps import of_run, opened

# What a worker checks, on a modest machine; and the time it may take before it takes the job.
_ROWS_PER_SECOND = 4_000
_BEFORE_IT_BEGINS = timedelta(seconds=3)


@require_safe
@one_moment()
def show(request: HttpRequest, run_id: int) -> HttpResponse:
    """How many rows, and about how long; once they are checked, the next page."""
    run = opened(request, run_id)
    if run.erased_at or run.stage != Stage.CHECKING:
        return redirect("import_run", run.pk)
    rows = run.file.rows_of(run.sheet)
    line_count = sum(1 for row in rows[run.header_row + 1 :] if any(row))
    expected = _BEFORE_IT_BEGINS + timedelta(seconds=line_count / _ROWS_PER_SECOND)
    left = expected - (timezone.now() - (run.stage_began_at or run.created_at))
    context = {
        "run": run,
        "stepper": of_run(run, 3),
        "line_count": line_count,
        "time_left": about(left) if left > timedelta(0) else "",
        "interrupted": not services.has_job(run),
    }
    return render(request, "agents/imports/checking.html", context)


@require_safe
@one_moment()
def state(request: HttpRequest, run_id: int) -> HttpResponse:
    """Asked again and again by the page: nothing while the worker works, else where to go."""
    run = opened(request, run_id)
    if run.stage != Stage.CHECKING:
        return HttpResponse(headers={"HX-Redirect": reverse("import_run", args=[run.pk])})
    if services.has_job(run):
        return HttpResponse(status=204)
    return HttpResponse(headers={"HX-Refresh": "true"})
