"""What the pages of an import accept."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.read import UnreadableFile, check_size
from rdv_insertion.imports.services import File
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.territory.models import Organisation

_ACCEPTED = ".xlsx,.xls,.ods,.csv,.txt"


class NewImportForm(forms.Form):
    """A list, what for, and perhaps the contacts that complete it."""

    file = forms.FileField(
        label="Liste de personnes",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"class": "fr-upload", "accept": _ACCEPTED}),
        error_messages={"required": "Choisissez le fichier à importer."},
    )
    category = forms.ModelChoiceField(
        queryset=CategoryConfiguration.objects.none(),
        label="Catégorie",
        required=False,
        empty_label="Aucune : enregistrer les personnes sans les inviter",
        widget=forms.Select(attrs={"class": "fr-select"}),
        error_messages={"invalid_choice": "Cette catégorie n'est pas celle de votre organisation."},
    )
    contacts = forms.FileField(
        label="Fichier de contacts de la CNAF",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"class": "fr-upload", "accept": _ACCEPTED}),
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        configurations = organisation.category_configurations.select_related("motif_category")
        field = self.fields["category"]
        field.queryset = configurations  # type: ignore[attr-defined]
        field.label_from_instance = lambda one: one.motif_category.name  # type: ignore[attr-defined]
        self.initial.setdefault("category", next(iter(configurations), None))

    def clean_file(self) -> "UploadedFile[Any]":
        """Refused by its size before anything of it is read."""
        return _small_enough(self.cleaned_data["file"])

    def clean_contacts(self) -> "UploadedFile[Any] | None":
        """As for the list."""
        given = self.cleaned_data["contacts"]
        return _small_enough(given) if given else None


def _small_enough(given: "UploadedFile[Any]") -> "UploadedFile[Any]":
    try:
        check_size(given.size or 0)
    except UnreadableFile as error:
        raise forms.ValidationError(str(error)) from error
    return given


def read_upload(given: "UploadedFile[Any]") -> File:
    """The file as the services take it."""
    return File(given.name or "fichier", given.read())


def columns_from(data: QueryDict, run: ImportRun, offered: Collection[str]) -> list[str]:
    """The attribute chosen for each column; what is not offered to this organisation is ignored."""
    chosen = [data.get(f"colonne-{place}", "") for place in range(len(run.columns))]
    return [attribute if attribute in offered else "" for attribute in chosen]


class InvitationForm(forms.Form):
    """Whom to invite, and how."""

    canaux = forms.MultipleChoiceField(
        choices=Channel.choices,
        error_messages={
            "required": "Choisissez au moins un canal d'invitation.",
            "invalid_choice": "Ce canal n'existe pas.",
        },
    )
    lignes = forms.TypedMultipleChoiceField(coerce=int, required=False)
    tous = forms.BooleanField(required=False)
    sans_creneau = forms.BooleanField(required=False)

    def __init__(
        self, data: QueryDict, *, channels: Sequence[str], row_ids: Collection[int], free_slots: int
    ) -> None:
        super().__init__(data)
        # What was sent, right or wrong, to show the page again as it was.
        self.asked_channels, self.asked_rows = data.getlist("canaux"), data.getlist("lignes")
        self._free_slots = free_slots
        self.fields["canaux"].choices = [  # type: ignore[attr-defined]
            (channel, label) for channel, label in Channel.choices if channel in channels
        ]
        self.fields["lignes"].choices = [(row_id, row_id) for row_id in row_ids]  # type: ignore[attr-defined]
        self.fields["lignes"].error_messages["invalid_choice"] = (
            "Une des personnes choisies n'est plus à inviter. Vérifiez votre choix."
        )

    def clean(self) -> dict[str, Any]:
        """At least one person, and never without a free slot unless the agent insists."""
        cleaned = super().clean() or self.cleaned_data
        if "lignes" not in self.errors and not cleaned.get("lignes") and not cleaned.get("tous"):
            self.add_error("lignes", "Choisissez au moins une personne à inviter.")
        if not self._free_slots and not cleaned.get("sans_creneau"):
            self.add_error(
                "sans_creneau",
                "Aucun créneau n'est libre dans les 30 prochains jours. "
                "Ouvrez des plages, ou cochez « Inviter quand même ».",
            )
        return cleaned

    @property
    def row_ids(self) -> list[int] | None:
        """The rows chosen; None for all."""
        return None if self.cleaned_data["tous"] else self.cleaned_data["lignes"]
