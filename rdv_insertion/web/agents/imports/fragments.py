"""What a change does to the page that is open: the rows that differ and the figures, without a new page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from rdv_insertion.agents.perms import administers
from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.preview import table
from rdv_insertion.kernel.text import plural
from rdv_insertion.usagers.identity import forbidden_attributes
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.imports import filtering
from rdv_insertion.web.agents.imports.rows import COLUMNS
from rdv_insertion.web.agents.imports.verification import candidates_for, figures, views_of


@dataclass(frozen=True)
class OnScreen:
    """The rows and columns that the browser shows, and what the rows were before a change."""

    numbers: Sequence[int]
    columns: Sequence[str]
    before: dict[int, Any]

    @classmethod
    def of(cls, request: HttpRequest, run: ImportRun) -> Self:
        """What the page says that it shows: `visibles`, row numbers, and `colonnes`, attributes."""
        numbers = filtering.numbers_of(request.POST.get("visibles", ""))
        asked = request.POST.get("colonnes", "").split(",")
        hidden = forbidden_attributes(run.organisation.organisation_type)
        columns = [name for name in COLUMNS if name in asked and name not in hidden]
        shown = table.rows_numbered(run, numbers)
        return cls(numbers, columns, _told(shown, table.merged_into(run, numbers)))


def _told(shown: Sequence[ImportRow], merged: Mapping[int, list[int]]) -> dict[int, Any]:
    """All that a row of the table shows, to tell those that changed."""
    return {
        row.number: (
            (row.state, row.organisation_id, row.usager_id, row.same_as, row.decision, row.selected),
            row.rights_ended,
            row.content.as_json(),
            merged.get(row.number),
        )
        for row in shown
    }


def answer(request: HttpRequest, run: ImportRun, number: int, before: OnScreen) -> HttpResponse:
    """Row `number` and those on screen that a change touched, with the figures and what is said aloud."""
    run.refresh_from_db(fields=["unknown_tags", "unknown_referents"])
    shown = table.rows_numbered(run, before.numbers)
    others = table.merged_into(run, before.numbers)
    told = _told(shown, others)
    touched = [row for row in shown if row.number == number or told[row.number] != before.before[row.number]]
    groups = table.groups_of(run)
    among = filtering.organisations_among(groups)
    agent = agent_of(request)
    # The address of the table, which a script's request is not about.
    parameters = QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
    wanted = filtering.wanted_of(parameters, (one.organisation for one in among))
    context = {
        "run": run,
        "rows": views_of(run, touched, before.columns, agent, others),
        "wanted": wanted,
        "parameters": parameters,
        "here": f"{reverse('import_preview', args=[run.pk])}?{parameters.urlencode()}",
        "said": _said(number, touched),
        "administers": bool(run.unknown_referents) and administers(agent, run.organisation),
        "later_stage": run.stage != Stage.PREVIEW,
        "candidates": candidates_for(agent, run),
    }
    context |= figures(groups, among, wanted)
    return render(request, "agents/imports/in_place.html", context)


def _said(number: int, touched: Sequence[ImportRow]) -> str:
    """What happened, for those who do not see it: `Ligne 12 : à créer.`"""
    row = next((one for one in touched if one.number == number), None)
    if row is None:
        return ""
    sentence = f"Ligne {number} : {str(RowState(row.state).label).lower()}."
    others = len(touched) - 1
    return (
        f"{sentence} {plural(others, 'autre ligne a changé', 'autres lignes ont changé')}."
        if others
        else sentence
    )
