"""Watched folders: a file that arrives is imported, put away with its report, and a mail says the result.

Nothing here is done twice: a file is taken by one worker at a time, its run goes on where it stopped, its
mail has one key, and a file that this organisation dropped before is recognised by its fingerprint.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.types import JSONDict
from xlsxwriter.exceptions import XlsxWriterException

from rdv_insertion.imports import services, unattended
from rdv_insertion.imports.enums import Origin, Stage
from rdv_insertion.imports.folders import mails as folder_mails
from rdv_insertion.imports.folders.drop_box import (
    NOTE,
    REPORT,
    Claim,
    DropBox,
    Outcome,
    Unusable,
    open_drop_box,
    shown,
)
from rdv_insertion.imports.models import ImportRun, WatchedFolder
from rdv_insertion.imports.read import UnreadableFile
from rdv_insertion.imports.report import write_report
from rdv_insertion.kernel import jobs
from rdv_insertion.territory.models import Organisation

logger = structlog.get_logger(__name__)

# A file is taken when two looks, this long apart, see it the same.
SETTLED_AFTER = timedelta(seconds=10)
# An empty file may be one whose sending has not begun.
EMPTY_FOR = timedelta(minutes=10)
MOST_TRIES = 5
_AT_A_TIME = 200
# Distinguishes our advisory locks from any others of the database.
_LOCK = 0x1D_F01DE5
_GAVE_UP = (
    "Une erreur technique a empêché l'import, cinq fois de suite. Transmettez ce message à l'équipe "
    "informatique qui héberge le service."
)
_ENDED_BADLY = "Ses lignes déjà enregistrées sont gardées ; la page de l'import dit lesquelles."
_A_LINK = "Ce n'est pas un fichier mais un lien vers un autre endroit : déposez le fichier lui-même."
_FORBIDDEN = (
    "Le service n'a pas le droit de lire ce fichier : demandez à qui le dépose d'en permettre la lecture."
)
_UNREADABLE = {errno.ELOOP: _A_LINK, errno.EACCES: _FORBIDDEN, errno.EPERM: _FORBIDDEN}
_NOT_READ = "Le disque n'a pas permis de lire ce fichier."


class _Refused(Exception):
    """The file cannot be imported: the message is a French sentence."""


@dataclass(frozen=True)
class _Visit:
    """One passage of a worker in one folder, for one file."""

    folder: WatchedFolder
    box: DropBox
    now: datetime


def path_of(organisation: Organisation) -> Path | None:
    """Where files are dropped for an organisation; None when this service has no such folder."""
    return Path(settings.IMPORT_FOLDERS) / organisation.slug if settings.IMPORT_FOLDERS else None


def received_by(organisation: Organisation) -> QuerySet[ImportRun]:
    """The imports that came through the folder of an organisation, the last first."""
    runs = ImportRun.objects.filter(organisation=organisation, origin=Origin.FOLDER)
    return runs.order_by("-created_at", "-id")


def save_folder(*, folder: WatchedFolder) -> None:
    """Keep what an administrator decided of a folder. Raises ValidationError (French)."""
    folder.full_clean()
    folder.save()


def watch(*, now: datetime) -> None:
    """Look into every watched folder, and have what lies there imported once it has settled."""
    if not settings.IMPORT_FOLDERS:
        return
    for folder in _watched():
        if _has_job(folder):
            continue
        with _told_when_unusable(folder, now):
            with _box_of(folder) as box:
                seen = look(box, now=now)
                waits = bool(seen or box.taken())
            if waits:
                plan(folder, seen)


def _watched() -> QuerySet[WatchedFolder]:
    folders = WatchedFolder.objects.filter(is_active=True, organisation__archived_at=None)
    return folders.select_related("organisation__department", "motif_category").order_by("pk")


def _has_job(folder: WatchedFolder) -> bool:
    known = ProcrastinateJob.objects.filter(task_name="import_folder", args__folder_id=folder.pk)
    return known.filter(status__in=("todo", "doing")).exists()


def plan(folder: WatchedFolder, seen: Mapping[str, list[int]]) -> None:
    """Have what was `seen` imported in a moment, if it is still the same then."""
    # Names may hold anything that a disk allows: they travel as hexadecimal digits.
    names: JSONDict = {os.fsencode(name).hex(): [*told] for name, told in seen.items()}
    jobs.defer(
        "import_folder",
        {"folder_id": folder.pk, "seen": names},
        queue="imports",
        lock=f"import-folder-{folder.pk}",
        wait=SETTLED_AFTER,
    )


def look(box: DropBox, *, now: datetime) -> dict[str, list[int]]:
    """What may be imported if it does not change any more, the oldest first."""
    several = box.arrived().items()
    ready = [(name, told) for name, told in several if told[0] or _has_been_empty(told[1], now)]
    return dict(ready[:_AT_A_TIME])


def _has_been_empty(changed: int, now: datetime) -> bool:
    return abs(now.timestamp() - changed / 1e9) > EMPTY_FOR.total_seconds()


def import_arrived(*, folder_id: int, seen: Mapping[str, list[int]], clock: Callable[[], datetime]) -> None:
    """Go on with the files taken before, then take those that are still as they were `seen`.

    Each file has a moment of its own, by which what came of it is told from what came of another.
    """
    folder = _watched().filter(pk=folder_id).first()
    if folder is None or not settings.IMPORT_FOLDERS:
        return
    with _told_when_unusable(folder, clock()), _alone(folder) as alone:
        if not alone:
            return
        with _box_of(folder) as box:
            for claim in box.taken():
                _treat(_Visit(folder, box, clock()), claim)
            # The queue forgets the order in which they were seen.
            for name, told in sorted(seen.items(), key=lambda one: (one[1][1], one[0])):
                taken = box.take(os.fsdecode(bytes.fromhex(name)), seen=told)
                if taken:
                    _treat(_Visit(folder, box, clock()), taken)


@contextmanager
def _box_of(folder: WatchedFolder) -> Iterator[DropBox]:
    with open_drop_box(Path(settings.IMPORT_FOLDERS), folder.organisation.slug) as box:
        yield box


@contextmanager
def _told_when_unusable(folder: WatchedFolder, now: datetime) -> Iterator[None]:
    try:
        yield
    except Unusable as error:
        logger.warning("import_folder_unusable", organisation_id=folder.organisation_id, error=error.code)
        folder_mails.tell_unusable(folder=folder, reason=error.reason, code=error.code, now=now)


@contextmanager
def _alone(folder: WatchedFolder) -> Iterator[bool]:
    """Whether no other worker is in this folder; it stays so until the end, or until this one dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, folder.pk])
        [alone] = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, folder.pk])


