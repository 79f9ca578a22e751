"""The form of a lieu."""

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from rdv_insertion.agenda.models import Lieu
from rdv_insertion.web.configuration.fields import PhoneField

TIME_ZONES = (
    ("Europe/Paris", "France métropolitaine"),
    ("America/Guadeloupe", "Guadeloupe"),
    ("America/Cayenne", "Guyane"),
    ("Indian/Reunion", "La Réunion"),
    ("America/Martinique", "Martinique"),
    ("Indian/Mayotte", "Mayotte"),
    ("Pacific/Noumea", "Nouvelle-Calédonie"),
    ("Pacific/Tahiti", "Polynésie française"),
    ("America/St_Barthelemy", "Saint-Barthélemy"),
    ("America/Marigot", "Saint-Martin"),
    ("America/Miquelon", "Saint-Pierre-et-Miquelon"),
    ("Pacific/Wallis", "Wallis-et-Futuna"),
)


class LieuForm(forms.ModelForm, DsfrBaseForm):  # type: ignore[type-arg]
    """A place; `instance` belongs to its organisation."""

    time_zone_name = forms.ChoiceField(
        label="Heure de",
        choices=TIME_ZONES,
        help_text="Les heures des rendez-vous de ce lieu sont dites à cette heure-là.",
    )

    phone_number = PhoneField(
        label="Téléphone",
        max_length=20,
        required=False,
        help_text="Vide : le numéro de l'organisation est donné.",
    )

    class Meta:
        model = Lieu
        fields = ("name", "address", "phone_number", "access", "time_zone_name")
        labels = {"access": "Comment venir", "name": "Nom", "address": "Adresse"}  # noqa: RUF012
        help_texts = {  # noqa: RUF012
            "name": "Ce que la personne lit en premier. Exemple : Centre médico-social de Crest",
            "address": "Numéro, rue, code postal et ville",
            "access": "Bus, étage, code de la porte… Exemple : bus 5, arrêt Préfecture",
        }

    def __init__(self, data: Any, *, instance: Lieu) -> None:
        super().__init__(data, instance=instance)

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it was refused."""
        return 422 if self.is_bound and self.errors else 200
