"""The status of a participation: its badge, and the form that changes it."""

from datetime import datetime
from typing import Any

from django import template

from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.web.agents.rdvs.effects import effects_of

register = template.Library()

_BADGES: dict[str, tuple[str, str]] = {
    ParticipationStatus.SEEN: ("green", "fr-icon-checkbox-circle-line"),
    ParticipationStatus.NOSHOW: ("orange", "fr-icon-close-circle-line"),
    ParticipationStatus.EXCUSED: ("orange", "fr-icon-chat-off-line"),
    ParticipationStatus.REVOKED: ("orange", "fr-icon-calendar-close-line"),
}


@register.inclusion_tag("components/status_badge.html")
def participation_badge(
    participation: Participation, now: datetime, rdv: Rdv | None = None
) -> dict[str, Any]:
    """The badge of a participation; give `rdv` when it is at hand, to spare a query."""
    if participation.status != ParticipationStatus.UNKNOWN:
        colour, icon = _BADGES[participation.status]
        return {"colour": colour, "icon": icon, "label": participation.get_status_display()}
    if (rdv or participation.rdv).has_begun(now):
        return {"colour": "orange", "icon": "fr-icon-question-line", "label": "Statut à renseigner"}
    return {"colour": "blue", "icon": "fr-icon-calendar-event-line", "label": "À venir"}


@register.inclusion_tag("components/participation_form.html", takes_context=True)
def participation_form(
    context: template.Context, participation: Participation, now: datetime, rdv: Rdv | None = None
) -> dict[str, Any]:
    """The form that says what became of a participation."""
    held = rdv or participation.rdv
    return {
        "participation": participation,
        "begun": held.has_begun(now),
        "effects": effects_of(participation, held, now),
        "request": context["request"],
        "csrf_token": context["csrf_token"],
    }
