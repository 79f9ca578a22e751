"""The list of rdvs, and its export."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.pilotage.perms import without_export_right
from rdv_insertion.pilotage.rdv_export import TooManyRdvs, export_rdvs, with_people
from rdv_insertion.pilotage.rdv_filters import RdvState, rdvs_for, state_of
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.steering import asked as questions
from rdv_insertion.web.agents.steering.periods import OF_LISTS

PAGE_SIZE = 25
OLDEST_FIRST = "date"
_NAMES_SHOWN = 3
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Row:
    """A rdv of the page."""

    rdv: Rdv
    state: RdvState
    people: list[Participation]
    # Participants that the table does not name.
    others: int
    taken_on: date


@require_safe
def list_rdvs(request: HttpRequest) -> HttpResponse:
    """The rdvs of the current organisation, or of `?organisation=`; every filter is in the address."""
    agent, now = agent_of(request), timezone.now()
    asked = questions.read(request, agent, presets=OF_LISTS, now=now)
    if asked is None:
        return redirect("organisations")
    oldest_first = request.GET.get("tri") == OLDEST_FIRST
    order = ("starts_at", "pk") if oldest_first else ("-starts_at", "-pk")
    rdvs = with_people(rdvs_for(agent, asked.organisations, asked.filters, now=now)).order_by(*order)
    page = Paginator(rdvs, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [_row(rdv, now) for rdv in page.object_list]
    context = {
        "asked": asked,
        "page": page,
        "rows": rows,
        "known": _visible(agent, rows),
        "oldest_first": oldest_first,
        "may_export": not without_export_right(agent, asked.organisations),
        "filtered": bool(asked.chips or asked.filters.first_day or asked.filters.last_day),
    }
    return render(request, "agents/steering/rdvs.html", context)


def _row(rdv: Rdv, now: datetime) -> Row:
    people = list(rdv.participations.all())
    return Row(
        rdv,
        state_of(rdv.status, rdv.starts_at, now),
        people[:_NAMES_SHOWN],
        others=len(people[_NAMES_SHOWN:]),
        taken_on=rdv.created_at.astimezone(rdv.time_zone).date(),
    )


def _visible(agent: Agent, rows: Sequence[Row]) -> set[int]:
    """Those of the people shown whose page the agent may open: another organisation may have sent one."""
    shown = [one.usager_id for row in rows for one in row.people]
    return set(Usager.objects.visible_to(agent).filter(pk__in=shown).values_list("pk", flat=True))


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """The same rdvs as a spreadsheet; 403 with a sentence without the right in each organisation."""
    agent, now = agent_of(request), timezone.now()
    asked = questions.read(request, agent, presets=OF_LISTS, now=now)
    if asked is None:
        return redirect("organisations")
    if forbidden := without_export_right(agent, asked.organisations):
        context = {"organisations": forbidden, "query": request.GET.urlencode()}
        return render(request, "agents/steering/export_forbidden.html", context, status=403)
    try:
        file = export_rdvs(rdvs_for(agent, asked.organisations, asked.filters, now=now), now=now)
    except TooManyRdvs as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('rdvs')}?{request.GET.urlencode()}")
    name = "toutes-mes-organisations" if asked.everywhere else asked.organisations[0].slug
    filename = f"rendez-vous-{name}-{asked.today:%Y-%m-%d}.xlsx"
    return FileResponse(file, as_attachment=True, filename=filename, content_type=XLSX)
