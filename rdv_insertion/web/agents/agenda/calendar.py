"""The calendar's page. Its events come from feed.py; without scripts the table (table.py) takes its place."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from csp.constants import NONCE, SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.choices import (
    VIEWS,
    Choice,
    Options,
    choice_of,
    day_asked,
    keep,
    organisation_asked,
)
from rdv_insertion.web.agents.agenda.states import STATES
from rdv_insertion.web.agents.agenda.waiting import to_update
from rdv_insertion.web.shell import current_organisation

_SATURDAY = 5


# FullCalendar writes its rules into a <style> element, empty in the page, that this nonce allows; its icons
# are a font inside these rules.
@csp_update({"style-src": [SELF, NONCE], "font-src": [SELF, "data:"]})
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """The agenda of `?jour=2026-11-23`; see choices.py for the other parameters, remembered when absent.

    `?a-renseigner=1`: what waits for a status instead.
    """
    if request.GET.get("a-renseigner"):
        return to_update(request)
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    options = Options(organisation, agent_of(request))
    zone, choice = organisation.time_zone, choice_of(request.GET, options)
    asked = request.GET.get("jour", "")
    context = {
        **filters_context(options, choice),
        "day": day_asked(asked, zone=zone) if asked else _first_day(choice, zone),
        "today": timezone.now().astimezone(zone).date(),
        "views": VIEWS,
        "zone": zone.key,
    }
    return render(request, "agents/agenda/calendar.html", context)


def _first_day(choice: Choice, zone: ZoneInfo) -> date:
    """Today, or the Monday that comes when today is a Saturday or a Sunday that is not shown."""
    today = timezone.now().astimezone(zone).date()
    hidden = today.weekday() >= _SATURDAY and not choice.weekends
    return today + timedelta(days=7 - today.weekday()) if hidden else today


def filters_context(options: Options, choice: Choice) -> dict[str, Any]:
    """What the filters of the calendar and of the table need."""
    return {
        "organisation": options.organisation,
        "options": options,
        "choice": choice,
        "states": STATES.values(),
    }


@require_POST
def remember_choice(request: HttpRequest) -> JsonResponse:
    """Keep the view, agents and filters for the next time."""
    organisation = organisation_asked(request)
    if organisation is not None:
        options = Options(organisation, agent_of(request))
        keep(choice_of(request.POST, options), options)
    return JsonResponse({})
