"""Taking back creations, from the page."""

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.usagers.models import Usager
from tests.factories import AgentFactory, InvitationFactory
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page


def shown(client: Client, run: ImportRun, name: str = "import_undo") -> str:
    return client.get(page(run, name)).content.decode()


def undo(client: Client, run: ImportRun) -> str:
    return client.post(page(run, "import_undo"), follow=True).content.decode()


def test_the_result_offers_to_undo_with_the_time_left(agent_client: Client, written: AtStep):
    run = written(files.people(2))
    assert "Annuler les créations (encore environ 60 minutes)" in shown(agent_client, run, "import_writing")


def test_an_hour_later_nothing_is_offered(agent_client: Client, written: AtStep):
    run = written(files.people(1))
    run.rows.update(written_at=timezone.now() - timedelta(hours=1))
    assert "Annuler les créations" not in shown(agent_client, run, "import_writing")
    assert "Aucune création ne peut être annulée" in shown(agent_client, run)
    assert "Créées depuis plus d" in shown(agent_client, run)


def test_the_numbers_are_said_before_anything_is_done(agent_client: Client, written: AtStep):
    run = written(files.people(4))
    usager = run.rows.get(number=2).usager
    InvitationFactory(follow_up=usager.follow_ups.get(), organisation=run.organisation)
    Usager.objects.filter(import_rows__number=3).update(updated_at=timezone.now())
    content = shown(agent_client, run)
    assert "2 personnes seront supprimées" in content
    assert "2 personnes créées par cet import restent" in content
    assert "Déjà invitées : 1" in content
    assert "Modifiées depuis : 1" in content
    assert Usager.objects.count() == 4


def test_undoing_deletes_tells_and_ends_an_import_of_which_nothing_is_left(
    agent_client: Client, written: AtStep
):
    run = written(files.people(2))
    content = undo(agent_client, run)
    assert "2 créations annulées." in content
    assert "Toutes les créations de cet import ont été annulées" in content
    assert "<strong>2</strong> créations annulées" in content
    assert "Choisir qui inviter" not in content
    run.refresh_from_db()
    assert (Usager.objects.count(), run.stage) == (0, Stage.DONE)


def test_a_second_click_finds_nothing_more_to_undo(agent_client: Client, written: AtStep):
    run = written(files.people(1))
    undo(agent_client, run)
    assert "Plus aucune création de cet import ne peut être annulée." in undo(agent_client, run)


def test_a_colleague_of_the_organisation_may_undo(client: Client, written: AtStep):
    run = written(files.people(1))
    client.force_login(AgentFactory(organisation=run.organisation))
    undo(client, run)
    assert run.rows.get().state == RowState.UNDONE


def test_nothing_is_undone_while_people_are_being_written(agent_client: Client, checked: AtStep):
    run = checked(files.people(1))
    agent_client.post(page(run))
    assert agent_client.post(page(run, "import_undo")).url == page(run, "import_writing")


def test_the_page_asks_as_many_questions_for_thirty_rows_as_for_three(agent_client: Client, written: AtStep):
    def asked(count: int, first: int) -> tuple[int, int]:
        run = written(files.people(count, first=first))
        with CaptureQueriesContext(connection) as before:
            shown(agent_client, run)
        with CaptureQueriesContext(connection) as doing:
            agent_client.post(page(run, "import_undo"))
        assert run.rows.filter(state=RowState.UNDONE).count() == count
        return len(before), len(doing)

    asked(1, 1_000)
    assert asked(3, 0) == asked(30, 100)
