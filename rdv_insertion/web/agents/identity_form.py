"""The form of a person's identity: text in, the same rules as a file."""

from datetime import date
from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from rdv_insertion.kernel import phone
from rdv_insertion.kernel.languages import IN_FRENCH
from rdv_insertion.usagers import values
from rdv_insertion.usagers.enums import Role, Title
from rdv_insertion.usagers.identity import LABELS, Identity
from rdv_insertion.usagers.models import Usager

_CHOICES = {"title": Title.choices, "role": Role.choices}
_DATES = frozenset({"birth_date", "rights_opening_date"})
_REQUIRED = frozenset({"last_name", "first_name"})
_HINTS = {
    "birth_date": "Exemple : 03/04/1985",
    "rights_opening_date": "Exemple : 01/02/2026",
    "phone_number": "Exemple : 06 12 34 56 78",
    "nir": "13 ou 15 chiffres. Il n'est jamais affiché. Laissez vide pour garder celui qui est connu.",
    "address": "Numéro, rue, code postal et ville",
}


class NeverShown(forms.TextInput):
    """A text field that never gives back what it holds, not even what was just typed."""

    def format_value(self, value: Any) -> None:
        """Nothing."""
        return


class IdentityForm(DsfrBaseForm):
    """One text field an attribute, and the language; `identity` holds the typed values once valid."""

    def __init__(self, data: Any, *, usager: Usager, hidden: frozenset[str], today: date) -> None:
        self.usager, self.today = usager, today
        super().__init__(data, initial=_shown(usager))
        for name, label in LABELS.items():
            if name not in hidden:
                self.fields[name] = _field(name, label)
        self.fields["language"] = _language_field()
        self.set_autofocus = False
        for bound in self.visible_fields():
            chosen = isinstance(bound.field, forms.ChoiceField)
            bound.field.widget.attrs["class"] = "fr-select" if chosen else "fr-input"

    def clean(self) -> dict[str, Any]:
        """Understand each text that is not blank; what is refused says why under its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, text in list(cleaned.items()):
            if name not in LABELS:
                continue
            try:
                cleaned[name] = values.parse(name, text, today=self.today) if text else None
            except values.Refused as refusal:
                self.add_error(name, f"{str(refusal).capitalize()}.")
        return cleaned

    @property
    def identity(self) -> Identity:
        """What was typed."""
        return Identity(**{name: value for name, value in self.cleaned_data.items() if name in LABELS})

    @property
    def language(self) -> str:
        """The one that was chosen; an empty string, which changes nothing, when none was sent."""
        return str(self.cleaned_data["language"])

    @property
    def touched(self) -> list[str]:
        """The attributes to write: all those of the form, the NIR only when typed."""
        typed = {name: value for name, value in self.cleaned_data.items() if name in LABELS}
        return [name for name, value in typed.items() if name != "nir" or value]

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it was refused."""
        return 422 if self.is_bound and self.errors else 200


def _shown(usager: Usager) -> dict[str, Any]:
    """The known values as people write them; never the NIR."""
    known: dict[str, Any] = {name: value for name, value in usager.identity.known().items() if name != "nir"}
    dates = {name: f"{value:%d/%m/%Y}" for name, value in known.items() if name in _DATES}
    shown = {"phone_number": phone.display(usager.phone_number), "language": usager.language}
    return {**known, **dates, **shown}


def _field(name: str, label: str) -> forms.Field:
    required, hint = name in _REQUIRED, _HINTS.get(name, "")
    if name in _CHOICES:
        return forms.ChoiceField(
            choices=[("", "Non renseigné"), *_CHOICES[name]], label=label, required=False
        )
    widget = NeverShown if name == "nir" else forms.TextInput
    return forms.CharField(label=label, required=required, help_text=hint, max_length=255, widget=widget)


def _language_field() -> forms.Field:
    return forms.ChoiceField(
        choices=[(code, name.capitalize()) for code, name in IN_FRENCH.items()],
        label="Langue des messages",
        required=False,
        help_text="Le français reste écrit sous la traduction des mails et des courriers.",
    )
