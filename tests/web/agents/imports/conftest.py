"""An import at each of its steps, in the agent's browser."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.models import CategoryConfiguration
from tests.conftest import RunJobs
from tests.factories import LieuFactory, MotifFactory, PlageOuvertureFactory
from tests.imports import files

AtStep = Callable[..., ImportRun]


def upload(content: bytes, name: str = "liste.xlsx") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, content)


def columns_of(run: ImportRun) -> dict[str, str]:
    """What the page of columns sends when nothing is changed."""
    return {f"colonne-{place}": attribute for place, attribute in enumerate(run.columns)}


def page(run: ImportRun, name: str = "import_preview") -> str:
    """The address of a step."""
    return reverse(name, args=[run.pk])


@pytest.fixture
def given(agent_client: Client, configuration: CategoryConfiguration) -> AtStep:
    """A file dropped on the page, at the step of columns."""

    def give(
        content: bytes | None = None, *, with_category: bool = True, contacts: bytes | None = None
    ) -> ImportRun:
        data = {
            "file": upload(files.drome() if content is None else content),
            "category": configuration.pk if with_category else "",
            "routing": "here",
        }
        if contacts is not None:
            data["contacts"] = upload(contacts, "contacts.csv")
        response = agent_client.post(reverse("import_new"), data)
        assert response.status_code == 302, response.content.decode()
        return ImportRun.objects.latest("pk")

    return give


@pytest.fixture
def checked(agent_client: Client, given: AtStep) -> AtStep:
    """A file at the step of verification."""

    def check(*args, **kwargs) -> ImportRun:
        run = given(*args, **kwargs)
        agent_client.post(page(run, "import_columns"), columns_of(run))
        run.refresh_from_db()
        return run

    return check


@pytest.fixture
def written(agent_client: Client, checked: AtStep, run_jobs: RunJobs) -> AtStep:
    """A file whose people the worker has written."""

    def write(*args, **kwargs) -> ImportRun:
        run = checked(*args, **kwargs)
        agent_client.post(page(run))
        run_jobs("imports")
        run.refresh_from_db()
        return run

    return write


@pytest.fixture
def slots(configuration: CategoryConfiguration) -> None:
    """A place that receives every working day."""
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(motif=motif, lieu=LieuFactory(organisation=configuration.organisation))
