"""Import a list of people without a browser: the steps of the pages, in the foreground."""

import json
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from rdv_insertion.imports import run as runner
from rdv_insertion.imports import services
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.read import UnreadableFile, check_size
from rdv_insertion.imports.results import Summary, invitations_of, refusal_of, summarise
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.territory.models import Organisation

SOME_REFUSED, UNUSABLE = 1, 2
EXAMPLE = "manage.py import_usagers liste.xlsx --organisation mon-organisation --category rsa_orientation"


class Unusable(Exception):
    """The command cannot do what it is asked; nothing was written. The message is a French sentence."""


class _DryRun(Exception):  # noqa: N818 - no error: it ends a transaction without writing
    """Takes back everything a dry run wrote."""


@dataclass(frozen=True)
class _Asked:
    """What the command line asks, once understood."""

    organisation: Organisation
    configuration: CategoryConfiguration
    file: services.File
    contacts_file: services.File | None
    channels: list[str]


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
        parser.add_argument("file", nargs="?", metavar="FICHIER", help="classeur (.xlsx, .xls, .ods) ou CSV")
        parser.add_argument("--organisation", metavar="NOM", help="nom court de l'organisation")
        parser.add_argument("--category", metavar="NOM", help="nom technique de la catégorie")
        parser.add_argument("--contacts", metavar="FICHIER", help="fichier de contacts de la CNAF")
        parser.add_argument("--invite", metavar="CANAUX", default="", help="canaux d'invitation : sms,email")
        parser.add_argument("--dry-run", action="store_true", help="dit ce qui serait fait, sans rien écrire")
        parser.add_argument("--json", action="store_true", dest="as_json", help="résumé en JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, invite, say what was done, and exit with the code that says it too."""
        now = timezone.now()
        try:
            asked = _understand(options)
            run, summary, lines = _import(asked, dry_run=options["dry_run"], now=now)
        except (Unusable, UnreadableFile) as error:
            self.stderr.write(str(error))
            raise SystemExit(UNUSABLE) from error
        if options["as_json"]:
            self.stdout.write(json.dumps(summary.as_json(), ensure_ascii=False, separators=(",", ":")))
        else:
            self.stdout.write("\n".join(_sentences(asked, summary, lines, dry_run=options["dry_run"])))
        if summary.errors:
            raise SystemExit(SOME_REFUSED)


def _understand(options: dict[str, Any]) -> _Asked:
    for option, name in (
        ("file", "le fichier"),
        ("organisation", "--organisation"),
        ("category", "--category"),
    ):
        if not options[option]:
            raise Unusable(f"Il manque {name}. Exemple : {EXAMPLE}")
    organisation = (
        Organisation.objects.select_related("department")
        .filter(slug=options["organisation"], archived_at=None)
        .first()
    )
    if organisation is None:
        raise Unusable(f"Aucune organisation ouverte ne s'appelle « {options['organisation']} ».")
    configuration = (
        CategoryConfiguration.objects.select_related("motif_category")
        .filter(organisation=organisation, motif_category__short_name=options["category"])
        .first()
    )
    if configuration is None:
        raise Unusable(f"L'organisation {organisation.name} n'a pas de catégorie « {options['category']} ».")
    contacts = options["contacts"]
    return _Asked(
        organisation=organisation,
        configuration=configuration,
        channels=_channels(options["invite"], configuration),
        file=_file(options["file"]),
        contacts_file=_file(contacts) if contacts else None,
    )


def _channels(text: str, configuration: CategoryConfiguration) -> list[str]:
    channels = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for channel in channels:
        if channel not in Channel.values:
            raise Unusable(f"« {channel} » n'est pas un canal : choisissez parmi {', '.join(Channel)}.")
        if channel not in configuration.channels:
            raise Unusable(f"Le canal « {channel} » n'est pas activé pour cette catégorie.")
    return channels


def _file(name: str) -> services.File:
    path = Path(name)
    try:
        check_size(path.stat().st_size)
        return services.File(path.name, path.read_bytes())
    except UnreadableFile as error:
        raise Unusable(f"{path.name} : {error}") from error
    except OSError as error:
        raise Unusable(f"Le fichier {name} n'existe pas ou ne peut pas être ouvert.") from error


def _import(asked: _Asked, *, dry_run: bool, now: datetime) -> tuple[ImportRun, Summary, list[str]]:
    """The run, its figures and the remarks of its rows; a dry run is taken back as a whole."""
    if not dry_run:
        return _do(asked, now)
    with suppress(_DryRun), transaction.atomic():
        done = _do(asked, now)
        raise _DryRun
    return done


def _do(asked: _Asked, now: datetime) -> tuple[ImportRun, Summary, list[str]]:
    with transaction.atomic():
        run = services.start(
            organisation=asked.organisation,
            motif_category=asked.configuration.motif_category,
            agent=None,
            file=asked.file,
            contacts_file=asked.contacts_file,
            now=now,
        )
        services.set_columns(run=run, columns=run.columns, now=now)
    services.start_writing(run=run, now=now, in_background=False)
    runner.write(run, now=now)
    if asked.channels:
        services.start_inviting(run=run, row_ids=None, channels=asked.channels, now=now, in_background=False)
        runner.invite(run, now=now)
    return run, summarise(run, channels=asked.channels), _remarks(run, asked.channels)


def _remarks(run: ImportRun, channels: list[str]) -> list[str]:
    """What deserves a look, row by row: doubtful values, possible duplicates, refused invitations."""
    rows = list(run.rows.select_related("usager").order_by("number"))
    sent = invitations_of(rows, run) if channels else {}
    lines = []
    for row in rows:
        said = [refusal_of(row)] if row.remarks or row.problems else []
        if channels and row.invited_at and not sent.get(row.usager_id or 0):
            said += sorted({Refusal(reason).label for reason in row.refusals.values()})
        if said:
            lines.append(f"  Ligne {row.number} : {' '.join(said)}")
    return lines


def _sentences(asked: _Asked, summary: Summary, lines: list[str], *, dry_run: bool) -> list[str]:
    """The summary for a reader."""
    category = asked.configuration.motif_category.name
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
    sentences = [f"{start}{asked.file.name} → {asked.organisation.name}, {category}"]
    sentences += [f"  {number:>6}  {label}" for label, number in figures.items()]
    if lines:
        sentences += [f"{plural(len(lines), 'ligne')} à regarder :", *lines]
    return sentences
