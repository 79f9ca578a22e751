"""The calendar's equivalent: a plain table of a week, agent by agent, that needs no script."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.calendar import filters_context
from rdv_insertion.web.agents.agenda.choices import Options, Period, choice_of, day_asked
from rdv_insertion.web.agents.agenda.contents import Contents
from rdv_insertion.web.shell import current_organisation


@dataclass(frozen=True)
class Line:
    """One row: a rdv (`entry`), or something said in `words`. `agent_ids`: in whose agendas it is."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    agent_ids: frozenset[int]
    words: str = ""
    place: str = ""
    entry: Any = None

    def hours_on(self, day: date, zone: ZoneInfo) -> str:
        """`9 h – 9 h 30`, or what of `day` it takes when it lasts longer."""
        start, end = self.starts_at.astimezone(zone), self.ends_at.astimezone(zone)
        from_midnight = start.date() < day or start.time() == time()
        to_midnight = end.date() > day or end.time() >= time(23, 59)
        if from_midnight and to_midnight:
            return "Toute la journée"
        if start.date() < day:
            return f"Jusqu'à {dates.clock(end)}"
        if end.date() > day:
            return f"À partir de {dates.clock(start)}"
        return f"{dates.clock(start)} – {dates.clock(end)}"


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The week of `?semaine=2026-11-23`, or of the day `?jour=`; see choices.py for the filters."""
    agent, now = agent_of(request), timezone.now()
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    zone = organisation.time_zone
    options = Options(organisation, agent)
    choice = choice_of(request.GET, options)
    monday = _monday(day_asked(request.GET.get("semaine") or request.GET.get("jour", ""), zone=zone))
    contents = Contents(options, choice, Period(monday, monday + timedelta(days=6), zone), now)
    context = {
        **filters_context(options, choice),
        "monday": monday,
        "sunday": contents.period.last,
        "previous": monday - timedelta(days=7),
        "next": monday + timedelta(days=7),
        "this_week": _monday(now.astimezone(zone).date()),
        "agendas": agendas(contents),
        "holidays": contents.holidays,
        "zone": zone,
        "now": now,
    }
    return render(request, "agents/agenda/table.html", context)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def agendas(contents: Contents) -> list[dict[str, Any]]:
    """For each agent who has something, the lines of each day: `{"agent", "days": [(day, lines)]}`.

    A line is `(hours, Line)`.
    """
    zone = contents.period.zone
    found: defaultdict[int, defaultdict[date, list[tuple[str, Line]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for line in sorted(_lines(contents), key=lambda one: (one.starts_at, one.ends_at, one.kind)):
        for agent_id in line.agent_ids & contents.choice.agent_ids:
            for day in _days(line, contents.period):
                found[agent_id][day].append((line.hours_on(day, zone), line))
    return [
        {"agent": agent, "days": sorted(found[agent.pk].items())}
        for agent in _by_name(contents.choice.agents)
        if agent.pk in found
    ]


def _by_name(agents: tuple[Agent, ...]) -> list[Agent]:
    return sorted(agents, key=lambda one: (one.last_name, one.first_name, one.pk))


def _days(line: Line, period: Period) -> list[date]:
    """The days of the period that the line touches."""
    first = line.starts_at.astimezone(period.zone).date()
    last = (line.ends_at - timedelta(microseconds=1)).astimezone(period.zone).date()
    return [day for day in period.days if first <= day <= last]


def _lines(contents: Contents) -> Iterator[Line]:
    for entry in contents.rdvs:
        agent_ids = frozenset(agent.pk for agent in entry.agents)
        yield Line("rdv", entry.starts_at, entry.ends_at, agent_ids, entry=entry)
    for masked in contents.masked:
        yield Line(
            "occupe",
            masked.starts_at,
            masked.ends_at,
            frozenset({masked.agent_id}),
            "Occupé : rendez-vous dans une autre organisation",
        )
    for opening in contents.openings:
        owner = frozenset({opening.plage.agent_id})
        words = f"Plage d'ouverture : {opening.plage.title}"
        yield Line("plage", opening.starts_at, opening.ends_at, owner, words, opening.place)
    for away in contents.absences:
        owner = frozenset({away.absence.agent_id})
        words = f"Absence : {away.title}" if away.title else "Indisponibilité"
        yield Line("absence", away.starts_at, away.ends_at, owner, words)
