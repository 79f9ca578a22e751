"""Creating, editing and deleting an absence."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from rdv_insertion.agenda.models import Absence
from rdv_insertion.agenda.opening_checks import Target
from rdv_insertion.agenda.perms import agents_edited_by, get_edited_absence
from rdv_insertion.agenda.schedules import Schedule, Scope
from rdv_insertion.agenda.services import openings as services
from rdv_insertion.agenda.services.openings import Change
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.openings import editing, targets
from rdv_insertion.web.agents.openings.editing import ABSENCES
from rdv_insertion.web.agents.openings.forms import AbsenceForm, prefilled
from rdv_insertion.web.agents.openings.wording import PRIVATE_TITLE, is_whole_day, title_for, when_words
from rdv_insertion.web.shell import current_organisation


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new absence, prefilled by `?agent=&jour=&debut=&fin=`."""
    agent, now = agent_of(request), timezone.now()
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    initial = prefilled(request.GET, dates.today(now))
    form = AbsenceForm(
        request.POST or None,
        agents=agents_edited_by(agent, organisation),
        owner=agent,
        time_zone_name=organisation.time_zone.key,
        today=dates.today(now),
        initial={**initial, "all_day": initial["start_time"] is None},
    )
    outcome = editing.save(
        request,
        form,
        lambda confirmed: services.create_absence(draft=form.draft, confirmed=confirmed, now=now),
    )
    if isinstance(outcome, Change):
        return _saved(request, form, agent, outcome)
    return editing.form_page(request, ABSENCES, form, outcome, heading="Noter une absence", target=None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, absence_id: int) -> HttpResponse:
    """Change an absence: `?portee=` says which occurrences, seen from `?jour=`; asked when it recurs."""
    agent, now = agent_of(request), timezone.now()
    absence = get_edited_absence(agent, absence_id)
    target = targets.asked_target(request, absence, dates.today(now))
    if target is None:
        return editing.scope_page(request, ABSENCES, absence, dates.today(now))
    form = _edit_form(request, absence, target, agent, dates.today(now))
    outcome = editing.save(
        request,
        form,
        lambda confirmed: services.edit_absence(
            absence=absence, target=target, draft=form.draft, confirmed=confirmed, now=now
        ),
    )
    if isinstance(outcome, Change):
        return _saved(request, form, agent, outcome)
    return editing.form_page(
        request,
        ABSENCES,
        form,
        outcome,
        heading=ABSENCES.edit_heading,
        target=target if absence.recurrence else None,
        delete_url=reverse("absence_delete", args=[absence.pk]),
    )


def _edit_form(
    request: HttpRequest, absence: Absence, target: Target, agent: Agent, today: date
) -> AbsenceForm:
    """The agent stays the same, and so does the name when it is not theirs to read."""
    schedule = Schedule.of(absence)
    return AbsenceForm(
        request.POST or None,
        agents=Agent.objects.none(),
        owner=absence.agent,
        time_zone_name=absence.time_zone_name,
        private=absence.agent_id != agent.pk,
        today=today,
        single=target.scope == Scope.ONE,
        initial={
            **targets.initial_for(schedule, target),
            "title": absence.title,
            "all_day": is_whole_day(schedule),
        },
    )


def _saved(request: HttpRequest, form: AbsenceForm, agent: Agent, change: Change) -> HttpResponse:
    draft = form.draft
    title = draft.title if draft.title and draft.agent == agent else PRIVATE_TITLE
    return editing.saved(request, ABSENCES, title, draft.schedule, change)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, absence_id: int) -> HttpResponse:
    """Delete the occurrences chosen (`portee`, seen from `?jour=`); the time they took is free again."""
    agent, now = agent_of(request), timezone.now()
    absence = get_edited_absence(agent, absence_id)
    schedule = Schedule.of(absence)
    day = targets.seen_from(request, schedule, dates.today(now))
    if request.method == "POST":
        return editing.delete(request, ABSENCES, absence, day)
    context = {
        "section": ABSENCES,
        "back": reverse("absences"),
        "title": title_for(absence, viewer_id=agent.pk),
        "owner": absence.agent,
        "when": when_words(schedule),
        "effects": [{"choice": choice, "rdv_count": 0} for choice in targets.choices(day)]
        if absence.recurrence
        else [],
        "report": None,
        "next": request.GET.get("next", ""),
    }
    return render(request, "agents/openings/delete.html", context)
