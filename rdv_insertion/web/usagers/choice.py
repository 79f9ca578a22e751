"""Choosing a créneau: the same pages with an invitation and to move a rdv."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from django.urls import reverse

from rdv_insertion.agenda import creneaux, services
from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.models import Participation
from rdv_insertion.kernel import dates
from rdv_insertion.web.usagers.places import Place, place_of
from rdv_insertion.web.usagers.weeks import Slot, Week, day_label, week_at

# How a moment is written in an address: in UTC, to the second.
_MOMENT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Step:
    """`Étape 1 sur 2`."""

    number: int
    total: int


@dataclass(frozen=True)
class PlaceCard:
    """An offer to choose from; without `url` when it has no free start."""

    place: Place
    first_free: str
    url: str
    current: bool


@dataclass(frozen=True)
class Choice:
    """What can be chosen, and the addresses of the steps. `replaced` is the rdv that is moved, if any."""

    code: str
    offers: Sequence[Offer]
    help_phone: str
    now: datetime
    replaced: Participation | None = None

    @property
    def moving(self) -> bool:
        """Whether a rdv is moved, rather than a first one taken."""
        return self.replaced is not None

    @property
    def several(self) -> bool:
        """Whether there is a place to choose."""
        return len(self.offers) > 1

    @cached_property
    def free(self) -> dict[str, list[datetime]]:
        """The free starts of each offer, by its key, one per moment, over the whole booking period."""
        return self._free_starts(self.offers)

    def _free_starts(self, offers: Sequence[Offer]) -> dict[str, list[datetime]]:
        starts = creneaux.starts_for_public(offers, now=self.now, ignored_rdv=self._ignored_rdv)
        own = self.current_offer
        if self.replaced and own and own.key in starts:
            starts[own.key] = [start for start in starts[own.key] if start != self.replaced.rdv.starts_at]
        return starts

    @property
    def _ignored_rdv(self) -> int | None:
        """The rdv that is moved takes no time from itself."""
        return self.replaced.rdv_id if self.replaced else None

    @cached_property
    def current_offer(self) -> Offer | None:
        """The offer of the rdv that is moved, when people may still choose it."""
        if self.replaced is None:
            return None
        rdv = self.replaced.rdv
        kind = rdv.motif.location_type
        same = (one for one in self.offers if one.location_type == kind and _lieu_id(one) == rdv.lieu_id)
        return next(same, None)

    def offer(self, key: str) -> Offer | None:
        """The offer that an address names, when there is one."""
        return next((offer for offer in self.offers if offer.key == key), None)

    def is_free(self, offer: Offer, moment: datetime) -> bool:
        """Whether somebody is free at that moment; cheaper than `free`."""
        found = creneaux.find_for_public(
            [offer],
            now=self.now,
            since=moment,
            until=moment,
            ignored_rdv=self._ignored_rdv,
        )
        return bool(found[offer.key])

    def already_has(self, offer: Offer, moment: datetime) -> bool:
        """Whether this is the very rdv that is moved: sent twice, or gone back to."""
        return (
            self.replaced is not None
            and self.replaced.rdv.starts_at == moment
            and offer == self.current_offer
        )

    # --- Addresses ---

    @property
    def start_url(self) -> str:
        """The page from which the choice was begun."""
        return reverse("rdv" if self.moving else "open_invitation", args=[self.code])

    @property
    def places_url(self) -> str:
        """The page of the places, that leads to the slots when there is one place only."""
        return reverse("move_places" if self.moving else "book_places", args=[self.code])

    def slots_url(self, offer: Offer, week: date | None = None) -> str:
        """The free starts of an offer, from the first week that has some."""
        url = reverse("move_slots" if self.moving else "book_slots", args=[self.code, offer.key])
        return f"{url}?semaine={week.isoformat()}" if week else url

    def confirm_url(self, offer: Offer, moment: datetime) -> str:
        """The page that asks to confirm a start."""
        name = "move_confirm" if self.moving else "book_confirm"
        return reverse(name, args=[self.code, offer.key, moment.astimezone(UTC).strftime(_MOMENT)])

    def moment(self, written: str, offer: Offer) -> datetime | None:
        """The moment that an address names, when it can be one of this offer."""
        try:
            moment = datetime.strptime(written, _MOMENT).replace(tzinfo=UTC)
        except ValueError:
            return None
        _, last = offer.window(self.now)
        return moment if self.now - timedelta(days=1) <= moment <= last else None

    # --- What pages show ---

    @property
    def first_step(self) -> Step | None:
        """Choosing the place; no step of its own when a rdv is moved, which begins at its own place."""
        return None if self.moving else Step(1, 3)

    @property
    def slots_step(self) -> Step:
        """Choosing the start."""
        return Step(2, 3) if self.several and not self.moving else Step(1, 2)

    @property
    def last_step(self) -> Step:
        """Confirming."""
        total = self.slots_step.total
        return Step(total, total)

    def cards(self) -> list[PlaceCard]:
        """The offers, those without a free start last."""
        cards = [self._card(offer) for offer in self.offers]
        return sorted(cards, key=lambda card: not card.url)

    def _card(self, offer: Offer) -> PlaceCard:
        starts = self.free[offer.key]
        return PlaceCard(
            place=place_of(offer),
            first_free=day_label(starts[0].astimezone(offer.time_zone).date()) if starts else "",
            url=self.slots_url(offer) if starts else "",
            current=offer == self.current_offer,
        )

    def week(self, offer: Offer, wanted: date | None) -> Week | None:
        """The week of free starts to show, or None when the offer has none left."""
        return week_at(
            wanted,
            self._free_starts([offer])[offer.key],
            offer.time_zone,
            lambda start: self.confirm_url(offer, start),
        )

    def alternatives(self, offer: Offer, wanted: datetime) -> list[Slot]:
        """Up to three starts around one that is taken, with their day and time in full."""
        return [
            Slot(
                dates.long_moment(creneau.starts_at, offer.time_zone),
                self.confirm_url(offer, creneau.starts_at),
            )
            for creneau in services.nearest(offer, wanted, now=self.now)
        ]


def _lieu_id(offer: Offer) -> int | None:
    return offer.lieu.pk if offer.lieu else None
