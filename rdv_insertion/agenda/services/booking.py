"""Taking an appointment with a créneau or a seat: by the person, or by a partner for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.announcements import Change, announce
from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.enums import CreatedBy
from rdv_insertion.agenda.facts import tell_follow_ups
from rdv_insertion.agenda.models import Motif, Participation, Rdv
from rdv_insertion.agenda.services.errors import AlreadyBooked, NotAllowed, SlotTaken
from rdv_insertion.agenda.services.occupation import free_at, nearest, place_at_first_free
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups import services as followups
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.kernel.bulk import update_columns
from rdv_insertion.usagers.models import Usager
from rdv_insertion.usagers.services import attach


@transaction.atomic
def book(
    *,
    offer: Offer,
    starts_at: datetime,
    follow_up: FollowUp,
    booking_key: str,
    now: datetime,
) -> Participation:
    """Give this créneau to the person of `follow_up`, who chose it, and have it confirmed to them.

    Raises AlreadyBooked when a live rdv exists, SlotTaken (with the nearest others) when nobody is free.
    """
    refuse_second_rdv(follow_up, booking_key, now)
    rdv = _place_new(offer, starts_at, Rdv(created_by=CreatedBy.USAGER), now=now)
    return _take_part(rdv, follow_up, booking_key=booking_key, now=now)


@transaction.atomic
def book_seat(*, rdv: Rdv, follow_up: FollowUp, booking_key: str, now: datetime) -> Participation:
    """Give the person of `follow_up`, who chose it, a seat of this collective rdv.

    Raises AlreadyBooked when a live rdv exists, SlotTaken when it is full, past, cancelled or too soon.
    """
    refuse_second_rdv(follow_up, booking_key, now)
    _refuse_unless_open(rdv, now)
    take_seats(rdv)
    return _take_part(rdv, follow_up, booking_key=booking_key, now=now, created_by=CreatedBy.USAGER)


@transaction.atomic
def prescribe(
    *, offer: Offer, starts_at: datetime, usager: Usager, by: Agent, now: datetime
) -> Participation:
    """A partner gives the person a créneau of another organisation, which from now on follows them too.

    The organisation, its agents and the person are told, and the partner gets a confirmation. Delays are
    those of the public. Raises NotAllowed when the motif is not open to partners, AlreadyBooked, SlotTaken.
    """
    follow_up = _follow_up_there(offer.motifs[0], usager, by, now)
    refuse_second_rdv(follow_up, None, now)
    author = Rdv(created_by=CreatedBy.PRESCRIPTEUR, created_by_agent=by)
    rdv = _place_new(offer, starts_at, author, now=now)
    return _take_part(rdv, follow_up, booking_key=None, now=now, by=by)


@transaction.atomic
def prescribe_seat(*, rdv: Rdv, usager: Usager, by: Agent, now: datetime) -> Participation:
    """The same for a seat of a collective rdv of another organisation."""
    follow_up = _follow_up_there(rdv.motif, usager, by, now)
    refuse_second_rdv(follow_up, None, now)
    _refuse_unless_open(rdv, now)
    take_seats(rdv)
    return _take_part(rdv, follow_up, booking_key=None, now=now, by=by, created_by=CreatedBy.PRESCRIPTEUR)


def _follow_up_there(motif: Motif, usager: Usager, by: Agent, now: datetime) -> FollowUp:
    """The person's follow-up in the category of a partner's motif, once the partner follows them."""
    if not Motif.objects.open_to_partner(by).filter(pk=motif.pk).exists():
        raise NotAllowed("Cette organisation ne laisse pas ses partenaires prendre ce rendez-vous.")
    if motif.motif_category is None:
        raise NotAllowed("Ce motif n'a pas de catégorie : le rendez-vous ne pourrait pas être suivi.")
    attach(usagers=[usager], organisation=motif.organisation, now=now)
    opened = followups.open_follow_ups(usagers=[usager], motif_category=motif.motif_category, now=now)
    return opened[usager.pk]


def refuse_second_rdv(follow_up: FollowUp, booking_key: str | None, now: datetime) -> None:
    """Two tabs, two links or the back button: the second one waits here, then finds the first rdv."""
    followups.lock(follow_up=follow_up)
    live = Participation.objects.filter(follow_up=follow_up, status=ParticipationStatus.UNKNOWN)
    served = Q(rdv__starts_at__gt=now)
    if booking_key:
        served |= Q(booking_key=booking_key)
    existing = live.filter(served).order_by("-rdv__starts_at").first()
    if existing:
        raise AlreadyBooked(existing)


def _place_new(offer: Offer, starts_at: datetime, rdv: Rdv, *, now: datetime) -> Rdv:
    """Complete and write `rdv`, which knows who takes it, at this moment of the offer."""
    rdv.organisation = offer.motifs[0].organisation
    rdv.created_at = rdv.scheduled_at = now
    try:
        place_at_first_free(rdv, offer, free_at(offer, starts_at, now=now), now=now)
    except SlotTaken:
        raise SlotTaken(nearest(offer, starts_at, now=now)) from None
    return rdv


def _refuse_unless_open(rdv: Rdv, now: datetime) -> None:
    if rdv not in creneaux.collective_for_public([rdv.motif], now=now):
        raise SlotTaken


def take_seats(rdv: Rdv, count: int = 1) -> None:
    """Take seats of a collective rdv, in the statement that counts them; SlotTaken when too few are left."""
    free = Q(max_participants_count=None) | Q(max_participants_count__gte=F("seats_taken") + count)
    live = Rdv.objects.filter(free, pk=rdv.pk, status=ParticipationStatus.UNKNOWN)
    if not live.update(seats_taken=F("seats_taken") + count, sequence=F("sequence") + 1):
        raise SlotTaken
    rdv.refresh_from_db(fields=["seats_taken", "sequence"])


def _take_part(
    rdv: Rdv,
    follow_up: FollowUp,
    *,
    booking_key: str | None,
    now: datetime,
    by: Agent | None = None,
    created_by: str | None = None,
) -> Participation:
    """Write the person's part, tell the follow-up, and have everybody told."""
    (participation,) = take_parts(
        rdv,
        [follow_up.usager],
        {follow_up.usager_id: follow_up},
        created_by=created_by or rdv.created_by,
        by=by,
        booking_key=booking_key,
        now=now,
    )
    tell_follow_ups([follow_up.pk])
    announce(Change.CREATED, rdv, [participation], by=by)
    return participation