def _treat(visit: _Visit, claim: Claim) -> None:
    """Bring one file to its end, from wherever it is. What fails in an unforeseen way is tried again."""
    try:
        if claim.is_over:
            visit.box.finish(claim)
        elif visit.box.name_of(claim) is None:
            visit.box.forget(claim)
        else:
            _import(visit, claim)
    except (OperationalError, InterfaceError, OSError, Unusable):
        # The database or the disk: nothing else would go better.
        raise
    except Exception:
        logger.exception("import_folder_file_failed", organisation_id=visit.folder.organisation_id)


def _import(visit: _Visit, claim: Claim) -> None:
    name = shown(visit.box.name_of(claim) or "")
    run = ImportRun.objects.filter(pk=claim.run_id).first() if claim.run_id else None
    try:
        if claim.tries >= MOST_TRIES:
            raise _Refused(f"{_GAVE_UP} {_ENDED_BADLY}" if run else _GAVE_UP)
        claim = visit.box.change(claim, tries=claim.tries + 1)
        if run is None:
            run, is_known = _run_of(visit, claim, name)
            if is_known:
                _put_aside(visit, claim, name, run)
                return
            claim = visit.box.change(claim, run_id=run.pk)
    except (UnreadableFile, _Refused) as error:
        _refuse(visit, claim, name, str(error))
    else:
        _complete(visit, claim, run)


def _run_of(visit: _Visit, claim: Claim, name: str) -> tuple[ImportRun, bool]:
    """The previewed run of a file just taken; or the run that wrote the same file before, and True."""
    wishes = wishes_of(visit.folder)
    try:
        with visit.box.content(claim) as stream:
            file = services.File(name[:255], stream)
            known = received_by(wishes.organisation).filter(fingerprint=file.fingerprint)
            # One that was abandoned before anything was written does not count.
            run = known.exclude(stage=Stage.DONE, written_at=None).first()
            if run is None:
                origin = Origin.FOLDER
                return unattended.preview(wishes=wishes, file=file, origin=origin, now=visit.now), False
            # Not written: the worker died just after it began this very file.
            return run, run.written_at is not None
    except OSError as error:
        raise _Refused(_UNREADABLE.get(error.errno or 0, _NOT_READ)) from error


def wishes_of(folder: WatchedFolder) -> unattended.Wishes:
    """What the administrators of a folder decided."""
    return unattended.Wishes(
        organisation=folder.organisation,
        motif_category=folder.motif_category,
        channels=folder.channels,
        routing=folder.routing,
        creates_lookalikes=folder.creates_lookalikes,
        waits_for_slots=True,
    )


def _complete(visit: _Visit, claim: Claim, run: ImportRun) -> None:
    now = visit.now
    unattended.go_on(run=run, wishes=wishes_of(visit.folder), now=now)
    has_report = _beside(visit, claim, REPORT, lambda target: write_report(run, target, now=now))
    folder_mails.tell_imported(folder=visit.folder, run=run, has_report=has_report, now=now)
    visit.box.put_away(claim, Outcome.DONE)


def _put_aside(visit: _Visit, claim: Claim, name: str, run: ImportRun) -> None:
    """The same file came before: say so, and do nothing else."""
    folder, drop = visit.folder, claim.token
    sentence = folder_mails.tell_known(folder=folder, run=run, name=name, drop=drop, now=visit.now)
    _note(visit, claim, sentence)
    visit.box.put_away(claim, Outcome.DONE)


def _refuse(visit: _Visit, claim: Claim, name: str, reason: str) -> None:
    logger.info("import_folder_file_refused", organisation_id=visit.folder.organisation_id)
    _note(visit, claim, reason)
    drop = claim.token
    folder_mails.tell_refused(folder=visit.folder, name=name, reason=reason, drop=drop, now=visit.now)
    visit.box.put_away(claim, Outcome.REJECTED)


def _note(visit: _Visit, claim: Claim, sentence: str) -> None:
    content = f"{sentence}\r\n".encode("utf-8-sig")
    _beside(visit, claim, NOTE, lambda target: target.write(content))


def _beside(visit: _Visit, claim: Claim, suffix: str, write: Callable[[BinaryIO], object]) -> bool:
    """Write what goes with a file, if the disk allows: the mail says the same, and the file ends anyway."""
    try:
        with visit.box.beside(claim, suffix) as target:
            write(target)
    except (OSError, XlsxWriterException) as error:
        logger.warning(
            "import_folder_report_not_written",
            organisation_id=visit.folder.organisation_id,
            error=type(error).__name__,
        )
        return False
    return True
