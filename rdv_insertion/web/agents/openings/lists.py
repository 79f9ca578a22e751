"""The lists of plages and of absences: to come or past, by agent, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agenda.schedules import Schedule
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import administers
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.openings.wording import title_for, when_words
from rdv_insertion.web.shell import current_organisation

PAGE_SIZE = 25
PAST, ALL = "passees", "tous"


@dataclass(frozen=True)
class Row:
    """A plage or an absence of the page, as the viewer may read it."""

    opening: PlageOuverture | Absence
    title: str
    when: str
    next_day: date | None
    exceptions: int
    editable: bool


@dataclass(frozen=True)
class Filters:
    """What the address asks for; whatever it does not understand is ignored."""

    past: bool
    search: str
    # None when all agents are shown.
    agent: Agent | None

    @classmethod
    def of(cls, request: HttpRequest, viewer: Agent, agents: Sequence[Agent], *, admin: bool) -> "Filters":
        """Without `?agent=`, administrators see everybody, the others themselves."""
        asked = request.GET.get("agent", "")
        chosen = next((one for one in agents if str(one.pk) == asked), None)
        if chosen is None and asked != ALL and not admin:
            chosen = viewer
        return cls(
            past=request.GET.get("onglet") == PAST,
            search=request.GET.get("q", "").replace("\x00", "").strip()[:100],
            agent=chosen,
        )


@require_safe
def plages(request: HttpRequest) -> HttpResponse:
    """The plages of the current organisation."""
    viewer = agent_of(request)
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")

    def search(filters: Filters) -> QuerySet[PlageOuverture]:
        found = PlageOuverture.objects.visible_to(viewer).filter(organisation=organisation)
        if filters.search:
            found = found.filter(title__icontains=filters.search)
        return found.select_related("agent", "lieu").prefetch_related("motifs")

    return _page(request, viewer, organisation, search, "agents/openings/plages.html")


@require_safe
def absences(request: HttpRequest) -> HttpResponse:
    """The absences of the agents of the current organisation; only theirs have a name."""
    viewer = agent_of(request)
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")

    def search(filters: Filters) -> QuerySet[Absence]:
        found = Absence.objects.visible_to(viewer).filter(agent__in=organisation.agents.all())
        if filters.search:
            # The name of somebody else's absence is not to be guessed by searching.
            found = found.filter(title__icontains=filters.search, agent=viewer)
        return found.select_related("agent")

    return _page(request, viewer, organisation, search, "agents/openings/absences.html")


def _page(
    request: HttpRequest,
    viewer: Agent,
    organisation: Organisation,
    search: Callable[[Filters], QuerySet[Any]],
    template: str,
) -> HttpResponse:
    today = dates.today(timezone.now())
    agents = list(organisation.agents.filter(is_active=True).order_by("last_name", "first_name", "pk"))
    admin = administers(viewer, organisation)
    filters = Filters.of(request, viewer, agents, admin=admin)
    found = search(filters)
    if filters.agent:
        found = found.filter(agent=filters.agent)
    coming = Q(last_day__isnull=True) | Q(last_day__gte=today)
    counts = (found.filter(coming).count(), found.exclude(coming).count())
    page = Paginator(_ordered(found, coming, filters), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "organisation": organisation,
        "filters": filters,
        "asked_agent": request.GET.get("agent", ""),
        "agents": agents,
        "admin": admin,
        "tabs": [("", "À venir", counts[0], not filters.past), (PAST, "Passées", counts[1], filters.past)],
        "page": page,
        "rows": [_row(opening, viewer, today, admin=admin) for opening in page.object_list],
    }
    return render(request, template, context)


def _ordered(found: QuerySet[Any], coming: Q, filters: Filters) -> QuerySet[Any]:
    """To come: agent by agent, from the first day. Past: the last ones first."""
    if filters.past:
        return found.exclude(coming).order_by("-last_day", "-start_time", "pk")
    return found.filter(coming).order_by(
        "agent__last_name", "agent__first_name", "agent", "first_day", "start_time", "pk"
    )


def _row(opening: PlageOuverture | Absence, viewer: Agent, today: date, *, admin: bool) -> Row:
    schedule = Schedule.of(opening)
    return Row(
        opening=opening,
        title=title_for(opening, viewer_id=viewer.pk),
        when=when_words(schedule),
        next_day=schedule.next_day(today),
        exceptions=sum(1 for day in opening.exception_dates if day >= today),
        editable=admin or opening.agent_id == viewer.pk,
    )
