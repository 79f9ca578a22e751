"""What the pages of steering show: the badge of a rdv."""

from typing import Any

from django import template

from rdv_insertion.pilotage.rdv_filters import RdvState

register = template.Library()

# The colours and icons of the same words elsewhere.
_BADGES: dict[RdvState, tuple[str, str]] = {
    RdvState.SEEN: ("green", "fr-icon-checkbox-circle-line"),
    RdvState.NOSHOW: ("orange", "fr-icon-close-circle-line"),
    RdvState.EXCUSED: ("orange", "fr-icon-chat-off-line"),
    RdvState.REVOKED: ("orange", "fr-icon-calendar-close-line"),
    RdvState.TO_UPDATE: ("orange", "fr-icon-question-line"),
    RdvState.COMING: ("blue", "fr-icon-calendar-event-line"),
}


@register.inclusion_tag("components/status_badge.html")
def rdv_badge(state: RdvState) -> dict[str, Any]:
    """The badge of a rdv in this state."""
    colour, icon = _BADGES[state]
    return {"colour": colour, "icon": icon, "label": state.label}
