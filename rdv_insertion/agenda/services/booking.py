"""Taking, moving, cancelling and recording appointments: one transaction each."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Count

from rdv_insertion.agenda import creneaux, notifications
from rdv_insertion.agenda.creneaux import Creneau, Offer
from rdv_insertion.agenda.enums import BUSY, CANCELLED, CreatedBy, allowed_statuses
from rdv_insertion.agenda.facts import tell_follow_ups
from rdv_insertion.agenda.models import Participation, Rdv, RdvAgent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.messaging.enums import Purpose

_LOCK_FAMILY = 30_001
# How far around the wanted moment other créneaux are proposed.
_NEAREST_SEARCH = timedelta(days=14)


class SlotTaken(Exception):
    """Somebody else took this créneau, or it never was one. `nearest` are free ones around it, in order."""

    def __init__(self, nearest: Sequence[Creneau]) -> None:
        super().__init__("slot taken")
        self.nearest = nearest


class AlreadyBooked(Exception):
    """This follow-up has a live rdv: one invitation gives one."""

    def __init__(self, participation: Participation) -> None:
        super().__init__("already booked")
        self.participation = participation


class NotAllowed(Exception):
    """The rules of the motif refuse it now. The text is a French sentence."""


@transaction.atomic
def book(
    *,
    offer: Offer,
    starts_at: datetime,
    follow_up: FollowUp,
    booking_key: str,
    now: datetime,
) -> Participation:
    """Give this créneau to the person of `follow_up`, who chose it, and confirm it to them.

    Raises AlreadyBooked when a live rdv exists, SlotTaken (with the nearest others) when nobody is free.
    """
    _refuse_second_rdv(follow_up, booking_key, now)
    creneau = _take(offer, starts_at, now=now)
    rdv = _create_rdv(offer, creneau, created_by=CreatedBy.USAGER, now=now)
    participation = Participation.objects.create(
        rdv=rdv,
        usager=follow_up.usager,
        follow_up=follow_up,
        created_by=CreatedBy.USAGER,
        created_at=now,
        booking_key=booking_key,
    )
    tell_follow_ups([follow_up.pk])
    notifications.notify([participation.pk], Purpose.RDV_CREATED, now=now)
    return participation


def _refuse_second_rdv(follow_up: FollowUp, booking_key: str, now: datetime) -> None:
    """Two tabs, two links or the back button: the second one waits here, then finds the first rdv."""
    FollowUp.objects.select_for_update(no_key=True).get(pk=follow_up.pk)
    live = Participation.objects.filter(follow_up=follow_up, status=ParticipationStatus.UNKNOWN)
    existing = live.pending(now).first() or live.filter(booking_key=booking_key).first()
    if existing:
        raise AlreadyBooked(existing)


def _take(offer: Offer, starts_at: datetime, *, now: datetime, ignored_rdv: int | None = None) -> Creneau:
    """The créneau at `starts_at` with the least loaded free agent of that day, who is locked until the end.

    The free agents are looked up, locked, then looked up again: whoever got there first is seen.
    """
    free = _free_at(offer, starts_at, now=now, agents=None, ignored_rdv=ignored_rdv)
    if free:
        agent_ids = [creneau.agent_id for creneau in free]
        _lock_agents(agent_ids)
        free = _free_at(offer, starts_at, now=now, agents=agent_ids, ignored_rdv=ignored_rdv)
    if not free:
        raise SlotTaken(nearest(offer, starts_at, now=now))
    load = _rdvs_of_the_day([creneau.agent_id for creneau in free], starts_at.astimezone(offer.time_zone))
    return min(free, key=lambda creneau: (load.get(creneau.agent_id, 0), creneau.agent_id))


def _free_at(
    offer: Offer,
    starts_at: datetime,
    *,
    now: datetime,
    agents: Collection[int] | None,
    ignored_rdv: int | None,
) -> list[Creneau]:
    return creneaux.find_for_public(
        [offer], now=now, since=starts_at, until=starts_at, agents=agents, ignored_rdv=ignored_rdv
    )[offer.key]


def nearest(offer: Offer, wanted: datetime, *, now: datetime, count: int = 3) -> list[Creneau]:
    """Up to `count` free starts around `wanted`, the closest ones, in order of time."""
    found = creneaux.find_for_public(
        [offer], now=now, since=wanted - _NEAREST_SEARCH, until=wanted + _NEAREST_SEARCH
    )[offer.key]
    one_per_start = {creneau.starts_at: creneau for creneau in reversed(found)}
    closest = sorted(one_per_start.values(), key=lambda creneau: abs(creneau.starts_at - wanted))
    return sorted(closest[:count])


def _lock_agents(agent_ids: Collection[int]) -> None:
    """Lock these agents' agendas until the end of the transaction, always in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, id) FROM unnest(%s::int[]) AS id",
            [_LOCK_FAMILY, sorted(agent_ids)],
        )


