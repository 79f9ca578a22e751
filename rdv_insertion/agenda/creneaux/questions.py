"""The questions asked of free time: every créneau, every start, the first one, how many."""

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from rdv_insertion.agenda.creneaux.free_time import free
from rdv_insertion.agenda.creneaux.offers import Creneau, Offer
from rdv_insertion.agenda.creneaux.rows import Search, moment

# The first free start is nearly always soon: look near first, at the whole period at last.
_FIRST_SEARCHED_WITHIN = (timedelta(days=3), timedelta(days=14), None)


def find(
    offers_asked: Sequence[Offer],
    *,
    since: datetime,
    until: datetime,
    agents: Collection[int] | None = None,
    ignored_rdv: int | None = None,
) -> dict[str, list[Creneau]]:
    """The créneaux of each offer (by its key) starting from `since` to `until`, both included, in order.

    For agents: neither the booking delays nor what is kept for the waiting list is looked at. An agent is
    given once a start, with the first of the motifs that fit. `agents` restricts to these agents; None means
    all, an empty collection means none. `ignored_rdv` does not count as busy: a rdv that is moved may slide
    over itself. Collective offers have no créneaux: their list is empty.
    """
    search = Search(_bounds(offers_asked, since, until), agents, ignored_rdv)
    return _creneaux(offers_asked, search)


def find_for_public(
    offers_asked: Sequence[Offer],
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    agents: Collection[int] | None = None,
    ignored_rdv: int | None = None,
    ignored_offer: int | None = None,
) -> dict[str, list[Creneau]]:
    """The same, within the booking delays of each motif: what an invited person may take at `now`.

    `ignored_offer` is the offer of the waiting list (its id) of the person who asks: what it keeps is theirs.
    """
    bounds = _public_bounds(offers_asked, now, since, until)
    return _creneaux(offers_asked, Search(bounds, agents, ignored_rdv, now, ignored_offer))


def starts_for_public(
    offers_asked: Sequence[Offer],
    *,
    now: datetime,
    until: datetime | None = None,
    ignored_rdv: int | None = None,
    ignored_offer: int | None = None,
) -> dict[str, list[datetime]]:
    """The moments that may be chosen, in order, by offer: what a page shows, faster.

    At least one agent is free then, or a collective rdv begins.
    """
    starts: dict[str, set[int]] = {offer.key: set() for offer in offers_asked}
    bounds = _public_bounds(offers_asked, now, None, until)
    search = Search(bounds, None, ignored_rdv, now, ignored_offer)
    for found in free(offers_asked, search):
        starts[found.offer.key].update(*found.starts)
    result = {key: [moment(one) for one in sorted(several)] for key, several in starts.items()}
    for offer in offers_asked:
        if offer.collective:
            begin = {rdv.starts_at for rdv in offer.rdvs if until is None or rdv.starts_at <= until}
            result[offer.key] = sorted(begin)
    return result


def first_by_offer(
    offers_asked: Sequence[Offer],
    *,
    since: datetime,
    until: datetime,
    agents: Collection[int] | None = None,
) -> dict[str, datetime]:
    """For agents: the first start of each offer (by its key) from `since` to `until`; none, no key."""
    return _first(offers_asked, Search(_bounds(offers_asked, since, until), agents), each=True)


def first_by_offer_for_public(
    offers_asked: Sequence[Offer], *, now: datetime, ignored_rdv: int | None = None
) -> dict[str, datetime]:
    """The first moment of each offer (by its key) that an invited person may take at `now`; none, no key."""
    bounds = _public_bounds(offers_asked, now, None, None)
    return _first(offers_asked, Search(bounds, None, ignored_rdv, now), each=True)


def first_for_public(offers_asked: Sequence[Offer], *, now: datetime) -> datetime | None:
    """The first moment of all, whatever the offer; None over the whole booking period."""
    search = Search(_public_bounds(offers_asked, now, None, None), held_at=now)
    return min(_first(offers_asked, search, each=False).values(), default=None)


def count_for_public(offers_asked: Sequence[Offer], *, now: datetime, period: timedelta) -> int:
    """How many individual rdvs could be taken over `period`: one for each agent and start, wherever they
    receive."""
    starts: defaultdict[int, set[int]] = defaultdict(set)
    bounds = _public_bounds(offers_asked, now, None, now + period)
    for found in free(offers_asked, Search(bounds, held_at=now)):
        starts[found.plage.agent_id].update(*found.starts)
    return sum(map(len, starts.values()))


def _bounds(
    offers_asked: Sequence[Offer], since: datetime, until: datetime
) -> dict[int, tuple[datetime, datetime]]:
    return {motif.pk: (since, until) for offer in offers_asked for motif in offer.motifs}


def _public_bounds(
    offers_asked: Sequence[Offer], now: datetime, since: datetime | None, until: datetime | None
) -> dict[int, tuple[datetime, datetime]]:
    """First and last start of each motif for somebody other than an agent, both included, to the minute."""
    bounds = {}
    for motif in {motif.pk: motif for offer in offers_asked for motif in offer.motifs}.values():
        earliest, latest = now + motif.min_public_booking_delay, now + motif.max_public_booking_delay
        bounds[motif.pk] = (max(since or earliest, earliest), min(until or latest, latest))
    return bounds


def _creneaux(offers_asked: Sequence[Offer], search: Search) -> dict[str, list[Creneau]]:
    found: dict[str, list[tuple[int, int, int, int | None, timedelta]]] = {
        offer.key: [] for offer in offers_asked
    }
    for offer, motif, plage, starts in free(offers_asked, search):
        lieu_id = plage.lieu_id if offer.lieu else None
        found[offer.key] += [
            (start, plage.agent_id, motif.pk, lieu_id, motif.duration)
            for several in starts
            for start in several
        ]
    return {key: _once_a_start(several) for key, several in found.items()}


def _once_a_start(found: list[tuple[int, int, int, int | None, timedelta]]) -> list[Creneau]:
    """In order of start, then of agent, each pair with its first motif."""
    found.sort()
    creneaux = []
    known = (-1, -1)
    for start, agent_id, motif_id, lieu_id, duration in found:
        if (start, agent_id) != known:
            known = start, agent_id
            creneaux.append(Creneau(moment(start), agent_id, motif_id, lieu_id, duration))
    return creneaux


def _first(offers_asked: Sequence[Offer], search: Search, *, each: bool) -> dict[str, datetime]:
    """The first start of each offer; without `each`, only of some, among which the first of all."""
    found = {offer.key: offer.rdvs[0].starts_at for offer in offers_asked if offer.rdvs}
    left = [offer for offer in offers_asked if not offer.collective]
    if search.empty:
        return found
    since = search.since
    for period in _FIRST_SEARCHED_WITHIN:
        until = search.since + period if period else search.until
        soonest = _soonest(left, search.between(since, until))
        found |= {key: moment(start) for key, start in soonest.items()}
        left = [offer for offer in left if offer.key not in soonest]
        if not left or (soonest and not each):
            break
        since = until
    return found


def _soonest(offers_asked: Sequence[Offer], search: Search) -> dict[str, int]:
    found: dict[str, int] = {}
    for offer, _, _, starts in free(offers_asked, search):
        if starts and starts[0][0] < found.get(offer.key, math.inf):
            found[offer.key] = starts[0][0]
    return found
