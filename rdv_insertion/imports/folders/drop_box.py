"""The folder in which an organisation drops files, as it is on the disk: `<slug>/`, `done/`, `rejected/`.

Whoever drops files there may be anybody with an SFTP account: links are never followed, and every name is
used inside a folder that is already open. A file is taken by one rename and leaves by others, so that a
worker that dies at any point leaves a file that is either waiting, taken, or put away.

A file that is taken stands alone in a folder of its own, `.en-cours/<step>.<tries>.<run>.<token>/`, whose
name says how far it is; what goes with it (report, note) begins with a dot there, as no dropped file does.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Self

_BEING_SENT = (".part", ".tmp", ".filepart", ".crdownload", ".partial", ".swp", "~")
_LONGEST_NAME = 255
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_TAKEN = ".en-cours"
# Beside a file that is put away: what is added to its name.
REPORT, NOTE = ".rapport.xlsx", ".txt"
_SLUG = re.compile(r"[-a-zA-Z0-9_]+")
_CLAIM = re.compile(r"(new|done|done-dated|rejected|rejected-dated)\.(\d+)\.(\d+)\.([-0-9]+)")


class Outcome(StrEnum):
    """Where a file ends."""

    DONE = "done"
    REJECTED = "rejected"


class Unusable(Exception):
    """The folder cannot be used: `reason` is a French sentence, `code` names it in logs."""

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason)
        self.reason, self.code = reason, code


_REASONS = {
    errno.EACCES: "Le service n'a pas le droit d'y écrire ou de le lire.",
    errno.EPERM: "Le service n'a pas le droit d'y écrire ou de le lire.",
    errno.EROFS: "Il est en lecture seule.",
    errno.ENOSPC: "Le disque est plein.",
    errno.EDQUOT: "Le disque est plein.",
    errno.ELOOP: "C'est un lien vers un autre endroit : le service ne suit pas les liens.",
    errno.ENOTDIR: "Un de ses dossiers est un fichier ou un lien vers un autre endroit.",
}


def unusable(error: OSError) -> Unusable:
    """The same as `error`, in words."""
    reason = _REASONS.get(error.errno or 0, "Le disque ne répond pas comme attendu.")
    return Unusable(reason, errno.errorcode.get(error.errno or 0, "unknown"))


@dataclass(frozen=True)
class Claim:
    """A file that was taken: how far it is, how many times it was tried, and its run once it has one."""

    step: str
    tries: int
    run_id: int | None
    token: str

    @property
    def folder(self) -> str:
        """Its name on the disk."""
        return f"{self.step}.{self.tries}.{self.run_id or 0}.{self.token}"

    @property
    def is_over(self) -> bool:
        """Whether all that remains is to put it away."""
        return self.step != "new"

    @classmethod
    def from_folder(cls, name: str) -> Self | None:
        """Reverse `folder`; None for anything else."""
        found = _CLAIM.fullmatch(name)
        return cls(found[1], int(found[2]), int(found[3]) or None, found[4]) if found else None


class DropBox:
    """The open folder of one organisation; use `open_drop_box`."""

    def __init__(self, place: int) -> None:
        self._place = place

    def arrived(self) -> dict[str, list[int]]:
        """What lies there to be taken, by name, the oldest first: its size and when it changed.

        Folders, hidden files and files being sent are left alone. Two looks that say the same of a file mean
        that it is complete.
        """
        found = []
        with os.scandir(self._place) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    told = entry.stat(follow_symlinks=False)
                    if not stat.S_ISDIR(told.st_mode) and not _is_left_alone(entry.name):
                        found.append((told.st_mtime_ns, entry.name, told.st_size))
        return {name: [size, changed] for changed, name, size in sorted(found)}

    def take(self, name: str, *, seen: list[int]) -> Claim | None:
        """Take a file that is still as it was `seen`; None when it changed, or when another took it."""
        if self.arrived_as(name) != seen:
            return None
        # By the clock, so that files are gone on with in the order in which they were taken.
        claim = Claim("new", 0, None, f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
        with _opened(_TAKEN, self._place) as taken:
            os.mkdir(claim.folder, 0o700, dir_fd=taken)
            with _opened(claim.folder, taken) as own:
                try:
                    os.rename(name, name, src_dir_fd=self._place, dst_dir_fd=own)
                except FileNotFoundError:
                    os.rmdir(claim.folder, dir_fd=taken)
                    return None
        return claim

    def arrived_as(self, name: str) -> list[int] | None:
        """What `arrived` says of one file."""
        try:
            told = os.stat(name, dir_fd=self._place, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return [told.st_size, told.st_mtime_ns]

    def taken(self) -> list[Claim]:
        """The files taken and not yet put away, the oldest first."""
        with _opened(_TAKEN, self._place) as taken:
            claims = [Claim.from_folder(name) for name in os.listdir(taken)]
        return sorted((claim for claim in claims if claim), key=lambda claim: claim.token)

    def name_of(self, claim: Claim) -> str | None:
        """The name of the file that was taken; None when there is none, the worker having died just then."""
        with self._own(claim) as own:
            return _dropped(own)

    def change(self, claim: Claim, *, tries: int | None = None, run_id: int | None = None) -> Claim:
        """Remember of a claim that it is tried once more, or which run it became."""
        changed = replace(claim, tries=tries or claim.tries, run_id=run_id or claim.run_id)
        return self._renamed(claim, changed)

    @contextmanager
    def content(self, claim: Claim) -> Iterator[BinaryIO]:
        """The file that was taken, as a stream. Raises OSError, of a link among others."""
        with self._own(claim) as own:
            number = os.open(_dropped(own) or "", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=own)
            with os.fdopen(number, "rb") as stream:
                if not stat.S_ISREG(os.fstat(number).st_mode):
                    raise OSError(errno.ELOOP, "not a regular file")
                yield stream

    @contextmanager
    def beside(self, claim: Claim, suffix: str) -> Iterator[BinaryIO]:
        """What goes with the file, to be written; it is put away under the file's name and `suffix`."""
        with self._own(claim) as own:
            with suppress(FileNotFoundError):
                os.unlink(f".{suffix}", dir_fd=own)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            number = os.open(f".{suffix}", flags, 0o640, dir_fd=own)
            try:
                with os.fdopen(number, "w+b") as target:
                    yield target
            except BaseException:
                # Half a report is no report.
                os.unlink(f".{suffix}", dir_fd=own)
                raise

    def put_away(self, claim: Claim, outcome: Outcome) -> None:
        """Move the file and what goes with it to `done/` or `rejected/`, beside what lies there."""
        if not claim.is_over:
            with self._own(claim) as own, _opened(outcome, self._place) as target:
                name = _dropped(own) or ""
                free = not any(_exists(_fit(name, suffix), target) for suffix in ("", REPORT, NOTE))
            over = replace(claim, step=outcome if free else f"{outcome}-dated")
            claim = self._renamed(claim, over)
        self.finish(claim)

    def finish(self, claim: Claim) -> None:
        """Put away what a worker that died had begun to."""
        outcome, _, dated = claim.step.partition("-")
        with self._own(claim) as own, _opened(outcome, self._place) as target:
            name = _dropped(own)
            # The file goes last: as long as it is there, what goes with it has a name.
            for kept in sorted(os.listdir(own), key=lambda one: one == name):
                suffix = "" if kept == name else kept[1:]
                final = _fit(f"{claim.token}-{name}" if dated else name or claim.token, suffix)
                os.rename(kept, final, src_dir_fd=own, dst_dir_fd=target)
        self.forget(claim)

    def forget(self, claim: Claim) -> None:
        """Remove the empty folder of a claim."""
        with _opened(_TAKEN, self._place) as taken:
            os.rmdir(claim.folder, dir_fd=taken)

    def erase_put_away(self, *, before: datetime) -> int:
        """Erase what was put away `before`, reports and notes too; how many files. Folders are left alone."""
        return sum(_erase_old(outcome, self._place, before) for outcome in Outcome)

    @contextmanager
    def _own(self, claim: Claim) -> Iterator[int]:
        with _opened(_TAKEN, self._place) as taken, _opened(claim.folder, taken) as own:
            yield own

    def _renamed(self, claim: Claim, changed: Claim) -> Claim:
        with _opened(_TAKEN, self._place) as taken:
            os.rename(claim.folder, changed.folder, src_dir_fd=taken, dst_dir_fd=taken)
        return changed


