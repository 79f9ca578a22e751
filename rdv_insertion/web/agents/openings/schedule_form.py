"""The part of a form that says when: first day, hours, repetition, end, exceptions."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm
from dsfr.widgets import InlineCheckboxSelectMultiple

from rdv_insertion.agenda.recurrence_rule import (
    MAX_COUNT,
    MAX_INTERVAL,
    WEEKDAYS,
    Frequency,
    RecurrenceRule,
    UnknownRule,
)
from rdv_insertion.agenda.schedules import Schedule, weekly_start
from rdv_insertion.kernel import dates

ONCE = "once"
# A box to check, without the words "optional".
CHECKBOX = "agents/openings/checkbox.html"
NEVER, UNTIL, COUNT = "never", "until", "count"
_REPETITIONS = (
    (ONCE, "Une seule fois"),
    (Frequency.WEEKLY.value, "Toutes les semaines, ou toutes les quelques semaines"),
    (Frequency.MONTHLY.value, "Tous les mois, ou tous les quelques mois"),
)
_ENDS = ((NEVER, "Jamais"), (UNTIL, "À une date"), (COUNT, "Après un nombre de fois"))
_REPETITION_FIELDS = ("repetition", "every", "weekdays", "ends", "until", "count", "exception_dates")
_OLDEST, _YEARS_AHEAD = date(2018, 1, 1), 5
_MAX_EXCEPTIONS = 100
# Empty lines offered for further exceptions, for browsers without JavaScript.
_SPARE_LINES = 2


def date_widget() -> forms.DateInput:
    """The browser's own date picker."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def time_widget() -> forms.TimeInput:
    """The browser's own time picker, five minutes by five."""
    return forms.TimeInput(attrs={"type": "time", "step": 300}, format="%H:%M")


