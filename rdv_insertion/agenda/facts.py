"""What the agenda tells follow-ups of their appointments (design/domain.md § Status of a follow-up)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups import services as followups
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.status import Facts


def tell_follow_ups(follow_up_ids: Collection[int | None]) -> None:
    """Have these follow-ups take down where their appointments stand now: two queries in all."""
    wanted = [follow_up_id for follow_up_id in follow_up_ids if follow_up_id is not None]
    history: defaultdict[int, list[Participation]] = defaultdict(list)
    known = (
        Participation.objects.filter(follow_up__in=wanted)
        .select_related("rdv")
        .only("follow_up_id", "status", "created_at", "rdv__starts_at")
        .order_by("created_at", "id")
    )
    for participation in known:
        history[participation.follow_up_id or 0].append(participation)
    followups.record_rdv_facts(facts={key: facts_of(history[key]) for key in wanted})


def facts_of(participations: Iterable[Participation]) -> Facts:
    """The facts that participations, in order of creation, amount to."""
    history = list(participations)
    if not history:
        return Facts()
    last = history[-1]
    return Facts(
        latest_unknown_rdv_at=_latest(history, ParticipationStatus.UNKNOWN),
        latest_seen_rdv_at=_latest(history, ParticipationStatus.SEEN),
        last_participation_created_at=last.created_at,
        last_participation_status=last.status,
        last_participation_starts_at=last.rdv.starts_at,
    )


def _latest(history: Iterable[Participation], status: str) -> datetime | None:
    return max((one.rdv.starts_at for one in history if one.status == status), default=None)
