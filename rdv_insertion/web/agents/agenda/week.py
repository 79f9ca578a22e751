"""The week's rdvs, agent by agent, and those that wait for a status."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.shell import current_organisation


@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """The week of `?semaine=2026-11-23`, of one `?agent=12` or all; `?a-renseigner=1`: what waits instead."""
    agent, now = agent_of(request), timezone.now()
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    monday = _monday(request.GET.get("semaine", ""), dates.today(now))
    colleagues = list(organisation.agents.filter(is_active=True).order_by("last_name", "first_name", "pk"))
    chosen = next((one for one in colleagues if str(one.pk) == request.GET.get("agent", "")), None)
    to_update = bool(request.GET.get("a-renseigner"))
    rdvs = _waiting(agent, now) if to_update else _of_week(organisation, monday)
    context = {
        "organisation": organisation,
        "agents": colleagues,
        "chosen": chosen,
        "to_update": to_update,
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "previous": monday - timedelta(days=7),
        "next": monday + timedelta(days=7),
        "this_week": _monday("", dates.today(now)),
        "agendas": _agendas(rdvs, agent if to_update else chosen),
        "now": now,
    }
    return render(request, "agents/agenda/week.html", context)


def _monday(asked: str, today: date) -> date:
    """The Monday of the day asked for; of today when the address says nothing sensible."""
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        day = today
    if not today.year - 10 <= day.year <= today.year + 10:
        day = today
    return day - timedelta(days=day.weekday())


def _of_week(organisation: Organisation, monday: date) -> QuerySet[Rdv]:
    zone = organisation.time_zone
    start, end = (dates.at(day, time(), zone) for day in (monday, monday + timedelta(days=7)))
    return organisation.rdvs.filter(starts_at__gte=start, starts_at__lt=end)


def _waiting(agent: Agent, now: datetime) -> QuerySet[Rdv]:
    """Past rdvs of this agent that have no status yet, the oldest first."""
    unknown = Participation.objects.filter(status=ParticipationStatus.UNKNOWN, rdv__starts_at__lte=now)
    waiting = Rdv.objects.visible_to(agent).filter(participations__in=unknown, agents=agent)
    return waiting.distinct()


def _agendas(rdvs: QuerySet[Rdv], chosen: Agent | None) -> list[dict[str, Any]]:
    """The rdvs by agent then by day; constant queries."""
    details = rdvs.select_related("motif", "lieu", "organisation__department").prefetch_related(
        "participations__usager", "agents"
    )
    by_agent: defaultdict[Agent, defaultdict[date, list[dict[str, Any]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for rdv in details.order_by("starts_at", "pk"):
        for agent in rdv.agents.all():
            if chosen is None or agent == chosen:
                by_agent[agent][rdv.starts_at.astimezone(rdv.time_zone).date()].append(_line(rdv))
    ordered = sorted(by_agent.items(), key=lambda pair: (pair[0].last_name, pair[0].first_name, pair[0].pk))
    return [{"agent": agent, "days": sorted(days.items())} for agent, days in ordered]


def _line(rdv: Rdv) -> dict[str, Any]:
    return {"rdv": rdv, "participations": rdv.participations.all()}
