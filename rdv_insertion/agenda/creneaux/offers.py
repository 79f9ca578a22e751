"""What may be chosen: places, the phone, visio or home, and the collective rdvs that have seats left."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, F, Q, Value

from rdv_insertion.agenda.enums import CANCELLED, LieuAvailability, LocationType
from rdv_insertion.agenda.models import Lieu, Motif, PlageOuverture, Rdv


@dataclass(frozen=True, order=True)
class Creneau:
    """A bookable moment of one agent: aware datetimes in UTC."""

    starts_at: datetime
    agent_id: int
    motif_id: int
    lieu_id: int | None = field(compare=False)
    duration: timedelta = field(compare=False)

    @property
    def ends_at(self) -> datetime:
        """When the agent is free again, the pause aside."""
        return self.starts_at + self.duration


@dataclass(frozen=True)
class Offer:
    """One way to be received that a person may choose: a place, or the phone, with its motifs.

    A collective offer is a place with the open collective rdvs that are held there (`rdvs`, in order).
    """

    location_type: str
    lieu: Lieu | None
    motifs: tuple[Motif, ...]
    # The agents who may receive for a motif, by its id; anybody for a motif that is not there.
    receivers: Mapping[int, frozenset[int]] = field(default_factory=dict, compare=False)
    collective: bool = False
    rdvs: tuple[Rdv, ...] = field(default=(), compare=False)

    @property
    def key(self) -> str:
        """How addresses and forms name it: `lieu-3`, `phone`, `visio`, `home`, `atelier-lieu-3`."""
        individual = f"lieu-{self.lieu.pk}" if self.lieu else self.location_type
        return f"atelier-{individual}" if self.collective else individual

    @property
    def time_zone(self) -> ZoneInfo:
        """The clocks that the person reads."""
        return self.lieu.time_zone if self.lieu else self.motifs[0].organisation.time_zone

    def lets(self, motif: Motif, agent_id: int) -> bool:
        """Whether this agent may receive for this motif of the offer."""
        receivers = self.receivers.get(motif.pk)
        return receivers is None or agent_id in receivers

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """First and last moments at which somebody other than an agent may book, both included."""
        return (
            now + min(motif.min_public_booking_delay for motif in self.motifs),
            now + max(motif.max_public_booking_delay for motif in self.motifs),
        )


def offers(motifs: Iterable[Motif], *, now: datetime | None = None) -> list[Offer]:
    """What these motifs let a person choose from, with at least one plage d'ouverture behind each.

    Open places by name, then phone, visio and home. Two queries. With `now`, the places of the collective
    rdvs open at that moment come too, each after the individual offer of the place, for one query more;
    without it, collective motifs are left out. Motifs that are deleted give nothing.
    """
    known = {motif.pk: motif for motif in motifs if motif.deleted_at is None}
    found = _individual({pk: motif for pk, motif in known.items() if not motif.collective})
    together = [motif for motif in known.values() if motif.collective]
    if now and together:
        found += _collective(together, now)
    return sorted(found, key=_office_first)


def _individual(known: Mapping[int, Motif]) -> list[Offer]:
    links = PlageOuverture.motifs.through.objects.filter(
        motif__in=list(known), plageouverture__agent__is_active=True
    )
    pairs = set(links.values_list("motif_id", "plageouverture__lieu_id"))
    lieux = Lieu.objects.exclude(availability=LieuAvailability.DISABLED).in_bulk(
        {lieu_id for _, lieu_id in pairs}
    )
    by_place: defaultdict[tuple[str, Lieu | None], dict[int, Motif]] = defaultdict(dict)
    for motif_id, lieu_id in sorted(pairs, key=lambda pair: (pair[0], pair[1] or 0)):
        motif = known[motif_id]
        if motif.location_type != LocationType.PUBLIC_OFFICE:
            by_place[motif.location_type, None][motif_id] = motif
        elif lieu_id in lieux:
            by_place[motif.location_type, lieux[lieu_id]][motif_id] = motif
    return [Offer(kind, lieu, tuple(several.values())) for (kind, lieu), several in by_place.items()]


def _collective(motifs: Collection[Motif], now: datetime) -> list[Offer]:
    by_lieu: defaultdict[Lieu | None, list[Rdv]] = defaultdict(list)
    for rdv in collective_for_public(motifs, now=now):
        by_lieu[rdv.lieu].append(rdv)
    return [
        Offer(
            LocationType.PUBLIC_OFFICE,
            lieu,
            tuple(motif for motif in motifs if any(rdv.motif_id == motif.pk for rdv in rdvs)),
            collective=True,
            rdvs=tuple(rdvs),
        )
        for lieu, rdvs in by_lieu.items()
    ]


def _office_first(offer: Offer) -> tuple[int, str, int, bool]:
    lieu = offer.lieu
    return (
        list(LocationType).index(LocationType(offer.location_type)),
        lieu.name if lieu else "",
        lieu.pk if lieu else 0,
        offer.collective,
    )


def collective_for_public(motifs: Iterable[Motif], *, now: datetime, lieu: Lieu | None = None) -> list[Rdv]:
    """The collective rdvs of these motifs that somebody other than an agent may join at `now`, by start.

    Not cancelled, with a seat left, at a place that is open, and within the booking delays of the motif,
    both ends included. Only those at `lieu` when it is given. One query, the motif, place and organisation
    with it. This is what is shown; the seat itself is taken under a lock (agenda/services).
    """
    moment = Value(now, output_field=DateTimeField())
    rdvs = Rdv.objects.filter(
        Q(max_participants_count=None) | Q(seats_taken__lt=F("max_participants_count")),
        motif__in=[motif.pk for motif in motifs],
        motif__collective=True,
        motif__deleted_at=None,
        starts_at__gt=now,
        starts_at__gte=moment + F("motif__min_public_booking_delay"),
        starts_at__lte=moment + F("motif__max_public_booking_delay"),
    ).exclude(status__in=CANCELLED)
    rdvs = rdvs.filter(lieu=lieu) if lieu else rdvs.exclude(lieu__availability=LieuAvailability.DISABLED)
    return list(rdvs.select_related("motif", "lieu", "organisation__department").order_by("starts_at", "id"))
