"""The report of an import, to download."""

from io import BytesIO

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from rdv_insertion.imports.perms import get_run_for
from rdv_insertion.imports.report import REPORTED, XLSX, report_name, write_report
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.imports.steps import go_where_it_is
from rdv_insertion.web.shell import remember_organisation


@require_safe
def report(request: HttpRequest, run_id: int) -> HttpResponse:
    """What would be done, or was, a line a row; once the rows are erased, a page that says so."""
    run = get_run_for(agent_of(request), run_id)
    remember_organisation(request, run.organisation)
    if run.erased_at is not None:
        return render(request, "agents/imports/erased.html", {"run": run}, status=404)
    if run.stage not in REPORTED:
        return go_where_it_is(request, run)
    # A few megabytes for the largest import: its lines wait on disk while it is written.
    file = BytesIO()
    write_report(run, file, now=timezone.now())
    headers = {"Content-Disposition": content_disposition_header(True, report_name(run)) or ""}
    return HttpResponse(file.getvalue(), content_type=XLSX, headers=headers)
