"""A large preview is built by the worker: the page may be left, and a crash loses nothing."""

import pytest
from django.utils import timezone

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Decision, RowState, Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.services.files import AT_ONCE
from rdv_insertion.imports.tasks import check_import
from tests.factories import OrganisationFactory, UsagerFactory
from tests.imports import files


@pytest.fixture
def run(organisation, category) -> ImportRun:
    return services.start(
        organisation=organisation,
        motif_category=category,
        agent=None,
        file=services.File("liste.csv", files.people(AT_ONCE + 1)),
        now=timezone.now(),
    )


@pytest.mark.django_db
def test_a_large_file_is_left_to_the_worker_and_a_small_one_is_not(run: ImportRun, previewed):
    services.set_columns(run=run, columns=run.columns, now=timezone.now(), in_background=True)
    assert (run.stage, run.rows.count(), services.has_job(run)) == (Stage.CHECKING, 0, True)
    assert previewed(files.people(2)).stage == Stage.PREVIEW


@pytest.mark.django_db
def test_the_worker_builds_the_preview_once(run: ImportRun):
    services.set_columns(run=run, columns=run.columns, now=timezone.now(), in_background=True)
    check_import(run.pk)
    run.refresh_from_db()
    assert (run.stage, run.rows.filter(state=RowState.TO_CREATE).count()) == (Stage.PREVIEW, AT_ONCE + 1)
    first = run.rows.order_by("number").values_list("pk", flat=True)[0]
    check_import(run.pk)
    assert run.rows.filter(pk=first).exists()


@pytest.mark.django_db
def test_nothing_is_decided_before_the_preview_is_there(run: ImportRun):
    services.set_columns(run=run, columns=run.columns, now=timezone.now(), in_background=True)
    for step in (services.start_writing, services.finish_without_inviting):
        with pytest.raises(services.WrongStage):
            step(run=run, now=timezone.now())


@pytest.mark.django_db
def test_many_people_sent_elsewhere_are_checked_by_the_worker_and_decisions_stay(
    run: ImportRun, organisation, department
):
    UsagerFactory(organisation=organisation, last_name="Nom0", first_name="Prenom0", email=None)
    services.set_columns(run=run, columns=run.columns, now=timezone.now())
    there = OrganisationFactory(department=department)
    doubtful = run.rows.get(state=RowState.DUPLICATE)
    services.decide(row=doubtful, decision=Decision.DIFFERENT)
    services.assign(run=run, rows=run.rows.filter(number__lte=400), organisation=there, now=timezone.now())
    assert (run.stage, services.has_job(run)) == (Stage.CHECKING, True)
    check_import(run.pk)
    run.refresh_from_db()
    assert (run.stage, run.rows.filter(organisation=there).count()) == (Stage.PREVIEW, 399)
    assert run.rows.get(state=RowState.DUPLICATE).decision == Decision.DIFFERENT


@pytest.mark.django_db
def test_other_columns_take_the_rows_away_until_the_worker_has_read_them(run: ImportRun):
    services.set_columns(run=run, columns=run.columns, now=timezone.now())
    columns = [name if name != "email" else "" for name in run.columns]
    services.set_columns(run=run, columns=columns, now=timezone.now(), in_background=True)
    assert not run.rows.exists()
    check_import(run.pk)
    assert "email" not in run.rows.first().content.values