class DatesField(forms.Field):
    """Several days, one input each; blank ones do not count."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> tuple[date, ...]:
        """The days in order, each once. Raises ValidationError (French)."""
        typed = [text for text in value or [] if str(text).strip()]
        if len(typed) > _MAX_EXCEPTIONS:
            raise ValidationError(f"{_MAX_EXCEPTIONS} exceptions au plus.")
        try:
            return tuple(sorted({dates.parse(str(text)) for text in typed}))
        except dates.InvalidDate as error:
            raise ValidationError(f"{str(error).capitalize()}.") from error


class ScheduleForm(DsfrBaseForm):
    """`schedule` once valid. `single` leaves the repetition out: one occurrence is being changed."""

    first_day = forms.DateField(label="Premier jour", widget=date_widget())
    start_time = forms.TimeField(label="Heure de début", widget=time_widget())
    end_time = forms.TimeField(label="Heure de fin", widget=time_widget())
    repetition = forms.ChoiceField(label="À quel rythme", choices=_REPETITIONS, widget=forms.RadioSelect)
    every = forms.IntegerField(
        label="Toutes les combien de semaines ou de mois",
        help_text="1 pour chaque semaine ou chaque mois, 2 pour une fois sur deux…",
        min_value=1,
        max_value=MAX_INTERVAL,
        required=False,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="Jours de la semaine",
        help_text="Aucun jour coché : le même jour que le premier jour.",
        choices=[(number, name.capitalize()) for number, name in enumerate(WEEKDAYS)],
        coerce=int,
        widget=InlineCheckboxSelectMultiple,
        required=False,
    )
    ends = forms.ChoiceField(
        label="Fin de la répétition", choices=_ENDS, widget=forms.RadioSelect, required=False
    )
    until = forms.DateField(label="Jusqu'au (inclus)", widget=date_widget(), required=False)
    count = forms.IntegerField(label="Nombre de fois", min_value=1, max_value=MAX_COUNT, required=False)
    exception_dates = DatesField(label="Sauf ces jours", required=False)

    def __init__(self, data: Any, *, today: date, single: bool = False, **options: Any) -> None:
        self.today, self.single = today, single
        super().__init__(data, **options)
        if single:
            for name in _REPETITION_FIELDS:
                del self.fields[name]

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it was refused."""
        return 422 if self.is_bound and self.errors else 200

    @property
    def exception_lines(self) -> list[str]:
        """The text of each input of exceptions: what is known or was typed, then blank ones."""
        known = self["exception_dates"].value() or []
        texts = [one.isoformat() if isinstance(one, date) else str(one) for one in known]
        return [text for text in texts if text] + [""] * _SPARE_LINES

    def clean_first_day(self) -> date:
        """Neither long ago nor far ahead: a year typed wrong is refused."""
        day: date = self.cleaned_data["first_day"]
        if not _OLDEST <= day <= date(self.today.year + _YEARS_AHEAD, 12, 31):
            raise ValidationError(f"Choisissez un jour entre 2018 et {self.today.year + _YEARS_AHEAD}.")
        return day

    def clean_until(self) -> date | None:
        """The same, further ahead."""
        day: date | None = self.cleaned_data["until"]
        if day and day.year > self.today.year + 2 * _YEARS_AHEAD:
            raise ValidationError(f"Choisissez un jour avant {self.today.year + 2 * _YEARS_AHEAD + 1}.")
        return day

    def clean(self) -> dict[str, Any]:
        """Put the pieces together; what is missing or contradicts says so under its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and cleaned.get("repetition", ONCE) != ONCE:
            self._check_end(cleaned)
        return cleaned

    def _check_end(self, cleaned: dict[str, Any]) -> None:
        ends = cleaned.get("ends") or NEVER
        if ends == UNTIL and not cleaned.get("until"):
            self.add_error("until", "Choisissez le dernier jour de la répétition.")
        elif ends == COUNT and not cleaned.get("count"):
            self.add_error("count", "Écrivez combien de fois cela se répète.")
        elif ends == UNTIL and cleaned["until"] < self._rule().first_occurrence(cleaned["first_day"]):
            self.add_error("until", "La répétition finit avant d'avoir commencé.")

    def _rule(self) -> RecurrenceRule:
        cleaned, ends = self.cleaned_data, self.cleaned_data.get("ends") or NEVER
        weekly = cleaned["repetition"] == Frequency.WEEKLY
        return RecurrenceRule(
            frequency=Frequency(cleaned["repetition"]),
            interval=cleaned.get("every") or 1,
            weekdays=tuple(sorted(cleaned.get("weekdays") or ())) if weekly else (),
            until=cleaned.get("until") if ends == UNTIL else None,
            count=cleaned.get("count") if ends == COUNT else None,
        )

    @property
    def schedule(self) -> Schedule:
        """What was asked, once valid; a weekly one begins on the first of its weekdays."""
        cleaned = self.cleaned_data
        once = Schedule(
            first_day=cleaned["first_day"],
            start_time=cleaned["start_time"],
            end_time=cleaned["end_time"],
            end_day=cleaned.get("end_day") or cleaned["first_day"],
        )
        if cleaned.get("repetition", ONCE) == ONCE:
            return once
        repeated = weekly_start(once, self._rule())
        kept = tuple(day for day in cleaned.get("exception_dates", ()) if day >= repeated.first_day)
        return Schedule(**{**vars(repeated), "exception_dates": kept})

    def refuse(self, error: ValidationError) -> None:
        """Show what the service or the database refused, under its field when the form has it."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, several in error.error_dict.items():
            self.add_error(name if name in self.fields else None, several)


def initial_of(schedule: Schedule) -> dict[str, Any]:
    """The values of the fields for a known schedule."""
    values: dict[str, Any] = {
        "first_day": schedule.first_day,
        "end_day": schedule.end_day,
        "start_time": schedule.start_time,
        "end_time": schedule.end_time,
        "exception_dates": list(schedule.exception_dates),
    }
    try:
        rule = RecurrenceRule.parse(schedule.recurrence)
    except UnknownRule:
        # A rhythm that the form cannot say: the agent chooses again, nothing is guessed.
        return values
    return {**values, **_initial_of_rule(rule, schedule.first_day)}


def _initial_of_rule(rule: RecurrenceRule | None, first_day: date) -> dict[str, Any]:
    if rule is None:
        return {"repetition": ONCE, "every": 1, "ends": NEVER}
    ends = UNTIL if rule.until else COUNT if rule.count else NEVER
    return {
        "repetition": rule.frequency.value,
        "every": rule.interval,
        "weekdays": list(rule.weekdays_from(first_day)) if rule.frequency == Frequency.WEEKLY else [],
        "ends": ends,
        "until": rule.until,
        "count": rule.count,
    }
