"""What an agent should know before plages or absences change: overlaps, rdvs already taken. Reads only."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from rdv_insertion.agenda.models import Absence, Lieu, Motif, PlageOuverture, Rdv
from rdv_insertion.agenda.schedules import Schedule, Scope
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation

# How far overlaps are looked for.
HORIZON = timedelta(days=183)

Moments = tuple[datetime, datetime]


@dataclass(frozen=True)
class PlageDraft:
    """A plage d'ouverture as it would be written."""

    agent: Agent
    organisation: Organisation
    lieu: Lieu | None
    motifs: tuple[Motif, ...]
    title: str
    schedule: Schedule

    @property
    def zone(self) -> ZoneInfo:
        """The clocks of the place."""
        return self.lieu.time_zone if self.lieu else self.organisation.time_zone


@dataclass(frozen=True)
class AbsenceDraft:
    """An absence as it would be written. `title` None keeps the one it has."""

    agent: Agent
    title: str | None
    schedule: Schedule
    time_zone_name: str

    @property
    def zone(self) -> ZoneInfo:
        """The clocks that its hours are read on."""
        return ZoneInfo(self.time_zone_name)


@dataclass(frozen=True)
class Target:
    """The occurrences of a stored plage or absence that a change is about: `scope`, seen from `day`."""

    scope: Scope
    day: date


@dataclass(frozen=True)
class Overlap:
    """Another plage of the agent at the same time, the first day on which it happens."""

    plage: PlageOuverture
    day: date


@dataclass(frozen=True)
class Findings:
    """What deserves to be known before saving. `rdvs` stay as they are, whatever is saved."""

    overlaps: Sequence[Overlap] = ()
    long_motifs: Sequence[Motif] = ()
    rdvs: Sequence[Rdv] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.overlaps or self.long_motifs or self.rdvs)

    @property
    def fingerprint(self) -> str:
        """What tells these findings from others: a confirmation is worth for what was read."""
        known = [
            [[one.plage.pk, one.day.isoformat()] for one in self.overlaps],
            [motif.pk for motif in self.long_motifs],
            [rdv.pk for rdv in self.rdvs],
        ]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def zone_of(plage: PlageOuverture) -> ZoneInfo:
    """The clocks that the hours of a plage are read on; `lieu` and `organisation__department` at hand."""
    return plage.lieu.time_zone if plage.lieu else plage.organisation.time_zone


def remaining(opening: PlageOuverture | Absence, target: Target | None) -> Schedule | None:
    """What the change leaves of a stored plage or absence; None when nothing."""
    return Schedule.of(opening).without(target.scope, target.day) if target else None


def check_plage(
    draft: PlageDraft | None, *, replacing: PlageOuverture | None, target: Target | None, now: datetime
) -> Findings:
    """What writing `draft` (None: only taking out) in place of `target` of `replacing` brings. Two queries.

    Overlaps are looked for over six months. The rdvs are those to come, inside the plage now, outside any
    plage of the agent after.
    """
    others = _other_plages(draft, replacing)
    left = remaining(replacing, target) if replacing else None
    return Findings(
        overlaps=_overlaps(draft, others, replacing, left, dates.today(now)) if draft else (),
        long_motifs=_too_long(draft) if draft else (),
        rdvs=_left_outside(draft, replacing, left, others, now) if replacing else [],
    )


def check_absence(draft: AbsenceDraft, *, replacing: Absence | None, now: datetime) -> Findings:
    """The rdvs to come that fall inside the new absence, and did not fall inside the one it replaces."""
    before = [(Schedule.of(replacing), replacing.time_zone_name)] if replacing else []
    same_agent = replacing is not None and replacing.agent_id == draft.agent.pk
    found = []
    for rdv in rdvs_to_come(draft.agent, now):
        known = same_agent and any(touches(schedule, ZoneInfo(zone), rdv) for schedule, zone in before)
        if not known and touches(draft.schedule, draft.zone, rdv):
            found.append(rdv)
    return Findings(rdvs=found)


