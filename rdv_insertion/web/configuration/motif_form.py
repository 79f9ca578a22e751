"""The form of a motif, in groups, and what the person will read of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from dsfr.forms import DsfrBaseForm

from rdv_insertion.agenda.enums import BookableBy, LocationType
from rdv_insertion.agenda.models import Motif
from rdv_insertion.agenda.services.motifs import is_frozen
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.openings.schedule_form import CHECKBOX
from rdv_insertion.web.configuration.fields import DelayField, MinutesField, delay_words, minutes_words

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Le rendez-vous", ("name", "motif_category", "location_type", "collective", "max_participants_count")),
    ("Durée", ("duration", "pause")),
    (
        "Qui peut le prendre, et quand",
        (
            "bookable_by",
            "convocation",
            "min_public_booking_delay",
            "max_public_booking_delay",
            "referent_only",
            "sectorisation_level",
        ),
    ),
    ("Changer d'avis", ("movable_until", "cancellable_until")),
    ("Ce que la personne lit", ("restriction", "instruction_before", "instruction")),
    ("Dans l'agenda", ("color",)),
)
_PLACES = {
    LocationType.PUBLIC_OFFICE: "sur place, au lieu choisi",
    LocationType.PHONE: "par téléphone : nous vous appelons",
    LocationType.VISIO: "en visioconférence",
    LocationType.HOME: "chez vous",
}


@dataclass(frozen=True)
class Group:
    """Fields that go together."""

    title: str
    fields: list[BoundField]


class MotifForm(forms.ModelForm, DsfrBaseForm):  # type: ignore[type-arg]
    """All the options of a motif; `instance` belongs to its organisation."""

    duration = MinutesField(
        label="Durée, en minutes", min_value=5, max_value=480, help_text="5 minutes au moins."
    )
    pause = MinutesField(
        label="Pause après chaque rendez-vous, en minutes",
        min_value=0,
        max_value=120,
        help_text="Du temps pour vous entre deux personnes. 0 : pas de pause.",
    )
    min_public_booking_delay = DelayField(
        label="Délai minimum avant le rendez-vous",
        help_text="En ligne, on ne choisit pas un créneau plus proche que cela. Les agents, eux, le peuvent.",
    )
    max_public_booking_delay = DelayField(
        label="Délai maximum avant le rendez-vous",
        help_text="En ligne, on ne choisit pas un créneau plus lointain que cela.",
    )
    movable_until = DelayField(
        label="La personne peut déplacer son rendez-vous jusqu'à",
        help_text="Ce délai avant le début. Après, elle doit appeler.",
        never="Jamais en ligne",
    )
    cancellable_until = DelayField(
        label="La personne peut annuler son rendez-vous jusqu'à",
        help_text="Ce délai avant le début. Après, elle doit appeler.",
        never="Jamais en ligne",
    )

    class Meta:
        model = Motif
        fields = tuple(name for _, names in _GROUPS for name in names)
        labels = {  # noqa: RUF012 - Django's own way
            "max_participants_count": "Nombre de places",
            "collective": "Rendez-vous collectif",
            "restriction": "Conditions à accepter avant de choisir un créneau",
            "instruction_before": "À lire avant de choisir un créneau",
            "instruction": "À lire avec le rendez-vous",
            "referent_only": "Avec le référent de la personne seulement",
            "sectorisation_level": "Pour quelles adresses",
            "bookable_by": "Qui peut prendre ce rendez-vous",
            "convocation": "Convocation : la personne doit venir ce jour-là",
            "color": "Couleur",
        }
        help_texts = {  # noqa: RUF012
            "name": "Ce que vos collègues lisent dans l'agenda.",
            "motif_category": "Relie le rendez-vous aux suivis : sans catégorie, personne n'y est invité.",
            "collective": "Plusieurs personnes au même moment, sur place.",
            "max_participants_count": "Vide : pas de limite. Pour un rendez-vous collectif seulement.",
            "restriction": "La personne coche qu'elle les accepte. Vide : rien à accepter.",
            "instruction_before": "Par exemple : venez avec votre livret de famille.",
            "instruction": "Affiché sur la page du rendez-vous et dans les messages.",
            "convocation": (
                "Les agents fixent la date. Les messages parlent de convocation, et vous gardez la preuve "
                "de ce qui a été envoyé. Seuls les agents prennent ce rendez-vous."
            ),
            "referent_only": "Le créneau est proposé seulement avec l'agent référent de la personne.",
        }
        widgets = {  # noqa: RUF012
            "location_type": forms.RadioSelect,
            "bookable_by": forms.RadioSelect,
            "sectorisation_level": forms.RadioSelect,
            "color": forms.TextInput(attrs={"type": "color"}),
            "restriction": forms.Textarea(attrs={"rows": 3}),
            "instruction_before": forms.Textarea(attrs={"rows": 3}),
            "instruction": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, data: Any, *, instance: Motif) -> None:
        super().__init__(data, instance=instance)
        category = self.fields["motif_category"]
        category.queryset = MotifCategory.objects.order_by("position", "name", "pk")  # type: ignore[attr-defined]
        category.empty_label = "Aucune catégorie"  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            if isinstance(field, DelayField):
                field.also_offer(getattr(instance, name))
        for name in ("collective", "convocation", "referent_only"):
            self.fields[name].template_name = CHECKBOX  # type: ignore[attr-defined]
        self.frozen = is_frozen(instance)
        if self.frozen:
            for name in ("location_type", "collective"):
                self.fields[name].disabled = True

    @property
    def groups(self) -> list[Group]:
        """The fields in the order of the page."""
        return [Group(title, [self[name] for name in names]) for title, names in _GROUPS]

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it was refused."""
        return 422 if self.is_bound and self.errors else 200

    def clean(self) -> dict[str, Any]:
        """Say under its field what the database would refuse for the whole row."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("collective") and cleaned.get("max_participants_count"):
            self.add_error("max_participants_count", "Seul un rendez-vous collectif a un nombre de places.")
        if cleaned.get("collective") and cleaned.get("location_type") != LocationType.PUBLIC_OFFICE:
            self.add_error("collective", "Un rendez-vous collectif a lieu sur place.")
        if cleaned.get("convocation") and cleaned.get("bookable_by") != BookableBy.AGENTS:
            self.add_error(
                "convocation", "Une convocation est prise par les agents : choisissez « Les agents »."
            )
        least, most = cleaned.get("min_public_booking_delay"), cleaned.get("max_public_booking_delay")
        if least and most and least >= most:
            self.add_error("max_public_booking_delay", "Ce délai doit dépasser le précédent.")
        return cleaned

    def refuse(self, error: ValidationError) -> None:
        """Show what the service refused, under its field when the form has it; each sentence once."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, several in error.error_dict.items():
            self.add_error(name if name in self.fields else None, several)


