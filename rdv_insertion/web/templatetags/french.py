"""Values as French readers write them, and the status badge that is the same everywhere."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.http import QueryDict

from rdv_insertion.agenda.models import Rdv
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.kernel import dates
from rdv_insertion.kernel import phone as phones
from rdv_insertion.kernel import text as texts
from rdv_insertion.kernel.codes import display as display_code
from rdv_insertion.kernel.languages import IN_FRENCH

register = template.Library()

# Colour and icon of each status; the words are those of the enumeration (design/pages.md).
_BADGES: dict[str, tuple[str, str]] = {
    FollowUpStatus.NOT_INVITED: ("grey", "fr-icon-user-line"),
    FollowUpStatus.INVITATION_PENDING: ("blue", "fr-icon-mail-send-line"),
    FollowUpStatus.INVITATION_EXPIRED: ("orange", "fr-icon-timer-line"),
    FollowUpStatus.RDV_PENDING: ("blue", "fr-icon-calendar-event-line"),
    FollowUpStatus.RDV_NEEDS_STATUS_UPDATE: ("orange", "fr-icon-question-line"),
    FollowUpStatus.RDV_SEEN: ("green", "fr-icon-checkbox-circle-line"),
    FollowUpStatus.RDV_NOSHOW: ("orange", "fr-icon-close-circle-line"),
    FollowUpStatus.RDV_EXCUSED: ("orange", "fr-icon-chat-off-line"),
    FollowUpStatus.RDV_REVOKED: ("orange", "fr-icon-calendar-close-line"),
    FollowUpStatus.CLOSED: ("grey", "fr-icon-lock-line"),
}


@register.inclusion_tag("components/status_badge.html")
def status_badge(
    status: str, starts_at: datetime | None = None, zone: ZoneInfo | None = None
) -> dict[str, Any]:
    """The badge of a follow-up's status; with the date of the rdv to come when it is given."""
    colour, icon = _BADGES[status]
    label = FollowUpStatus(status).label
    if status == FollowUpStatus.RDV_PENDING and starts_at and zone:
        label = f"RDV à venir le {dates.short_moment(starts_at, zone)}"
    return {"colour": colour, "icon": icon, "label": label}


@register.filter
def phone(number: str | None) -> str:
    """`+33475000000` → `04 75 00 00 00`."""
    return phones.display(number)


@register.filter
def code(value: str) -> str:
    """`ABCDEFGH` → `ABCD EFGH`."""
    return display_code(value)


@register.filter
def language_in_french(language: str) -> str:
    """`ar` → `arabe`."""
    return IN_FRENCH[language]


@register.filter
def long_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`mardi 3 mars 2026 à 9 h 30` on the clocks of `zone`."""
    return dates.long_moment(moment, zone)


@register.filter
def short_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`03/03/2026 à 9 h 30` on the clocks of `zone`."""
    return dates.short_moment(moment, zone)


@register.filter
def clock(moment: datetime, zone: ZoneInfo) -> str:
    """`9 h 30` on the clocks of `zone`."""
    return dates.clock(moment.astimezone(zone))


@register.filter
def long_date(day: date) -> str:
    """`mardi 3 mars 2026`."""
    return dates.long_date(day)


@register.filter
def rdv_moment(rdv: Rdv) -> str:
    """The moment of a rdv in full letters, on the clocks of its place."""
    return dates.long_moment(rdv.starts_at, rdv.time_zone)


@register.filter
def rdv_short_moment(rdv: Rdv) -> str:
    """The moment of a rdv in figures, on the clocks of its place."""
    return dates.short_moment(rdv.starts_at, rdv.time_zone)


@register.simple_tag
def plural(number: int, singular: str, many: str | None = None) -> str:
    """`2 personnes`."""
    return texts.plural(number, singular, many)


@register.simple_tag
def query(parameters: QueryDict, **changes: Any) -> str:
    """The query string of this page with some parameters changed, or removed when empty."""
    copy = parameters.copy()
    for name, value in changes.items():
        copy.pop(name, None)
        if value not in (None, ""):
            copy[name] = value
    return f"?{copy.urlencode()}"
