"""Opening follow-ups and taking down the facts that other layers tell."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from rdv_insertion.followups.models import FollowUp, MotifCategory
from rdv_insertion.followups.status import Facts
from rdv_insertion.kernel import bulk
from rdv_insertion.kernel.bulk import update_columns
from rdv_insertion.usagers.models import Usager

_INVITATION_FACTS = ("last_invited_at", "invitations_expire_at")
RDV_FACTS = (
    "latest_unknown_rdv_at",
    "last_participation_created_at",
    "last_participation_status",
    "last_participation_starts_at",
    "latest_seen_rdv_at",
)


@transaction.atomic
def open_follow_ups(
    *, usagers: Sequence[Usager], motif_category: MotifCategory, now: datetime
) -> dict[int, FollowUp]:
    """The follow-up of each person in this category, opened or reopened when needed, by usager id."""
    FollowUp.objects.bulk_create(
        [FollowUp(usager=usager, motif_category=motif_category, created_at=now) for usager in usagers],
        ignore_conflicts=True,
    )
    known = FollowUp.objects.filter(usager__in=usagers, motif_category=motif_category)
    known.filter(closed_at__isnull=False).update(closed_at=None)
    return {follow_up.usager_id: follow_up for follow_up in known}


def lock(*, follow_up: FollowUp) -> None:
    """Make the rest of this transaction the only one that books for this follow-up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM followups_followup WHERE id = %s FOR NO KEY UPDATE",
            [follow_up.pk],
        )


def record_invitations(*, follow_ups: Sequence[FollowUp], now: datetime, expires_at: datetime) -> None:
    """Invitations left at `now` for these follow-ups, valid until `expires_at` (NEVER for no end)."""
    for follow_up in follow_ups:
        follow_up.last_invited_at = now
        follow_up.invitations_expire_at = max(expires_at, follow_up.invitations_expire_at or expires_at)
    update_columns(follow_ups, _INVITATION_FACTS)


def record_rdv_facts(*, facts: Mapping[int, Facts]) -> None:
    """Take down what the agenda knows now of the appointments of these follow-ups, by follow-up id."""
    rows = [
        FollowUp(pk=follow_up_id, **{name: getattr(told, name) for name in RDV_FACTS})
        for follow_up_id, told in facts.items()
    ]
    update_columns(rows, RDV_FACTS)


def close_follow_up(*, follow_up: FollowUp, now: datetime) -> None:
    """The path ends in this category."""
    FollowUp.objects.filter(pk=follow_up.pk).update(closed_at=now)


def reopen_follow_up(*, follow_up: FollowUp) -> None:
    """The path goes on."""
    FollowUp.objects.filter(pk=follow_up.pk).update(closed_at=None)


@transaction.atomic
def delete_follow_ups(*, usager_ids: Collection[int]) -> None:
    """Delete the follow-ups of people created by mistake, in which nothing happened."""
    bulk.delete(FollowUp, "usager_id", usager_ids)
