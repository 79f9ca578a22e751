"""The day of one or several agents, to print."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.choices import Options, Period, choice_of, day_asked
from rdv_insertion.web.agents.agenda.contents import Contents
from rdv_insertion.web.agents.agenda.states import STATES
from rdv_insertion.web.agents.agenda.table import agendas
from rdv_insertion.web.shell import current_organisation


@require_safe
def print_day(request: HttpRequest) -> HttpResponse:
    """The day `?jour=2026-03-03` of each `?agent=12`, one to a page: rdvs and absences, all of them."""
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    zone, now = organisation.time_zone, timezone.now()
    day = day_asked(request.GET.get("jour", ""), zone=zone)
    options = Options(organisation, agent_of(request))
    chosen = choice_of(request.GET, options)
    everything = frozenset(STATES)
    choice = replace(chosen, states=everything, motifs=frozenset(), lieux=frozenset(), plages=False)
    contents = Contents(options, choice, Period(day, day, zone), now)
    context = {
        "organisation": organisation,
        "day": day,
        "holiday": contents.holidays.get(day, ""),
        "agendas": [{**agenda, "lines": agenda["days"][0][1]} for agenda in agendas(contents)],
        "choice": choice,
        "zone": zone,
        "now": now,
    }
    return render(request, "agents/agenda/print.html", context)
