"""A worker that dies in a watched folder: another one ends what it was doing, and nothing is twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from rdv_insertion.imports import folders, services
from rdv_insertion.imports import run as runner
from rdv_insertion.imports.enums import Origin, Stage
from rdv_insertion.imports.folders import mails as folder_mails
from rdv_insertion.imports.folders.drop_box import NOTE, REPORT, Claim, Outcome, open_drop_box
from rdv_insertion.imports.models import ImportRow, ImportRun, WatchedFolder
from rdv_insertion.imports.unattended import go_on, preview
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager
from tests.factories import CategoryConfigurationFactory, LieuFactory, MotifFactory, PlageOuvertureFactory
from tests.imports import files

pytestmark = pytest.mark.django_db(transaction=True)

_ROOT = Path(__file__).resolve().parent.parent.parent
_PEOPLE = 600


@pytest.fixture
def folder(tmp_path: Path, settings, organisation, category) -> WatchedFolder:
    """Watched, and those imported are invited by mail."""
    settings.IMPORT_FOLDERS = str(tmp_path / "depots")
    CategoryConfigurationFactory(organisation=organisation, motif_category=category)
    motif = MotifFactory(organisation=organisation, motif_category=category)
    PlageOuvertureFactory(motif=motif, lieu=LieuFactory(organisation=organisation))
    return WatchedFolder.objects.create(
        organisation=organisation, motif_category=category, channels=["email"], report_to="dsi@drome.test"
    )


@pytest.fixture
def place(folder: WatchedFolder) -> Path:
    """Where files are dropped, with a file that has settled."""
    path = folders.path_of(folder.organisation)
    assert path is not None
    path.mkdir(parents=True)
    drop(path)
    return path


def drop(place: Path, count: int = _PEOPLE) -> None:
    path = place / "liste.csv"
    path.write_bytes(files.people(count))
    at = timezone.now().timestamp() - 60
    os.utime(path, (at, at))


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.iterdir())


def is_as_unbroken(place: Path, count: int = _PEOPLE) -> None:
    """What an unbroken import of the file gives."""
    assert Usager.objects.count() == count
    invited = Counter(Invitation.objects.values_list("follow_up__usager", flat=True))
    assert (len(invited), set(invited.values())) == (count, {1})
    assert Message.objects.filter(purpose="invitation").count() == count
    run = ImportRun.objects.get()
    assert (run.stage, run.origin) == (Stage.DONE, Origin.FOLDER)
    assert names(place / "done") == ["liste.csv", f"liste.csv{REPORT}"]
    assert (names(place / ".en-cours"), names(place / "rejected")) == ([], [])
    [mail] = Message.objects.filter(purpose="import_result")
    assert f"Personnes créées : {count}" in mail.text


# A real worker, killed


def a_file_is_taken(place: Path) -> bool:
    return bool(names(place / ".en-cours"))


def rows_are_written(place: Path) -> bool:
    return ImportRow.objects.filter(written_at__isnull=False).exists()


def people_are_invited(place: Path) -> bool:
    return Invitation.objects.exists()


def the_file_is_put_away(place: Path) -> bool:
    return bool(names(place / "done"))


@pytest.mark.parametrize(
    "moments",
    [[a_file_is_taken], [rows_are_written, people_are_invited], [the_file_is_put_away]],
    ids=lambda moments: "+".join(one.__name__ for one in moments),
)
def test_a_worker_killed_in_a_folder_is_replaced_without_anything_twice(
    folder, place, moments: list[Callable[[Path], bool]]
):
    folders.watch(now=timezone.now())
    for moment in moments:
        _now_is_later()
        with _worker() as worker:
            while not _has_left(worker) and not moment(place):
                pass
            worker.kill()
            worker.wait()
        _recover()
    # Either the job was given back, or the next minute sees what was left.
    folders.watch(now=timezone.now())
    _now_is_later()
    with _worker() as worker:
        assert worker.wait(timeout=120) == 0
    is_as_unbroken(place)


def _has_left(worker: "subprocess.Popen[bytes]") -> bool:
    """Whether it ended by itself, asked gently: it needs the processor more than this test does."""
    try:
        worker.wait(timeout=0.01)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_two_workers_at_once_import_a_file_once(folder, place, in_threads):
    seen = {
        b"liste.csv".hex(): [(place / "liste.csv").stat().st_size, (place / "liste.csv").stat().st_mtime_ns]
    }
    for _ in range(2):
        results = in_threads(
            *[lambda: folders.import_arrived(folder_id=folder.pk, seen=seen, clock=timezone.now)] * 4
        )
        assert results == [None] * 4
    is_as_unbroken(place)


class _worker:  # noqa: N801 - a context manager, used as a function
    """A worker in a process of its own, that leaves when the queue is empty; gone at the end."""

    def __enter__(self) -> "subprocess.Popen[bytes]":
        place = connection.settings_dict
        host = place["OPTIONS"].get("host") or place["HOST"]
        login = (
            quote(f"{place['USER']}:{place['PASSWORD']}", safe=":") if place["PASSWORD"] else place["USER"]
        )
        from django.conf import settings

        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "DATABASE_URL": f"postgresql://{login}@/{place['NAME']}?host={host}&port={place['PORT'] or 5432}",
            "IMPORT_FOLDERS": settings.IMPORT_FOLDERS,
        }
        command = ["manage.py", "procrastinate", "worker", "--one-shot", "--queues", "imports"]
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=_ROOT, env=environment, stderr=subprocess.DEVNULL
        )
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def _now_is_later() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - interval '1 hour'")


def _recover() -> None:
    """What the housekeeping of the living does after a death."""
    for job in async_to_sync(app.job_manager.get_stalled_jobs)(seconds_since_heartbeat=0):
        async_to_sync(app.job_manager.retry_job)(job)


# Every state that a death can leave, made by hand


def _take(place: Path, folder: WatchedFolder) -> Claim:
    path = place / "liste.csv"
    with open_drop_box(place.parent, place.name) as box:
        claim = box.take("liste.csv", seen=[path.stat().st_size, path.stat().st_mtime_ns])
    assert claim is not None
    return claim


def _preview(place: Path, folder: WatchedFolder, claim: Claim) -> ImportRun:
    with open_drop_box(place.parent, place.name) as box, box.content(claim) as stream:
        file = services.File("liste.csv", stream)
        wishes = folders.wishes_of(folder)
        return preview(wishes=wishes, file=file, origin=Origin.FOLDER, now=timezone.now())


def _attach(place: Path, claim: Claim, run: ImportRun) -> Claim:
    with open_drop_box(place.parent, place.name) as box:
        return box.change(claim, tries=1, run_id=run.pk)


def _go_on_alone(folder: WatchedFolder) -> None:
    folders.import_arrived(folder_id=folder.pk, seen={}, clock=timezone.now)


@pytest.fixture
def few(place: Path) -> Path:
    drop(place, 3)
    return place


def test_after_taking_a_file_and_before_its_run(few, folder):
    _take(few, folder)
    _go_on_alone(folder)
    is_as_unbroken(few, 3)


def test_after_making_the_folder_of_a_file_and_before_taking_it(few, folder):
    (few / ".en-cours" / "new.0.0.20260101-000000-000000").mkdir(parents=True)
    _go_on_alone(folder)
    assert (names(few / ".en-cours"), "liste.csv" in names(few)) == ([], True)


def test_after_the_preview_and_before_remembering_its_run(few, folder):
    _preview(few, folder, _take(few, folder))
    _go_on_alone(folder)
    is_as_unbroken(few, 3)


def test_after_half_of_the_rows(few, folder):
    claim = _take(few, folder)
    run = _preview(few, folder, claim)
    _attach(few, claim, run)
    services.start_writing(run=run, now=timezone.now(), in_background=False)
    runner._write_block(run, timezone.now(), only=run.rows.first().pk)
    _go_on_alone(folder)
    is_as_unbroken(few, 3)


def _finished(place: Path, folder: WatchedFolder) -> Claim:
    claim = _take(place, folder)
    run = _preview(place, folder, claim)
    claim = _attach(place, claim, run)
    go_on(run=run, wishes=folders.wishes_of(folder), now=timezone.now())
    return claim


def test_after_the_invitations_and_before_the_report(few, folder):
    _finished(few, folder)
    _go_on_alone(folder)
    is_as_unbroken(few, 3)


def test_half_a_report_is_written_again(few, folder):
    claim = _finished(few, folder)
    (few / ".en-cours" / claim.folder / f".{REPORT}").write_bytes(b"PK")
    _go_on_alone(folder)
    is_as_unbroken(few, 3)
    assert (few / "done" / f"liste.csv{REPORT}").stat().st_size > 1_000


def test_after_the_mail_and_before_putting_the_file_away(few, folder):
    claim = _finished(few, folder)
    run = ImportRun.objects.get()
    folder_mails.tell_imported(folder=folder, run=run, has_report=True, now=timezone.now())
    with open_drop_box(few.parent, few.name) as box, box.beside(claim, NOTE) as target:
        target.write(b"?")
    (few / ".en-cours" / claim.folder / f".{NOTE}").unlink()
    _go_on_alone(folder)
    is_as_unbroken(few, 3)


@pytest.mark.parametrize("moved", ["nothing", "the report", "everything"])
def test_after_putting_away_a_part(few, folder, moved: str):
    claim = _finished(few, folder)
    run = ImportRun.objects.get()
    folder_mails.tell_imported(folder=folder, run=run, has_report=True, now=timezone.now())
    own = few / ".en-cours" / claim.folder
    (own / f".{REPORT}").write_bytes(b"PK")
    if moved != "nothing":
        (own / f".{REPORT}").rename(few / "done" / f"liste.csv{REPORT}")
    if moved == "everything":
        (own / "liste.csv").rename(few / "done" / "liste.csv")
    own.rename(few / ".en-cours" / f"{Outcome.DONE}.1.{run.pk}.{claim.token}")
    _go_on_alone(folder)
    is_as_unbroken(few, 3)