@dataclass(frozen=True)
class Preview:
    """What the person will read, as sentences."""

    title: str
    duration: str
    place: str
    moving: str
    cancelling: str
    restriction: str
    instruction_before: str
    instruction: str


def preview(form: MotifForm) -> Preview:
    """From what is typed now, wrong fields aside."""
    form.is_valid()
    typed = form.cleaned_data
    category: MotifCategory | None = typed.get("motif_category")
    location = typed.get("location_type") or LocationType.PUBLIC_OFFICE
    title = typed.get("name") or "Rendez-vous"
    if category:
        by_phone = location == LocationType.PHONE
        title = category.rdv_title_by_phone if by_phone else category.rdv_title
    duration = typed.get("duration")
    return Preview(
        title=title[:1].upper() + title[1:],
        duration=minutes_words(duration) if duration else "",
        place=_PLACES[LocationType(location)],
        moving=_until("déplacer", typed.get("movable_until")),
        cancelling=_until("annuler", typed.get("cancellable_until")),
        restriction=typed.get("restriction", ""),
        instruction_before=typed.get("instruction_before", ""),
        instruction=typed.get("instruction", ""),
    )


def _until(verb: str, delay: timedelta | None) -> str:
    if delay is None:
        return f"Pour {verb} ce rendez-vous, appelez-nous."
    return f"Vous pouvez {verb} ce rendez-vous en ligne jusqu'à {delay_words(delay)} avant."


class DuplicateForm(DsfrBaseForm):
    """Where a copy goes, and its name."""

    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.none(), label="Organisation", empty_label=None
    )
    name = forms.CharField(label="Nom de la copie", max_length=150)

    def __init__(self, data: Any, *, motif: Motif, organisations: Any) -> None:
        super().__init__(
            data, initial={"organisation": motif.organisation_id, "name": f"{motif.name} (copie)"[:150]}
        )
        self.fields["organisation"].queryset = organisations

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it was refused."""
        return 422 if self.is_bound and self.errors else 200
