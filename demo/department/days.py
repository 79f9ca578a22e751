"""The day of the demonstration's agent, and the collective workshops of their team."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from demo.department.history import History, working_moment
from demo.department.moments import Moments
from demo.department.openings import workshop_moments
from demo.department.structures import Structures
from rdv_insertion.agenda.enums import CreatedBy
from rdv_insertion.agenda.models import Rdv
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import open_follow_ups
from rdv_insertion.kernel import dates
from rdv_insertion.usagers.models import Usager

_HOURS = (time(9), time(10), time(11), time(14), time(15), time(16))
PEOPLE_OF_TODAY = len(_HOURS) + 1
_STATUSES_LEFT_TO_SAY = 2
_DONE = (
    ParticipationStatus.SEEN,
    ParticipationStatus.NOSHOW,
    ParticipationStatus.SEEN,
    ParticipationStatus.SEEN,
)
_PEOPLE_A_WORKSHOP = 6
_AFTER_THE_WORKSHOP = (*_DONE, ParticipationStatus.EXCUSED, ParticipationStatus.SEEN)


def add_today_of_the_agent(
    structures: Structures, history: History, moments: Moments, usagers: Sequence[Usager], *, now: datetime
) -> None:
    """Give agent@demo.test six contracts to sign today, and one of the last working day without a status.

    Of today's that have begun, the last two wait for their status, whatever the hour of the load.
    """
    people = _follow_ups(structures, "rsa_cer_signature", usagers[:PEOPLE_OF_TODAY], now - timedelta(days=8))
    today = dates.today(now)
    starts = [working_moment(now, 1, time(16)), *(dates.at(today, hour, dates.PARIS) for hour in _HOURS)]
    begun = [start for start in starts if start <= now]
    said = begun[1:-_STATUSES_LEFT_TO_SAY] if len(begun) > _STATUSES_LEFT_TO_SAY else []
    for number, (start, follow_up) in enumerate(zip(starts, people, strict=True)):
        rdv = _rdv(structures, "valence_cer", start, created_at=working_moment(now, 6, time(10, number)))
        if moments.occupy(structures.agents["agent"].pk, rdv.starts_at, rdv.ends_at):
            history.add_rdv(rdv, structures.agents["agent"])
            status = _DONE[said.index(start)] if start in said else ParticipationStatus.UNKNOWN
            history.add_participation(rdv, follow_up, status)


def add_workshops(
    structures: Structures, history: History, moments: Moments, usagers: Sequence[Usager], *, now: datetime
) -> None:
    """Workshops of twelve seats, half full; those of the past have their statuses."""
    waiting = list(usagers)
    for start in workshop_moments(now):
        rdv = _rdv(
            structures, "valence_atelier", start, created_at=working_moment(min(start, now), 9, time(10, 20))
        )
        rdv.max_participants_count, rdv.name = rdv.motif.max_participants_count, rdv.motif.name
        moments.occupy(structures.agents["elodie.perrin"].pk, rdv.starts_at, rdv.ends_at)
        history.add_rdv(rdv, structures.agents["elodie.perrin"])
        group, waiting = waiting[:_PEOPLE_A_WORKSHOP], waiting[_PEOPLE_A_WORKSHOP:]
        people = _follow_ups(
            structures, "rsa_atelier_competences", group, rdv.created_at - timedelta(hours=1)
        )
        for number, follow_up in enumerate(people):
            past = start <= now
            status = _AFTER_THE_WORKSHOP[number] if past else ParticipationStatus.UNKNOWN
            history.add_participation(rdv, follow_up, status)


def _rdv(structures: Structures, motif_key: str, starts_at: datetime, *, created_at: datetime) -> Rdv:
    motif = structures.motifs[motif_key]
    return Rdv(
        organisation=motif.organisation,
        motif=motif,
        lieu=structures.lieux["valence_centre"],
        starts_at=starts_at,
        ends_at=starts_at + motif.duration,
        created_by=CreatedBy.AGENT,
        created_at=created_at,
        scheduled_at=created_at,
    )


def _follow_ups(
    structures: Structures, category: str, usagers: Sequence[Usager], opened_at: datetime
) -> list[FollowUp]:
    motif_category = structures.categories[category]
    opened = open_follow_ups(usagers=usagers, motif_category=motif_category, now=opened_at)
    for usager in usagers:
        opened[usager.pk].usager, opened[usager.pk].motif_category = usager, motif_category
    return [opened[usager.pk] for usager in usagers]
