"""The forms of a category: its settings, its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from dsfr.forms import DsfrBaseForm

from rdv_insertion.followups.models import MotifCategory, Wording
from rdv_insertion.followups.wording import own_words
from rdv_insertion.followups.words import OWN_WORDS
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel import phone
from rdv_insertion.kernel.text import squish, without_unseen
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts.other_links import refuse_other_links
from rdv_insertion.web.agents.openings.schedule_form import CHECKBOX
from rdv_insertion.web.configuration.fields import PhoneField

_LONGEST_TITLE = 150
SHORTEST_VALIDITY, LONGEST_VALIDITY = 4, 365
# A letter takes days to arrive: it opens nothing when it arrives after the end (`invitations.services`).
_SHORTEST_VALIDITY_BY_LETTER = 6
_CHANNELS = (
    (Channel.SMS, "SMS, aux mobiles"),
    (Channel.EMAIL, "Mail"),
    (Channel.LETTER, "Courrier, à imprimer et à poster"),
)
_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("L'invitation", ("motif_category", "channels", "number_of_days_before_invitations_expire")),
    ("Si la personne ne choisit pas", ("reminders", "letter_after_days")),
    ("Qui reçoit, qui répond", ("with_referents", "phone_number", "alert_email")),
)


@dataclass(frozen=True)
class Group:
    """Fields that go together."""

    title: str
    fields: list[BoundField]


class CategoryForm(forms.ModelForm, DsfrBaseForm):  # type: ignore[type-arg]
    """How an organisation runs a category; `instance` belongs to it. The category is chosen once."""

    channels = forms.MultipleChoiceField(
        label="Canaux",
        help_text="Ceux que les agents peuvent utiliser pour inviter dans cette catégorie.",
        choices=_CHANNELS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Cochez au moins un canal.",
            "invalid_choice": "Ce canal n'existe pas.",
        },
    )
    number_of_days_before_invitations_expire = forms.IntegerField(
        label="Validité de l'invitation, en jours",
        help_text="4 jours au moins. Vide : l'invitation reste valable sans limite, et n'est pas relancée.",
        min_value=SHORTEST_VALIDITY,
        max_value=LONGEST_VALIDITY,
        required=False,
    )
    letter_after_days = forms.IntegerField(
        label="Proposer un courrier après, en jours",
        help_text=(
            "Après ce délai sans réponse, la personne entre dans la liste des courriers à imprimer. "
            "Vide : jamais."
        ),
        min_value=1,
        max_value=LONGEST_VALIDITY,
        required=False,
    )
    phone_number = PhoneField(label="Téléphone à donner", max_length=20, required=False)

    class Meta:
        model = CategoryConfiguration
        fields = tuple(name for _, names in _GROUPS for name in names)
        labels = {  # noqa: RUF012 - Django's own way
            "motif_category": "Catégorie",
            "reminders": "Relancer le troisième jour",
            "with_referents": "Proposer seulement les créneaux du référent de la personne",
            "alert_email": "Adresse mail à prévenir quand il manque des créneaux",
        }
        help_texts = {  # noqa: RUF012
            "reminders": "À 11 h, à qui n'a pas choisi, s'il reste du temps avant la fin de validité.",
            "with_referents": "Pour être suivi par la même personne. Il faut un motif « avec le référent ».",
            "alert_email": "En plus de l'organisation. Un mail la nuit, si des invités n'en trouvent pas.",
        }

    def __init__(self, data: Any, *, instance: CategoryConfiguration, to_choose: Any = None) -> None:
        super().__init__(data, instance=instance)
        default = phone.display(instance.organisation.phone_number)
        self["phone_number"].help_text = (
            f"Vide : celui de l'organisation, le {default}."
            if default
            else "L'organisation n'a pas de téléphone : sans numéro ici, personne ne peut être invité."
        )
        for name in ("reminders", "with_referents"):
            self.fields[name].template_name = CHECKBOX  # type: ignore[attr-defined]
        if instance.pk:
            del self.fields["motif_category"]
        else:
            self.fields["motif_category"].queryset = to_choose  # type: ignore[attr-defined]
            self.fields["motif_category"].empty_label = "Choisissez"  # type: ignore[attr-defined]

    @property
    def groups(self) -> list[Group]:
        """The fields in the order of the page."""
        return [
            Group(title, [self[name] for name in names if name in self.fields]) for title, names in _GROUPS
        ]

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it was refused."""
        return 422 if self.is_bound and self.errors else 200

    def clean(self) -> dict[str, Any]:
        """A letter needs its channel, and the time to arrive."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        by_letter = Channel.LETTER in (cleaned.get("channels") or [])
        if cleaned.get("letter_after_days") and "channels" in cleaned and not by_letter:
            self.add_error("letter_after_days", "Cochez le canal « Courrier », ou laissez ce délai vide.")
        days = cleaned.get("number_of_days_before_invitations_expire")
        if by_letter and days is not None and days < _SHORTEST_VALIDITY_BY_LETTER:
            self.add_error(
                "number_of_days_before_invitations_expire",
                f"Par courrier, comptez {_SHORTEST_VALIDITY_BY_LETTER} jours au moins : une lettre met "
                "plusieurs jours à arriver. Allongez la validité, ou décochez le courrier.",
            )
        return cleaned

    def refuse(self, error: ValidationError) -> None:
        """Show what the service refused, under its field when the form has it."""
        several = error.error_dict if hasattr(error, "error_dict") else {"": error}
        for name, one in several.items():
            self.add_error(name if name in self.fields else None, one)


WORD_LABELS: Mapping[str, tuple[str, str]] = {
    "rdv_title": ("Titre du rendez-vous", "Après « votre » ou « à un »."),
    "rdv_title_by_phone": ("Titre du rendez-vous par téléphone", "Après « votre » ou « à un »."),
    "user_designation": ("Désignation de la personne", "Après « vous êtes »."),
    "rdv_purpose": ("But du rendez-vous", "Après « ce rendez-vous sert à »."),
    "custom_sentence": ("Phrase ajoutée", "Une phrase entière, en plus des autres. Elle finit par un point."),
}


@dataclass(frozen=True)
class WordField:
    """A word of the category on the page: what is typed, what it replaces."""

    field: BoundField
    national: str
    is_own: bool
    # What somebody else saved meanwhile, when it is not what is typed.
    other: str


def _word_widget(most: int) -> forms.Widget:
    """One line for titles, two for sentences."""
    if most <= _LONGEST_TITLE:
        return forms.TextInput(attrs={"class": "fr-input", "autocomplete": "off"})
    return forms.Textarea(attrs={"class": "fr-input", "rows": 2})


class WordingForm(DsfrBaseForm):
    """The words of an organisation for a category; empty, the national ones. `wording` is what is shown."""

    def __init__(self, data: Any, *, category: MotifCategory, wording: Wording) -> None:
        self.category = category
        self._other: Wording | None = None
        super().__init__(data, initial={name: getattr(wording, name) for name in OWN_WORDS})
        for name, (label, hint) in WORD_LABELS.items():
            most = int(getattr(Wording._meta.get_field(name), "max_length", 0))
            self.fields[name] = forms.CharField(
                label=label, help_text=hint, max_length=most, required=False, widget=_word_widget(most)
            )
        self.fields["version"] = forms.IntegerField(
            min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput, initial=wording.version
        )

    def clean(self) -> dict[str, Any]:
        """One line each, without invisible characters nor other links."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in [one for one in OWN_WORDS if one in cleaned]:
            cleaned[name] = squish(without_unseen(cleaned[name]))
            try:
                refuse_other_links(cleaned[name])
            except ValidationError as error:
                self.add_error(name, error)
        return cleaned

    @property
    def words(self) -> dict[str, str]:
        """What is typed and right, by field (a wrong one is as if empty); at first, what is saved."""
        if not self.is_bound:
            return own_words(self.category, self.initial)
        self.is_valid()
        return own_words(self.category, getattr(self, "cleaned_data", {}))

    @property
    def word_fields(self) -> list[WordField]:
        """The fields with the national text that each one replaces."""
        return [self._word_field(name) for name in WORD_LABELS]

    def _word_field(self, name: str) -> WordField:
        national = getattr(self.category, name)
        shown = squish(self[name].value() or "")
        other = getattr(self._other, name) if self._other else shown
        return WordField(
            self[name],
            national,
            is_own=bool(shown) and shown != national,
            other="" if other == shown else other or "texte national",
        )

    def compare_with(self, other: Wording) -> None:
        """Show beside each field what `other` says, where it is not what is typed."""
        self._other = other

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it was refused."""
        return 422 if self.is_bound and self.errors else 200
