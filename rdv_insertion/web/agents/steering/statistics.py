"""Figures and charts about rdvs."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel.text import grouped
from rdv_insertion.pilotage.rdv_filters import RdvState
from rdv_insertion.pilotage.rdv_statistics import RdvStatistics, Step, rdv_statistics
from rdv_insertion.pilotage.tables import Cell, content_of
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.steering import asked as questions
from rdv_insertion.web.agents.steering.asked import Asked
from rdv_insertion.web.agents.steering.charts import Chart, lying, standing
from rdv_insertion.web.agents.steering.periods import OF_STATISTICS
from rdv_insertion.web.agents.steering.rdvs import XLSX

_PRESET = "3-mois"
_BY = {Step.WEEK: "semaine", Step.MONTH: "mois", Step.YEAR: "année"}


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The rdvs of a period, three months by default; filters are those of the list."""
    agent, now = agent_of(request), timezone.now()
    asked = _asked(request, agent, now)
    if asked is None:
        return redirect("organisations")
    statistics = rdv_statistics(agent, asked.organisations, asked.filters, now=now)
    context = {
        "asked": asked,
        "statistics": statistics,
        "figures": _figures(statistics),
        "charts": _charts(statistics),
        "states": [(state.name.lower(), state.label) for state in RdvState],
        "to_update": RdvState.TO_UPDATE.value,
        "filtered": bool(asked.chips),
    }
    return render(request, "agents/steering/statistics.html", context)


@require_safe
def tables(request: HttpRequest) -> HttpResponse:
    """The tables behind the charts as a spreadsheet: all, or `?tableau=`. Nobody is named but agents."""
    agent, now = agent_of(request), timezone.now()
    asked = _asked(request, agent, now)
    if asked is None:
        return redirect("organisations")
    charts = _charts(rdv_statistics(agent, asked.organisations, asked.filters, now=now))
    wanted = [chart for chart in charts if chart.key == request.GET.get("tableau")] or charts
    sheets = {chart.first_column: (chart.header, [_cells(row) for row in chart.rows]) for chart in wanted}
    filename = f"statistiques-{asked.organisation_key}-{asked.today:%Y-%m-%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return HttpResponse(content_of(sheets), content_type=XLSX, headers=headers)


def _cells(row: tuple[str, int, list[int]]) -> list[Cell]:
    label, total, counts = row
    return [label, total, *counts]


def _asked(request: HttpRequest, agent: Agent, now: datetime) -> Asked | None:
    """With a period that has both ends: the missing one is put three months, or today, from the other."""
    asked = questions.read(request, agent, presets=OF_STATISTICS, by_default=_PRESET, now=now)
    if asked is not None:
        # The figures say what became of all rdvs: a status or a person would bend them.
        asked.choices = [choice for choice in asked.choices if choice.name != "statut"]
        filters = replace(asked.filters, states=(), search="")
        last = filters.last_day or max(asked.today, filters.first_day or asked.today)
        first = filters.first_day or last - relativedelta(months=3)
        asked.filters = replace(filters, first_day=first, last_day=last)
    return asked


def _charts(statistics: RdvStatistics) -> list[Chart]:
    """One chart a question."""
    by = _BY[statistics.step]
    return [
        standing(f"Combien de rendez-vous par {by} ?", statistics.by_period, statistics.step),
        lying("statut", "Que sont-ils devenus ?", "Statut", statistics.by_state),
        lying("motif", "Pour quels motifs ?", "Motif", statistics.by_motif),
        lying("lieu", "Dans quels lieux ?", "Lieu", statistics.by_lieu),
        lying(
            "agent",
            "Avec quels agents ?",
            "Agent",
            statistics.by_agent,
            "Un rendez-vous à plusieurs agents compte pour chacun d'eux.",
        ),
        lying("prise", "Qui les a pris ?", "Pris par", statistics.by_creator),
    ]


def _figures(statistics: RdvStatistics) -> list[dict[str, Any]]:
    """The figures at the top, each with what it counts."""
    rdvs, people = statistics.rdvs, statistics.people
    settled = f"des {grouped(statistics.settled_count)} participations renseignées"
    return [
        _figure(
            "Rendez-vous", grouped(statistics.rdv_count), f"{grouped(statistics.people_count)} participations"
        ),
        _figure("Présence", _percent(statistics.presence_rate), settled),
        _figure("Absence non excusée", _percent(statistics.noshow_rate), settled),
        _figure("Annulés par la personne", grouped(people.get(RdvState.EXCUSED, 0)), "participations"),
        _figure("Annulés par le service", grouped(people.get(RdvState.REVOKED, 0)), "participations"),
        _figure("À renseigner", grouped(rdvs.get(RdvState.TO_UPDATE, 0)), "rendez-vous passés sans statut"),
        _figure("Délai médian", _days(statistics.median_delay), "entre la prise et le rendez-vous"),
    ]


def _figure(label: str, value: str, counted: str) -> dict[str, Any]:
    return {"label": label, "value": value, "counted": counted}


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate * 100:.0f}\u00a0%"


def _days(delay: float | None) -> str:
    if delay is None:
        return "–"
    rounded = f"{delay:.1f}".replace(".", ",").removesuffix(",0")
    return f"{rounded}\u00a0{'jours' if delay >= 2 else 'jour'}"
