"""Free time, cut into bookable moments. What is shown and what is checked come from here.

free = plages d'ouverture − absences − public holidays of the place − busy rdvs of the agent, in any
organisation, with their pause − créneaux kept for the waiting list. Intervals are half-open: touching is not
overlapping. Free intervals do not depend on `now`, so a slot never moves because time passes; starts that are
too soon are dropped afterwards (design/domain.md § Créneaux).

A search reads the plages, the rdvs, their pauses and the absences: four queries, whatever the number of
agents, places and weeks; none when nothing can be found, one when nobody receives in the period. The first
start is looked for near, then farther: four queries a step, three steps at most. Two families of questions:

* an agent asks from one moment to another (`find`, `first_by_offer`): no booking delays, and the créneaux
  kept for the waiting list are shown, because an agent may take one knowingly;
* somebody else asks at `now` (`…_for_public`): each motif's booking delays hold, to the minute and both ends
  included, and a créneau kept for somebody is nobody else's, unless its offer is given as `ignored_offer`.
"""

from rdv_insertion.agenda.creneaux.free_time import subtract
from rdv_insertion.agenda.creneaux.offers import Creneau, Offer, collective_for_public, offers
from rdv_insertion.agenda.creneaux.questions import (
    count_for_public,
    find,
    find_for_public,
    first_by_offer,
    first_by_offer_for_public,
    first_for_public,
    starts_for_public,
)

__all__ = [
    "Creneau",
    "Offer",
    "collective_for_public",
    "count_for_public",
    "find",
    "find_for_public",
    "first_by_offer",
    "first_by_offer_for_public",
    "first_for_public",
    "offers",
    "starts_for_public",
    "subtract",
]
