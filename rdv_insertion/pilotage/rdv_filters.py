"""Which rdvs a list, an export or statistics are about."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet

from rdv_insertion.agenda.models import Participation, Rdv, RdvAgent
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager


class RdvState(models.TextChoices):
    """A status, where an unknown one is to come or to be recorded. The order is that of legends."""

    SEEN = "seen", "RDV honoré"
    NOSHOW = "noshow", "Absence non excusée"
    EXCUSED = "excused", "Absence excusée"
    REVOKED = "revoked", "Annulé par le service"
    TO_UPDATE = "a-renseigner", "À renseigner"
    COMING = "a-venir", "À venir"


def state_of(status: str, starts_at: datetime, now: datetime) -> RdvState:
    """The state, at `now`, of a rdv or participation with this status; `in_state` says it in SQL."""
    if status != ParticipationStatus.UNKNOWN:
        return RdvState(status)
    return RdvState.COMING if starts_at > now else RdvState.TO_UPDATE


def in_state(state: str, now: datetime, rdv: str = "") -> Q:
    """The same in SQL; `rdv` leads from the row to its rdv (`rdv__` for a participation)."""
    if state in ParticipationStatus.values:
        return Q(status=state)
    begun = "lte" if state == RdvState.TO_UPDATE else "gt"
    return Q((f"{rdv}starts_at__{begun}", now), status=ParticipationStatus.UNKNOWN)


@dataclass(frozen=True)
class RdvFilters:
    """What is kept. An empty value keeps everything; both days are included, on the organisation's clocks."""

    first_day: date | None = None
    last_day: date | None = None
    agents: tuple[int, ...] = ()
    motifs: tuple[int, ...] = ()
    lieux: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    search: str = ""


def rdvs_for(
    agent: Agent, organisations: Collection[Organisation], filters: RdvFilters, *, now: datetime
) -> QuerySet[Rdv]:
    """The rdvs of these organisations that `agent` may see and that the filters keep, in no order.

    `organisations` come with their departments, whose clocks tell where a day begins.
    """
    rdvs = Rdv.objects.visible_to(agent).filter(_in_period(organisations, filters), _in(filters, now))
    return rdvs.order_by()


def _in_period(organisations: Iterable[Organisation], filters: RdvFilters) -> Q:
    kept = Q(pk__in=[])
    for zone, ids in by_zone(organisations).items():
        there = Q(organisation__in=ids)
        if filters.first_day:
            there &= Q(starts_at__gte=dates.at(filters.first_day, time(), zone))
        if filters.last_day:
            there &= Q(starts_at__lt=dates.at(filters.last_day + timedelta(days=1), time(), zone))
        kept |= there
    return kept


def by_zone(organisations: Iterable[Organisation]) -> dict[ZoneInfo, list[int]]:
    """The ids of organisations, by the clocks that they live on."""
    found: defaultdict[ZoneInfo, list[int]] = defaultdict(list)
    for organisation in organisations:
        found[organisation.time_zone].append(organisation.pk)
    return found


def _in(filters: RdvFilters, now: datetime) -> Q:
    kept = Q()
    if filters.motifs:
        kept &= Q(motif__in=filters.motifs)
    if filters.lieux:
        kept &= Q(lieu__in=filters.lieux)
    if filters.agents:
        kept &= Q(Exists(RdvAgent.objects.filter(rdv=OuterRef("pk"), agent__in=filters.agents)))
    if filters.search:
        people = Usager.objects.search(filters.search).values("pk")
        kept &= Q(Exists(Participation.objects.filter(rdv=OuterRef("pk"), usager__in=people)))
    if filters.states:
        kept &= reduce(or_, (in_state(state, now) for state in filters.states))
    return kept
