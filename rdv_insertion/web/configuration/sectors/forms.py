"""What the pages about sectors accept."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import slugify

from rdv_insertion.agenda.services.sectors import Place
from rdv_insertion.agents.models import Agent, AgentRole
from rdv_insertion.imports.read import UnreadableFile, check_size
from rdv_insertion.kernel.text import squish
from rdv_insertion.territory.models import Department, Organisation

_IDENTIFIER_LENGTH = 80


class SectorForm(forms.Form):
    """A name, and how files name the sector; made from the name when it is left blank."""

    name = forms.CharField(
        label="Nom",
        max_length=150,
        error_messages={
            "required": "Donnez un nom au secteur.",
            "max_length": "Le nom compte 150 caractères au plus.",
        },
    )
    human_id = forms.CharField(
        label="Identifiant dans les fichiers",
        max_length=_IDENTIFIER_LENGTH,
        required=False,
        error_messages={"max_length": f"L'identifiant compte {_IDENTIFIER_LENGTH} caractères au plus."},
    )

    def clean_name(self) -> str:
        """Without useless blanks; something must remain."""
        name = squish(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError("Donnez un nom au secteur.")
        return name

    def clean(self) -> dict[str, Any]:
        """`Valence – Nord` is named `valence-nord` in files unless said otherwise."""
        cleaned = super().clean() or self.cleaned_data
        if "name" in cleaned and not squish(cleaned.get("human_id")):
            cleaned["human_id"] = slugify(cleaned["name"])[:_IDENTIFIER_LENGTH] or cleaned["name"]
        return cleaned


class PlaceForm(forms.Form):
    """The town or the street of a suggestion."""

    commune = forms.RegexField(r"^\d[\dAB]\d{3}$")
    rue = forms.CharField(max_length=200, required=False)
    code_rue = forms.RegexField(r"^\d[\dAB]\d{3}_[0-9A-Za-z]{1,12}$", required=False)

    @property
    def place(self) -> Place:
        """What to add."""
        cleaned = self.cleaned_data
        return Place(cleaned["commune"], cleaned["rue"], cleaned["code_rue"])


class ReceiverForm(forms.Form):
    """An organisation of the department, or one of its agents: `organisation-3`, `agent-12` (a role)."""

    qui = forms.ChoiceField(
        label="Qui reçoit les personnes de ce secteur ?",
        error_messages={
            "required": "Choisissez une organisation ou un agent.",
            "invalid_choice": "Cette organisation ou cet agent n'est plus du département.",
        },
    )

    def __init__(self, *args: Any, department: Department, **options: Any) -> None:
        super().__init__(*args, **options)
        self._organisations = {
            one.pk: one
            for one in Organisation.objects.filter(department=department, archived_at=None).order_by("name")
        }
        self._roles = {
            role.pk: role
            for role in AgentRole.objects.filter(organisation__in=self._organisations, agent__is_active=True)
            .select_related("agent")
            .order_by("agent__last_name", "agent__first_name", "pk")
        }
        self.fields["qui"].choices = [("", "Choisir…"), *self._choices()]  # type: ignore[attr-defined]

    def _choices(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        for organisation in self._organisations.values():
            agents = [
                (f"agent-{pk}", f"{role.agent} seulement")
                for pk, role in self._roles.items()
                if role.organisation_id == organisation.pk
            ]
            yield organisation.name, [(f"organisation-{organisation.pk}", "Toute l'organisation"), *agents]

    @property
    def receiver(self) -> tuple[Organisation, Agent | None]:
        """Who was chosen."""
        kind, _, key = self.cleaned_data["qui"].partition("-")
        if kind == "organisation":
            return self._organisations[int(key)], None
        role = self._roles[int(key)]
        return self._organisations[role.organisation_id], role.agent


class ZonesFileForm(forms.Form):
    """A file of zones."""

    fichier = forms.FileField(
        label="Fichier des zones",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"class": "fr-upload", "accept": ".xlsx,.xls,.ods,.csv,.txt"}),
        error_messages={"required": "Choisissez le fichier à importer."},
    )
    creer = forms.BooleanField(
        label="Créer les secteurs que le fichier nomme et qui n'existent pas", required=False
    )

    def clean_fichier(self) -> "UploadedFile[Any]":
        """Refused by its size before anything of it is read."""
        given: UploadedFile[Any] = self.cleaned_data["fichier"]
        try:
            check_size(given.size or 0)
        except UnreadableFile as error:
            raise forms.ValidationError(str(error)) from error
        return given
