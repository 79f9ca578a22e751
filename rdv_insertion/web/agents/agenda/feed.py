"""The calendar's events, as JSON. Hours are those of the organisation's clocks, written without a zone."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rdv_insertion.kernel import dates
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.choices import (
    Options,
    Period,
    choice_of,
    day_asked,
    organisation_asked,
)
from rdv_insertion.web.agents.agenda.contents import Away, Contents, Masked, Opening, RdvEntry
from rdv_insertion.web.agents.agenda.states import LOCATION_ICONS

# Six weeks of a month, and the weekends around.
_MAX_DAYS = 45
_LIGHT, _DARK = "#ffffff", "#161616"


@never_cache
@require_safe
def events(request: HttpRequest) -> JsonResponse:
    """What happens from the day `start` to the day before `end`; see choices.py for the filters."""
    organisation = organisation_asked(request)
    if organisation is None:
        return JsonResponse({"events": []})
    options = Options(organisation, agent_of(request))
    period = _period(request.GET.get("start", ""), request.GET.get("end", ""), organisation.time_zone)
    contents = Contents(options, choice_of(request.GET, options), period, timezone.now())
    return JsonResponse({"events": list(_events(contents))})


def _period(start: str, end: str, zone: ZoneInfo) -> Period:
    first = day_asked(start, zone=zone)
    last = day_asked(end, zone=zone) - timedelta(days=1)
    return Period(first, min(max(first, last), first + timedelta(days=_MAX_DAYS)), zone)


def _events(contents: Contents) -> Iterator[dict[str, Any]]:
    zone = contents.period.zone
    for day, name in contents.holidays.items():
        yield _holiday(day, name)
    for opening in contents.openings:
        yield _opening(opening, zone)
    for away in contents.absences:
        yield _away(away, zone)
    for masked in contents.masked:
        yield _masked(masked, zone)
    for entry in contents.rdvs:
        yield _rdv(entry, zone)


def _rdv(entry: RdvEntry, zone: ZoneInfo) -> dict[str, Any]:
    rdv, motif = entry.rdv, entry.rdv.motif
    return {
        "id": f"rdv-{rdv.pk}",
        "kind": "rdv",
        "rdv": rdv.pk,
        "title": entry.title,
        **_hours(entry.starts_at, entry.ends_at, zone),
        "agents": [agent.pk for agent in entry.agents],
        "with": ", ".join(str(agent) for agent in entry.agents),
        "initials": " ".join(initials(agent.first_name, agent.last_name) for agent in entry.agents),
        "motif": motif.name,
        "place": entry.place,
        "placeIcon": LOCATION_ICONS.get(motif.location_type, ""),
        "collective": motif.collective,
        "people": bool(entry.participations),
        "state": entry.state.key,
        "stateLabel": entry.state.label,
        "stateIcon": entry.state.icon,
        "cancelled": entry.state.cancelled,
        "movable": entry.state.movable,
        "color": motif.color,
        "ink": readable_on(motif.color),
        "moment": _moment(entry, zone),
        "url": reverse("rdv_show", args=[rdv.pk]),
    }


def _moment(entry: RdvEntry, zone: ZoneInfo) -> str:
    """`mardi 3 mars 2026 à 9 h 30`; on the clocks of the place too when they are not those of the page."""
    words = dates.long_moment(entry.starts_at, zone)
    there = entry.rdv.time_zone
    if entry.starts_at.astimezone(there).utcoffset() != entry.starts_at.astimezone(zone).utcoffset():
        words += f" ({dates.clock(entry.starts_at.astimezone(there))} sur place)"
    return words


def _masked(masked: Masked, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": f"occupe-{masked.key}",
        "kind": "occupe",
        "title": "Occupé",
        **_hours(masked.starts_at, masked.ends_at, zone),
        "agents": [masked.agent_id],
    }


def _opening(opening: Opening, zone: ZoneInfo) -> dict[str, Any]:
    plage = opening.plage
    return {
        "id": f"plage-{plage.pk}-{opening.starts_at:%Y%m%d}",
        "kind": "plage",
        "title": plage.title,
        **_hours(opening.starts_at, opening.ends_at, zone),
        "agents": [plage.agent_id],
        "initials": initials(plage.agent.first_name, plage.agent.last_name),
        "place": opening.place,
    }


def _away(away: Away, zone: ZoneInfo) -> dict[str, Any]:
    agent = away.absence.agent
    return {
        "id": f"absence-{away.absence.pk}-{away.starts_at:%Y%m%d}",
        "kind": "absence",
        "title": f"Absence : {away.title}" if away.title else "Indisponibilité",
        **_hours(away.starts_at, away.ends_at, zone),
        "agents": [agent.pk],
        "with": str(agent),
        "initials": initials(agent.first_name, agent.last_name),
    }


def _holiday(day: date, name: str) -> dict[str, Any]:
    return {
        "id": f"ferie-{day}",
        "kind": "ferie",
        "title": f"Jour férié : {name}",
        "start": day.isoformat(),
        "allDay": True,
        "agents": [],
    }


def _hours(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> dict[str, str]:
    return {"start": _wall(starts_at, zone), "end": _wall(ends_at, zone)}


def _wall(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")


def initials(first_name: str, last_name: str) -> str:
    """`JD` for Jean-Paul Dupont."""
    return f"{first_name[:1]}{last_name[:1]}".upper()


def readable_on(color: str) -> str:
    """Black or white ink, whichever is read best on this `#rrggbb` (WCAG relative luminance)."""
    red, green, blue = (_linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    against_light, against_dark = 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.0585
    return _LIGHT if against_light >= against_dark else _DARK


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
