from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rdv_insertion.agenda.models.lieux import Lieu
from rdv_insertion.agenda.models.motifs import Motif
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import colleagues_of
from rdv_insertion.territory.models import Organisation


class PlageQuerySet(models.QuerySet["PlageOuverture"]):
    def visible_to(self, agent: Agent) -> "PlageQuerySet":
        """Plages of the organisations in which `agent` has a role."""
        return self.filter(organisation__roles__agent=agent, organisation__archived_at=None)


class PlageOuverture(models.Model):
    """When an agent receives for given motifs, on the clocks of the place."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="plages", verbose_name="agent")
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="plages", verbose_name="organisation"
    )
    lieu = models.ForeignKey(
        Lieu, models.PROTECT, null=True, blank=True, related_name="plages", verbose_name="lieu"
    )
    motifs = models.ManyToManyField(Motif, related_name="plages", verbose_name="motifs")
    title = models.CharField("nom", max_length=150)
    first_day = models.DateField("premier jour")
    start_time = models.TimeField("début")
    end_time = models.TimeField("fin")
    recurrence = models.CharField("récurrence (RRULE)", max_length=200, blank=True)
    # Last day on which it may occur; empty when it goes on for ever. Derived from the recurrence.
    last_day = models.DateField("dernier jour", null=True, blank=True)
    exception_dates = ArrayField(models.DateField(), verbose_name="sauf ces jours", default=list, blank=True)

    objects: ClassVar[PlageQuerySet] = PlageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "plage d'ouverture"
        verbose_name_plural = "plages d'ouverture"
        ordering = ["first_day", "start_time", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_time__lt=models.F("end_time")),
                name="plage_starts_before_it_ends",
                violation_error_message="La plage doit commencer avant de finir, le même jour.",
            ),
            models.CheckConstraint(
                condition=~Q(recurrence="") | Q(last_day=models.F("first_day")),
                name="plage_that_happens_once_ends_on_its_first_day",
            ),
        ]
        indexes = [models.Index(fields=["first_day", "last_day"], name="plage_by_days")]

    def __str__(self) -> str:
        return self.title


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def visible_to(self, agent: Agent) -> "AbsenceQuerySet":
        """Absences of `agent` and of those who share an organisation with them."""
        return self.filter(agent__in=colleagues_of(agent))


class Absence(models.Model):
    """When an agent does not receive, in any organisation."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="absences", verbose_name="agent")
    title = models.CharField("nom", max_length=150)
    first_day = models.DateField("premier jour")
    start_time = models.TimeField("début")
    end_day = models.DateField("jour de fin")
    end_time = models.TimeField("fin")
    recurrence = models.CharField("récurrence (RRULE)", max_length=200, blank=True)
    # Last day that it may touch; empty when it goes on for ever. Derived from the rest by the services.
    last_day = models.DateField("dernier jour", null=True, blank=True)
    exception_dates = ArrayField(models.DateField(), verbose_name="sauf ces jours", default=list, blank=True)
    time_zone_name = models.CharField("fuseau horaire", max_length=40, default="Europe/Paris")

    objects: ClassVar[AbsenceQuerySet] = AbsenceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "absence"
        ordering = ["first_day", "start_time", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__lt=models.F("end_day"))
                | Q(first_day=models.F("end_day"), start_time__lt=models.F("end_time")),
                name="absence_starts_before_it_ends",
                violation_error_message="L'absence doit commencer avant de finir.",
            ),
            models.CheckConstraint(
                condition=Q(recurrence="") | Q(first_day=models.F("end_day")),
                name="absence_that_recurs_lasts_one_day",
                violation_error_message="Une absence qui se répète commence et finit le même jour.",
            ),
            models.CheckConstraint(
                condition=~Q(recurrence="") | Q(last_day=models.F("end_day")),
                name="absence_that_happens_once_ends_on_its_last_day",
            ),
        ]
        indexes = [models.Index(fields=["agent", "first_day"], name="absence_by_agent")]

    def __str__(self) -> str:
        return self.title
