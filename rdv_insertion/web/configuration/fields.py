"""Form fields of the configuration: durations as minutes or as delays of a list, in plain words."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from rdv_insertion.kernel import phone

_MINUTE, _HOUR, _DAY = 60, 3600, 24 * 3600
# The delays that agents may choose from (a month is 30 days, a year 365).
DELAYS: dict[int, str] = {
    30 * _MINUTE: "une demi-heure",
    _HOUR: "1 heure",
    2 * _HOUR: "2 heures",
    3 * _HOUR: "3 heures",
    4 * _HOUR: "4 heures",
    6 * _HOUR: "6 heures",
    12 * _HOUR: "12 heures",
    _DAY: "1 jour",
    2 * _DAY: "2 jours",
    3 * _DAY: "3 jours",
    7 * _DAY: "1 semaine",
    14 * _DAY: "2 semaines",
    21 * _DAY: "3 semaines",
    30 * _DAY: "1 mois",
    60 * _DAY: "2 mois",
    90 * _DAY: "3 mois",
    180 * _DAY: "6 mois",
    365 * _DAY: "1 an",
}


def delay_words(delay: timedelta) -> str:
    """`2 semaines`; a delay that is not of the list is said in days, hours and minutes."""
    seconds = int(delay.total_seconds())
    if seconds in DELAYS:
        return DELAYS[seconds]
    days, rest = divmod(seconds, _DAY)
    hours, rest = divmod(rest, _HOUR)
    parts = [
        f"{number} {word if number == 1 else several}"
        for number, word, several in (
            (days, "jour", "jours"),
            (hours, "heure", "heures"),
            (rest // _MINUTE, "minute", "minutes"),
        )
        if number
    ]
    return " ".join(parts) or "aucun délai"


def minutes_words(duration: timedelta) -> str:
    """`30 minutes`, `1 h 30`."""
    hours, minutes = divmod(int(duration.total_seconds()) // _MINUTE, 60)
    if not hours:
        return f"{minutes} minutes"
    return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"


# A short number of an administration, such as 3949.
_SHORT_NUMBER_LENGTH = 4


class PhoneField(forms.CharField):
    """A number to call, shown as people dictate it; E.164, or a short number as it is."""

    def prepare_value(self, value: Any) -> Any:
        """What the input shows."""
        return phone.display(value) if isinstance(value, str) and value.startswith("+") else value

    def clean(self, value: Any) -> str:
        """The number. Raises ValidationError (French)."""
        typed = "".join((super().clean(value) or "").split())
        if not typed or (typed.isdecimal() and len(typed) == _SHORT_NUMBER_LENGTH):
            return typed
        try:
            return phone.normalise(typed)
        except phone.InvalidPhone as error:
            raise ValidationError(f"{str(error).capitalize()}.") from error


class MinutesField(forms.IntegerField):
    """A duration typed in minutes."""

    def prepare_value(self, value: Any) -> Any:
        """What the input shows."""
        return int(value.total_seconds()) // _MINUTE if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> timedelta:
        """The duration. Raises ValidationError (French)."""
        return timedelta(minutes=super().clean(value) or 0)


class DelayField(forms.TypedChoiceField):
    """A delay chosen from DELAYS. `never` are the words of the empty choice, when there is one."""

    def __init__(self, *, never: str = "", **options: Any) -> None:
        choices = [(str(seconds), words.capitalize()) for seconds, words in DELAYS.items()]
        self.never = [("", never)] if never else []
        super().__init__(
            choices=self.never + choices,
            coerce=_delay,
            empty_value=None,
            required=not never,
            **options,
        )

    def prepare_value(self, value: Any) -> Any:
        """The choice that stands for a known delay."""
        return str(int(value.total_seconds())) if isinstance(value, timedelta) else value

    def also_offer(self, delay: timedelta | None) -> None:
        """Keep a delay that was set otherwise among the choices: saving must not change it."""
        seconds = int(delay.total_seconds()) if delay is not None else None
        if delay is not None and seconds not in DELAYS:
            known = {**DELAYS, seconds or 0: delay_words(delay)}
            self.choices = self.never + [(str(key), known[key].capitalize()) for key in sorted(known)]


def _delay(seconds: Any) -> timedelta:
    return timedelta(seconds=int(seconds))