def _rdvs_of_the_day(agent_ids: Collection[int], local_moment: datetime) -> dict[int, int]:
    midnight = local_moment.replace(hour=0, minute=0, second=0, microsecond=0)
    rdvs = RdvAgent.objects.filter(
        agent__in=agent_ids, busy=True, starts_at__gte=midnight, starts_at__lt=midnight + timedelta(days=1)
    )
    return dict(rdvs.order_by().values_list("agent_id").annotate(Count("id")))


def _create_rdv(offer: Offer, creneau: Creneau, *, created_by: str, now: datetime) -> Rdv:
    motif = next(motif for motif in offer.motifs if motif.pk == creneau.motif_id)
    rdv = Rdv.objects.create(
        organisation_id=motif.organisation_id,
        motif=motif,
        lieu_id=creneau.lieu_id,
        starts_at=creneau.starts_at,
        ends_at=creneau.ends_at,
        created_by=created_by,
        created_at=now,
        scheduled_at=now,
    )
    _occupy(rdv, [creneau.agent_id])
    return rdv


def _occupy(rdv: Rdv, agent_ids: Collection[int]) -> None:
    """Put the rdv in these agents' agendas. The database refuses what overlaps another one."""
    parts = [
        RdvAgent(
            rdv=rdv,
            agent_id=agent_id,
            starts_at=rdv.starts_at,
            ends_at=rdv.ends_at,
            busy=rdv.status in BUSY,
            overbooked=rdv.overbooked,
        )
        for agent_id in agent_ids
    ]
    try:
        with transaction.atomic():
            RdvAgent.objects.bulk_create(parts)
    except IntegrityError as error:
        raise SlotTaken([]) from error


def movable_until(participation: Participation) -> datetime | None:
    """Until when the person may choose another moment themselves; None when they never may."""
    rdv, limit = participation.rdv, participation.rdv.motif.movable_until
    chosen = participation.created_by == CreatedBy.USAGER and not rdv.motif.collective
    return rdv.starts_at - limit if chosen and limit is not None else None


def cancellable_until(participation: Participation) -> datetime | None:
    """Until when the person may cancel themselves; None when they never may."""
    limit = participation.rdv.motif.cancellable_until
    return participation.rdv.starts_at - limit if limit is not None else None


def may_move(participation: Participation, now: datetime) -> bool:
    """Whether the person may still choose another moment themselves (design/domain.md § Links)."""
    until = movable_until(participation)
    return participation.status == ParticipationStatus.UNKNOWN and until is not None and now < until


def may_cancel(participation: Participation, now: datetime) -> bool:
    """Whether the person may still cancel themselves."""
    until = cancellable_until(participation)
    return participation.status == ParticipationStatus.UNKNOWN and until is not None and now < until


@transaction.atomic
def move(*, participation: Participation, offer: Offer, starts_at: datetime, now: datetime) -> Participation:
    """Give the person this créneau instead of theirs, and say so.

    Raises NotAllowed past the motif's limit, SlotTaken when nobody is free.
    """
    participation = _locked(participation)
    if not may_move(participation, now):
        raise NotAllowed("Ce rendez-vous ne peut plus être déplacé en ligne.")
    rdv = participation.rdv
    creneau = _take(offer, starts_at, now=now, ignored_rdv=rdv.pk)
    RdvAgent.objects.filter(rdv=rdv).delete()
    rdv.motif_id, rdv.lieu_id = creneau.motif_id, creneau.lieu_id
    rdv.starts_at, rdv.ends_at, rdv.scheduled_at = creneau.starts_at, creneau.ends_at, now
    rdv.save(update_fields=["motif", "lieu", "starts_at", "ends_at", "scheduled_at"])
    _occupy(rdv, [creneau.agent_id])
    participation.sequence += 1
    participation.save(update_fields=["sequence"])
    tell_follow_ups([participation.follow_up_id])
    notifications.notify([participation.pk], Purpose.RDV_UPDATED, now=now)
    return participation


