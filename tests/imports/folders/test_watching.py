"""Files dropped in a folder: imported once, put away with their report, and told by mail."""

import logging
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from python_calamine import CalamineWorkbook

from rdv_insertion.imports import folders
from rdv_insertion.imports.enums import Origin, RowState, Stage
from rdv_insertion.imports.folders.drop_box import NOTE, REPORT, open_drop_box
from rdv_insertion.imports.models import ColumnMapping, ImportRun, WatchedFolder
from rdv_insertion.imports.tasks import watch_import_folders
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager
from tests.factories import OrganisationFactory, UsagerFactory
from tests.imports import files
from tests.imports.disk import as_nobody, full_disk, no_room_on_disk
from tests.imports.folders.dropping import LIST, NONSENSE, drop, names, note


def mails() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("subject", flat=True))


# The main case


def test_a_daily_flow_of_new_entrants_is_imported_invited_and_told(place, folder, minute, slots):
    folder.channels = ["email", "sms", "postal"]
    folder.save()
    drop(place, "flux.xml", files.flow(kind="I"))
    minute()
    run = ImportRun.objects.get()
    assert (run.origin, run.stage, run.flow[:4]) == (Origin.FOLDER, Stage.DONE, "Flux")
    assert Usager.objects.get().last_name == "Marchand"
    assert [one.channel for one in Invitation.objects.all()] == ["postal"]
    assert names(place / "done") == ["flux.xml", f"flux.xml{REPORT}"]
    assert (names(place), names(place / ".en-cours")) == ([".en-cours", "done", "rejected"], [])
    [mail] = Message.objects.filter(purpose="import_result")
    assert (mail.recipient, mail.subject) == (
        "informatique@drome.test",
        "Fichier importé : flux.xml (1 personne créée)",
    )
    assert "- Personnes créées : 1" in mail.text
    assert "- Invitations par Courrier : 1" in mail.text
    assert "Marchand" not in mail.text + mail.html


def test_the_report_beside_the_file_says_each_row(place, minute):
    drop(place)
    minute()
    book = CalamineWorkbook.from_path(str(place / "done" / f"liste.csv{REPORT}"))
    assert book.get_sheet_by_name("Lignes").to_python()[1][3] == "Roux"


def test_the_folder_and_the_page_do_the_same(place, minute, previewed, organisation):
    drop(place, "drome.xlsx", files.drome())
    minute()
    page = previewed(files.drome())
    assert page.columns == ImportRun.objects.get(origin=Origin.FOLDER).columns
    assert set(page.rows.values_list("state", flat=True)) == {RowState.UNCHANGED}


def test_columns_are_those_that_the_organisation_said_of_these_titles(place, minute, previewed, organisation):
    header = ("Qui", "Lequel", "Mail")
    previewed(files.csv(header, ("A", "B", "a@b.test")), columns=["last_name", "first_name", "email"])
    drop(place, content=files.csv(header, ("Roux", "Zoé", "z@b.test")))
    minute()
    assert Usager.objects.get().last_name == "Roux"


def test_nobody_is_invited_without_channels(place, minute, slots):
    drop(place)
    minute()
    assert (Invitation.objects.count(), ImportRun.objects.get().stage) == (0, Stage.DONE)


def test_without_a_free_slot_the_import_waits_for_somebody_to_invite(place, folder, minute):
    folder.channels = ["email"]
    folder.save()
    drop(place)
    minute()
    assert (Invitation.objects.count(), ImportRun.objects.get().stage) == (0, Stage.WRITTEN)
    assert "aucun créneau n'est libre" in Message.objects.get().text
    assert names(place / "done") == ["liste.csv", f"liste.csv{REPORT}"]


@pytest.mark.parametrize(("creates", "count"), [(False, 1), (True, 2)])
def test_possible_duplicates_are_left_to_decide_or_created(place, folder, minute, creates, count):
    UsagerFactory(organisation=folder.organisation, last_name="Roux", first_name="Zoé")
    folder.creates_lookalikes = creates
    folder.save()
    drop(place)
    minute()
    assert Usager.objects.count() == count
    assert ("à décider" in Message.objects.get().text) is not creates


def test_a_person_of_two_files_is_invited_and_counted_once(place, folder, minute, slots):
    folder.channels = ["email"]
    folder.save()
    drop(place, "a.csv", LIST, age=90)
    drop(place, "b.csv", LIST + b"\n", age=60)
    minute()
    first, second = Message.objects.filter(purpose="import_result").order_by("pk")
    assert Invitation.objects.count() == 1
    assert "Invitations par Mail : 1" in first.text
    assert "Invitations par Mail" not in second.text
    assert "Personnes non invitées : 1" in second.text


# The same file twice


