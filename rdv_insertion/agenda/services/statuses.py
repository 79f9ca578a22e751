"""What became of participations: one or a whole day of them, with a constant number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from rdv_insertion.agenda.announcements import Change, announce
from rdv_insertion.agenda.enums import BUSY, CANCELLED, allowed_statuses
from rdv_insertion.agenda.facts import tell_follow_ups
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.agenda.services.errors import NotAllowed, SlotTaken
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.kernel.bulk import update_columns

NOT_POSSIBLE = "Ce statut n'est pas possible pour ce rendez-vous."
TIME_GIVEN = "L'agent a pris un autre rendez-vous à ce moment, ou il n'y a plus de place."


@dataclass(frozen=True)
class Recorded:
    """What came of saying a status of several participations."""

    changed: list[Participation] = field(default_factory=list)
    # Those left as they were, with a French sentence that says why.
    refused: list[tuple[Participation, str]] = field(default_factory=list)


@transaction.atomic
def record_status(
    *, participation: Participation, status: str, notify: bool, now: datetime, by: Agent | None = None
) -> Participation:
    """An agent says what became of a participation.

    With `notify`, the person is told when a rdv to come is cancelled, or is on again.

    Raises NotAllowed for a status that cannot follow (a future rdv is not "seen"), SlotTaken when the
    agent's time or the seat was given to somebody else meanwhile.
    """
    (current,) = locked([participation.pk])
    if status not in allowed_statuses(current.status, begun=current.rdv.has_begun(now)):
        raise NotAllowed(NOT_POSSIBLE)
    write_statuses([current], status, notify=notify, by=by, now=now)
    return current


@transaction.atomic
def record_statuses(
    *, participation_ids: Collection[int], status: str, notify: bool, by: Agent, now: datetime
) -> Recorded:
    """The same for several: those for which it is possible change, the others are said with the reason."""
    recorded = Recorded()
    for participation in locked(participation_ids):
        if status in allowed_statuses(participation.status, begun=participation.rdv.has_begun(now)):
            recorded.changed.append(participation)
        elif participation.status != status:
            recorded.refused.append((participation, NOT_POSSIBLE))
    try:
        write_statuses(recorded.changed, status, notify=notify, by=by, now=now)
    except SlotTaken:
        return _one_by_one(recorded, status, notify=notify, by=by, now=now)
    return recorded


def _one_by_one(recorded: Recorded, status: str, *, notify: bool, by: Agent, now: datetime) -> Recorded:
    """Some cannot be on again because their time was given: find out which."""
    told = Recorded(refused=recorded.refused)
    for participation in locked([one.pk for one in recorded.changed]):
        try:
            write_statuses([participation], status, notify=notify, by=by, now=now)
            told.changed.append(participation)
        except SlotTaken:
            told.refused.append((participation, TIME_GIVEN))
    return told


def locked(participation_ids: Collection[int]) -> list[Participation]:
    """These participations as they are now, which nobody else changes until the end of the transaction.

    The rdvs first: whoever takes a seat locks the rdv, then writes a participation.
    """
    rdvs = Rdv.objects.filter(participations__in=participation_ids).order_by("pk").values("pk")
    list(Rdv.objects.filter(pk__in=rdvs).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    wanted = Participation.objects.filter(pk__in=participation_ids).order_by("pk")
    list(wanted.select_for_update(of=("self",)).values_list("pk"))
    return list(wanted.with_details())


def write_statuses(
    participations: Sequence[Participation], status: str, *, notify: bool, by: Agent | None, now: datetime
) -> None:
    """Give locked participations this status, with all that follows from it.

    Raises SlotTaken, and writes nothing, when the time or the seat of one was given to somebody else.
    """
    before = {participation.pk: participation.status for participation in participations}
    for participation in participations:
        participation.status = status
        participation.cancelled_at = now if status in CANCELLED else None
        participation.sequence += 1
    rdvs = {participation.rdv_id: participation.rdv for participation in participations}
    try:
        with transaction.atomic():
            update_columns(participations, ["status", "cancelled_at", "sequence"])
            _follow(rdvs.values(), now)
    except IntegrityError as error:
        raise SlotTaken from error
    tell_follow_ups([participation.follow_up_id for participation in participations])
    _announce(participations, before, notify=notify, by=by, now=now)


def _follow(rdvs: Iterable[Rdv], now: datetime) -> None:
    """Have rdvs follow their participations: a rdv of one person has that person's status.

    A collective one is live until the service revokes it; its seats are those of the live participations.
    """
    several = list(rdvs)
    statuses: defaultdict[int, list[str]] = defaultdict(list)
    known = Participation.objects.filter(rdv__in=several).order_by("pk").values_list("rdv_id", "status")
    for rdv_id, status in known:
        statuses[rdv_id].append(status)
    for rdv in several:
        rdv.sequence += 1
        if rdv.motif.collective:
            rdv.seats_taken = sum(status in BUSY for status in statuses[rdv.pk])
        else:
            rdv.status = _common_status(statuses[rdv.pk])
            rdv.cancelled_at = now if rdv.status in CANCELLED else None
    update_columns(several, ["status", "cancelled_at", "seats_taken", "sequence"])


def _common_status(statuses: Sequence[str]) -> str:
    if ParticipationStatus.SEEN in statuses:
        return ParticipationStatus.SEEN
    return statuses[0] if len(set(statuses)) == 1 else ParticipationStatus.UNKNOWN


def _announce(
    participations: Sequence[Participation],
    before: dict[int, str],
    *,
    notify: bool,
    by: Agent | None,
    now: datetime,
) -> None:
    """Only a rdv to come that is cancelled, or on again, is told."""
    by_rdv: defaultdict[tuple[Rdv, Change], list[Participation]] = defaultdict(list)
    for participation in participations:
        is_cancelled = participation.status in CANCELLED
        if (before[participation.pk] in CANCELLED) != is_cancelled and participation.rdv.starts_at > now:
            kind = Change.CANCELLED if is_cancelled else Change.CREATED
            by_rdv[participation.rdv, kind].append(participation)
    for (rdv, kind), several in by_rdv.items():
        announce(kind, rdv, several, by=by, tell_people=notify)
