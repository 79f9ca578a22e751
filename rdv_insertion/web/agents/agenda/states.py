"""Where a rdv stands, as the agenda shows it: words and an icon, never a colour alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rdv_insertion.agenda.enums import CANCELLED, LocationType
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.followups.enums import ParticipationStatus


@dataclass(frozen=True)
class State:
    """One of STATES. `key` is its name in addresses and styles."""

    key: str
    label: str
    icon: str
    cancelled: bool = False
    # Agents may still drag it elsewhere.
    movable: bool = False
    usual: bool = True


UPCOMING = State("a-venir", "À venir", "", movable=True)
TO_UPDATE = State("a-renseigner", "Statut à renseigner", "fr-icon-question-line", movable=True)
_SEEN = State("seen", "RDV honoré", "fr-icon-checkbox-circle-line")
_NOSHOW = State("noshow", "Absence non excusée", "fr-icon-close-circle-line")
_EXCUSED = State("excused", "Absence excusée", "fr-icon-chat-off-line", cancelled=True, usual=False)
_REVOKED = State(
    "revoked", "Annulé par le service", "fr-icon-calendar-close-line", cancelled=True, usual=False
)
_OVER = State("passe", "Passé", "")

_BY_STATUS: dict[str, State] = {
    ParticipationStatus.SEEN: _SEEN,
    ParticipationStatus.NOSHOW: _NOSHOW,
    ParticipationStatus.EXCUSED: _EXCUSED,
    ParticipationStatus.REVOKED: _REVOKED,
}
# Those that can be filtered by, in the order of the page; the usual ones, until something else is chosen.
STATES = {state.key: state for state in (UPCOMING, TO_UPDATE, *_BY_STATUS.values())}
USUAL_STATES = frozenset(key for key, state in STATES.items() if state.usual)

LOCATION_ICONS: dict[str, str] = {
    LocationType.PUBLIC_OFFICE: "",
    LocationType.PHONE: "fr-icon-phone-line",
    LocationType.VISIO: "fr-icon-video-chat-line",
    LocationType.HOME: "fr-icon-home-4-line",
}


def state_of(rdv: Rdv, participations: Iterable[Participation], now: datetime) -> State:
    """Where `rdv` stands at `now`. One held with a group stands where its people do."""
    if rdv.status != ParticipationStatus.UNKNOWN:
        return _BY_STATUS[rdv.status]
    if not rdv.has_begun(now):
        return UPCOMING
    statuses = {participation.status for participation in participations}
    if ParticipationStatus.UNKNOWN in statuses:
        return TO_UPDATE
    if not rdv.motif.collective:
        return TO_UPDATE
    held = [status for status in (ParticipationStatus.SEEN, ParticipationStatus.NOSHOW) if status in statuses]
    return _BY_STATUS[held[0]] if held else _OVER


def attending(participations: Iterable[Participation]) -> list[Participation]:
    """Those who are expected or came, the cancelled ones aside."""
    return [one for one in participations if one.status not in CANCELLED]