def take_parts(
    rdv: Rdv,
    usagers: Sequence[Usager],
    follow_ups: Mapping[int, FollowUp],
    *,
    created_by: str,
    now: datetime,
    by: Agent | None = None,
    booking_key: str | None = None,
) -> list[Participation]:
    """These people's parts in `rdv`, new, or live again for those who had cancelled theirs.

    `follow_ups` are theirs, by usager id. Three statements at most.
    """
    known = {}
    if rdv.motif.collective:
        known = {one.usager_id: one for one in Participation.objects.filter(rdv=rdv, usager__in=usagers)}
    parts = [known.get(usager.pk) or Participation(rdv=rdv, usager=usager) for usager in usagers]
    for part in parts:
        part.follow_up = follow_ups.get(part.usager_id)
        part.status, part.cancelled_at = ParticipationStatus.UNKNOWN, None
        part.created_by, part.created_by_agent, part.created_at = created_by, by, now
        part.booking_key = booking_key
        # Said once: what the person was told then does not change with the motif.
        part.convocable = rdv.motif.convocation and created_by == CreatedBy.AGENT
        part.sequence += part.pk is not None
    Participation.objects.bulk_create([part for part in parts if part.pk is None])
    update_columns([part for part in parts if part.usager_id in known], _TAKEN_AGAIN)
    return parts


_TAKEN_AGAIN = (
    "follow_up",
    "status",
    "cancelled_at",
    "created_by",
    "created_by_agent",
    "created_at",
    "booking_key",
    "convocable",
    "sequence",
)
