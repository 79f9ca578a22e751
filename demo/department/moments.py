"""Which créneau each appointment of the seed takes: the product's own search, past or future, no clash."""

import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.creneaux import Creneau
from rdv_insertion.agenda.models import Motif


class Moments:
    """The créneaux of some motifs between two instants, given one by one."""

    def __init__(
        self, motifs: Sequence[Motif], *, since: datetime, until: datetime, generator: random.Random
    ) -> None:
        self._generator = generator
        self._taken: defaultdict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
        self._by_motif: defaultdict[int, list[Creneau]] = defaultdict(list)
        found = creneaux.find(creneaux.offers(motifs), since=since, until=until)
        for creneau in sorted(one for several in found.values() for one in several):
            self._by_motif[creneau.motif_id].append(creneau)

    def occupy(self, agent_id: int, starts_at: datetime, ends_at: datetime) -> bool:
        """Take this time of this agent, unless it is taken already."""
        if any(start < ends_at and starts_at < end for start, end in self._taken[agent_id]):
            return False
        self._taken[agent_id].append((starts_at, ends_at))
        return True

    def take(self, motifs: Sequence[Motif], *, since: datetime, until: datetime) -> Creneau:
        """One free créneau of any of `motifs` that starts from `since` to `until`, at random."""
        candidates = [creneau for motif in motifs for creneau in self._between(motif, since, until)]
        self._generator.shuffle(candidates)
        for creneau in candidates:
            if self.occupy(creneau.agent_id, creneau.starts_at, creneau.ends_at):
                return creneau
        raise LookupError(f"no free moment from {since} to {until} for {[str(motif) for motif in motifs]}")

    def _between(self, motif: Motif, since: datetime, until: datetime) -> list[Creneau]:
        known = self._by_motif[motif.pk]
        start = bisect_left(known, since, key=lambda creneau: creneau.starts_at)
        end = bisect_left(known, until, key=lambda creneau: creneau.starts_at)
        return known[start:end]
