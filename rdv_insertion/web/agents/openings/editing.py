"""What the pages of plages and those of absences share: saving with a confirmation, choosing a scope."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agenda.opening_checks import Target
from rdv_insertion.agenda.recurrence_rule import nth_weekday_words
from rdv_insertion.agenda.schedules import Schedule, Scope
from rdv_insertion.agenda.services import openings as services
from rdv_insertion.agenda.services.openings import Change, ToConfirm
from rdv_insertion.kernel import dates
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.openings import targets, undoing
from rdv_insertion.web.agents.openings.findings import Report, report
from rdv_insertion.web.agents.openings.schedule_form import ScheduleForm
from rdv_insertion.web.agents.openings.wording import title_for, when_words


@dataclass(frozen=True)
class Section:
    """The pages of plages, or those of absences."""

    label: str
    list_name: str
    form_template: str
    # `La plage « Permanence »`, in the alert that says what was done.
    noun: str
    edit_heading: str


PLAGES = Section(
    "Plages d'ouverture", "plages", "agents/openings/plage_form.html", "La plage", "Modifier la plage"
)
ABSENCES = Section(
    "Absences", "absences", "agents/openings/absence_form.html", "L'absence", "Modifier l'absence"
)


def save(request: HttpRequest, form: ScheduleForm, write: Callable[[str], Change]) -> Change | Report | None:
    """What was written; else what must be confirmed first; else None, and the form says why.

    `write` gets the fingerprint of the findings that the agent has read and confirmed.
    """
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return write(request.POST.get("quand-meme", ""))
    except ValidationError as error:
        form.refuse(error)
        return None
    except ToConfirm as doubt:
        return report(doubt.findings, agent_of(request))


def saved(
    request: HttpRequest, section: Section, title: str, schedule: Schedule, change: Change
) -> HttpResponse:
    """Say what was saved, offer to take it back, and go back where one came from."""
    messages.success(request, f"{section.noun} « {title} » est enregistrée : {when_words(schedule)}.")
    undoing.offer(request, change)
    return redirect(page_to_return_to(request, reverse(section.list_name)))


def form_page(
    request: HttpRequest, section: Section, form: ScheduleForm, outcome: Any, **context: Any
) -> HttpResponse:
    """The form, with what it must say: errors, or what to confirm."""
    context |= {
        "section": section,
        "back": reverse(section.list_name),
        "form": form,
        "report": outcome,
        "monthly_words": _monthly_words(form["first_day"].value()),
        "next": request.POST.get("next", request.GET.get("next", "")),
    }
    return render(request, section.form_template, context, status=form.status)


def _monthly_words(first_day: Any) -> str:
    """`le 2e mercredi du mois` for the first day typed; empty when it is no day."""
    try:
        return nth_weekday_words(dates.parse(str(first_day or "")))
    except dates.InvalidDate:
        return ""


def scope_page(
    request: HttpRequest, section: Section, opening: PlageOuverture | Absence, today: date
) -> HttpResponse:
    """Which occurrences are to be changed?"""
    schedule = Schedule.of(opening)
    day = targets.seen_from(request, schedule, today)
    context = {
        "section": section,
        "back": reverse(section.list_name),
        "title": title_for(opening, viewer_id=agent_of(request).pk),
        "when": when_words(schedule),
        "day": day,
        "choices": targets.choices(day),
        "next": request.GET.get("next", ""),
    }
    return render(request, "agents/openings/scope.html", context)


def delete(
    request: HttpRequest, section: Section, opening: PlageOuverture | Absence, day: date
) -> HttpResponse:
    """Delete the occurrences that the form names (`portee`), seen from `day`; only that one by default."""
    asked = request.POST.get("portee", "")
    scope = Scope(asked) if asked in list(Scope) else Scope.ONE
    title = title_for(opening, viewer_id=agent_of(request).pk)
    try:
        change = services.delete_opening(opening=opening, target=Target(scope, day))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        on = f" le {dates.long_date(day)}" if opening.recurrence and scope == Scope.ONE else ""
        messages.success(request, f"{section.noun} « {title} » est supprimée{on}.")
        undoing.offer(request, change)
    return redirect(page_to_return_to(request, reverse(section.list_name)))
