"""Which rows to write, and for which organisation: one, those of a page, or all those that match."""

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import NOT_SELECTABLE, RowState
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.kernel.text import plural
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.imports import filtering, fragments, ranges
from rdv_insertion.web.agents.imports.steps import at_stages
from rdv_insertion.web.agents.imports.verification import (
    asked_in_place,
    back_to,
    candidates_for,
    in_place,
    row_numbered,
)
from rdv_insertion.web.agents.undo import offer_undo

_CHOOSE, _LEAVE, _ASSIGN = "choisir", "laisser", "affecter"


@in_place
@require_POST
@at_stages(*services.DECIDABLE)
def select(request: HttpRequest, run: ImportRun, number: int) -> HttpResponse:
    """Take a row (`choisie=oui`), or leave it out."""
    row = row_numbered(run, number)
    before = fragments.OnScreen.of(request, run) if asked_in_place(request) else None
    services.select(row=row, selected=request.POST.get("choisie") == "oui")
    if before is not None:
        return fragments.answer(request, run, number, before)
    return back_to(request, run, number)


@require_POST
@at_stages(*services.DECIDABLE)
def several(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Do one thing to many rows: those of the page (`portee=page`, `lignes`), else all those that the address
    of the table asks for.
    """
    rows, action = _rows_of(request, run), request.POST.get("action", "")
    if action in (_CHOOSE, _LEAVE):
        _choose(request, run, rows, selected=action == _CHOOSE)
    elif action == _ASSIGN:
        slug = request.POST.get("affectation", "")
        candidates = candidates_for(agent_of(request), run)
        organisation = next((one for one in candidates if one.slug == slug), None)
        if organisation is None:
            messages.error(request, "Choisissez l'organisation qui suivra ces personnes.")
        else:
            _assign(request, run, rows, organisation)
    return back_to(request, run)


def _rows_of(request: HttpRequest, run: ImportRun) -> QuerySet[ImportRow]:
    if request.POST.get("portee") == "page":
        return run.rows.filter(number__in=filtering.numbers_of(request.POST.get("lignes", "")))
    asked = request.GET.get("organisation", "")
    known = Organisation.objects.filter(slug=asked, department=run.organisation.department_id)
    wanted = filtering.wanted_of(request.GET, known)
    if asked and wanted.organisation_id is None:
        return run.rows.none()
    return wanted.rows_of(run)


def _choose(request: HttpRequest, run: ImportRun, rows: QuerySet[ImportRow], *, selected: bool) -> None:
    changing = rows.filter(written_at=None).exclude(state__in=NOT_SELECTABLE).exclude(selected=selected)
    before = ranges.written(changing.order_by().values_list("number", flat=True))
    changed = services.select_all(run=run, rows=rows, selected=selected)
    if not changed:
        messages.info(request, "Ces lignes étaient déjà ainsi : rien n'a changé.")
        return
    done = (
        ("ligne choisie", "lignes choisies")
        if selected
        else ("ligne laissée de côté", "lignes laissées de côté")
    )
    messages.success(request, f"{plural(changed, *done)}.")
    if before:
        _offer_undo(request, run, choisir="non" if selected else "oui", lignes=before)


def _assign(
    request: HttpRequest, run: ImportRun, rows: QuerySet[ImportRow], organisation: Organisation
) -> None:
    waiting = rows.filter(written_at=None)
    places = waiting.order_by().values_list("state", "organisation__slug").distinct()
    before = {"" if state == RowState.UNASSIGNED else slug or "" for state, slug in places}
    numbers = ranges.written(waiting.order_by().values_list("number", flat=True))
    count = services.assign(run=run, rows=rows, organisation=organisation, now=timezone.now())
    if not count:
        messages.info(request, "Aucune de ces lignes ne peut encore être affectée.")
        return
    messages.success(request, f"{plural(count, 'ligne affectée', 'lignes affectées')} à {organisation.name}.")
    if numbers and len(before) == 1:
        _offer_undo(request, run, affectation=before.pop() or "aucune", lignes=numbers)


def _offer_undo(request: HttpRequest, run: ImportRun, **fields: str) -> None:
    back = page_to_return_to(request, reverse("import_preview", args=[run.pk]))
    offer_undo(request, reverse("import_several_undo", args=[run.pk]), next=back, **fields)


@require_POST
@at_stages(*services.DECIDABLE)
def undo(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Take back what `several` did: `lignes` are ranges of numbers."""
    asked = ranges.read(request.POST.get("lignes", ""))
    rows = run.rows.filter(asked if asked is not None else Q(pk__in=()))
    slug, chosen = request.POST.get("affectation", ""), request.POST.get("choisir", "")
    if chosen in ("oui", "non"):
        count = services.select_all(run=run, rows=rows, selected=chosen == "oui")
    elif slug == "aucune":
        count = services.unassign(run=run, rows=rows, now=timezone.now())
    else:
        candidates = candidates_for(agent_of(request), run)
        organisation = next((one for one in candidates if one.slug == slug), None)
        count = 0
        if organisation is not None:
            count = services.assign(run=run, rows=rows, organisation=organisation, now=timezone.now())
    messages.success(
        request, f"C'est annulé : {plural(count, 'ligne remise', 'lignes remises')} comme avant."
    )
    return back_to(request, run)
