"""What the agenda holds over some days: rdvs, plages, absences, days off. A constant number of queries.

The calendar, its equivalent table and the printed day all come from here. A rdv in an organisation where the
viewer does not work tells only that the agent is busy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet

from rdv_insertion.agenda import public_holidays
from rdv_insertion.agenda.models import Absence, Participation, PlageOuverture, Rdv, RdvAgent
from rdv_insertion.agenda.perms import agents_administered_by
from rdv_insertion.agenda.schedules import Schedule
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.agenda.choices import Choice, Options, Period
from rdv_insertion.web.agents.agenda.states import State, attending, state_of


@dataclass(frozen=True)
class RdvEntry:
    """A rdv that the viewer may read."""

    rdv: Rdv
    state: State

    @property
    def starts_at(self) -> datetime:
        """Its start."""
        return self.rdv.starts_at

    @property
    def ends_at(self) -> datetime:
        """Its end."""
        return self.rdv.ends_at

    @cached_property
    def agents(self) -> list[Agent]:
        """All those who hold it."""
        return list(self.rdv.agents.all())

    @cached_property
    def participations(self) -> list[Participation]:
        """Everybody, the cancelled ones too."""
        return list(self.rdv.participations.all())

    @property
    def title(self) -> str:
        """Who comes; of a collective one, its name and how many come."""
        rdv = self.rdv
        if rdv.motif.collective:
            seats = f"/{rdv.max_participants_count}" if rdv.max_participants_count else ""
            return f"{rdv.name or rdv.motif.name} ({len(attending(self.participations))}{seats})"
        people = attending(self.participations) or self.participations
        return " et ".join(str(one.usager) for one in people) or "Personne d'inscrit"

    @property
    def place(self) -> str:
        """The name of the place, or how the person is joined."""
        return self.rdv.lieu.name if self.rdv.lieu else self.rdv.motif.get_location_type_display()


@dataclass(frozen=True)
class Masked:
    """A rdv somewhere else: the agent is busy, and that is all."""

    key: int
    agent_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Opening:
    """An occurrence of a plage d'ouverture."""

    plage: PlageOuverture
    starts_at: datetime
    ends_at: datetime

    @property
    def place(self) -> str:
        """The name of the place; empty when people are not received on site."""
        return self.plage.lieu.name if self.plage.lieu else ""


@dataclass(frozen=True)
class Away:
    """An occurrence of an absence. `title` is for the agent and those who administer their organisation."""

    absence: Absence
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Contents:
    """What `choice` shows of `period`, read when asked for."""

    options: Options
    choice: Choice
    period: Period
    now: datetime

    @cached_property
    def rdvs(self) -> list[RdvEntry]:
        """Those that match every filter, by start."""
        parts = self._parts().values("rdv")
        found = Rdv.objects.visible_to(self.options.viewer).filter(pk__in=parts)
        if self.choice.motifs:
            found = found.filter(motif__in=self.choice.motifs)
        if self.choice.lieux:
            found = found.filter(lieu__in=self.choice.lieux)
        people = Participation.objects.select_related("usager").order_by("pk")
        detailed = found.select_related("motif", "lieu", "organisation__department").prefetch_related(
            Prefetch("participations", people), "agents"
        )
        entries = [
            RdvEntry(rdv, state_of(rdv, rdv.participations.all(), self.now))
            for rdv in detailed.order_by("starts_at", "pk")
        ]
        return [entry for entry in entries if self._shows(entry.state)]

    def _shows(self, state: State) -> bool:
        # A past collective rdv to which nobody came has no status to filter by.
        return state.key in self.choice.states or (state.key == "passe" and "seen" in self.choice.states)

    @cached_property
    def masked(self) -> list[Masked]:
        """Rdvs elsewhere that take these agents' time; none when motifs or places are asked for."""
        if self.choice.narrowed:
            return []
        mine = organisations_of(self.options.viewer).values("pk")
        parts = self._parts().filter(busy=True).exclude(rdv__organisation__in=mine)
        columns = parts.order_by("starts_at", "pk").values_list("pk", "agent_id", "starts_at", "ends_at")
        return [Masked(*row) for row in columns]

    def _parts(self) -> QuerySet[RdvAgent]:
        return RdvAgent.objects.filter(
            agent__in=self.choice.agent_ids, starts_at__lt=self.period.until, ends_at__gt=self.period.since
        )

    @cached_property
    def openings(self) -> list[Opening]:
        """When these agents receive, for the motifs and places asked for."""
        if not self.choice.plages:
            return []
        plages = (
            PlageOuverture.objects.visible_to(self.options.viewer)
            .filter(agent__in=self.choice.agent_ids, first_day__lte=self._days_around[1])
            .exclude(last_day__lt=self._days_around[0])
        )
        if self.choice.motifs:
            plages = plages.filter(
                pk__in=PlageOuverture.motifs.through.objects.filter(motif__in=self.choice.motifs).values(
                    "plageouverture"
                )
            )
        if self.choice.lieux:
            plages = plages.filter(lieu__in=self.choice.lieux)
        detailed = plages.select_related("lieu", "agent", "organisation__department")
        return sorted(
            (opening for plage in detailed for opening in self._occurrences_of(plage)),
            key=lambda one: (one.starts_at, one.plage.pk),
        )

    def _occurrences_of(self, plage: PlageOuverture) -> Iterator[Opening]:
        """Days off of the place aside, as for créneaux."""
        zone = plage.lieu.time_zone if plage.lieu else plage.organisation.time_zone
        closed = public_holidays.between(plage.organisation.department.number, *self._days_around)
        for start, end in self._intervals(Schedule.of(plage), zone):
            if start.date() not in closed:
                yield Opening(plage, start, end)

    @property
    def _days_around(self) -> tuple[date, date]:
        """A day more on each side, because it is not the same day everywhere."""
        return self.period.first - timedelta(days=1), self.period.last + timedelta(days=1)

    def _intervals(self, schedule: Schedule, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """The occurrences that touch the period."""
        for start, end in schedule.intervals(*self._days_around, zone):
            if start < self.period.until and end > self.period.since:
                yield start, end

    @cached_property
    def absences(self) -> list[Away]:
        """When these agents are away."""
        found = Absence.objects.visible_to(self.options.viewer).filter(
            agent__in=self.choice.agent_ids, first_day__lte=self._days_around[1]
        )
        told = self._agents_told()
        return sorted(
            (
                Away(absence, absence.title if absence.agent_id in told else "", start, end)
                for absence in found.select_related("agent").exclude(last_day__lt=self._days_around[0])
                for start, end in self._intervals(Schedule.of(absence), ZoneInfo(absence.time_zone_name))
            ),
            key=lambda one: (one.starts_at, one.absence.pk),
        )

    def _agents_told(self) -> set[int]:
        """Those whose reasons for an absence the viewer may read: their own, and in what they administer."""
        viewer = self.options.viewer
        known = agents_administered_by(viewer).filter(pk__in=self.choice.agent_ids)
        return {viewer.pk, *known.values_list("pk", flat=True)}

    @cached_property
    def holidays(self) -> dict[date, str]:
        """The days off of the department, each with its name."""
        return public_holidays.named_between(
            self.organisation.department.number, self.period.first, self.period.last
        )

    @property
    def organisation(self) -> Organisation:
        """The one whose clocks and days off are shown."""
        return self.options.organisation
