"""A page opened at the very moment at which a work ends says one thing or the other, never half of each."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.enums import InvitationOrigin, RunStage
from rdv_insertion.invitations.models import InvitationRun
from rdv_insertion.kernel.snapshots import one_moment
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from tests.conftest import RunJobs
from tests.factories import MotifFactory, PlageOuvertureFactory
from tests.imports import files
from tests.web.agents.imports.conftest import upload

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def meanwhile(query: str, done: Callable[[], Any]) -> Iterator[None]:
    """Have another process commit `done`, just before what is inside first asks for `query`."""
    left = [done]

    def read(execute: Any, sql: str, *others: Any) -> Any:
        if left and query in sql:
            with ThreadPoolExecutor(1) as other:
                other.submit(_committed, left.pop()).result()
        return execute(sql, *others)

    with connection.execute_wrapper(read):
        yield
    assert not left, f"{query} was never asked"


def _committed(done: Callable[[], Any]) -> None:
    try:
        done()
    finally:
        connections.close_all()


def end_the_job() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded'")


@pytest.fixture
def read_file(agent_client: Client, configuration) -> ImportRun:
    """A file of one person, at the step of verification."""
    liste = upload(files.people(1))
    agent_client.post(reverse("import_new"), {"file": liste, "category": configuration.pk, "routing": "here"})
    run = ImportRun.objects.get()
    columns = {f"colonne-{place}": attribute for place, attribute in enumerate(run.columns)}
    agent_client.post(reverse("import_columns", args=[run.pk]), columns)
    return run


def test_an_import_written_while_its_page_is_made_is_not_said_interrupted(agent_client, read_file):
    agent_client.post(reverse("import_preview", args=[read_file.pk]))

    def end() -> None:
        ImportRun.objects.update(stage=Stage.WRITTEN, stage_began_at=timezone.now())
        end_the_job()

    with meanwhile('FROM "procrastinate_jobs"', end):
        content = agent_client.get(reverse("import_writing", args=[read_file.pk])).content.decode()
    assert "interrompu" not in content
    assert 'hx-trigger="every 1s"' in content


def test_messages_that_leave_while_the_result_is_made_are_still_waited_for(
    agent_client, read_file, configuration, run_jobs: RunJobs
):
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(motif=motif)
    agent_client.post(reverse("import_preview", args=[read_file.pk]))
    run_jobs("imports")
    page = reverse("import_invitation", args=[read_file.pk])
    rows = list(ImportRun.objects.get().rows.values_list("pk", flat=True))
    agent_client.post(page, {"sms": rows, "email": rows})
    run_jobs("imports")

    def leave() -> None:
        Message.objects.update(status=MessageStatus.SENT, sent_at=timezone.now())

    with meanwhile('COUNT("invitations_invitation"."id")', leave):
        content = agent_client.get(page).content.decode()
    assert "En attente d&#x27;envoi" in content
    assert 'hx-trigger="every 3s"' in content


def test_a_run_that_ends_while_its_page_is_made_is_not_said_interrupted(agent_client, configuration, agent):
    run = InvitationRun.objects.create(
        configuration=configuration,
        origin=InvitationOrigin.USERS_INDEX_PAGE,
        channels=["sms"],
        stage=RunStage.INVITING,
        created_by=agent,
        created_at=timezone.now(),
        started_at=timezone.now(),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)"
            " VALUES ('imports', 'invite_run', jsonb_build_object('run_id', %s::bigint), 'todo')",
            [run.pk],
        )

    def end() -> None:
        InvitationRun.objects.update(stage=RunStage.DONE, finished_at=timezone.now())
        end_the_job()

    with meanwhile('FROM "procrastinate_jobs"', end):
        content = agent_client.get(reverse("invitation_run", args=[run.pk])).content.decode()
    assert "interrompu" not in content


def test_nothing_is_written_at_one_moment(configuration):
    with pytest.raises(Exception, match="read-only"), one_moment():
        configuration.save()
