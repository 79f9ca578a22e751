"""What the pages of an import accept."""

from collections.abc import Collection
from typing import Any, BinaryIO, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from rdv_insertion.imports.enums import Routing
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.read import (
    MAX_BYTES,
    MAX_FLOW_BYTES,
    SNIFFED_BYTES,
    UnreadableFile,
    check_size,
    is_flow,
)
from rdv_insertion.imports.services import File
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.territory.models import Organisation

_CONTACTS_ACCEPTED = ".xlsx,.xls,.ods,.csv,.txt"
_ACCEPTED = f"{_CONTACTS_ACCEPTED},.xml"


class NewImportForm(forms.Form):
    """A list, what for, perhaps the contacts that complete it, and where people go."""

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
        widget=forms.FileInput(attrs={"class": "fr-upload", "accept": _CONTACTS_ACCEPTED}),
    )
    routing = forms.ChoiceField(
        choices=Routing.choices,
        label="Où vont les personnes",
        initial=Routing.HERE,
        error_messages={
            "required": "Dites où vont les personnes.",
            "invalid_choice": "Dites où vont les personnes : dans votre organisation, ou selon leur adresse.",
        },
    )

    def __init__(
        self, *args: Any, organisation: Organisation, may_route: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if not may_route:
            del self.fields["routing"]
        configurations = organisation.category_configurations.select_related("motif_category")
        field = self.fields["category"]
        field.queryset = configurations  # type: ignore[attr-defined]
        field.label_from_instance = lambda one: one.motif_category.name  # type: ignore[attr-defined]
        self.initial.setdefault("category", next(iter(configurations), None))

    def clean_file(self) -> "UploadedFile[Any]":
        """Refused by its size before more than its first bytes are read; a CNAF flow may be larger."""
        given: UploadedFile[Any] = self.cleaned_data["file"]
        may_be_flow = MAX_BYTES < (given.size or 0) <= MAX_FLOW_BYTES
        return _small_enough(given, flow=may_be_flow and _is_flow(given))

    def clean_contacts(self) -> "UploadedFile[Any] | None":
        """As for the list, but never a flow."""
        given = self.cleaned_data["contacts"]
        return _small_enough(given) if given else None


def _is_flow(given: "UploadedFile[Any]") -> bool:
    start = given.read(SNIFFED_BYTES)
    given.seek(0)
    return is_flow(start)


def _small_enough(given: "UploadedFile[Any]", *, flow: bool = False) -> "UploadedFile[Any]":
    try:
        check_size(given.size or 0, flow=flow)
    except UnreadableFile as error:
        raise forms.ValidationError(str(error)) from error
    return given


def read_upload(given: "UploadedFile[Any]") -> File:
    """The file as the services take it: they read it where the browser's upload was put."""
    return File(given.name or "fichier", cast("BinaryIO", given.file))


def columns_from(data: QueryDict, run: ImportRun, offered: Collection[str]) -> list[str]:
    """The attribute chosen for each column; what is not offered to this organisation is ignored."""
    chosen = [data.get(f"colonne-{place}", "") for place in range(len(run.columns))]
    return [attribute if attribute in offered else "" for attribute in chosen]
