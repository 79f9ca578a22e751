"""Creating, editing and deleting a plage d'ouverture."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from rdv_insertion.agenda.models import PlageOuverture
from rdv_insertion.agenda.opening_checks import Findings, Target, check_plage
from rdv_insertion.agenda.perms import agents_edited_by, get_edited_plage
from rdv_insertion.agenda.schedules import Schedule, Scope
from rdv_insertion.agenda.services import openings as services
from rdv_insertion.agenda.services.openings import Change
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.openings import editing, targets
from rdv_insertion.web.agents.openings.editing import PLAGES
from rdv_insertion.web.agents.openings.findings import report
from rdv_insertion.web.agents.openings.forms import PlageForm, prefilled
from rdv_insertion.web.agents.openings.wording import when_words
from rdv_insertion.web.shell import current_organisation


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new plage in the current organisation, prefilled by `?agent=&jour=&debut=&fin=&lieu=`."""
    agent, now = agent_of(request), timezone.now()
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    today = dates.today(now)
    form = PlageForm(
        request.POST or None,
        organisation=organisation,
        agents=agents_edited_by(agent, organisation),
        owner=agent,
        today=today,
        initial=prefilled(request.GET, today),
    )
    outcome = editing.save(
        request,
        form,
        lambda confirmed: services.create_plage(draft=form.draft, confirmed=confirmed, now=now),
    )
    if isinstance(outcome, Change):
        return editing.saved(request, PLAGES, form.draft.title, form.draft.schedule, outcome)
    motifs = organisation.motifs.in_use().filter(collective=False)
    return editing.form_page(
        request, PLAGES, form, outcome, heading="Ouvrir une plage", no_motif=not motifs.exists(), target=None
    )


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, plage_id: int) -> HttpResponse:
    """Change a plage: `?portee=` says which occurrences, seen from `?jour=`; asked first when it recurs."""
    agent, now = agent_of(request), timezone.now()
    plage = get_edited_plage(agent, plage_id)
    target = targets.asked_target(request, plage, dates.today(now))
    if target is None:
        return editing.scope_page(request, PLAGES, plage, dates.today(now))
    form = _edit_form(request, plage, target, agent, dates.today(now))
    outcome = editing.save(
        request,
        form,
        lambda confirmed: services.edit_plage(
            plage=plage, target=target, draft=form.draft, confirmed=confirmed, now=now
        ),
    )
    if isinstance(outcome, Change):
        return editing.saved(request, PLAGES, form.draft.title, form.draft.schedule, outcome)
    return editing.form_page(
        request,
        PLAGES,
        form,
        outcome,
        heading=PLAGES.edit_heading,
        no_motif=False,
        target=target if plage.recurrence else None,
        delete_url=reverse("plage_delete", args=[plage.pk]),
    )


def _edit_form(
    request: HttpRequest, plage: PlageOuverture, target: Target, agent: Agent, today: date
) -> PlageForm:
    return PlageForm(
        request.POST or None,
        organisation=plage.organisation,
        agents=agents_edited_by(agent, plage.organisation),
        owner=plage.agent,
        today=today,
        single=target.scope == Scope.ONE,
        initial={
            **targets.initial_for(Schedule.of(plage), target),
            "title": plage.title,
            "agent": plage.agent_id,
            "motifs": plage.motifs.all(),
            "lieu": plage.lieu_id,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, plage_id: int) -> HttpResponse:
    """What deleting touches, then the deletion of the occurrences chosen (`portee`, seen from `?jour=`)."""
    agent, now = agent_of(request), timezone.now()
    plage = get_edited_plage(agent, plage_id)
    day = targets.seen_from(request, Schedule.of(plage), dates.today(now))
    if request.method == "POST":
        return editing.delete(request, PLAGES, plage, day)
    every = _touched(plage, Scope.ALL, day, now)
    context = {
        "section": PLAGES,
        "back": reverse("plages"),
        "title": plage.title,
        "owner": plage.agent,
        "when": when_words(Schedule.of(plage)),
        "effects": _effects(plage, every, day, now),
        "report": report(every, agent) if every else None,
        "next": request.GET.get("next", ""),
    }
    return render(request, "agents/openings/delete.html", context)


def _effects(plage: PlageOuverture, every: Findings, day: date, now: datetime) -> list[dict[str, Any]]:
    """Each of the answers offered, with how many rdvs it would leave outside any plage."""
    if not plage.recurrence:
        return []
    counts = {scope: _touched(plage, scope, day, now) for scope in (Scope.ONE, Scope.FOLLOWING)}
    counts[Scope.ALL] = every
    return [
        {"choice": choice, "rdv_count": len(counts[choice.scope].rdvs)} for choice in targets.choices(day)
    ]


def _touched(plage: PlageOuverture, scope: Scope, day: date, now: datetime) -> Findings:
    return check_plage(None, replacing=plage, target=Target(scope, day), now=now)
