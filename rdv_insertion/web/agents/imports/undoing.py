"""Taking back the people whom an import has just created: what it would touch in numbers, then doing it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.kernel.progress import about
from rdv_insertion.kernel.text import plural
from rdv_insertion.web.agents.imports.steps import at_stages, of_run


@require_http_methods(["GET", "HEAD", "POST"])
@at_stages(Stage.WRITTEN, Stage.DONE)
def undo(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Ask first, with the numbers; then delete the people created within the hour and untouched since."""
    now = timezone.now()
    if request.method == "POST":
        count = services.undo_creations(run=run, now=now)
        if count:
            messages.success(request, f"{plural(count, 'création annulée', 'créations annulées')}.")
        else:
            messages.info(request, "Plus aucune création de cet import ne peut être annulée.")
        return redirect("import_writing", run.pk)
    plan = services.undo_plan(run, now=now)
    context = {
        "run": run,
        "stepper": of_run(run, 4),
        "plan": plan,
        "time_left": about(plan.until - now) if plan.until else "",
    }
    return render(request, "agents/imports/undo.html", context)
