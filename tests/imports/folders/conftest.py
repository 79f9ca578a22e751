"""A watched folder, and the worker that passes every minute."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from rdv_insertion.imports.models import WatchedFolder
from rdv_insertion.imports.tasks import watch_import_folders
from rdv_insertion.invitations.models import CategoryConfiguration
from tests.factories import LieuFactory, MotifFactory, PlageOuvertureFactory

Pass = Callable[[], None]


@pytest.fixture
def root(tmp_path: Path, settings) -> Path:
    settings.IMPORT_FOLDERS = str(tmp_path / "depots")
    return tmp_path / "depots"


@pytest.fixture
def folder(configuration: CategoryConfiguration, root: Path) -> WatchedFolder:
    """Watched, nobody invited."""
    return WatchedFolder.objects.create(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        report_to="informatique@drome.test",
    )


@pytest.fixture
def place(root: Path, folder: WatchedFolder) -> Path:
    """Where files are dropped."""
    path = root / folder.organisation.slug
    path.mkdir(parents=True)
    return path


@pytest.fixture
def slots(configuration: CategoryConfiguration) -> None:
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(motif=motif, lieu=LieuFactory(organisation=configuration.organisation))


@pytest.fixture
def minute(run_jobs) -> Pass:
    """A minute of the worker: it looks, then ten seconds later imports what has not changed."""

    def once() -> None:
        watch_import_folders(timestamp=0)
        run_jobs("imports", until=timezone.now() + timedelta(seconds=11))

    return once
