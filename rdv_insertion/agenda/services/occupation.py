"""An agent's time: who is free, and taking it so that nobody else does."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Count

from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.creneaux import Creneau, Offer
from rdv_insertion.agenda.enums import BUSY
from rdv_insertion.agenda.models import FormerRdvAgent, Rdv, RdvAgent
from rdv_insertion.agenda.services.errors import SlotTaken

_LOCK_FAMILY = 30_001
# How far around the wanted moment other créneaux are proposed.
_NEAREST_SEARCH = timedelta(days=14)


def nearest(offer: Offer, wanted: datetime, *, now: datetime, count: int = 3) -> list[Creneau]:
    """Up to `count` free starts around `wanted`, the closest ones, in order of time."""
    found = creneaux.find_for_public(
        [offer], now=now, since=wanted - _NEAREST_SEARCH, until=wanted + _NEAREST_SEARCH
    )[offer.key]
    one_per_start = {creneau.starts_at: creneau for creneau in reversed(found)}
    closest = sorted(one_per_start.values(), key=lambda creneau: abs(creneau.starts_at - wanted))
    return sorted(closest[:count])


def free_at(
    offer: Offer,
    starts_at: datetime,
    *,
    now: datetime,
    ignored_rdv: int | None = None,
    ignored_offer: int | None = None,
) -> list[Creneau]:
    """The créneaux of that very moment, the least loaded agent of the day first (ties by id)."""
    free = creneaux.find_for_public(
        [offer],
        now=now,
        since=starts_at,
        until=starts_at,
        ignored_rdv=ignored_rdv,
        ignored_offer=ignored_offer,
    )[offer.key]
    if len(free) < 2:
        return free
    load = _rdvs_of_the_day([one.agent_id for one in free], starts_at.astimezone(offer.time_zone))
    return sorted(free, key=lambda one: (load.get(one.agent_id, 0), one.agent_id))


def _rdvs_of_the_day(agent_ids: Collection[int], local_moment: datetime) -> dict[int, int]:
    midnight = local_moment.replace(hour=0, minute=0, second=0, microsecond=0)
    rdvs = RdvAgent.objects.filter(
        agent__in=agent_ids, busy=True, starts_at__gte=midnight, starts_at__lt=midnight + timedelta(days=1)
    )
    return dict(rdvs.order_by().values_list("agent_id").annotate(Count("id")))


def place_at_first_free(
    rdv: Rdv,
    offer: Offer,
    candidates: Iterable[Creneau],
    *,
    now: datetime,
    ignored_offer: int | None = None,
) -> Creneau:
    """Write `rdv`, new or moved, at the first of `candidates` whose agent is still free; raise SlotTaken.

    Between the search and here somebody may have been faster. Each agent in turn is locked and looked at
    again, in a savepoint that lets go of those who are not free: nobody ever waits for two agents at once.
    """
    motifs = {motif.pk: motif for motif in offer.motifs}
    for creneau in candidates:
        motif = motifs[creneau.motif_id]
        try:
            with transaction.atomic():
                lock_agents([creneau.agent_id])
                refuse_if_taken(creneau, rdv, now=now, ignored_offer=ignored_offer)
                rdv.motif, rdv.lieu_id = motif, creneau.lieu_id
                rdv.starts_at, rdv.ends_at = creneau.starts_at, creneau.ends_at
                write_with_agents(rdv, [creneau.agent_id], now=now)
        except (SlotTaken, IntegrityError):
            continue
        return creneau
    raise SlotTaken


def refuse_if_taken(creneau: Creneau, rdv: Rdv, *, now: datetime, ignored_offer: int | None = None) -> None:
    """Raise SlotTaken when the agent is busy then, `rdv` aside: as the search sees it, with the pauses."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKEN,
            {
                "agent": creneau.agent_id,
                "start": creneau.starts_at,
                "end": creneau.ends_at,
                "rdv": rdv.pk,
                "now": now,
                "ignored_offer": ignored_offer,
            },
        )
        if cursor.fetchone()[0]:
            raise SlotTaken


_TAKEN = """
    SELECT EXISTS (
        SELECT FROM agenda_rdvagent AS part JOIN agenda_rdv AS rdv ON rdv.id = part.rdv_id
        JOIN agenda_motif AS motif ON motif.id = rdv.motif_id
        WHERE part.agent_id = %(agent)s AND part.busy AND part.rdv_id IS DISTINCT FROM %(rdv)s::bigint
            AND part.starts_at < %(end)s AND part.starts_at > %(start)s - interval '7 days'
            AND part.ends_at + motif.pause > %(start)s
    ) OR EXISTS (
        SELECT FROM agenda_earlierslotoffer AS held JOIN agenda_motif AS motif ON motif.id = held.motif_id
        WHERE held.agent_id = %(agent)s AND held.answer = 'waiting' AND held.expires_at > %(now)s
            AND held.id IS DISTINCT FROM %(ignored_offer)s::bigint
            AND held.starts_at < %(end)s AND held.ends_at + motif.pause > %(start)s
    )
"""


def lock_agents(agent_ids: Collection[int]) -> None:
    """Lock these agents' agendas until the end of the transaction, always in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, id) FROM unnest(%s::int[]) AS id",
            [_LOCK_FAMILY, sorted(agent_ids)],
        )


def write_with_agents(rdv: Rdv, agent_ids: Collection[int], *, now: datetime) -> None:
    """Save `rdv`, new or changed, in the agendas of these agents and of no others.

    Those who no longer hold it are remembered (FormerRdvAgent). Raises IntegrityError when it overlaps
    another rdv of one of them: the database decides, unless `rdv.overbooked` says that it is on purpose.
    To be called in a transaction of its own, or in a savepoint.
    """
    known = set(rdv.rdv_agents.values_list("agent_id", flat=True)) if rdv.pk else set()
    if known:
        # Their time would follow the rdv, and be judged, before it is known who holds it.
        rdv.rdv_agents.all().delete()
    rdv.save()
    RdvAgent.objects.bulk_create([_part(rdv, agent_id) for agent_id in sorted(agent_ids)])
    if known:
        rdv.former_agents.filter(agent__in=agent_ids).delete()
        _remember_former(rdv, known - set(agent_ids), now)


def _part(rdv: Rdv, agent_id: int) -> RdvAgent:
    return RdvAgent(
        rdv=rdv,
        agent_id=agent_id,
        starts_at=rdv.starts_at,
        ends_at=rdv.ends_at,
        busy=rdv.status in BUSY,
        overbooked=rdv.overbooked,
    )


def _remember_former(rdv: Rdv, agent_ids: Collection[int], now: datetime) -> None:
    FormerRdvAgent.objects.bulk_create(
        [
            FormerRdvAgent(rdv=rdv, agent_id=agent_id, sequence=rdv.sequence, removed_at=now)
            for agent_id in sorted(agent_ids)
        ],
        update_conflicts=True,
        unique_fields=["rdv", "agent"],
        update_fields=["sequence", "removed_at"],
    )
