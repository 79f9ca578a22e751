"""From what the database says to free starts: openings, minus what is taken, cut into rdvs."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rdv_insertion.agenda.creneaux import rows
from rdv_insertion.agenda.creneaux.offers import Offer
from rdv_insertion.agenda.creneaux.rows import Interval, Plage, Search
from rdv_insertion.agenda.models import Motif


class Free(NamedTuple):
    """The free starts of an agent for one offer and motif, within one plage: seconds, in order."""

    offer: Offer
    motif: Motif
    plage: Plage
    starts: list[range]


def free(offers_asked: Sequence[Offer], search: Search) -> Iterator[Free]:
    """Every free start of the individual offers. Four queries at most."""
    plages = [] if search.empty else rows.plages(search)
    if not plages:
        return
    taken = rows.taken(plages, search)
    served = _by_place(offers_asked)
    lengths = {motif.pk: _Length.of(motif, search) for offer in offers_asked for motif in offer.motifs}
    for plage in plages:
        pieces = subtract(plage.openings, taken[plage.agent_id])
        for place in {plage.lieu_id, None}:
            for offer, motif in served[place]:
                if motif.pk in plage.motif_ids and offer.lets(motif, plage.agent_id):
                    yield Free(offer, motif, plage, _cut(pieces, lengths[motif.pk]))


def _by_place(offers_asked: Iterable[Offer]) -> defaultdict[int | None, list[tuple[Offer, Motif]]]:
    """The offers that a plage at a place serves, each with its motifs; those that any serves at None."""
    served: defaultdict[int | None, list[tuple[Offer, Motif]]] = defaultdict(list)
    for offer in offers_asked:
        if not offer.collective:
            served[offer.lieu.pk if offer.lieu else None] += [(offer, motif) for motif in offer.motifs]
    return served


def subtract(openings: Iterable[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """What remains of `openings` once `taken` is removed, both in order of start; never an empty piece."""
    # The hot loop of every search: nothing is called, nothing is looked up twice.
    pieces: list[Interval] = []
    past, count = 0, len(taken)
    for start, end in openings:
        while past < count and taken[past][1] <= start:
            past += 1
        free_from, place = start, past
        while place < count:
            busy_from, busy_until = taken[place]
            if busy_from >= end:
                break
            if busy_from > free_from:
                pieces.append((free_from, busy_from))
            free_from = busy_until if busy_until > free_from else free_from
            place += 1
        if free_from < end:
            pieces.append((free_from, end))
    return pieces


class _Length(NamedTuple):
    """How a motif cuts free time: seconds."""

    duration: int
    step: int
    earliest: int
    latest: int

    @classmethod
    def of(cls, motif: Motif, search: Search) -> "_Length":
        since, until = search.bounds[motif.pk]
        duration = int(motif.duration.total_seconds())
        step = duration + int(motif.pause.total_seconds())
        return cls(duration, step, math.ceil(since.timestamp()), math.floor(until.timestamp()))


def _cut(pieces: Iterable[Interval], length: _Length) -> list[range]:
    """Cut each free piece from its own start; the last start leaves room for a whole rdv."""
    duration, step, earliest, latest = length
    starts = []
    for start, end in pieces:
        first = start if start >= earliest else start + -(-(earliest - start) // step) * step
        last = end - duration if end - duration < latest else latest
        if first <= last:
            starts.append(range(first, last + 1, step))
    return starts
