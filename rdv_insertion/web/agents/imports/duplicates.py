"""Possible duplicates, one after the other: the same person, another one, or later."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Decision, RowState
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.imports import filtering
from rdv_insertion.web.agents.imports.lookalikes import lookalikes_of
from rdv_insertion.web.agents.imports.steps import at_stages, of_run
from rdv_insertion.web.agents.imports.verification import back_to, row_numbered, views_of


@require_safe
@at_stages(*services.DECIDABLE)
def show(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """One possible duplicate beside those it looks like: row `?ligne=`, else the first one to decide.

    After the last one (`?ligne=fin`), what remains to decide.
    """
    waiting = _waiting(run)
    total = waiting.count()
    left = waiting.filter(decision=Decision.LATER).count()
    context = {"run": run, "stepper": of_run(run, 3), "total": total, "left": left}
    row = _asked(run, waiting, request.GET.get("ligne", ""))
    if row is None:
        return render(request, "agents/imports/duplicates_end.html", context)
    agent = agent_of(request)
    alike = list(row.lookalikes.order_by("pk"))
    ids = [usager.pk for usager in alike]
    visible = set(Usager.objects.visible_to(agent).filter(pk__in=ids).order_by().values_list("pk", flat=True))
    around = waiting.order_by("number").values_list("number", flat=True)
    context |= {
        "row": row,
        "view": views_of(run, [row], [], agent)[0],
        "lookalikes": lookalikes_of(row, run, alike, visible),
        "place": around.filter(number__lte=row.number).count(),
        "previous": around.filter(number__lt=row.number).last(),
        "next": around.filter(number__gt=row.number).first(),
        "decisions": Decision,
    }
    return render(request, "agents/imports/duplicates.html", context)


def _waiting(run: ImportRun) -> QuerySet[ImportRow]:
    """The possible duplicates not yet written, decided or not."""
    return run.rows.filter(state=RowState.DUPLICATE, written_at=None)


def _asked(run: ImportRun, waiting: QuerySet[ImportRow], asked: str) -> ImportRow | None:
    """The row asked for, else the first one to decide, else the first one."""
    if asked == "fin":
        return None
    number = next(iter(filtering.numbers_of(asked)), None)
    to_decide = waiting.filter(decision=Decision.LATER).order_by("number")
    numbers = waiting.order_by("number").values_list("number", flat=True)
    if number is None or not waiting.filter(number=number).exists():
        number = to_decide.values_list("number", flat=True).first() or numbers.first()
    return None if number is None else row_numbered(run, number)


@require_POST
@at_stages(*services.DECIDABLE)
def decide(request: HttpRequest, run: ImportRun, number: int) -> HttpResponse:
    """Say who a possible duplicate is: `same` with the known person (`personne`), `different` or `later`;
    then go on with the next one (`suite=oui`), else back to the table.
    """
    decision, usager_id = request.POST.get("decision", ""), request.POST.get("personne", "")
    row = row_numbered(run, number)
    if decision not in Decision.values:
        return back_to(request, run, number)
    usager = int(usager_id) if usager_id.isascii() and usager_id.isdigit() and len(usager_id) < 19 else None
    services.decide(row=row, decision=decision, usager_id=usager)
    if request.POST.get("suite") != "oui":
        return back_to(request, run, number)
    following = _waiting(run).filter(number__gt=number, decision=Decision.LATER).order_by("number")
    after = following.values_list("number", flat=True).first() or "fin"
    return redirect(f"{reverse('import_duplicates', args=[run.pk])}?ligne={after}")
