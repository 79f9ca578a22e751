"""Import a list of people without a browser: the steps of the pages, in the foreground."""

import json
import os
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from xlsxwriter.exceptions import XlsxWriterException

from rdv_insertion.imports import services, unattended
from rdv_insertion.imports.enums import Origin, Routing
from rdv_insertion.imports.layout import Layout, read_mapping
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.read import SNIFFED_BYTES, UnreadableFile, check_size, is_flow
from rdv_insertion.imports.read.workbook import is_workbook
from rdv_insertion.imports.report import write_report
from rdv_insertion.imports.results import Summary, invitations_of, refusal_of, summarise
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.territory.models import Organisation

SOME_REFUSED, UNUSABLE = 1, 2
EXAMPLE = "manage.py import_usagers liste.xlsx --organisation mon-organisation --category rsa_orientation"
_BLOCK = 500


class Format(StrEnum):
    """What a file is expected to be."""

    AUTO = "auto"
    CSV = "csv"
    WORKBOOK = "classeur"
    FLOW = "flux"


_IN_WORDS = {
    Format.CSV: "un texte en colonnes (CSV)",
    Format.WORKBOOK: "un classeur",
    Format.FLOW: "un flux de la CNAF",
}


class Unusable(Exception):
    """The command cannot do what it is asked; nothing was written. The message is a French sentence."""


class _DryRun(Exception):  # noqa: N818 - no error: it ends a transaction without writing
    """Takes back everything a dry run wrote."""


@dataclass(frozen=True)
class _Asked:
    """What the command line asks, once understood."""

    configuration: CategoryConfiguration
    file: services.File
    contacts_file: services.File | None
    layout: Layout
    wishes: unattended.Wishes
    report: Path | None


@dataclass(frozen=True)
class _Done:
    """What came of it."""

    summary: Summary
    remarks: list[str]
    report_failed: bool = False