def test_the_same_file_twice_does_nothing(place, folder, minute, slots):
    folder.channels = ["email"]
    folder.save()
    drop(place)
    minute()
    Invitation.objects.update(created_at=timezone.now() - timedelta(days=3))
    drop(place, "encore.csv")
    minute()
    assert (ImportRun.objects.count(), Usager.objects.count(), Invitation.objects.count()) == (1, 1, 1)
    assert f"encore.csv{NOTE}" in names(place / "done")
    assert "Rien n'a été fait" in note(place / "done" / "encore.csv")
    assert mails()[-1] == "Fichier déjà importé : encore.csv"


def test_the_same_file_through_the_page_is_no_reason_to_do_nothing(place, minute, previewed):
    previewed(LIST)
    drop(place)
    minute()
    assert ImportRun.objects.get(origin=Origin.FOLDER).stage == Stage.DONE


def test_the_same_name_another_day_replaces_nothing(place, minute):
    drop(place)
    minute()
    drop(place, content=files.people(1))
    minute()
    kept = names(place / "done")
    assert len(kept) == 4
    assert kept[-2:] == ["liste.csv", f"liste.csv{REPORT}"]
    assert (place / "done" / "liste.csv").read_bytes() == LIST


# Refused


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (NONSENSE, "Aucune colonne ne donne : Nom, Prénom"),
        (b"%PDF-1.4", "un document PDF"),
        (files.flow()[:-300], "Ce flux est incomplet"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason(place, minute, content: bytes, reason: str):
    drop(place, content=content)
    minute()
    assert names(place / "rejected") == ["liste.csv", f"liste.csv{NOTE}"]
    assert reason in note(place / "rejected" / "liste.csv")
    assert mails() == ["Fichier refusé : liste.csv"]
    assert reason in Message.objects.get().text
    assert (ImportRun.objects.count(), ColumnMapping.objects.count()) == (0, 0)


def test_a_refused_file_does_not_stop_the_others(place, minute):
    drop(place, "a.csv", NONSENSE, age=90)
    drop(place, "b.csv", LIST, age=60)
    minute()
    assert (names(place / "rejected")[0], names(place / "done")[0]) == ("a.csv", "b.csv")


def test_an_empty_file_waits_ten_minutes_then_is_rejected(place, minute):
    drop(place, content=b"", age=60)
    minute()
    assert "liste.csv" in names(place)
    drop(place, content=b"", age=660)
    minute()
    assert "vide" in note(place / "rejected" / "liste.csv")


@pytest.mark.parametrize("target", ["/etc/passwd", "absent", "done"])
def test_a_link_is_never_followed(place, minute, target: str):
    (place / "lien.csv").symlink_to(target)
    minute()
    assert (place / "rejected" / "lien.csv").is_symlink()
    assert "un lien vers un autre endroit" in Message.objects.get().text
    assert not ImportRun.objects.exists()


def test_a_pipe_is_refused_without_waiting_for_it(place, minute):
    os.mkfifo(place / "tube.csv")
    at = timezone.now().timestamp() - 3600
    os.utime(place / "tube.csv", (at, at))
    minute()
    assert names(place / "rejected") == ["tube.csv", f"tube.csv{NOTE}"]


def test_a_file_that_the_service_may_not_read_is_rejected(place, minute, tmp_path):
    drop(place)
    for path in (tmp_path, place.parent, place):
        path.chmod(0o777)
    _open_up(tmp_path)
    (place / "liste.csv").chmod(0)
    with as_nobody():
        minute()
    assert "n'a pas le droit de lire ce fichier" in Message.objects.get().text
    assert names(place / "rejected") == ["liste.csv", f"liste.csv{NOTE}"]


def _open_up(path: Path) -> None:
    """Temporary folders are closed to others: this one opens on the way."""
    for parent in path.parents:
        if parent != Path("/") and parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o055)


# Being sent


@pytest.mark.parametrize("name", [".liste.csv", "liste.csv.part", "liste.csv.tmp", "liste.csv.FILEPART"])
def test_what_is_being_sent_is_left_alone(place, minute, name: str):
    drop(place, name)
    minute()
    assert name in names(place)
    assert not ImportRun.objects.exists()


def test_a_file_that_changes_between_two_looks_is_left_for_the_next(place, run_jobs):
    path = drop(place)
    watch_import_folders(timestamp=0)
    with path.open("ab") as sending:
        sending.write(b"Roy;Al;al@courriel.test\n")
    run_jobs("imports", until=timezone.now() + timedelta(seconds=11))
    assert (names(place / "done"), path.exists()) == ([], True)
    watch_import_folders(timestamp=0)
    run_jobs("imports", until=timezone.now() + timedelta(seconds=11))
    assert Usager.objects.count() == 2


def test_a_file_is_not_taken_before_ten_seconds(place, run_jobs):
    drop(place)
    watch_import_folders(timestamp=0)
    run_jobs("imports")
    assert not ImportRun.objects.exists()


def test_folders_dropped_there_are_left_alone(place, minute):
    (place / "archives").mkdir()
    drop(place / "archives")
    minute()
    assert names(place / "archives") == ["liste.csv"]
    assert not ImportRun.objects.exists()


