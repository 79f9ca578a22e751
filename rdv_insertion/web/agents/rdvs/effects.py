"""What saying a status does, said beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rdv_insertion.agenda.enums import allowed_statuses
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.services import channels_for
from rdv_insertion.usagers.models import Usager

_CHANNELS = {Channel.SMS: "par SMS", Channel.EMAIL: "par mail"}
_FOLLOW_UP = {
    ParticipationStatus.SEEN: "RDV honoré",
    ParticipationStatus.NOSHOW: "Absence non excusée",
    ParticipationStatus.EXCUSED: "Absence excusée",
    ParticipationStatus.REVOKED: "RDV annulé à l'initiative du service",
}
ICONS: dict[str, str] = {
    ParticipationStatus.SEEN: "fr-icon-checkbox-circle-line",
    ParticipationStatus.NOSHOW: "fr-icon-close-circle-line",
    ParticipationStatus.EXCUSED: "fr-icon-chat-off-line",
    ParticipationStatus.REVOKED: "fr-icon-calendar-close-line",
    ParticipationStatus.UNKNOWN: "fr-icon-arrow-go-back-line",
}


@dataclass(frozen=True)
class Effect:
    """A status that may be said now: its words, and what follows from it."""

    status: str
    label: str
    words: str
    icon: str


def told_by(usager: Usager) -> str:
    """`par SMS et par mail`; empty when nothing can reach this person but a letter."""
    return " et ".join(_CHANNELS[Channel(channel)] for channel in channels_for(usager))


def said_told(count: int) -> str:
    """`2 personnes sont prévenues.`, or that nobody is."""
    if not count:
        return "Personne n'est prévenu."
    return f"{plural(count, 'personne est prévenue', 'personnes sont prévenues')}."


def label_of(status: str, *, begun: bool) -> str:
    """The words of a status that may be said; back to unknown is an action."""
    if status != ParticipationStatus.UNKNOWN:
        return str(ParticipationStatus(status).label)
    return "Remettre « à renseigner »" if begun else "Rétablir le rendez-vous"


def said_status(status: str) -> str:
    """The words of a status once it is recorded."""
    unknown = status == ParticipationStatus.UNKNOWN
    return "à renseigner" if unknown else str(ParticipationStatus(status).label)


def words_of(status: str, *, begun: bool, told: str, followed: bool = True) -> str:
    """What saying `status` does. `told`: how the person is told of a change before the rdv."""
    parts = []
    if not begun:
        freed = status != ParticipationStatus.UNKNOWN
        parts.append("Le créneau est libéré." if freed else "Le rendez-vous a de nouveau lieu.")
    if followed:
        follow_up = _FOLLOW_UP.get(ParticipationStatus(status))
        waiting = "Statut à renseigner" if begun else "RDV à venir"
        parts.append(f"Le suivi passe à « {follow_up or waiting} ».")
    if begun:
        parts.append("La personne n'est pas prévenue.")
    else:
        parts.append(f"La personne est prévenue {told}." if told else "Aucun moyen de prévenir la personne.")
    return " ".join(parts)


def effects_of(participation: Participation, rdv: Rdv, now: datetime) -> Sequence[Effect]:
    """Each status that may be said of this participation now."""
    begun = rdv.has_begun(now)
    told = told_by(participation.usager)
    return [
        Effect(
            status.value,
            label_of(status, begun=begun),
            words_of(status, begun=begun, told=told, followed=participation.follow_up_id is not None),
            ICONS[status],
        )
        for status in allowed_statuses(participation.status, begun=begun)
    ]
