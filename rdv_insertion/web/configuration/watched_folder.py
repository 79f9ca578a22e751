"""The folder in which files are dropped to be imported without hands: what to do with them, what came."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from dsfr.forms import DsfrBaseForm

from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.imports import folders
from rdv_insertion.imports.enums import REFUSED, Routing, RowState, Stage
from rdv_insertion.imports.folders.mails import refusals_of
from rdv_insertion.imports.models import ImportRow, ImportRun, WatchedFolder
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.openings.schedule_form import CHECKBOX
from rdv_insertion.web.configuration.access import administered

_LAST = 10
_CHANNELS = (
    (Channel.SMS, "SMS"),
    (Channel.EMAIL, "Mail"),
    (Channel.LETTER, "Courrier, à imprimer depuis la page de l'import"),
)
_WORDS: Mapping[str, tuple[str, str]] = {
    RowState.CREATED: ("personne créée", "personnes créées"),
    RowState.UPDATED: ("mise à jour", "mises à jour"),
    RowState.UNCHANGED: ("déjà à jour", "déjà à jour"),
    RowState.DUPLICATE: ("doublon possible", "doublons possibles"),
    RowState.UNASSIGNED: ("sans organisation", "sans organisation"),
}


class WatchedFolderForm(forms.ModelForm, DsfrBaseForm):  # type: ignore[type-arg]
    """What is done with the files of one folder; `instance` belongs to its organisation."""

    channels = forms.MultipleChoiceField(
        label="Inviter les personnes importées",
        help_text="Par chaque canal coché, s'il reste des créneaux. Rien de coché : personne n'est invité.",
        choices=_CHANNELS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Ce canal n'existe pas."},
    )
    creates_lookalikes = forms.TypedChoiceField(
        label="Doublons possibles",
        help_text="Une personne du fichier ressemble à une personne connue, sans certitude.",
        choices=(
            ("non", "Les laisser : un agent dira si c'est la même personne"),
            ("oui", "Créer une autre personne"),
        ),
        coerce="oui".__eq__,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = WatchedFolder
        fields = ("is_active", "motif_category", "routing", "creates_lookalikes", "channels", "report_to")
        labels = {  # noqa: RUF012 - Django's own way
            "is_active": "Importer tout seul les fichiers déposés",
            "motif_category": "Catégorie",
            "routing": "Qui suit ces personnes",
            "report_to": "Adresse mail qui reçoit le résultat",
        }
        help_texts = {  # noqa: RUF012
            "is_active": "Décochez pour arrêter : les fichiers déposés restent où ils sont.",
            "report_to": "Un mail par fichier : des chiffres, jamais de noms. Exemple : une boîte partagée.",
        }
        widgets = {"routing": forms.RadioSelect}  # noqa: RUF012

    def __init__(
        self, data: Any, *, instance: WatchedFolder, categories: Sequence[CategoryConfiguration]
    ) -> None:
        known = "oui" if instance.creates_lookalikes else "non"
        super().__init__(data, instance=instance, initial={"creates_lookalikes": known})
        self._channels_of = {one.motif_category_id: one.channels for one in categories}
        category = self.fields["motif_category"]
        category.queryset = MotifCategory.objects.filter(pk__in=self._channels_of)  # type: ignore[attr-defined]
        category.empty_label = "Aucune : enregistrer les personnes sans les inviter"  # type: ignore[attr-defined]
        self.fields["is_active"].template_name = CHECKBOX  # type: ignore[attr-defined]
        self.fields["routing"].choices = [  # type: ignore[attr-defined]
            (Routing.HERE, f"{instance.organisation.name}, sauf si le fichier nomme une autre organisation"),
            (Routing.ADDRESS, "L'organisation du secteur de leur adresse"),
        ]

    def clean(self) -> dict[str, Any]:
        """Nobody is invited without a category, nor by a channel that it does not use."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        category, channels = cleaned.get("motif_category"), cleaned.get("channels") or []
        if channels and category is None and "motif_category" not in self.errors:
            self.add_error("motif_category", "Choisissez une catégorie pour inviter.")
        used = self._channels_of[category.pk] if category else channels
        unused = [channel for channel in channels if channel not in used]
        if unused:
            labels = " et ".join(str(Channel(channel).label) for channel in unused)
            self.add_error("channels", f"Cette catégorie n'invite pas par {labels}. Décochez ce canal.")
        return cleaned

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it was refused."""
        return 422 if self.is_bound and self.errors else 200


@dataclass(frozen=True)
class Received:
    """A file that came: the import that it became, and what came of it in words."""

    run: ImportRun
    result: list[str]
    badge: tuple[str, str, str]


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The settings of the folder, where to drop files, and the last ones received."""
    organisation = administered(request, slug)
    path = folders.path_of(organisation)
    categories = list(organisation.category_configurations.select_related("motif_category"))
    folder = _folder_of(organisation, categories)
    form = WatchedFolderForm(request.POST or None, instance=folder, categories=categories)
    if request.method == "POST" and path is not None and form.is_valid():
        try:
            folders.save_folder(folder=form.instance)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _said(form.instance))
            return redirect("watched_folder", slug)
    context = {
        "organisation": organisation,
        "form": form,
        "path": path,
        "received": _received(organisation) if path else [],
        "refused": _refused(organisation) if path else [],
    }
    return render(request, "configuration/watched_folder.html", context, status=form.status)


def _folder_of(organisation: Organisation, categories: Sequence[CategoryConfiguration]) -> WatchedFolder:
    """What is set already; else what most would choose, to be activated."""
    folder = WatchedFolder.objects.filter(organisation=organisation).first()
    if folder is None:
        first = categories[0].motif_category if categories else None
        folder = WatchedFolder(is_active=False, motif_category=first, report_to=organisation.email)
    folder.organisation = organisation
    return folder


def _said(folder: WatchedFolder) -> str:
    if folder.is_active:
        return "C'est enregistré. Le dossier est regardé chaque minute."
    return "C'est enregistré. Le dossier n'est pas regardé : les fichiers déposés restent où ils sont."


def _received(organisation: Organisation) -> list[Received]:
    runs = list(folders.received_by(organisation)[:_LAST])
    counted: defaultdict[int, dict[str, int]] = defaultdict(dict)
    groups = ImportRow.objects.filter(run__in=runs).order_by().values_list("run", "state")
    for run_id, state, number in groups.annotate(Count("pk")):
        counted[run_id][state] = number
    return [_line(run, run.counts if run.erased_at else counted[run.pk]) for run in runs]


def _line(run: ImportRun, counts: Mapping[str, int]) -> Received:
    result = [plural(counts[state], *words) for state, words in _WORDS.items() if counts.get(state)]
    refused = sum(counts.get(state, 0) for state in REFUSED)
    if refused:
        result.append(plural(refused, "ligne refusée", "lignes refusées"))
    waits = counts.get(RowState.DUPLICATE) or counts.get(RowState.UNASSIGNED) or run.stage == Stage.WRITTEN
    if run.stage not in (Stage.WRITTEN, Stage.DONE):
        badge = ("blue", "fr-icon-refresh-line", "En cours")
    elif waits and not run.erased_at:
        badge = ("orange", "fr-icon-edit-line", "À compléter")
    else:
        badge = ("green", "fr-icon-checkbox-circle-line", "Importé")
    return Received(run, result or ["Aucune ligne"], badge)


def _refused(organisation: Organisation) -> list[Message]:
    return list(refusals_of(organisation).order_by("-created_at", "-id")[:_LAST])
