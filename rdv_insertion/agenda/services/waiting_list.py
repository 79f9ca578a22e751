"""The waiting list: who has a late rdv and asked to be told of an earlier one.

A créneau that is free earlier is offered to one person at a time, and kept for them for two hours: until
then the search shows it to nobody else (see `creneaux`). Without an answer, the next person is asked.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.contents import Contents
from rdv_insertion.agenda.creneaux import Creneau, Offer
from rdv_insertion.agenda.eligibility import eligible, location_of
from rdv_insertion.agenda.enums import OfferAnswer
from rdv_insertion.agenda.models import EarlierSlotOffer, Participation, WaitingListEntry
from rdv_insertion.agenda.services.changes import may_move, move
from rdv_insertion.agenda.services.errors import NotAllowed, SlotTaken
from rdv_insertion.agenda.services.occupation import lock_agents, refuse_if_taken
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Purpose

# A rdv closer than this is not late; an offer is kept this long, and made at these hours of the place.
LATE = timedelta(days=7)
KEPT_FOR = timedelta(hours=2)
_FIRST_HOUR, _LAST_HOUR = 8, 18
# Earlier means at least a day earlier, and somebody who takes it still has time to come.
_WORTH_IT = timedelta(days=1)
_TIME_TO_COME = timedelta(hours=2)
# Somebody who let three offers pass is not asked any more, nor anybody twice a day.
_MOST_OFFERS, _REST = 3, timedelta(hours=20)


def may_wait(participation: Participation, now: datetime) -> bool:
    """Whether the person may ask for an earlier one: a late rdv, that they may move themselves."""
    return participation.rdv.starts_at > now + LATE and may_move(participation, now)


@transaction.atomic
def join(*, participation: Participation, now: datetime) -> WaitingListEntry:
    """The person asks to be told of an earlier créneau. Raises NotAllowed."""
    if not may_wait(participation, now):
        raise NotAllowed(gettext("Il n'est plus possible de demander un rendez-vous plus tôt."))
    entry, _ = WaitingListEntry.objects.update_or_create(
        participation=participation, defaults={"asked_at": now}
    )
    return entry


@transaction.atomic
def leave(*, participation: Participation) -> None:
    """The person does not want to be told any more; what was kept for them is free again."""
    WaitingListEntry.objects.filter(participation=participation).delete()


def is_waiting(participation: Participation) -> bool:
    """Whether the person is on the waiting list for this rdv."""
    return _active().filter(participation=participation).exists()


def current_offer(participation: Participation, now: datetime) -> EarlierSlotOffer | None:
    """The créneau kept for the person of this rdv at `now`, if any."""
    offers = EarlierSlotOffer.objects.open_at(now).filter(entry__participation=participation)
    return offers.select_related("motif", "lieu").first()


@transaction.atomic
def accept(*, offer: EarlierSlotOffer, now: datetime) -> Participation:
    """The person takes the créneau kept for them instead of their rdv.

    Raises NotAllowed when it is kept no longer or the rdv may not move any more, SlotTaken when an agent
    took it knowingly.
    """
    offer = _answered(offer, OfferAnswer.ACCEPTED, now)
    participation = offer.entry.participation
    return move(
        participation=participation,
        offer=offer_of(participation, now),
        starts_at=offer.starts_at,
        now=now,
        ignored_offer=offer.pk,
    )


@transaction.atomic
def decline(*, offer: EarlierSlotOffer, now: datetime) -> None:
    """The person keeps their rdv, and stays on the list. Raises NotAllowed when it is kept no longer."""
    _answered(offer, OfferAnswer.DECLINED, now)


def _answered(offer: EarlierSlotOffer, answer: OfferAnswer, now: datetime) -> EarlierSlotOffer:
    current = EarlierSlotOffer.objects.select_for_update(of=("self",)).open_at(now).filter(pk=offer.pk)
    found = current.select_related("entry__participation__rdv__motif").first()
    if found is None:
        raise NotAllowed(gettext("Ce créneau n'est plus gardé pour vous. Votre rendez-vous ne change pas."))
    found.answer = answer
    found.save(update_fields=["answer"])
    return found


def offer_of(participation: Participation, now: datetime) -> Offer:
    """What an earlier créneau may be: the same motif and place, with any agent who may receive the person."""
    rdv, usager = participation.rdv, participation.usager
    allowed = eligible([rdv.motif], usager, location=location_of(usager, [rdv.motif], now=now))
    receivers = {motif.pk: agents for motif, agents in allowed if agents is not None}
    return Offer(rdv.motif.location_type, rdv.lieu, (rdv.motif,), receivers)


def offer_earlier_slots(*, now: datetime) -> int:
    """Offer what is free earlier to those who wait, the first who asked first; returns how many offers.

    One search for all who wait for the same motif and place. Each offer is a transaction of its own: the
    agents of the others are never locked meanwhile.
    """
    EarlierSlotOffer.objects.filter(answer=OfferAnswer.WAITING, expires_at__lte=now).update(
        answer=OfferAnswer.EXPIRED
    )
    search = _Search(now)
    return sum(_offer_one(entry, search) for entry in _to_ask(now))


def _active() -> QuerySet[WaitingListEntry]:
    """Entries that still want something: nothing was accepted since they asked."""
    accepted = EarlierSlotOffer.objects.filter(
        entry=OuterRef("pk"), answer=OfferAnswer.ACCEPTED, offered_at__gte=OuterRef("asked_at")
    )
    return WaitingListEntry.objects.filter(~Exists(accepted))


def _to_ask(now: datetime) -> Iterable[WaitingListEntry]:
    since_asked = Q(offers__offered_at__gte=F("asked_at"))
    waiting = (
        _active()
        .annotate(asked=Count("offers", filter=since_asked))
        .filter(
            asked__lt=_MOST_OFFERS,
            participation__status=ParticipationStatus.UNKNOWN,
            participation__rdv__starts_at__gt=now + _WORTH_IT,
        )
    )
    resting = EarlierSlotOffer.objects.filter(entry=OuterRef("pk"), offered_at__gt=now - _REST)
    entries = waiting.filter(~Exists(resting)).order_by("asked_at", "pk").prefetch_related("offers")
    known = Participation.objects.with_details().in_bulk([entry.participation_id for entry in entries])
    for entry in entries:
        entry.participation = known[entry.participation_id]
        if _may_be_asked(entry.participation, now):
            yield entry


def _may_be_asked(participation: Participation, now: datetime) -> bool:
    hour = now.astimezone(participation.rdv.time_zone).hour
    return _FIRST_HOUR <= hour < _LAST_HOUR and may_move(participation, now + KEPT_FOR)


class _Search:
    """What is free soon enough to be offered, by what is waited for; asked once each."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._found: dict[tuple[int, str, frozenset[int] | None], list[Creneau]] = {}

    def earlier(self, entry: WaitingListEntry) -> list[Creneau]:
        """What is free well before the rdv and was never offered to this person, the earliest first."""
        offer, rdv = offer_of(entry.participation, self.now), entry.participation.rdv
        key = (rdv.motif_id, offer.key, offer.receivers.get(rdv.motif_id))
        if key not in self._found:
            soon = self.now + KEPT_FOR + _TIME_TO_COME
            self._found[key] = creneaux.find_for_public([offer], now=self.now, since=soon)[offer.key]
        offered = {one.starts_at for one in entry.offers.all()}
        latest = rdv.starts_at - _WORTH_IT
        return [one for one in self._found[key] if one.starts_at <= latest and one.starts_at not in offered]