def test_a_look_is_planned_once_while_the_worker_is_busy(place):
    drop(place)
    watch_import_folders(timestamp=0)
    watch_import_folders(timestamp=60)
    assert ProcrastinateJob.objects.filter(task_name="import_folder").count() == 1


def test_nothing_is_planned_for_an_empty_folder(place):
    watch_import_folders(timestamp=0)
    assert not ProcrastinateJob.objects.exists()
    assert names(place) == [".en-cours", "done", "rejected"]


def test_the_oldest_file_goes_first(place, minute):
    drop(place, "a.csv", files.people(1, first=2), age=60)
    drop(place, "z.csv", files.people(1, first=1), age=120)
    minute()
    assert list(ImportRun.objects.order_by("pk").values_list("file_name", flat=True)) == ["z.csv", "a.csv"]


# Names


@pytest.mark.parametrize(
    ("name", "in_words"),
    [
        ("été 2026 (1).csv", "été 2026 (1).csv"),
        ("deux\nlignes.csv", "deux lignes.csv"),
        ("é" * 127 + "a", "é" * 127 + "a"),
        (b"latin-\xe9t\xe9.csv", "latin-�t�.csv"),
        ("-rf.csv", "-rf.csv"),
        ("$(touch x);.csv", "$(touch x);.csv"),
        ("<b>gras</b>".replace("/", "") + ".csv", "<b>gras<b>.csv"),
    ],
)
def test_strange_names_are_taken_as_they_are(place, minute, name: str | bytes, in_words: str):
    drop(place, name)
    minute()
    assert ImportRun.objects.get().file_name == in_words
    kept = os.listdir(os.fsencode(place / "done"))
    assert os.fsencode(name) in kept
    assert len(kept) == 2
    assert "<b>" not in Message.objects.get().html


# What the disk and the outside do


@pytest.mark.parametrize("slug", ["../ailleurs", "..", "a/b", ""])
def test_no_folder_is_opened_outside_its_place(root, slug: str):
    with pytest.raises(folders.Unusable), open_drop_box(root, slug):
        pass
    assert not root.exists() or list(root.iterdir()) == []


@pytest.mark.parametrize("linked", ["", "done", ".en-cours"])
def test_a_folder_that_is_a_link_is_not_used(place, tmp_path, minute, linked: str):
    elsewhere = tmp_path / "ailleurs"
    elsewhere.mkdir()
    path = place / linked if linked else place
    if not linked:
        place.rmdir()
    path.symlink_to(elsewhere)
    drop(place)
    minute()
    assert names(elsewhere) == ([] if linked else ["liste.csv"])
    assert mails() == ["Le dossier de dépôt ne peut pas être lu"]


def test_a_folder_that_cannot_be_written_is_told_once_a_day_without_a_name(
    root, place, minute, settings, caplog
):
    drop(place, "Zoé Roux.csv")
    _open_up(place)
    place.parent.chmod(0o755)
    place.chmod(0o755)
    with caplog.at_level(logging.INFO), as_nobody():
        minute()
        minute()
    assert mails() == ["Le dossier de dépôt ne peut pas être lu"]
    assert "droit d'y écrire" in Message.objects.get().text
    assert "import_folder_unusable" in caplog.text
    assert "Roux" not in caplog.text
    minute()
    assert Usager.objects.get().last_name == "Roux"


@full_disk
def test_a_full_disk_costs_the_report_only(place, minute):
    drop(place)
    with no_room_on_disk():
        minute()
    assert names(place / "done") == ["liste.csv"]
    assert "n'a pas pu être écrit" in Message.objects.get().text
    assert Usager.objects.count() == 1


def test_nothing_is_watched_without_the_setting(place, minute, settings):
    settings.IMPORT_FOLDERS = ""
    drop(place)
    minute()
    assert names(place) == ["liste.csv"]


@pytest.mark.parametrize("how", ["inactive", "archived", "other"])
def test_only_active_folders_of_open_organisations_are_watched(place, folder, minute, how: str):
    if how == "inactive":
        WatchedFolder.objects.update(is_active=False)
    elif how == "archived":
        folder.organisation.archived_at = timezone.now()
        folder.organisation.save()
    else:
        folder.organisation = OrganisationFactory(department=folder.organisation.department)
        folder.save()
    drop(place)
    minute()
    assert "liste.csv" in names(place)
    assert not ImportRun.objects.exists()


def test_what_fails_five_times_is_rejected_and_the_others_go_on(place, minute, folder):
    claim = place / ".en-cours" / "new.5.0.20260101-000000-000000"
    claim.mkdir(parents=True)
    drop(claim, "malade.csv")
    drop(place, "saine.csv", files.people(1))
    minute()
    assert "Une erreur technique" in (place / "rejected" / f"malade.csv{NOTE}").read_text(
        encoding="utf-8-sig"
    )
    assert names(place / "done")[0] == "saine.csv"
