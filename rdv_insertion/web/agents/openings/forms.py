"""The forms of a plage d'ouverture and of an absence."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from django import forms
from django.db.models import QuerySet

from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.agenda.models import Lieu, Motif
from rdv_insertion.agenda.opening_checks import AbsenceDraft, PlageDraft
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.openings.schedule_form import CHECKBOX, NEVER, ONCE, ScheduleForm, date_widget
from rdv_insertion.web.agents.openings.wording import DAY_END, DAY_START


class _MotifChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, motif: Motif) -> str:
        minutes = int(motif.duration.total_seconds() // 60)
        return f"{motif.name} – {LocationType(motif.location_type).label.lower()}, {minutes} min"


class _LieuChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, lieu: Lieu) -> str:
        return f"{lieu.name} – {lieu.address}"


class PlageForm(ScheduleForm):
    """`draft` once valid. `agents` are those whose plages may be edited; a choice only when several."""

    title = forms.CharField(label="Nom", max_length=150, help_text="Exemple : Permanence du mardi")
    motifs = _MotifChoices(
        queryset=Motif.objects.none(),
        label="Motifs",
        help_text="Ce pour quoi vous recevez pendant cette plage.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins un motif."},
    )
    lieu = _LieuChoice(
        queryset=Lieu.objects.none(),
        label="Lieu",
        help_text="Nécessaire dès qu'un des motifs se passe sur place.",
        empty_label="Aucun lieu",
        required=False,
    )

    field_order = ("title", "agent", "motifs", "lieu")

    def __init__(
        self, data: Any, *, organisation: Organisation, agents: QuerySet[Agent], owner: Agent, **options: Any
    ) -> None:
        self.organisation, self.owner = organisation, owner
        super().__init__(data, **options)
        self.fields["motifs"].queryset = organisation.motifs.in_use().filter(collective=False)
        self.fields["lieu"].queryset = organisation.lieux.open()
        _offer_agents(self, agents, owner)

    def clean(self) -> dict[str, Any]:
        """A plage begins before it ends, the same day."""
        cleaned = super().clean()
        start, end = cleaned.get("start_time"), cleaned.get("end_time")
        if start and end and start >= end:
            self.add_error("end_time", "La plage doit finir après avoir commencé, le même jour.")
        return cleaned

    @property
    def draft(self) -> PlageDraft:
        """What was asked."""
        return PlageDraft(
            agent=self.cleaned_data.get("agent") or self.owner,
            organisation=self.organisation,
            lieu=self.cleaned_data["lieu"],
            motifs=tuple(self.cleaned_data["motifs"]),
            title=self.cleaned_data["title"],
            schedule=self.schedule,
        )


class AbsenceForm(ScheduleForm):
    """`draft` once valid. `private` leaves the name out: it is not the viewer's."""

    title = forms.CharField(
        label="Nom", max_length=150, help_text="Vos collègues ne lisent que « Indisponibilité »."
    )
    end_day = forms.DateField(
        label="Dernier jour",
        help_text="Vide : le même jour.",
        widget=date_widget(),
        required=False,
    )
    all_day = forms.BooleanField(label="Toute la journée", required=False)

    field_order = ("title", "agent", "first_day", "end_day", "all_day", "start_time", "end_time")

    def __init__(
        self,
        data: Any,
        *,
        agents: QuerySet[Agent],
        owner: Agent,
        time_zone_name: str,
        private: bool = False,
        **options: Any,
    ) -> None:
        self.owner, self.time_zone_name = owner, time_zone_name
        super().__init__(data, **options)
        if private:
            del self.fields["title"]
        for name in ("start_time", "end_time"):
            self.fields[name].required = False
        self.fields["all_day"].template_name = CHECKBOX
        _offer_agents(self, agents, owner)

    def clean(self) -> dict[str, Any]:
        """Whole days need no hours; what recurs lasts one day."""
        cleaned = super().clean()
        if cleaned.get("all_day"):
            cleaned["start_time"], cleaned["end_time"] = DAY_START, DAY_END
        for name, label in (("start_time", "de début"), ("end_time", "de fin")):
            if name not in self.errors and not cleaned.get(name):
                self.add_error(name, f"Écrivez l'heure {label}, ou cochez « Toute la journée ».")
        self._check_days(cleaned)
        return cleaned

    def _check_days(self, cleaned: dict[str, Any]) -> None:
        first, start, end = (cleaned.get(name) for name in ("first_day", "start_time", "end_time"))
        last = cleaned.get("end_day") or first
        if first is None or last is None:
            return
        if last < first or last.year > first.year + 5:
            self.add_error("end_day", "Le dernier jour suit le premier, de moins de cinq ans.")
        elif last > first and cleaned.get("repetition", ONCE) != ONCE:
            self.add_error("end_day", "Une absence qui se répète commence et finit le même jour.")
        elif last == first and start and end and start >= end:
            self.add_error("end_time", "L'absence doit finir après avoir commencé.")

    @property
    def draft(self) -> AbsenceDraft:
        """What was asked."""
        return AbsenceDraft(
            agent=self.cleaned_data.get("agent") or self.owner,
            title=self.cleaned_data.get("title"),
            schedule=self.schedule,
            time_zone_name=self.time_zone_name,
        )


def _offer_agents(form: ScheduleForm, agents: QuerySet[Agent], owner: Agent) -> None:
    """A choice of agent, when there is one."""
    if agents.exclude(pk=owner.pk).exists():
        form.fields["agent"] = forms.ModelChoiceField(
            queryset=agents, label="Agent", initial=owner, empty_label=None
        )
        form.fields["agent"].widget.attrs["class"] = "fr-select"
        form.order_fields(form.field_order)


def prefilled(asked: Mapping[str, str], today: date) -> dict[str, Any]:
    """First values from `?jour=2026-03-03&debut=09:00&fin=10:00`; what makes no sense is ignored."""
    return {
        "first_day": asked_day(asked) or today,
        **{name: asked[name] for name in ("agent", "lieu") if asked.get(name, "").isdecimal()},
        "start_time": _clock(asked.get("debut", "")),
        "end_time": _clock(asked.get("fin", "")),
        "repetition": ONCE,
        "every": 1,
        "ends": NEVER,
    }


def asked_day(asked: Mapping[str, str]) -> date | None:
    """`?jour=2026-03-03`; None when it is no day of this century."""
    try:
        day = dates.parse(asked.get("jour", ""))
    except dates.InvalidDate:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _clock(text: str) -> time | None:
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None