def _offer_one(entry: WaitingListEntry, search: _Search) -> bool:
    """Keep the first earlier créneau for this person and tell them; False when there is none."""
    for creneau in search.earlier(entry):
        try:
            _keep(entry, creneau, search.now)
        except SlotTaken:
            continue
        return True
    return False


@transaction.atomic
def _keep(entry: WaitingListEntry, creneau: Creneau, now: datetime) -> None:
    participation = entry.participation
    lock_agents([creneau.agent_id])
    refuse_if_taken(creneau, participation.rdv, now=now)
    kept = EarlierSlotOffer.objects.create(
        entry=entry,
        agent_id=creneau.agent_id,
        motif_id=creneau.motif_id,
        lieu_id=creneau.lieu_id,
        starts_at=creneau.starts_at,
        ends_at=creneau.ends_at,
        offered_at=now,
        expires_at=now + KEPT_FOR,
    )
    _tell(kept, participation, now)


def _tell(kept: EarlierSlotOffer, participation: Participation, now: datetime) -> None:
    content = Contents([participation]).of_earlier_slot(participation, kept)
    drafts = [
        messaging.Draft(
            organisation=participation.rdv.organisation,
            to=participation.usager,
            purpose=Purpose.EARLIER_SLOT,
            channel=channel,
            about=f"earlier-slot-{kept.pk}",
            content=content,
        )
        for channel in messaging.channels_for(participation.usager)
    ]
    messaging.enqueue(drafts=drafts, now=now)
