"""The status of a follow-up, exactly as in design/domain.md: once in SQL, once in Python.

Both read the same facts and the same `now`, and are tested equal on generated histories. Nothing is
stored, so nothing goes stale: an invitation that expires at noon shows so at noon.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, CharField, F, Q, Value, When

from rdv_insertion.followups.enums import FollowUpStatus, ParticipationStatus

_CANCELLED_AS: dict[str, FollowUpStatus] = {
    ParticipationStatus.EXCUSED: FollowUpStatus.RDV_EXCUSED,
    ParticipationStatus.REVOKED: FollowUpStatus.RDV_REVOKED,
    ParticipationStatus.NOSHOW: FollowUpStatus.RDV_NOSHOW,
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one follow-up. All moments are aware; None where it never happened."""

    closed_at: datetime | None = None
    last_invited_at: datetime | None = None
    invitations_expire_at: datetime | None = None
    latest_unknown_rdv_at: datetime | None = None
    last_participation_created_at: datetime | None = None
    last_participation_status: str | None = None
    last_participation_starts_at: datetime | None = None
    latest_seen_rdv_at: datetime | None = None


def status_of(facts: Facts, now: datetime) -> FollowUpStatus:
    """The status at `now` of one follow-up whose facts are at hand."""
    if facts.closed_at:
        return FollowUpStatus.CLOSED
    if not facts.last_invited_at and not facts.last_participation_created_at:
        return FollowUpStatus.NOT_INVITED
    if _invitation_decides(facts, now):
        expires = facts.invitations_expire_at
        expired = expires is not None and expires <= now
        return FollowUpStatus.INVITATION_EXPIRED if expired else FollowUpStatus.INVITATION_PENDING
    return _status_from_rdvs(facts, now)


def _invitation_decides(facts: Facts, now: datetime) -> bool:
    if facts.last_invited_at is None or facts.last_participation_created_at is None:
        return facts.last_invited_at is not None
    starts_at = facts.last_participation_starts_at
    pending = (
        facts.last_participation_status == ParticipationStatus.UNKNOWN
        and starts_at is not None
        and starts_at > now
    )
    outdated_by = starts_at if pending and starts_at else facts.last_participation_created_at
    return facts.last_invited_at > outdated_by


def _status_from_rdvs(facts: Facts, now: datetime) -> FollowUpStatus:
    if facts.latest_unknown_rdv_at and facts.latest_unknown_rdv_at > now:
        return FollowUpStatus.RDV_PENDING
    created_at = facts.last_participation_created_at
    seen_since = facts.latest_seen_rdv_at and created_at and facts.latest_seen_rdv_at > created_at
    if facts.last_participation_status == ParticipationStatus.SEEN or seen_since:
        return FollowUpStatus.RDV_SEEN
    return _CANCELLED_AS.get(facts.last_participation_status or "") or FollowUpStatus.RDV_NEEDS_STATUS_UPDATE


def status_expression(now: datetime) -> Case:
    """The same status, computed by PostgreSQL over the columns of FollowUp."""
    pending = Q(last_participation_status=ParticipationStatus.UNKNOWN, last_participation_starts_at__gt=now)
    invitation_decides = Q(last_invited_at__isnull=False) & (
        Q(last_participation_created_at__isnull=True)
        | (pending & Q(last_invited_at__gt=F("last_participation_starts_at")))
        | (~pending & Q(last_invited_at__gt=F("last_participation_created_at")))
    )
    seen = Q(last_participation_status=ParticipationStatus.SEEN) | Q(
        latest_seen_rdv_at__gt=F("last_participation_created_at")
    )
    return Case(
        _when(Q(closed_at__isnull=False), FollowUpStatus.CLOSED),
        _when(
            Q(last_invited_at__isnull=True, last_participation_created_at__isnull=True),
            FollowUpStatus.NOT_INVITED,
        ),
        _when(invitation_decides & Q(invitations_expire_at__lte=now), FollowUpStatus.INVITATION_EXPIRED),
        _when(invitation_decides, FollowUpStatus.INVITATION_PENDING),
        _when(Q(latest_unknown_rdv_at__gt=now), FollowUpStatus.RDV_PENDING),
        _when(seen, FollowUpStatus.RDV_SEEN),
        *(_when(Q(last_participation_status=status), shown) for status, shown in _CANCELLED_AS.items()),
        default=Value(FollowUpStatus.RDV_NEEDS_STATUS_UPDATE.value),
        output_field=CharField(),
    )


def annotation(now: datetime) -> dict[str, Case]:
    """`status`, for a query over follow-ups."""
    return {"status": status_expression(now)}


def _when(condition: Q, status: FollowUpStatus) -> When:
    return When(condition, then=Value(status.value))
