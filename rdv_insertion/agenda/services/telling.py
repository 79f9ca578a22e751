"""Telling everybody concerned that a rdv changed: the people, its agents, the partner who took it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from rdv_insertion.agenda import notifications
from rdv_insertion.agenda.agent_notifications import RdvChange, tell_agents
from rdv_insertion.agenda.announcements import Change
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.partner_notifications import tell_partners
from rdv_insertion.messaging.enums import Purpose

_PURPOSES = {
    Change.CREATED: Purpose.RDV_CREATED,
    Change.MOVED: Purpose.RDV_UPDATED,
    Change.CANCELLED: Purpose.RDV_CANCELLED,
}


@transaction.atomic
def tell(
    *,
    rdv_id: int,
    kind: Change,
    participations: Sequence[tuple[int, int]],
    by_agent_id: int | None,
    former_starts_at: datetime | None,
    former_agent_ids: Collection[int],
    now: datetime,
) -> None:
    """Tell what `announcements.announce` planned; people are pairs of a participation and its version.

    A participation that changed since then is not told here: its later change has a job of its own.
    """
    versions = dict(participations)
    known = Participation.objects.filter(pk__in=versions, rdv__starts_at__gt=now)
    unchanged = [pk for pk, version in known.values_list("pk", "sequence") if version == versions[pk]]
    # Somebody who books at ten in the evening waits for the answer: it is no disturbance.
    own_doing = by_agent_id is None
    notifications.notify(sorted(unchanged), _PURPOSES[kind], now=now, even_at_night=own_doing)
    if kind == Change.CREATED:
        tell_partners(sorted(unchanged), now=now)
    change = RdvChange(
        rdv_id=rdv_id,
        kind=kind,
        by_agent_id=by_agent_id,
        former_starts_at=former_starts_at,
        former_agent_ids=frozenset(former_agent_ids),
    )
    tell_agents(changes=[change], now=now)
