"""Correcting what a row says, one cell in the table or the whole row on a page; checked at once."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from rdv_insertion.imports import services
from rdv_insertion.imports.columns import CORRECTABLE, FIELD_LABELS
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.usagers.enums import Role, Title
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.imports import fragments, rows
from rdv_insertion.web.agents.imports.rows import Cell
from rdv_insertion.web.agents.imports.steps import at_stages, of_run
from rdv_insertion.web.agents.imports.verification import (
    asked_in_place,
    back_to,
    candidates_for,
    in_place,
    row_numbered,
    views_of,
)

_KEYBOARDS = {"email": "email", "referent_email": "email", "phone_number": "tel"}
_HINTS = {
    "birth_date": "Par exemple 03/04/1985",
    "rights_opening_date": "Par exemple 03/04/2026",
    "rights_end_date": "Par exemple 03/04/2026",
    "tags": "Séparez les tags par des virgules",
}


@dataclass(frozen=True)
class Editor:
    """A cell that opens to be corrected. `choices` are (value, label); without any, the text is free."""

    cell: Cell
    value: str
    choices: list[tuple[str, str]]
    keyboard: str
    hint: str
    may_restore: bool
    may_erase_nir: bool


@in_place
@require_http_methods(["GET", "HEAD", "POST"])
@at_stages(*services.DECIDABLE)
def edit(request: HttpRequest, run: ImportRun, number: int) -> HttpResponse:
    """A row to correct: `?champ=` is one attribute, which a script opens in the table; else all of them."""
    row = row_numbered(run, number)
    if row.written_at is not None:
        raise services.WrongStage
    if request.method == "POST":
        return _correct(request, run, row)
    if asked_in_place(request):
        editor = _editor(request, run, row, request.GET.get("champ", ""))
        return render(request, "agents/imports/cell_editor.html", {"run": run, "row": row, "editor": editor})
    return _form(request, run, row)


def _form(request: HttpRequest, run: ImportRun, row: ImportRow) -> HttpResponse:
    attributes = [*rows.NAMES, *(name for name in rows.COLUMNS if _may_correct(run, row, name))]
    view = views_of(run, [row], attributes[len(rows.NAMES) :], agent_of(request))[0]
    candidates = _candidates(request, run)
    editors = [_editor_of(run, row, cell, candidates) for cell in (*view.names, *view.cells)]
    asked = request.GET.get("champ", "")
    context = {
        "run": run,
        "stepper": of_run(run, 3),
        "view": view,
        "row": row,
        "editors": editors,
        "asked": asked if asked in attributes else "",
        "back": _referer(request, run),
    }
    return render(request, "agents/imports/row_form.html", context)


def _referer(request: HttpRequest, run: ImportRun) -> str:
    """The page of the table that the form came from, when it is known."""
    table = reverse("import_preview", args=[run.pk])
    came_from = request.headers.get("Referer", "").partition("?")
    query = came_from[2] if came_from[0] == request.build_absolute_uri(table) else ""
    return f"{table}?{query}" if query else table


def _editor(request: HttpRequest, run: ImportRun, row: ImportRow, attribute: str) -> Editor:
    """Raises Http404 for what may not be corrected."""
    if not _may_correct(run, row, attribute):
        raise Http404
    columns = [] if attribute in rows.NAMES else [attribute]
    view = views_of(run, [row], columns, agent_of(request))[0]
    cell = next(one for one in (*view.cells, *view.names) if one.attribute == attribute)
    return _editor_of(run, row, cell, _candidates(request, run) if attribute == "organisation" else [])


def _may_correct(run: ImportRun, row: ImportRow, attribute: str) -> bool:
    return rows.may_correct(row, attribute, run.organisation.organisation_type)


def _candidates(request: HttpRequest, run: ImportRun) -> list[tuple[str, str]]:
    return [(one.slug, one.name) for one in candidates_for(agent_of(request), run)]


def _editor_of(run: ImportRun, row: ImportRow, cell: Cell, candidates: list[tuple[str, str]]) -> Editor:
    name = cell.attribute
    value = rows.typed_value_of(row, name)
    return Editor(
        cell=cell,
        value=value,
        choices=_choices(row, name, value, candidates),
        keyboard=_KEYBOARDS.get(name, "text"),
        hint=_hint(row, cell),
        may_restore=cell.corrected,
        may_erase_nir=name == "nir" and row.content.identity.nir is not None,
    )


def _choices(
    row: ImportRow, attribute: str, value: str, candidates: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    if attribute == "organisation":
        nothing = [] if value else [("", "À choisir")]
        known = [] if row.organisation is None else [(row.organisation.slug, row.organisation.name)]
        return list(dict.fromkeys([*nothing, *candidates, *known]))
    if attribute == "title":
        return [("", "Non précisée"), *Title.choices]
    if attribute == "role":
        return [("", "Non précisé"), *Role.choices]
    return []


def _hint(row: ImportRow, cell: Cell) -> str:
    if cell.attribute == "nir":
        return "Le NIR n'est jamais affiché. Saisissez-le en entier pour le remplacer."
    empties = row.usager_id and cell.attribute not in ("tags", "referent_email", "organisation", *rows.NAMES)
    warning = "Vider la case effacera la valeur connue." if empties else ""
    return ". ".join(part for part in (_HINTS.get(cell.attribute, ""), warning) if part)


def _correct(request: HttpRequest, run: ImportRun, row: ImportRow) -> HttpResponse:
    attribute = request.POST.get("champ", "")
    if not attribute:
        return _correct_row(request, run, row)
    if not _may_correct(run, row, attribute):
        raise Http404
    before = fragments.OnScreen.of(request, run) if asked_in_place(request) else None
    text = _text_of(request, row, attribute, "texte")
    if text is not None:
        services.correct(row=row, attribute=attribute, text=text, now=timezone.now())
    if before is not None:
        return fragments.answer(request, run, row.number, before)
    return back_to(request, run, row.number)


def _text_of(request: HttpRequest, row: ImportRow, attribute: str, key: str) -> str | None:
    """What a cell should say now, by the field `key` or a button; None when it was left as it was."""
    posted = request.POST
    if posted.get("reprendre") == attribute:
        return rows.file_text_of(row.content, attribute)
    if attribute == "nir" and posted.get("effacer") == "nir":
        return ""
    if key not in posted:
        return None
    text = posted[key].replace("\x00", "").strip()
    if text == rows.typed_value_of(row, attribute):
        return None
    if attribute == "organisation" and text not in dict(_candidates(request, row.run)):
        raise Http404
    return text


def _correct_row(request: HttpRequest, run: ImportRun, row: ImportRow) -> HttpResponse:
    """Each attribute that was changed; the page comes back as long as one of them is refused."""
    now, changed = timezone.now(), []
    for attribute in FIELD_LABELS:
        if attribute not in CORRECTABLE or not _may_correct(run, row, attribute):
            continue
        text = _text_of(request, row, attribute, f"texte-{attribute}")
        if text is not None:
            services.correct(row=row, attribute=attribute, text=text, now=now)
            changed.append(attribute)
    row = row_numbered(run, row.number)
    view = views_of(run, [row], [*rows.COLUMNS], agent_of(request))[0]
    refused = [cell for cell in (*view.names, *view.cells) if cell.refused and cell.attribute in changed]
    if refused:
        labels = ", ".join(cell.label for cell in refused)
        messages.warning(request, f"À revoir : {labels}. Le reste est corrigé.")
        return redirect(f"{reverse('import_row', args=[run.pk, row.number])}?champ={refused[0].attribute}")
    if changed:
        messages.success(request, f"La ligne {row.number} est corrigée : {view.label.lower()}.")
    back = page_to_return_to(request, reverse("import_preview", args=[run.pk]))
    return redirect(f"{back.partition('#')[0]}#ligne-{row.number}")
