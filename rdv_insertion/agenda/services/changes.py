"""What the person may change of their own appointment, and until when."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from rdv_insertion.agenda.announcements import Change, announce
from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.enums import CreatedBy
from rdv_insertion.agenda.facts import tell_follow_ups
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.services.errors import NotAllowed, SlotTaken
from rdv_insertion.agenda.services.occupation import free_at, nearest, place_at_first_free
from rdv_insertion.agenda.services.statuses import locked, write_statuses
from rdv_insertion.followups.enums import ParticipationStatus


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
def move(
    *,
    participation: Participation,
    offer: Offer,
    starts_at: datetime,
    now: datetime,
    ignored_offer: int | None = None,
) -> Participation:
    """Give the person this créneau instead of theirs, and have it said.

    `ignored_offer` is the offer of the waiting list that keeps this créneau for them. Raises NotAllowed past
    the motif's limit, SlotTaken when nobody is free.
    """
    (participation,) = locked([participation.pk])
    if not may_move(participation, now):
        raise NotAllowed(gettext("Ce rendez-vous ne peut plus être déplacé en ligne."))
    rdv = participation.rdv
    former, former_agents = rdv.starts_at, frozenset(agent.pk for agent in rdv.agents.all())
    rdv.scheduled_at = now
    rdv.sequence += 1
    candidates = free_at(offer, starts_at, now=now, ignored_rdv=rdv.pk, ignored_offer=ignored_offer)
    try:
        place_at_first_free(rdv, offer, candidates, now=now, ignored_offer=ignored_offer)
    except SlotTaken:
        raise SlotTaken(nearest(offer, starts_at, now=now)) from None
    participation.sequence += 1
    participation.save(update_fields=["sequence"])
    tell_follow_ups([participation.follow_up_id])
    announce(Change.MOVED, rdv, [participation], former_starts_at=former, former_agents=former_agents)
    # Its place and agents are those of before.
    rdv.refresh_from_db()
    return participation


@transaction.atomic
def cancel(*, participation: Participation, now: datetime) -> Participation:
    """The person will not come: excused. Raises NotAllowed past the motif's limit."""
    (participation,) = locked([participation.pk])
    if not may_cancel(participation, now):
        raise NotAllowed(gettext("Ce rendez-vous ne peut plus être annulé en ligne."))
    write_statuses([participation], ParticipationStatus.EXCUSED, notify=True, by=None, now=now)
    return participation
