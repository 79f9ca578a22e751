"""What was put away is erased in time: exactly that."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from rdv_insertion.imports import folders
from rdv_insertion.imports.models import KEPT, WatchedFolder
from rdv_insertion.imports.tasks import erase_put_away_files
from tests.factories import OrganisationFactory
from tests.imports.folders.dropping import NONSENSE, drop, names


def test_what_was_put_away_is_erased_with_its_report_when_imports_are(place, folder, minute):
    drop(place)
    drop(place, "bleu.csv", NONSENSE)
    minute()
    (place / "done" / "à garder").mkdir()
    WatchedFolder.objects.update(is_active=False)
    assert folders.erase_put_away(now=timezone.now() + KEPT - timedelta(minutes=1)) == 0
    assert folders.erase_put_away(now=timezone.now() + KEPT + timedelta(minutes=1)) == 4
    assert (names(place / "done"), names(place / "rejected")) == (["à garder"], [])


def test_what_was_not_put_away_is_never_erased(place, folder):
    drop(place, age=KEPT.total_seconds() * 2)
    outside = drop(place.parent, "ailleurs.csv")
    (place / "done").mkdir()
    (place / "done" / "lien").symlink_to(outside)
    assert folders.erase_put_away(now=timezone.now() + 2 * KEPT) == 1
    assert (names(place / "done"), "liste.csv" in names(place), outside.exists()) == ([], True, True)


def test_the_nightly_job_erases_and_a_folder_that_the_disk_refuses_stops_nothing(place, folder, minute):
    drop(place)
    minute()
    refused = WatchedFolder.objects.create(
        organisation=OrganisationFactory(slug="ailleurs"), motif_category=folder.motif_category
    )
    WatchedFolder.objects.filter(pk=folder.pk).update(id=refused.pk + 1)
    (place.parent / "ailleurs").symlink_to(place)
    with time_machine.travel(timezone.now() + KEPT + timedelta(minutes=1), tick=False):
        erase_put_away_files(timestamp=0)
    assert names(place / "done") == []


def test_looking_for_old_files_makes_no_folder(root, folder):
    assert folders.erase_put_away(now=timezone.now()) == 0
    assert not root.exists()
