"""Choosing a créneau or a seat: the same pages with an invitation and to move a rdv."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from rdv_insertion.agenda import creneaux, services
from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.invitations.proposals import NothingBecause, nothing_because
from rdv_insertion.kernel import dates
from rdv_insertion.web.usagers.places import Place, place_of
from rdv_insertion.web.usagers.sessions import Session, session_of
from rdv_insertion.web.usagers.weeks import Half, HalfDays, Slot, Week, week_at

# How a moment is written in an address: in UTC, to the second.
_MOMENT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Step:
    """`Étape 1 sur 2`."""

    number: int
    total: int


@dataclass(frozen=True)
class PlaceCard:
    """An offer to choose from; without `url` when it has no free start.

    `kind` says whether people are received alone or together, where both can be chosen.
    """

    place: Place
    kind: str
    first_free: str
    url: str
    current: bool
    collective: bool


@dataclass(frozen=True)
class Choice:
    """What can be chosen, and the addresses of the steps.

    It is made with an `invitation`, or to move the rdv `replaced`. `preferred` is the offer chosen for the
    person beforehand; `half` the part of the days that they want to see.
    """

    code: str
    offers: Sequence[Offer]
    help_phone: str
    now: datetime
    replaced: Participation | None = None
    invitation: Invitation | None = None
    preferred: Offer | None = None
    half: Half = Half.ALL

    @property
    def moving(self) -> bool:
        """Whether a rdv is moved, rather than a first one taken."""
        return self.replaced is not None

    @property
    def several(self) -> bool:
        """Whether there is a place to choose."""
        return len(self.offers) > 1

    @property
    def only_collective(self) -> bool:
        """Whether people choose a date of a collective rdv, and nothing else."""
        return bool(self.offers) and all(offer.collective for offer in self.offers)

    @property
    def until(self) -> str:
        """The last moment to choose with the invitation, or an empty string when there is none."""
        if self.invitation is None or self.invitation.expires_at == dates.NEVER:
            return ""
        return dates.long_moment(self.invitation.expires_at, self.invitation.organisation.time_zone)

    @cached_property
    def free(self) -> dict[str, list[datetime]]:
        """The free starts of each offer, by its key, one per moment, over the whole booking period."""
        return self._free_starts(self.offers)

    @property
    def anything_free(self) -> bool:
        """Whether there is something to choose, whatever the offer."""
        return any(self.free.values())

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

    def collective_rdv(self, rdv_id: int) -> tuple[Offer, Rdv] | None:
        """The collective rdv that an address names, with its offer, when it can be joined."""
        found = ((offer, rdv) for offer in self.offers for rdv in offer.rdvs if rdv.pk == rdv_id)
        return next(found, None)

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

    def nothing_because(self) -> NothingBecause:
        """Why there is nothing to choose."""
        if self.invitation:
            follow_up = self.invitation.follow_up
            return nothing_because(
                self.invitation.organisation,
                follow_up.motif_category,
                follow_up.usager,
                with_referents=self.invitation.with_referents,
            )
        return NothingBecause.FULL

    # --- Addresses ---

    @property
    def start_url(self) -> str:
        """The page from which the choice was begun."""
        return reverse("rdv" if self.moving else "open_invitation", args=[self.code])

    @property
    def places_url(self) -> str:
        """The page of the places, that leads to the slots when there is one place only."""
        return reverse("move_places" if self.moving else "book_places", args=[self.code])

    @property
    def first_url(self) -> str:
        """Where the choice begins: the places, unless there is one or it was chosen beforehand."""
        first = self.preferred or (self.offers[0] if len(self.offers) == 1 else None)
        return self.slots_url(first) if first else self.places_url

    def slots_url(self, offer: Offer, week: date | None = None, half: Half | None = None) -> str:
        """The free starts of an offer, from the first week that has some, or its collective rdvs."""
        url = reverse("move_slots" if self.moving else "book_slots", args=[self.code, offer.key])
        return _with(
            url, semaine=week.isoformat() if week else "", moment=self.half if half is None else half
        )

    def confirm_url(self, offer: Offer, moment: datetime) -> str:
        """The page that asks to confirm a start."""
        name = "move_confirm" if self.moving else "book_confirm"
        written = moment.astimezone(UTC).strftime(_MOMENT)
        return _with(reverse(name, args=[self.code, offer.key, written]), moment=self.half)

    def seat_url(self, rdv: Rdv) -> str:
        """The page that asks to confirm a seat of a collective rdv."""
        return reverse("book_seat", args=[self.code, rdv.pk])

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

    def asks_the_place(self, offer: Offer) -> bool:
        """Whether the person came to this offer by choosing it among several."""
        return self.several and not self.moving and offer != self.preferred

    def slots_step(self, offer: Offer) -> Step:
        """Choosing the start."""
        return Step(2, 3) if self.asks_the_place(offer) else Step(1, 2)

    def last_step(self, offer: Offer) -> Step:
        """Confirming."""
        total = self.slots_step(offer).total
        return Step(total, total)

    def back_url(self, offer: Offer) -> str:
        """The step before the slots."""
        return self.places_url if self.asks_the_place(offer) else self.start_url

    def cards(self) -> list[PlaceCard]:
        """The offers, those without a free start last."""
        cards = [self._card(offer) for offer in self.offers]
        return sorted(cards, key=lambda card: not card.url)

    def _card(self, offer: Offer) -> PlaceCard:
        starts = self.free[offer.key]
        return PlaceCard(
            place=place_of(offer),
            kind=self._kind(offer),
            first_free=dates.day_label(starts[0].astimezone(offer.time_zone).date()) if starts else "",
            url=self.slots_url(offer) if starts else "",
            current=offer == self.current_offer,
            collective=offer.collective,
        )

    def _kind(self, offer: Offer) -> str:
        if len({one.collective for one in self.offers}) == 1:
            return ""
        return gettext("Avec d'autres personnes") if offer.collective else gettext("Seul avec un agent")

    def half_days(self, offer: Offer) -> HalfDays:
        """The free starts of an offer, and the half of the days that is asked for."""
        return HalfDays(self._free_starts([offer])[offer.key], offer.time_zone, self.half)

    def week(self, offer: Offer, wanted: date | None, starts: Sequence[datetime]) -> Week:
        """The week of these free starts, at least one, to show."""
        return week_at(wanted, starts, offer.time_zone, lambda start: self.confirm_url(offer, start))

    def alternatives(self, offer: Offer, wanted: datetime) -> list[Slot]:
        """Up to three starts around one that is taken, with their day and time in full."""
        return [
            Slot(
                dates.long_moment(creneau.starts_at, offer.time_zone),
                self.confirm_url(offer, creneau.starts_at),
            )
            for creneau in services.nearest(offer, wanted, now=self.now)
        ]

    def sessions(self, offer: Offer) -> list[Session]:
        """The collective rdvs of an offer, in order."""
        return [session_of(rdv, self.seat_url(rdv)) for rdv in offer.rdvs]

    def other_sessions(self, rdv_id: int, count: int = 3) -> list[Session]:
        """The first collective rdvs of any place but this one."""
        rdvs = [rdv for offer in self.offers for rdv in offer.rdvs if rdv.pk != rdv_id]
        rdvs.sort(key=lambda rdv: (rdv.starts_at, rdv.pk))
        return [session_of(rdv, self.seat_url(rdv)) for rdv in rdvs[:count]]


def _lieu_id(offer: Offer) -> int | None:
    return offer.lieu.pk if offer.lieu else None


def _with(url: str, **parameters: str) -> str:
    """The address with those of these parameters that say something."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{url}?{query}" if query else url
