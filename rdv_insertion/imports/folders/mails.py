"""What the address of a watched folder is told: figures and reasons, never who is in a file."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ImportRun, WatchedFolder
from rdv_insertion.imports.results import Summary, counts_by_state, summarise
from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.texts import FromTemplates
from rdv_insertion.territory.models import Organisation

_REFUSED = "rejected"


def tell_imported(*, folder: WatchedFolder, run: ImportRun, has_report: bool, now: datetime) -> None:
    """The file was imported: what was written, who was invited, what waits for somebody. Once a run."""
    channels = folder.channels if run.motif_category_id else []
    summary = summarise(run, channels=channels)
    created = plural(summary.created, "personne créée", "personnes créées")
    _tell(
        folder,
        f"run-{run.pk}",
        now,
        subject=f"Fichier importé : {run.file_name} ({created})",
        title=f"Le fichier « {run.file_name} » est importé",
        sentences=[_what_it_was(run), *_about_report(has_report)],
        figures=_figures(run, summary),
        to_do=_to_do(run, summary, channels),
        link_label="Voir cet import",
        link=page_of(run),
    )


def tell_known(*, folder: WatchedFolder, run: ImportRun, name: str, drop: str, now: datetime) -> str:
    """The same file was imported by `run` already: nothing was done. Answers the sentence that says so."""
    moment = dates.long_moment(run.written_at or run.created_at, folder.organisation.time_zone)
    sentence = (
        f"Le même fichier a déjà été importé le {moment}. Rien n'a été fait : personne n'est créé, modifié "
        "ni invité une deuxième fois."
    )
    _tell(
        folder,
        f"again-{drop}",
        now,
        subject=f"Fichier déjà importé : {name}",
        title=f"Le fichier « {name} » était déjà importé",
        sentences=[sentence],
        to_do=["Pour l'importer malgré tout, passez par la page « Importer une liste »."],
        link_label="Voir le premier import",
        link=page_of(run),
    )
    return sentence


def tell_refused(*, folder: WatchedFolder, name: str, reason: str, drop: str, now: datetime) -> None:
    """The file was refused as a whole: nothing was written."""
    _tell(
        folder,
        f"{_REFUSED}-{drop}",
        now,
        subject=f"Fichier refusé : {name}",
        title=f"Le fichier « {name} » est refusé",
        sentences=[reason, "Rien n'a été enregistré. Le fichier est dans le sous-dossier « rejected »."],
        to_do=[
            "Corrigez le fichier, ou demandez-en un autre à qui l'envoie.",
            "Déposez-le à nouveau, ou importez-le par la page « Importer une liste ».",
        ],
        link_label="Importer une liste",
        link=f"{settings.PUBLIC_URL}/imports/nouveau/",
    )


def tell_unusable(*, folder: WatchedFolder, reason: str, code: str, now: datetime) -> None:
    """The folder itself cannot be used; once a day and reason."""
    day = now.astimezone(folder.organisation.time_zone)
    _tell(
        folder,
        f"unusable-{code}-{day:%Y-%m-%d}",
        now,
        subject="Le dossier de dépôt ne peut pas être lu",
        title="Le dossier de dépôt ne peut pas être lu",
        sentences=[
            reason,
            "Les fichiers déposés y restent. Ils seront importés dès que le dossier sera de nouveau "
            "utilisable.",
        ],
        to_do=["Transmettez ce mail à l'équipe informatique qui héberge le service."],
        link_label="Voir la configuration du dossier",
        link=f"{settings.PUBLIC_URL}/organisations/{folder.organisation.slug}/configuration/import/",
    )


def refusals_of(organisation: Organisation) -> QuerySet[Message]:
    """The mails that said that a file was refused, the last first."""
    start = f"organisation-{organisation.pk}:{Purpose.IMPORT_RESULT}:{_REFUSED}-"
    return Message.objects.filter(
        organisation=organisation, purpose=Purpose.IMPORT_RESULT, unique_key__startswith=start
    )


def page_of(run: ImportRun) -> str:
    """Where agents see an import."""
    return f"{settings.PUBLIC_URL}/imports/{run.pk}/"


def _tell(folder: WatchedFolder, subject_key: str, now: datetime, **words: Any) -> None:
    context = {
        "figures": [],
        "to_do": [],
        "help_phone": "",
        "organisation": folder.organisation.name,
        **words,
    }
    draft = messaging.Draft(
        organisation=folder.organisation,
        to=folder.organisation,
        address=folder.report_to,
        purpose=Purpose.IMPORT_RESULT,
        channel=Channel.EMAIL,
        about=subject_key,
        content=FromTemplates(Purpose.IMPORT_RESULT, context),
    )
    messaging.enqueue(drafts=[draft], now=now)


def _what_it_was(run: ImportRun) -> str:
    where = run.organisation.name
    category = f", catégorie « {run.motif_category.name} »" if run.motif_category else ""
    return f"{run.flow or 'Liste'}, importé{'' if run.flow else 'e'} dans {where}{category}."


def _about_report(has_report: bool) -> list[str]:
    if has_report:
        return ["Le rapport, ligne par ligne, est à côté du fichier, dans le sous-dossier « done »."]
    return ["Le rapport n'a pas pu être écrit à côté du fichier. La page de l'import dit la même chose."]


def _figures(run: ImportRun, summary: Summary) -> list[tuple[str, int]]:
    counts = counts_by_state(run)
    ended = run.rows.filter(rights_ended=True).count()
    always = [
        ("Lignes lues", summary.rows),
        ("Personnes créées", summary.created),
        ("Personnes mises à jour", summary.updated),
        ("Personnes déjà à jour", summary.unchanged),
    ]
    sometimes = [
        ("Doublons possibles, à décider", summary.duplicates),
        ("Lignes sans organisation, à choisir", counts.get(RowState.UNASSIGNED, 0)),
        ("Lignes d'une même personne, réunies", counts.get(RowState.MERGED, 0)),
        ("Droits fermés, laissés de côté", ended),
        ("Lignes refusées", len(summary.errors)),
        *((f"Invitations par {Channel(name).label}", number) for name, number in summary.invited.items()),
        ("Personnes non invitées", _left_out(run)),
    ]
    return always + [(label, figure) for label, figure in sometimes if figure]


def _left_out(run: ImportRun) -> int:
    """The people whom no channel reached, whatever the reason."""
    refused = run.rows.filter(invited_at__isnull=False).exclude(refusals={})
    asked = refused.values_list("refusals", "channels")
    return sum(set(refusals) >= set(channels) for refusals, channels in asked)


def _to_do(run: ImportRun, summary: Summary, channels: Sequence[str]) -> list[str]:
    counts = counts_by_state(run)
    facts = {
        "Dites si les doublons possibles sont les mêmes personnes.": summary.duplicates,
        "Choisissez l'organisation des lignes qui n'en ont pas.": counts.get(RowState.UNASSIGNED, 0),
        "Corrigez les lignes refusées.": len(summary.errors),
        "Ouvrez des plages, puis invitez depuis la page de l'import : aucun créneau n'est libre, personne "
        "n'est invité.": channels and run.stage == Stage.WRITTEN,
        "Imprimez les courriers depuis la page de l'import.": summary.invited.get(Channel.LETTER, 0),
        "Regardez pourquoi certaines personnes ne sont pas invitées.": _left_out(run),
    }
    return [sentence for sentence, applies in facts.items() if applies]