@transaction.atomic
def cancel(*, participation: Participation, now: datetime) -> Participation:
    """The person will not come: excused. Raises NotAllowed past the motif's limit."""
    participation = _locked(participation)
    if not may_cancel(participation, now):
        raise NotAllowed("Ce rendez-vous ne peut plus être annulé en ligne.")
    return _write_status(participation, ParticipationStatus.EXCUSED, notify=True, now=now)


@transaction.atomic
def record_status(*, participation: Participation, status: str, notify: bool, now: datetime) -> Participation:
    """An agent says what became of a participation.

    With `notify`, the person is told when a rdv to come is cancelled, or is on again.

    Raises NotAllowed for a status that cannot follow (a future rdv is not "seen"), SlotTaken when the
    agent's time was given to somebody else meanwhile.
    """
    participation = _locked(participation)
    offered = allowed_statuses(participation.status, begun=participation.rdv.has_begun(now))
    if status not in offered:
        raise NotAllowed("Ce statut n'est pas possible pour ce rendez-vous.")
    return _write_status(participation, status, notify=notify, now=now)


def _locked(participation: Participation) -> Participation:
    locked = Participation.objects.select_for_update(of=("self",)).get(pk=participation.pk)
    return Participation.objects.with_details().get(pk=locked.pk)


def _write_status(participation: Participation, status: str, *, notify: bool, now: datetime) -> Participation:
    was_cancelled = participation.status in CANCELLED
    participation.status = status
    participation.cancelled_at = now if status in CANCELLED else None
    participation.sequence += 1
    try:
        with transaction.atomic():
            participation.save(update_fields=["status", "cancelled_at", "sequence"])
            _derive_rdv_status(participation.rdv, now)
    except IntegrityError as error:
        raise SlotTaken([]) from error
    tell_follow_ups([participation.follow_up_id])
    is_cancelled = status in CANCELLED
    if notify and was_cancelled != is_cancelled and participation.rdv.starts_at > now:
        purpose = Purpose.RDV_CANCELLED if is_cancelled else Purpose.RDV_CREATED
        notifications.notify([participation.pk], purpose, now=now)
    return participation


def _derive_rdv_status(rdv: Rdv, now: datetime) -> None:
    """A rdv of one person has that person's status; a collective one is live until the service revokes it."""
    if rdv.motif.collective:
        return
    statuses = list(rdv.participations.values_list("status", flat=True))
    rdv.status = _common_status(statuses)
    rdv.cancelled_at = now if rdv.status in CANCELLED else None
    rdv.save(update_fields=["status", "cancelled_at"])


def _common_status(statuses: Sequence[str]) -> str:
    if ParticipationStatus.SEEN in statuses:
        return ParticipationStatus.SEEN
    return statuses[0] if len(set(statuses)) == 1 else ParticipationStatus.UNKNOWN


@transaction.atomic
def remind(*, now: datetime) -> int:
    """Write the reminders of the rdvs that begin within 48 h, and return how many people are reminded.

    Those booked less than 48 h before get none (design/domain.md § Messages). Running again sends nothing
    twice: a reminder is about one participation at one moment.
    """
    window = Participation.objects.pending(now).filter(
        rdv__starts_at__lte=now + notifications.REMINDER_BEFORE,
        rdv__starts_at__gt=now + notifications.REMINDER_BEFORE - notifications.REMINDER_TOLERANCE,
    )
    due = [
        participation.pk
        for participation in window.select_related("rdv").order_by("id")
        if max(participation.created_at, participation.rdv.scheduled_at)
        <= participation.rdv.starts_at - notifications.REMINDER_BEFORE
    ]
    return notifications.notify(due, Purpose.RDV_REMINDER, now=now)