def rdvs_to_come(agent: Agent, now: datetime) -> QuerySet[Rdv]:
    """The rdvs that take the agent's time from `now` on, in any organisation, in order."""
    return (
        Rdv.objects.filter(rdv_agents__agent=agent, busy=True, ends_at__gt=now)
        .select_related("motif", "lieu", "organisation__department")
        .prefetch_related("participations__usager")
        .order_by("starts_at", "pk")
    )


def touches(schedule: Schedule, zone: ZoneInfo, rdv: Rdv) -> bool:
    """Whether the rdv overlaps an occurrence."""
    return any(start < rdv.ends_at and rdv.starts_at < end for start, end in _around(schedule, zone, rdv))


def contains(schedule: Schedule, zone: ZoneInfo, rdv: Rdv) -> bool:
    """Whether the rdv is wholly inside an occurrence."""
    return any(start <= rdv.starts_at and rdv.ends_at <= end for start, end in _around(schedule, zone, rdv))


def _around(schedule: Schedule, zone: ZoneInfo, rdv: Rdv) -> Iterable[Moments]:
    first, last = rdv.starts_at.astimezone(zone).date(), rdv.ends_at.astimezone(zone).date()
    return schedule.intervals(first, last, zone)


def _other_plages(draft: PlageDraft | None, replacing: PlageOuverture | None) -> list[PlageOuverture]:
    """The other plages of the agents concerned, in any organisation."""
    agents = {one.agent.pk for one in (draft, replacing) if one}
    plages = PlageOuverture.objects.filter(agent__in=agents, organisation__archived_at=None)
    if replacing:
        plages = plages.exclude(pk=replacing.pk)
    return list(plages.select_related("lieu", "organisation__department").order_by("first_day", "pk"))


def _overlaps(
    draft: PlageDraft,
    others: Iterable[PlageOuverture],
    replacing: PlageOuverture | None,
    left: Schedule | None,
    today: date,
) -> list[Overlap]:
    since = max(draft.schedule.first_day, today)
    until = since + HORIZON
    own = list(draft.schedule.intervals(since, until, draft.zone))
    found = []
    for plage in others:
        if plage.agent_id == draft.agent.pk:
            day = _first_meeting(own, Schedule.of(plage).intervals(since, until, zone_of(plage)), draft.zone)
            found += [Overlap(plage, day)] if day else []
    if replacing and left and replacing.agent_id == draft.agent.pk:
        day = _first_meeting(own, left.intervals(since, until, zone_of(replacing)), draft.zone)
        found += [Overlap(replacing, day)] if day else []
    return found


def _first_meeting(own: Sequence[Moments], other: Iterable[Moments], zone: ZoneInfo) -> date | None:
    """The day of the first occurrences of two series that overlap; touching is not overlapping."""
    position = 0
    for start, end in other:
        while position < len(own) and own[position][1] <= start:
            position += 1
        if position < len(own) and own[position][0] < end:
            return own[position][0].astimezone(zone).date()
    return None


def _too_long(draft: PlageDraft) -> list[Motif]:
    """The motifs of which not one rdv fits in the plage."""
    day = draft.schedule.first_day
    start = dates.at(day, draft.schedule.start_time, draft.zone)
    end = dates.at(day, draft.schedule.end_time, draft.zone)
    return [motif for motif in draft.motifs if motif.duration > end - start]


def _left_outside(
    draft: PlageDraft | None,
    replacing: PlageOuverture,
    left: Schedule | None,
    others: Iterable[PlageOuverture],
    now: datetime,
) -> list[Rdv]:
    zone = zone_of(replacing)
    after = [(Schedule.of(plage), zone_of(plage)) for plage in others if plage.agent_id == replacing.agent_id]
    after += [(left, zone)] if left else []
    after += [(draft.schedule, draft.zone)] if draft and draft.agent.pk == replacing.agent_id else []
    before = Schedule.of(replacing)
    rdvs = rdvs_to_come(replacing.agent, now).filter(Q(motif__collective=False))
    return [
        rdv
        for rdv in rdvs
        if contains(before, zone, rdv)
        and not any(contains(schedule, its_zone, rdv) for schedule, its_zone in after)
    ]
