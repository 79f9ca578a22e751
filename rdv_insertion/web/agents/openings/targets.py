"""Which occurrences of a plage or an absence a page is about: this one, this and the following, all."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest

from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agenda.opening_checks import Target
from rdv_insertion.agenda.recurrence_rule import UnknownRule
from rdv_insertion.agenda.schedules import Schedule, Scope
from rdv_insertion.web.agents.openings.forms import asked_day
from rdv_insertion.web.agents.openings.schedule_form import initial_of
from rdv_insertion.web.agents.openings.wording import scope_words


@dataclass(frozen=True)
class ScopeChoice:
    """One of the three answers."""

    scope: Scope
    label: str


def seen_from(request: HttpRequest, schedule: Schedule, today: date) -> date:
    """The occurrence of `?jour=` when there is one that day, else the next one, else the first."""
    asked = asked_day(request.GET)
    if asked and schedule.starts_on(asked):
        return asked
    return schedule.next_day(today) or schedule.next_day(schedule.first_day) or schedule.first_day


def asked_target(request: HttpRequest, opening: PlageOuverture | Absence, today: date) -> Target | None:
    """What `?jour=` and `?portee=` ask for; None when the agent still has to say."""
    schedule = Schedule.of(opening)
    if not schedule.recurrence:
        return Target(Scope.ALL, schedule.first_day)
    scope = request.GET.get("portee", "")
    return Target(Scope(scope), seen_from(request, schedule, today)) if scope in list(Scope) else None


def choices(day: date) -> list[ScopeChoice]:
    """The three answers, in words."""
    return [ScopeChoice(scope, scope_words(scope, day)) for scope in Scope]


def initial_for(schedule: Schedule, target: Target) -> dict[str, Any]:
    """The first values of the form that changes `target`."""
    if target.scope == Scope.ONE:
        return initial_of(schedule.on_day(target.day))
    if target.scope == Scope.FOLLOWING:
        try:
            return initial_of(schedule.from_day(target.day))
        except UnknownRule:
            return {**initial_of(schedule), "first_day": target.day, "end_day": target.day}
    return initial_of(schedule)
