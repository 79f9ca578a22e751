"""The waiting list, as the person of a late rdv sees it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.enums import OfferAnswer
from rdv_insertion.agenda.models import EarlierSlotOffer, Participation
from rdv_insertion.agenda.services import waiting_list
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.services import channels_for


@dataclass(frozen=True)
class Waiting:
    """Where the person stands: may ask, has asked, has an earlier créneau kept for them (its moment)."""

    may_ask: bool
    has_asked: bool
    offered: str
    kept_until: str


def waiting_of(participation: Participation, now: datetime) -> Waiting:
    """Where the person of this rdv to come stands. Two queries."""
    offer = waiting_list.current_offer(participation, now)
    asked = bool(offer) or waiting_list.is_waiting(participation)
    return Waiting(
        # Nobody is put on a list without a way to be told.
        may_ask=not asked
        and waiting_list.may_wait(participation, now)
        and bool(channels_for(participation.usager)),
        has_asked=asked,
        offered=moment_of(offer, participation) if offer else "",
        kept_until=kept_until(offer, participation) if offer else "",
    )


def moment_of(offer: EarlierSlotOffer, participation: Participation) -> str:
    """`mardi 3 mars 2026 à 9 h 30`, on the clocks of the place."""
    return dates.long_moment(offer.starts_at, participation.rdv.time_zone)


def kept_until(offer: EarlierSlotOffer, participation: Participation) -> str:
    """`14 h 10`, on the clocks of the place: the very day on which it is offered."""
    return dates.clock(offer.expires_at.astimezone(participation.rdv.time_zone))


def has_accepted(participation: Participation) -> bool:
    """Whether the rdv is at a moment that the person accepted from the waiting list."""
    # Where it is now, which another tab may just have changed.
    where_it_is = F("entry__participation__rdv__starts_at")
    accepted = EarlierSlotOffer.objects.filter(
        entry__participation=participation, answer=OfferAnswer.ACCEPTED, starts_at=where_it_is
    )
    return accepted.exists()


def still_free(offer: EarlierSlotOffer, participation: Participation, now: datetime) -> bool:
    """Whether the créneau is still there: an agent may have taken it knowingly. Three queries."""
    there = waiting_list.offer_of(participation, now)
    found = creneaux.find_for_public(
        [there],
        now=now,
        since=offer.starts_at,
        until=offer.starts_at,
        ignored_rdv=participation.rdv_id,
        ignored_offer=offer.pk,
    )
    return bool(found[there.key])
