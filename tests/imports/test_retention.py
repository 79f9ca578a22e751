"""What an import holds of people is erased in time: exactly that, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Origin, Stage
from rdv_insertion.imports.models import KEPT, ImportFile, ImportRow, ImportRun
from rdv_insertion.imports.results import counts_by_state
from rdv_insertion.imports.retention import erase_expired
from rdv_insertion.imports.tasks import erase_expired_imports
from rdv_insertion.usagers.models import Usager
from tests.factories import UsagerFactory
from tests.imports import files
from tests.imports.conftest import write

NOW = datetime(2026, 3, 3, 4, 11, tzinfo=UTC)
WORKING = (Stage.CHECKING, Stage.WRITING, Stage.INVITING)


def expire(run: ImportRun, **changes) -> None:
    ImportRun.objects.filter(pk=run.pk).update(kept_until=timezone.now() - timedelta(seconds=1), **changes)
    run.refresh_from_db()


def test_the_rows_of_a_written_import_are_erased_and_its_figures_kept(previewed):
    run = write(previewed(files.drome(), contacts=files.contacts()))
    figures = counts_by_state(run)
    expire(run)
    assert erase_expired(now=timezone.now()) == 1
    run.refresh_from_db()
    assert (run.rows.count(), run.counts, counts_by_state(run)) == (0, figures, figures)
    assert run.erased_at is not None
    assert run.file_name == "liste.csv"
    assert run.fingerprint


def test_the_people_remain(previewed):
    expire(write(previewed(files.drome())))
    erase_expired(now=timezone.now())
    assert Usager.objects.count() == 3


def test_an_unfinished_preview_is_erased_with_its_file_and_ends(previewed, organisation):
    UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé")
    header = ("Nom", "Prénom", "Mail", "Tags", "Mail référent")
    run = previewed(files.csv(header, ("Roux", "Zoé", "z@a.test", "rouge", "inconnu@a.test")))
    link = ImportRow.lookalikes.through.objects
    assert (link.count(), run.unknown_tags, run.unknown_referents) == (1, ["rouge"], ["inconnu@a.test"])
    expire(run)
    erase_expired(now=timezone.now())
    run.refresh_from_db()
    assert (link.count(), ImportRow.objects.count(), ImportFile.objects.count()) == (0, 0, 0)
    assert (run.stage, run.written_at, run.counts) == (Stage.DONE, None, {"duplicate": 1})
    assert (run.unknown_tags, run.unknown_referents) == ([], [])


def test_what_is_not_over_is_not_touched(previewed):
    kept = previewed(files.people(2))
    expire(previewed(files.people(1)))
    erase_expired(now=timezone.now())
    kept.refresh_from_db()
    assert (kept.rows.count(), kept.file.tables != [], kept.erased_at) == (2, True, None)


def test_a_run_that_waits_for_its_worker_is_not_touched(previewed):
    run = previewed(files.people(1))
    services.start_writing(run=run, now=timezone.now())
    expire(run, stage_began_at=timezone.now() - timedelta(days=40))
    assert (erase_expired(now=timezone.now()), run.rows.count()) == (0, 1)


def test_a_run_that_its_worker_left_long_ago_is_over(previewed):
    run = previewed(files.people(1))
    services.start_writing(run=run, now=timezone.now(), in_background=False)
    expire(run, stage_began_at=timezone.now() - timedelta(days=40))
    assert (erase_expired(now=timezone.now()), run.rows.count()) == (1, 0)


def test_erasing_again_does_nothing(previewed):
    expire(write(previewed(files.people(1))))
    assert [erase_expired(now=timezone.now()) for _ in range(2)] == [1, 0]


def test_the_nightly_job_erases(previewed):
    run = previewed(files.people(1))
    expire(run)
    erase_expired_imports(timestamp=0)
    assert run.rows.count() == 0


def test_erasing_costs_the_same_queries_whatever_the_number_of_rows(previewed):
    def queries(count: int) -> int:
        expire(previewed(files.people(count)))
        with CaptureQueriesContext(connection) as captured:
            erase_expired(now=timezone.now())
        return len(captured)

    assert queries(1) == queries(60)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_somebody_holds_is_left_for_the_next_night(previewed, in_threads):
    run = previewed(files.people(1))
    expire(run)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM imports_importrun WHERE id = %s FOR UPDATE", [run.pk])
        assert in_threads(lambda: erase_expired(now=timezone.now())) == [0]
        cursor.execute("ROLLBACK")
    assert run.rows.count() == 1


moments = st.integers(-40 * 24, 40 * 24).map(lambda hours: NOW + timedelta(hours=hours, seconds=1))
runs = st.tuples(
    moments, st.sampled_from(Stage.values), st.none() | moments, st.booleans(), st.sampled_from(Origin.values)
)


@given(several=st.lists(runs, max_size=8))
def test_exactly_what_is_over_is_erased(organisation, several):
    ImportRun.objects.all().delete()
    made = []
    for number, (kept_until, stage, began_at, erased, origin) in enumerate(several):
        run = ImportRun.objects.create(
            organisation=organisation, origin=origin, stage=stage, file_name=f"{number}.csv",
            fingerprint=str(number), created_at=kept_until - KEPT, kept_until=kept_until,
            stage_began_at=began_at, erased_at=kept_until if erased else None,
        )  # fmt: skip
        ImportRow.objects.create(run=run, number=2, state="created", sealed={})
        ImportFile.objects.create(run=run, tables=[])
        made.append(run)
    expected = {
        run.file_name
        for run in made
        if run.kept_until < NOW
        and run.erased_at is None
        and not (
            run.stage in WORKING
            and run.stage_began_at is not None
            and run.stage_began_at > NOW - timedelta(days=1)
        )
    }
    before = {run.file_name: (run.stage, run.counts, run.erased_at) for run in made}
    assert erase_expired(now=NOW) == len(expected)
    for run in ImportRun.objects.all():
        if run.file_name in expected:
            assert (run.rows.count(), ImportFile.objects.filter(run=run).count()) == (0, 0)
            assert (run.stage, run.counts, run.erased_at) == (Stage.DONE, {"created": 1}, NOW)
        else:
            assert (run.rows.count(), ImportFile.objects.filter(run=run).count()) == (1, 1)
            assert (run.stage, run.counts, run.erased_at) == before[run.file_name]