class Command(BaseCommand):
    help = (
        "Importe une liste de personnes dans une organisation, comme la page « Importer une liste ». "
        "Code de sortie : 0, 1 si des lignes sont refusées, 2 si rien n'a pu être lu."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """The usual parser, which speaks French when the options make no sense."""

        def explain(message: str) -> NoReturn:
            self.stderr.write(f"Ces options ne se comprennent pas.\n{parser.format_usage()}")
            raise SystemExit(UNUSABLE)

        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.error = explain  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See `manage.py import_usagers --help`."""
        add = parser.add_argument
        add("file", nargs="?", metavar="FICHIER", help="classeur (.xlsx, .xls, .ods), CSV ou flux de la CNAF")
        add("--organisation", metavar="NOM", help="nom court de l'organisation")
        add("--category", metavar="NOM", help="nom technique de la catégorie")
        add("--contacts", metavar="FICHIER", help="fichier de contacts de la CNAF")
        add(
            "--format",
            choices=list(map(str, Format)),
            default="auto",
            help="refuse le fichier s'il n'est pas de ce format (auto : reconnu par son contenu)",
        )
        add("--sheet", metavar="NOM", help="feuille du classeur (sinon, la première qui nomme des personnes)")
        add("--header-row", metavar="N", type=int, help="ligne des titres, la première étant 1")
        add(
            "--mapping",
            metavar="FICHIER|JSON",
            help='ce que donne chaque colonne : {"Nom": "last_name", "B": "first_name"} ; les autres sont '
            "laissées (sinon, ce qui a été retenu pour ces titres, ou ce qui est reconnu)",
        )
        add(
            "--routing",
            choices=list(Routing.values),
            default=str(Routing.HERE),
            help="here : dans cette organisation ; address : selon le secteur de l'adresse",
        )
        add(
            "--decide",
            choices=["skip", "create"],
            default="skip",
            help="doublons possibles : skip les laisse à décider, create en fait d'autres personnes",
        )
        add("--invite", metavar="CANAUX", default="", help="canaux d'invitation : sms,email")
        add("--report", metavar="FICHIER.xlsx", help="écrit le rapport, une ligne par ligne du fichier")
        add("--dry-run", action="store_true", help="dit ce qui serait fait, sans rien enregistrer")
        add("--json", action="store_true", dest="as_json", help="résumé en JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, invite, say what was done, and exit with the code that says it too."""
        now = timezone.now()
        try:
            with ExitStack() as open_files:
                asked = _understand(options, open_files)
                done = _import(asked, dry_run=options["dry_run"], now=now)
        except (Unusable, UnreadableFile) as error:
            self.stderr.write(str(error))
            raise SystemExit(UNUSABLE) from error
        if options["as_json"]:
            self.stdout.write(json.dumps(done.summary.as_json(), ensure_ascii=False, separators=(",", ":")))
        else:
            self.stdout.write("\n".join(_sentences(asked, done, dry_run=options["dry_run"])))
        if done.report_failed:
            self.stderr.write(f"Le rapport {asked.report} n'a pas pu être écrit. Le reste est fait.")
        if done.summary.errors or done.report_failed:
            raise SystemExit(SOME_REFUSED)


def _understand(options: dict[str, Any], open_files: ExitStack) -> _Asked:
    for option, name in (
        ("file", "le fichier"),
        ("organisation", "--organisation"),
        ("category", "--category"),
    ):
        if not options[option]:
            raise Unusable(f"Il manque {name}. Exemple : {EXAMPLE}")
    configuration = _configuration(options["organisation"], options["category"])
    contacts = options["contacts"]
    return _Asked(
        configuration=configuration,
        file=_file(options["file"], Format(options["format"]), open_files),
        contacts_file=_file(contacts, Format.AUTO, open_files) if contacts else None,
        layout=_layout(options),
        wishes=unattended.Wishes(
            organisation=configuration.organisation,
            motif_category=configuration.motif_category,
            channels=_channels(options["invite"], configuration),
            routing=options["routing"],
            creates_lookalikes=options["decide"] == "create",
        ),
        report=_report(options["report"]),
    )


def _configuration(slug: str, category: str) -> CategoryConfiguration:
    organisation = Organisation.objects.filter(slug=slug, archived_at=None).first()
    if organisation is None:
        raise Unusable(f"Aucune organisation ouverte ne s'appelle « {slug} ».")
    configuration = (
        CategoryConfiguration.objects.select_related("motif_category", "organisation__department")
        .filter(organisation=organisation, motif_category__short_name=category)
        .first()
    )
    if configuration is None:
        raise Unusable(f"L'organisation {organisation.name} n'a pas de catégorie « {category} ».")
    return configuration


def _channels(text: str, configuration: CategoryConfiguration) -> list[str]:
    channels = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for channel in channels:
        if channel not in Channel.values:
            raise Unusable(f"« {channel} » n'est pas un canal : choisissez parmi {', '.join(Channel)}.")
        if channel not in configuration.channels:
            raise Unusable(f"Le canal « {channel} » n'est pas activé pour cette catégorie.")
    return channels


def _layout(options: dict[str, Any]) -> Layout:
    given = options["mapping"]
    return Layout(
        sheet=options["sheet"],
        header_row=options["header_row"],
        mapping=read_mapping(_mapping_text(given)) if given is not None else {},
    )


def _mapping_text(given: str) -> str:
    if given.lstrip().startswith(("{", "[", '"')):
        return given
    try:
        return Path(given).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise Unusable(
            f"La correspondance {given} n'existe pas ou ne peut pas être lue (JSON en UTF-8)."
        ) from error


def _report(given: str | None) -> Path | None:
    """Refused at once when it could not be written at the end."""
    if given is None:
        return None
    path = Path(given)
    target = path if path.exists() else path.parent
    if path.is_dir() or not path.parent.is_dir() or not os.access(target, os.W_OK):
        raise Unusable(f"Le rapport ne peut pas être écrit dans {given}.")
    return path


def _file(name: str, wanted: Format, open_files: ExitStack) -> services.File:
    """The file, open until the end: a flow is read as it comes, whatever its size."""
    path = Path(name)
    try:
        stream = open_files.enter_context(path.open("rb"))
        start = stream.read(SNIFFED_BYTES)
        found = _format_of(start)
        if found != Format.FLOW:
            check_size(path.stat().st_size)
    except UnreadableFile as error:
        raise Unusable(f"{path.name} : {error}") from error
    except (OSError, ValueError) as error:
        raise Unusable(f"Le fichier {name} n'existe pas ou ne peut pas être ouvert.") from error
    if wanted not in (Format.AUTO, found):
        raise Unusable(
            f"{path.name} : c'est {_IN_WORDS[found]}, pas {_IN_WORDS[wanted]}. "
            "Donnez le bon fichier, ou retirez --format."
        )
    return services.File(path.name, stream)


def _format_of(start: bytes) -> Format:
    if is_flow(start):
        return Format.FLOW
    return Format.WORKBOOK if is_workbook(start) else Format.CSV


def _import(asked: _Asked, *, dry_run: bool, now: datetime) -> _Done:
    """Do it; a dry run is taken back as a whole, its report aside."""
    if not dry_run:
        return _do(asked, now)
    with suppress(_DryRun), transaction.atomic():
        done = _do(asked, now)
        raise _DryRun
    return done


def _do(asked: _Asked, now: datetime) -> _Done:
    run = unattended.preview(
        wishes=asked.wishes,
        file=asked.file,
        contacts_file=asked.contacts_file,
        layout=asked.layout,
        origin=Origin.COMMAND,
        now=now,
    )
    unattended.go_on(run=run, wishes=asked.wishes, now=now)
    channels = list(asked.wishes.channels)
    report_failed = asked.report is not None and not _reported(run, asked.report, now)
    summary = summarise(run, channels=channels)
    return _Done(summary, list(_remarks(run, channels)), report_failed)


def _reported(run: ImportRun, path: Path, now: datetime) -> bool:
    """Whether the report could be written; half a report is removed."""
    try:
        with path.open("wb") as target:
            write_report(run, target, now=now)
    except (OSError, XlsxWriterException):
        path.unlink(missing_ok=True)
        return False
    return True


def _remarks(run: ImportRun, channels: list[str]) -> Iterator[str]:
    """What deserves a look, row by row: doubtful values, possible duplicates, refused invitations."""
    worth = run.rows.filter(Q(to_check=True) | ~Q(refusals={})).order_by("number")
    keys = list(worth.values_list("pk", flat=True))
    for start in range(0, len(keys), _BLOCK):
        rows = list(run.rows.filter(pk__in=keys[start : start + _BLOCK]).order_by("number"))
        sent = invitations_of(rows, run) if channels else {}
        for row in rows:
            said = [refusal_of(row)] if row.to_check else []
            if channels and row.invited_at and not sent.get(row.usager_id or 0):
                said += sorted({Refusal(reason).label for reason in row.refusals.values()})
            if said:
                yield f"  Ligne {row.number} : {' '.join(said)}"


def _sentences(asked: _Asked, done: _Done, *, dry_run: bool) -> list[str]:
    """The summary for a reader."""
    summary = done.summary
    figures = {
        "lignes lues": summary.rows,
        "personnes créées": summary.created,
        "personnes mises à jour": summary.updated,
        "personnes déjà à jour": summary.unchanged,
        "doublons possibles, à décider dans la page de l'import": summary.duplicates,
        "lignes refusées": len(summary.errors),
        **{f"invitations par {Channel(name).label}": number for name, number in summary.invited.items()},
    }
    start = "Essai à blanc, rien n'est écrit. " if dry_run else ""
    category = asked.configuration.motif_category.name
    sentences = [f"{start}{asked.file.name} → {asked.wishes.organisation.name}, {category}"]
    sentences += [f"  {number:>6}  {label}" for label, number in figures.items()]
    if asked.report and not done.report_failed:
        sentences.append(f"Rapport : {asked.report}")
    if done.remarks:
        sentences += [f"{plural(len(done.remarks), 'ligne')} à regarder :", *done.remarks]
    return sentences
