"""Today's rdvs of the agent, and the past ones whose status is still to be filled in."""

from collections import defaultdict
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.kernel import dates
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.choices import Period
from rdv_insertion.web.shell import current_organisation

# A longer list is filled in from its end anyway.
_MOST = 200


def to_update(request: HttpRequest) -> HttpResponse:
    """The page: what waits today, then earlier days, the last one first."""
    agent, now = agent_of(request), timezone.now()
    organisation = current_organisation(request)
    zone = organisation.time_zone if organisation else dates.PARIS
    today = now.astimezone(zone).date()
    mine = (
        Participation.objects.visible_to(agent)
        .filter(status=ParticipationStatus.UNKNOWN, rdv__agents=agent)
        .with_details()
    )
    late = list(mine.filter(rdv__starts_at__lte=now).order_by("-rdv__starts_at", "pk")[: _MOST + 1])
    coming = mine.filter(rdv__starts_at__gt=now, rdv__starts_at__lt=Period(today, today, zone).until)
    by_day: defaultdict[date, list[Participation]] = defaultdict(list)
    for participation in late[:_MOST]:
        by_day[participation.rdv.starts_at.astimezone(zone).date()].append(participation)
    context: dict[str, Any] = {
        "organisation": organisation,
        "today": today,
        "late_today": sorted(by_day.pop(today, []), key=_start),
        "coming": list(coming.order_by("rdv__starts_at", "pk")),
        "earlier": [(day, sorted(several, key=_start)) for day, several in by_day.items()],
        "more": len(late) > _MOST,
        "most": _MOST,
        "now": now,
    }
    return render(request, "agents/agenda/waiting.html", context)


def _start(participation: Participation) -> Any:
    return participation.rdv.starts_at, participation.pk
