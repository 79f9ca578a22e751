"""Free time, cut into bookable moments. What is shown and what is checked come from here.

free = plages d'ouverture − absences − public holidays of the place − busy rdvs of the agent, in any
organisation. Intervals are half-open: touching is not overlapping. Free intervals do not depend on `now`,
so a slot never moves because time passes; starts that are too soon are dropped afterwards
(design/domain.md § Créneaux). Four queries, whatever the number of agents, places and weeks.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from django.db.models import Q

from rdv_insertion.agenda import public_holidays, recurrence
from rdv_insertion.agenda.enums import LieuAvailability, LocationType
from rdv_insertion.agenda.models import Absence, Lieu, Motif, PlageOuverture, RdvAgent
from rdv_insertion.kernel import dates

# Seconds since the epoch, start included, end excluded.
Interval: TypeAlias = tuple[int, int]


@dataclass(frozen=True, order=True)
class Creneau:
    """A bookable moment of one agent: aware datetimes in UTC."""

    starts_at: datetime
    agent_id: int
    motif_id: int = field(compare=False)
    lieu_id: int | None = field(compare=False)
    duration: timedelta = field(compare=False)

    @property
    def ends_at(self) -> datetime:
        """When the agent is free again, the pause aside."""
        return self.starts_at + self.duration


@dataclass(frozen=True)
class Offer:
    """One way to be received that a person may choose: a place, or the phone, with its motifs."""

    location_type: str
    lieu: Lieu | None
    motifs: tuple[Motif, ...]

    @property
    def key(self) -> str:
        """How addresses and forms name it: `lieu-3`, `phone`, `visio`, `home`."""
        return f"lieu-{self.lieu.pk}" if self.lieu else self.location_type

    @property
    def time_zone(self) -> ZoneInfo:
        """The clocks that the person reads."""
        return self.lieu.time_zone if self.lieu else self.motifs[0].organisation.time_zone

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """First and last moments at which somebody other than an agent may book, both included."""
        return (
            now + min(motif.min_public_booking_delay for motif in self.motifs),
            now + max(motif.max_public_booking_delay for motif in self.motifs),
        )


def offers(motifs: Iterable[Motif]) -> list[Offer]:
    """What these motifs let a person choose from, with at least one plage d'ouverture behind each.

    Individual motifs only. Open places by name, then phone, visio and home. Two queries.
    """
    individual = [motif for motif in motifs if not motif.collective]
    by_place: defaultdict[tuple[str, Lieu | None], list[Motif]] = defaultdict(list)
    links = PlageOuverture.motifs.through.objects.filter(motif__in=individual)
    known = {motif.pk: motif for motif in individual}
    lieux = Lieu.objects.exclude(availability=LieuAvailability.DISABLED).in_bulk(
        links.values_list("plageouverture__lieu_id", flat=True).distinct()
    )
    for motif_id, lieu_id in sorted(
        set(links.values_list("motif_id", "plageouverture__lieu_id")), key=lambda pair: (pair[0], pair[1] or 0)
    ):
        motif = known[motif_id]
        if motif.location_type != LocationType.PUBLIC_OFFICE:
            by_place[motif.location_type, None].append(motif)
        elif lieu_id in lieux:
            by_place[motif.location_type, lieux[lieu_id]].append(motif)
    found = [Offer(kind, lieu, tuple(dict.fromkeys(several))) for (kind, lieu), several in by_place.items()]
    return sorted(found, key=_office_first)


def _office_first(offer: Offer) -> tuple[int, str, int]:
    lieu = offer.lieu
    return (list(LocationType).index(LocationType(offer.location_type)), lieu.name if lieu else "", lieu.pk if lieu else 0)


def find(
    offers_asked: Sequence[Offer],
    *,
    since: datetime,
    until: datetime,
    agents: Collection[int] | None = None,
    ignored_rdv: int | None = None,
) -> dict[str, list[Creneau]]:
    """The créneaux of each offer (by its key) starting from `since` to `until`, both included, in order.

    `agents` restricts to these agents; None means all, an empty collection means none. `ignored_rdv` does
    not count as busy: a rdv that is moved may slide over itself.
    """
    motifs = {motif.pk: motif for offer in offers_asked for motif in offer.motifs}
    plages = _plages(motifs, since, until, agents)
    openings = list(_openings(plages, since, until))
    taken = _taken({plage.agent_id for plage, _ in openings}, since, until, ignored_rdv)
    found: dict[str, list[Creneau]] = {offer.key: [] for offer in offers_asked}
    for plage, opening in openings:
        free = list(subtract(opening, taken[plage.agent_id]))
        for offer in offers_asked:
            for motif in _motifs_received(plage, offer):
                found[offer.key] += _cut(free, plage, motif, since, until)
    return {key: sorted(set(creneaux)) for key, creneaux in found.items()}


def find_for_public(
    offers_asked: Sequence[Offer],
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    agents: Collection[int] | None = None,
    ignored_rdv: int | None = None,
) -> dict[str, list[Creneau]]:
    """The same, within the booking delays of each motif: what an invited person may take at `now`."""
    windows = [offer.window(now) for offer in offers_asked]
    if not windows:
        return {}
    start = max(since or now, min(window[0] for window in windows))
    end = min(until or max(window[1] for window in windows), max(window[1] for window in windows))
    found = find(offers_asked, since=start, until=end, agents=agents, ignored_rdv=ignored_rdv)
    motifs = {motif.pk: motif for offer in offers_asked for motif in offer.motifs}
    return {
        key: [creneau for creneau in creneaux if _within_delays(creneau, motifs[creneau.motif_id], now)]
        for key, creneaux in found.items()
    }


def count_for_public(offers_asked: Sequence[Offer], *, now: datetime, period: timedelta) -> int:
    """How many rdvs could be taken over `period`: one for each agent and start, wherever they receive."""
    found = find_for_public(offers_asked, now=now, until=now + period)
    return len({(creneau.agent_id, creneau.starts_at) for creneaux in found.values() for creneau in creneaux})


def _within_delays(creneau: Creneau, motif: Motif, now: datetime) -> bool:
    earliest = now + motif.min_public_booking_delay
    return earliest <= creneau.starts_at <= now + motif.max_public_booking_delay


def _motifs_received(plage: PlageOuverture, offer: Offer) -> Iterator[Motif]:
    if offer.lieu is not None and plage.lieu_id != offer.lieu.pk:
        return
    received = {motif.pk for motif in plage.motifs.all()}
    yield from (motif for motif in offer.motifs if motif.pk in received)


def _plages(
    motifs: Mapping[int, Motif], since: datetime, until: datetime, agents: Collection[int] | None
) -> list[PlageOuverture]:
    plages = PlageOuverture.objects.filter(
        Q(last_day__isnull=True) | Q(last_day__gte=(since - timedelta(days=1)).date()),
        first_day__lte=(until + timedelta(days=1)).date(),
        motifs__in=motifs,
        agent__is_active=True,
    )
    if agents is not None:
        plages = plages.filter(agent__in=agents)
    return list(
        plages.distinct().select_related("lieu", "organisation__department").prefetch_related("motifs")
    )


def _openings(
    plages: Iterable[PlageOuverture], since: datetime, until: datetime
) -> Iterator[tuple[PlageOuverture, Interval]]:
    """Each occurrence of each plage that touches the period, holidays of the place aside."""
    for plage in plages:
        zone = plage.lieu.time_zone if plage.lieu else plage.organisation.time_zone
        first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
        closed = public_holidays.between(plage.organisation.department.number, first, last)
        for day in recurrence.days(
            plage.first_day,
            plage.recurrence,
            since=first,
            until=last,
            except_on={*closed, *plage.exception_dates},
        ):
            start = dates.at(day, plage.start_time, zone)
            end = dates.at(day, plage.end_time, zone)
            yield plage, (_epoch(start), _epoch(end))


def _taken(
    agent_ids: Collection[int], since: datetime, until: datetime, ignored_rdv: int | None
) -> defaultdict[int, list[Interval]]:
    """What each agent is busy with around the period, in order of start."""
    # A plage that begins before `since` is cut from its own start: look a day around.
    start, end = since - timedelta(days=1), until + timedelta(days=1)
    taken: defaultdict[int, list[Interval]] = defaultdict(list)
    rdvs = RdvAgent.objects.filter(agent__in=agent_ids, busy=True, starts_at__lt=end, ends_at__gt=start)
    pauses = rdvs.exclude(rdv=ignored_rdv).values_list("agent_id", "starts_at", "ends_at", "rdv__motif__pause")
    for agent_id, starts_at, ends_at, pause in pauses:
        taken[agent_id].append((_epoch(starts_at), _epoch(ends_at + pause)))
    absences = Absence.objects.filter(
        Q(last_day__isnull=True) | Q(last_day__gte=start.date()), agent__in=agent_ids, first_day__lte=end.date()
    )
    for absence in absences:
        taken[absence.agent_id] += _occurrences(absence, start.date(), end.date())
    for intervals in taken.values():
        intervals.sort()
    return taken


def _occurrences(absence: Absence, first: date, last: date) -> Iterator[Interval]:
    zone = ZoneInfo(absence.time_zone_name)
    length = absence.end_day - absence.first_day
    for day in recurrence.days(absence.first_day, absence.recurrence, since=first - length, until=last):
        start = dates.at(day, absence.start_time, zone)
        end = dates.at(day + length, absence.end_time, zone)
        yield _epoch(start), _epoch(end)


def subtract(opening: Interval, taken: Iterable[Interval]) -> Iterator[Interval]:
    """What remains of `opening` once `taken`, in order of start, is removed; empty pieces are not given."""
    start, end = opening
    for busy_start, busy_end in taken:
        if busy_end <= start:
            continue
        if busy_start >= end:
            break
        if busy_start > start:
            yield start, busy_start
        start = max(start, busy_end)
    if start < end:
        yield start, end


def _cut(
    free: Iterable[Interval], plage: PlageOuverture, motif: Motif, since: datetime, until: datetime
) -> Iterator[Creneau]:
    """Cut each free interval from its own start; the last start leaves room for a whole rdv."""
    length = int(motif.duration.total_seconds())
    step = length + int(motif.pause.total_seconds())
    earliest, latest = since.timestamp(), until.timestamp()
    for start, end in free:
        for moment in range(start, end - length + 1, step):
            if earliest <= moment <= latest:
                yield Creneau(
                    starts_at=datetime.fromtimestamp(moment, UTC),
                    agent_id=plage.agent_id,
                    motif_id=motif.pk,
                    lieu_id=plage.lieu_id if motif.location_type == LocationType.PUBLIC_OFFICE else None,
                    duration=motif.duration,
                )


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())
