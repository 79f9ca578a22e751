"""The form of a rdv: what, when, where, with which agents. The people are chosen beside it (people_part)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from dsfr.forms import DsfrBaseForm

from rdv_insertion.agenda.enums import LieuAvailability, LocationType
from rdv_insertion.agenda.models import Lieu, Motif, Rdv
from rdv_insertion.agenda.plans import Plan
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.openings.schedule_form import DatesField, date_widget, time_widget

_DAY_IN_MINUTES = 24 * 60
_MOST_DATES = 30
_SPARE_DATES = 3
_MOST_SEATS = 1000


class PlanForm(DsfrBaseForm):
    """`plans` once valid: one, or one a date for collective rdvs created together.

    `motifs`, `lieux` and `agents` are those of one organisation, with what `rdv` already has.
    """

    motif = forms.ModelChoiceField(Motif.objects.none(), label="Motif", empty_label="Choisissez un motif")
    name = forms.CharField(
        label="Intitulé",
        help_text="Exemple : Découvrir les métiers de l'aide. Vide : le nom du motif.",
        max_length=150,
        required=False,
    )
    day = forms.DateField(label="Date", widget=date_widget())
    other_days = DatesField(label="Autres dates", required=False)
    start_time = forms.TimeField(label="Heure de début", widget=time_widget())
    minutes = forms.IntegerField(
        label="Durée, en minutes",
        help_text="Vide : celle du motif.",
        min_value=5,
        max_value=_DAY_IN_MINUTES,
        required=False,
    )
    lieu = forms.ModelChoiceField(Lieu.objects.none(), label="Lieu", empty_label="Aucun lieu", required=False)
    other_lieu = forms.CharField(label="Nom de cet autre lieu", max_length=150, required=False)
    other_address = forms.CharField(label="Son adresse", max_length=255, required=False)
    agents = forms.ModelMultipleChoiceField(
        Agent.objects.none(),
        label="Agents",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins un agent."},
    )
    seats = forms.IntegerField(
        label="Places",
        help_text="Vide : sans limite.",
        min_value=1,
        max_value=_MOST_SEATS,
        required=False,
    )
    context = forms.CharField(
        label="Contexte",
        help_text="Pour les agents seulement : la personne ne le lit pas.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        organisation: Organisation,
        collective: bool = False,
        rdv: Rdv | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.organisation, self.collective, self.rdv = organisation, collective, rdv
        super().__init__(data, initial=initial)
        self.set_autofocus = False
        self.motifs = _motifs(organisation, rdv, collective=collective)
        self.fields["motif"].queryset = Motif.objects.filter(pk__in=[one.pk for one in self.motifs])
        self.fields["lieu"].queryset = _lieux(organisation, rdv)
        self.fields["agents"].queryset = _agents(organisation)
        unused = () if collective else ("name", "other_days", "seats")
        for name in (*unused, *(("other_days",) if rdv and collective else ())):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """A lieu where one is needed, and nowhere else."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        motif = cleaned.get("motif")
        if motif and "lieu" not in self.errors:
            cleaned["lieu"] = self._lieu(motif, cleaned)
        if len(cleaned.get("other_days") or ()) > _MOST_DATES:
            self.add_error("other_days", f"{_MOST_DATES} autres dates au plus.")
        return cleaned

    def _lieu(self, motif: Motif, cleaned: dict[str, Any]) -> Lieu | None:
        """The place chosen, or another one for this rdv only, not written yet."""
        if motif.location_type != LocationType.PUBLIC_OFFICE:
            return None
        chosen: Lieu | None = cleaned.get("lieu")
        name, address = cleaned.get("other_lieu", ""), cleaned.get("other_address", "")
        if not name and not address:
            if chosen is None:
                self.add_error("lieu", "Choisissez un lieu : ce rendez-vous est sur place.")
            return chosen
        if not name or not address:
            self.add_error("lieu", "Donnez le nom et l'adresse de l'autre lieu.")
        elif chosen is not None:
            self.add_error("lieu", "Choisissez un lieu, ou donnez-en un autre : pas les deux.")
        return Lieu(
            organisation=self.organisation,
            name=name,
            address=address,
            availability=LieuAvailability.SINGLE_USE,
            time_zone_name=self.organisation.time_zone.key,
        )

    @property
    def days(self) -> list[date]:
        """Each date, once, in order."""
        return sorted({self.cleaned_data["day"], *self.cleaned_data.get("other_days", ())})

    def plans(self, usagers: Sequence[Usager] = ()) -> list[Plan]:
        """What was asked, on the clocks of the place."""
        return [self._plan(day, usagers) for day in self.days]

    def _plan(self, day: date, usagers: Sequence[Usager]) -> Plan:
        values = self.cleaned_data
        motif, lieu = values["motif"], values["lieu"]
        motif.organisation = self.organisation
        zone = lieu.time_zone if lieu else self.organisation.time_zone
        starts_at = dates.at(day, values["start_time"], zone)
        length = timedelta(minutes=values["minutes"]) if values["minutes"] else motif.duration
        # On the wall clock, so that 60 minutes are 60 minutes when clocks change in between.
        ends_at = (starts_at.astimezone(UTC) + length).astimezone(zone)
        return Plan(
            motif=motif,
            starts_at=starts_at,
            ends_at=ends_at,
            agents=list(values["agents"]),
            lieu=lieu,
            usagers=list(usagers),
            name=values.get("name", ""),
            context=values["context"],
            max_participants_count=values.get("seats"),
        )

    @property
    def date_lines(self) -> list[str]:
        """The text of each input of other dates: what was typed, then blank ones."""
        known = [str(one) for one in self["other_days"].value() or [] if str(one).strip()]
        return known + [""] * _SPARE_DATES

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it was refused."""
        return 422 if self.is_bound and self.errors else 200


def _motifs(organisation: Organisation, rdv: Rdv | None, *, collective: bool) -> list[Motif]:
    """Those that may be chosen; a rdv keeps its own even when it is no longer in use."""
    known = Motif.objects.filter(organisation=organisation, collective=collective)
    found = known.select_related("motif_category").order_by("motif_category__position", "name", "pk")
    kept = rdv.motif_id if rdv else None
    motifs = [one for one in found if one.deleted_at is None or one.pk == kept]
    for motif in motifs:
        motif.minutes = int(motif.duration.total_seconds() // 60)  # type: ignore[attr-defined]
    return motifs


def _lieux(organisation: Organisation, rdv: Rdv | None) -> Any:
    known = Lieu.objects.filter(organisation=organisation)
    found = known.filter(availability=LieuAvailability.ENABLED)
    return (found | known.filter(pk=rdv.lieu_id)) if rdv and rdv.lieu_id else found


def _agents(organisation: Organisation) -> Any:
    return organisation.agents.filter(is_active=True).order_by("last_name", "first_name", "pk")


def initial_of(rdv: Rdv) -> dict[str, Any]:
    """The form of a rdv as it is."""
    local = rdv.starts_at.astimezone(rdv.time_zone)
    return {
        "motif": rdv.motif_id,
        "name": rdv.name,
        "day": local.date(),
        "start_time": local.time(),
        "minutes": int((rdv.ends_at - rdv.starts_at).total_seconds() // 60),
        "lieu": rdv.lieu_id,
        "agents": [agent.pk for agent in rdv.agents.all()],
        "seats": rdv.max_participants_count,
        "context": rdv.context,
    }


def prefilled(asked: QueryDict, viewer: Agent, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """First values from `?motif=&agent=&jour=&debut=&fin=&lieu=`; what makes no sense is left out."""
    start, end = _clock(asked.get("debut", "")), _clock(asked.get("fin", ""))
    minutes = None
    if start and end and end > start:
        minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    agent = asked.get("agent", "")
    return {
        "motif": _id(asked.get("motif", "")),
        "day": _day(asked.get("jour", "")) or now.astimezone(zone).date(),
        "start_time": start,
        "minutes": minutes,
        "lieu": _id(asked.get("lieu", "").removeprefix("lieu-")),
        "agents": [_id(agent) or viewer.pk],
    }


def _id(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _clock(text: str) -> time | None:
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


def refuse(form: PlanForm, sentence: str) -> None:
    """Have the form say why nothing was written."""
    form.add_error(None, ValidationError(sentence))