@contextmanager
def open_drop_box(root: Path, slug: str) -> Iterator[DropBox]:
    """The folder of the organisation of this short name, made with its own folders when it is not there.

    Raises Unusable when the disk refuses, now or on the way.
    """
    if not _SLUG.fullmatch(slug):
        raise Unusable("Le nom court de l'organisation n'est pas un nom de dossier.", "slug")
    try:
        root.mkdir(parents=True, exist_ok=True)
        base = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _make(slug, base)
            with _opened(slug, base) as place:
                for name in (Outcome.DONE, Outcome.REJECTED, _TAKEN):
                    _make(name, place)
                yield DropBox(place)
        finally:
            os.close(base)
    except OSError as error:
        raise unusable(error) from error


def _make(name: str, place: int) -> None:
    """A folder, as open to its group as the umask allows; what else stands in its place is refused."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o770, dir_fd=place)
    with _opened(name, place):
        pass


@contextmanager
def _opened(name: str, place: int) -> Iterator[int]:
    number = os.open(name, _FOLDER, dir_fd=place)
    try:
        yield number
    finally:
        os.close(number)


def _erase_old(name: str, place: int, before: datetime) -> int:
    """Erase the files of one folder that came there `before`: moving a file changes when it "changed"."""
    with _opened(name, place) as folder, os.scandir(folder) as entries:
        files = [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]
        old = [one for one in files if one.stat(follow_symlinks=False).st_ctime < before.timestamp()]
        for file in old:
            os.unlink(file.name, dir_fd=folder)
    return len(old)


def _is_left_alone(name: str) -> bool:
    return name.startswith(".") or name.lower().endswith(_BEING_SENT)


def _dropped(own: int) -> str | None:
    return next((name for name in os.listdir(own) if not name.startswith(".")), None)


def _exists(name: str, place: int) -> bool:
    try:
        os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _fit(name: str, suffix: str) -> str:
    """`name` and `suffix`, the name cut at a character when both are too long for the disk."""
    room = _LONGEST_NAME - len(suffix.encode())
    while len(os.fsencode(name)) > room:
        name = name[:-1]
    return name + suffix


def shown(name: str) -> str:
    """The name of a file as people may read it and as a database keeps it: on one line, in Unicode."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in text).strip() or "fichier"
