"""Writing what was previewed, then inviting; and what happens when something changed or broke meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports import run as runner
from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Decision, RowState, Stage
from rdv_insertion.imports.models import ImportFile, ImportRun
from rdv_insertion.imports.results import invitations_of, progress, summarise
from rdv_insertion.imports.tasks import write_import
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.usagers.models import Usager, UsagerOrganisation
from tests.factories import (
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    PlageOuvertureFactory,
    TagFactory,
    UsagerFactory,
    valid_nir,
)
from tests.imports import files
from tests.imports.conftest import Previewed, row, states, write


def test_people_are_created_followed_and_opened_in_the_category(previewed: Previewed, organisation, category):
    run = write(previewed(files.drome(), contacts=files.contacts()))
    assert (run.stage, states(run)) == (Stage.WRITTEN, [RowState.CREATED] * 3)
    assert Usager.objects.of_organisation(organisation).count() == 3
    assert FollowUp.objects.filter(motif_category=category).count() == 3
    assert row(run, 2).usager.last_name == "Delaunay"


def test_the_same_file_again_changes_nothing(previewed: Previewed):
    write(previewed(files.drome(), contacts=files.contacts()))
    before = list(Usager.objects.order_by("pk").values())
    run = write(previewed(files.drome(), contacts=files.contacts()))
    assert summarise(run).as_json() == {
        "rows": 3, "created": 0, "updated": 0, "unchanged": 3, "duplicates": 0, "errors": [], "invited": {},
    }  # fmt: skip
    assert list(Usager.objects.order_by("pk").values()) == before


def test_blank_cells_never_erase(previewed: Previewed, organisation):
    known = UsagerFactory(
        organisation=organisation, department_internal_id="ID0", phone_number="+33612345678"
    )
    write(
        previewed(
            files.csv(("Nom", "Prénom", "Tél", "id iodas"), (known.last_name, known.first_name, "", "ID0"))
        )
    )
    known.refresh_from_db()
    assert known.phone_number == "+33612345678"


def test_tags_and_the_referent_are_added(previewed: Previewed, agent, department):
    tag = TagFactory(department=department, value="Jeune")
    header = ("Nom", "Prénom", "Mail", "Tags", "Mail référent")
    run = write(
        previewed(files.csv(header, ("Roux", "Zoé", "z@courriel.test", "Jeune", agent.email.upper())))
    )
    usager = row(run, 2).usager
    assert (list(usager.tags.all()), list(usager.referents.all())) == ([tag], [agent])


def test_rows_left_out_and_wrong_rows_are_not_written(previewed: Previewed):
    run = previewed(files.people(2) + b";;;\nSeul;;;\n")
    services.select(row=row(run, 2), selected=False)
    write(run)
    assert states(run) == [RowState.TO_CREATE, RowState.CREATED, RowState.ERROR]
    assert Usager.objects.count() == 1


def test_an_archived_person_chosen_on_purpose_comes_back(previewed: Previewed, organisation):
    known = UsagerFactory(organisation=organisation, archived=True, department_internal_id="ID0")
    run = previewed(files.csv(("Nom", "Prénom", "id iodas"), (known.last_name, known.first_name, "ID0")))
    services.select(row=row(run, 2), selected=True)
    write(run)
    assert UsagerOrganisation.objects.get(usager=known).archived_at is None


def lookalike(organisation, **values) -> Usager:
    return UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé", **values)


ONE_LIKE_IT = files.csv(("Nom", "Prénom", "Mail"), ("Roux", "Zoé", "z@courriel.test"))


def test_a_possible_duplicate_waits_until_somebody_decides_even_after_the_rest(
    previewed: Previewed, organisation
):
    known = lookalike(organisation)
    run = write(previewed(ONE_LIKE_IT))
    assert (states(run), run.stage) == ([RowState.DUPLICATE], Stage.WRITTEN)
    services.decide(row=row(run, 2), decision=Decision.SAME, usager_id=known.pk)
    write(run)
    known.refresh_from_db()
    assert (states(run), known.email, Usager.objects.count()) == ([RowState.UPDATED], "z@courriel.test", 1)


def test_a_possible_duplicate_that_is_somebody_else_is_created(previewed: Previewed, organisation):
    lookalike(organisation)
    run = previewed(ONE_LIKE_IT)
    services.decide(row=row(run, 2), decision=Decision.DIFFERENT)
    write(run)
    assert (states(run), Usager.objects.count()) == ([RowState.CREATED], 2)


def test_a_known_person_without_any_key_may_be_the_one(previewed: Previewed, organisation):
    known = lookalike(organisation, without_keys=True)
    run = previewed(ONE_LIKE_IT)
    services.decide(row=row(run, 2), decision=Decision.SAME, usager_id=known.pk)
    assert states(write(run)) == [RowState.UPDATED]


def test_only_somebody_it_looks_like_may_be_chosen(previewed: Previewed, organisation):
    lookalike(organisation)
    run = previewed(ONE_LIKE_IT)
    stranger = UsagerFactory(department=OrganisationFactory(department__isere=True).department)
    with pytest.raises(services.WrongStage):
        services.decide(row=row(run, 2), decision=Decision.SAME, usager_id=stranger.pk)


def test_two_rows_said_to_be_the_same_person_both_add_to_them(previewed: Previewed, organisation):
    known = lookalike(organisation, phone_number=None, email=None)
    header = ("Nom", "Prénom", "Mail", "Tél")
    content = files.csv(header, ("Roux", "Zoé", "z@courriel.test", ""), ("Roux", "Zoe", "", "0612345678"))
    run = previewed(content)
    for number in (2, 3):
        services.decide(row=row(run, number), decision=Decision.SAME, usager_id=known.pk)
    write(run)
    known.refresh_from_db()
    assert states(run) == [RowState.UPDATED] * 2
    assert (known.email, known.phone_number) == ("z@courriel.test", "+33612345678")


def test_nobody_takes_the_nir_of_somebody_else(previewed: Previewed, organisation):
    nir = valid_nir(1)
    lookalike(organisation, nir=nir)
    header = ("Nom", "Prénom", "Né le", "NIR")
    run = previewed(files.csv(header, ("Benali", "Karim", "03/05/1990", nir)))
    assert states(run) == [RowState.DUPLICATE]
    services.decide(row=row(run, 2), decision=Decision.DIFFERENT)
    write(run)
    assert states(run) == [RowState.REFUSED]
    assert "déjà ce NIR" in row(run, 2).content.remarks[0]
    assert Usager.objects.count() == 1


def test_somebody_created_since_the_preview_is_recognised(previewed: Previewed, organisation):
    run = previewed(files.people(2))
    UsagerFactory(organisation=organisation, first_name="Prenom1", last_name="Nom1", email="p1@courriel.test",
                  department_internal_id=None)  # fmt: skip
    write(run)
    assert (states(run), Usager.objects.count()) == ([RowState.CREATED, RowState.UPDATED], 2)


def test_somebody_who_looks_like_a_row_since_the_preview_makes_it_wait_with_their_name(
    previewed: Previewed, organisation
):
    run = previewed(ONE_LIKE_IT)
    known = lookalike(organisation)
    write(run)
    assert (states(run), list(row(run, 2).lookalikes.all())) == ([RowState.DUPLICATE], [known])
    services.decide(row=row(run, 2), decision=Decision.DIFFERENT)
    assert states(write(run)) == [RowState.CREATED]


def test_the_nir_taken_since_the_preview_refuses_one_row_and_no_other(previewed: Previewed, organisation):
    nir = valid_nir(1)
    names = {"last_name": "Nom0", "first_name": "Prenom0", "title": None}
    known = UsagerFactory(organisation=organisation, **names, department_internal_id="ID0", nir=None)
    header = ("Nom", "Prénom", "id iodas", "NIR", "Mail")
    run = previewed(
        files.csv(header, ("Nom0", "Prenom0", "ID0", nir, ""), ("Roux", "Zoé", "", "", "z@courriel.test"))
    )
    assert row(run, 2).usager == known
    UsagerFactory(organisation=organisation, nir=nir)
    write(run)
    assert states(run) == [RowState.REFUSED, RowState.CREATED]


def test_the_file_is_forgotten_once_written_and_its_rows_kept(previewed: Previewed):
    run = write(previewed(files.people(1)))
    assert (ImportFile.objects.count(), run.rows.count()) == (0, 1)


# --- What breaks on the way -------------------------------------------------------------------------


@contextmanager
def database_that(action: str, last_name: str) -> Iterator[None]:
    """A real failure of PostgreSQL when somebody of this name is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION break_import() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF NEW.last_name = '{last_name}' THEN {action} END IF; RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER break_import BEFORE INSERT ON usagers_usager "
            "FOR EACH ROW EXECUTE FUNCTION break_import()"
        )
    try:
        yield
    finally:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER break_import ON usagers_usager; DROP FUNCTION break_import()")


@pytest.mark.django_db(transaction=True)
def test_after_a_lost_connection_what_is_written_is_true_and_starting_again_finishes(previewed: Previewed):
    """The database drops the connection in the second block, as when it restarts."""
    run = previewed(files.people(1_200))
    services.start_writing(run=run, now=timezone.now(), in_background=False)
    with database_that("PERFORM pg_terminate_backend(pg_backend_pid());", "Nom700"):
        with pytest.raises(DatabaseError):
            runner.write(run, now=timezone.now())
        connection.close()
    assert Usager.objects.count() == runner.BLOCK
    assert run.rows.filter(state=RowState.CREATED).count() == runner.BLOCK
    assert (progress(run).done, progress(run).total) == (runner.BLOCK, 1_200)
    write_import(run.pk)
    run.refresh_from_db()
    assert (run.stage, Usager.objects.count()) == (Stage.WRITTEN, 1_200)
    assert set(states(run)) == {RowState.CREATED}
    assert Usager.objects.values("email").distinct().count() == 1_200


@pytest.mark.django_db(transaction=True)
def test_a_new_import_of_the_same_file_after_a_crash_creates_nobody_twice(previewed: Previewed):
    run = previewed(files.people(700))
    services.start_writing(run=run, now=timezone.now(), in_background=False)
    out_of_order = "RAISE EXCEPTION 'out of order' USING ERRCODE = '57P03';"
    with database_that(out_of_order, "Nom600"), pytest.raises(DatabaseError):
        runner.write(run, now=timezone.now())
    again = write(previewed(files.people(700)))
    figures = summarise(again)
    assert (figures.created, figures.unchanged, Usager.objects.count()) == (200, 500, 700)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_the_database_refuses_stops_no_other(previewed: Previewed):
    run = previewed(files.people(5))
    with database_that("RAISE unique_violation;", "Nom2"):
        write(run)
    assert states(run) == [RowState.CREATED] * 2 + [RowState.REFUSED] + [RowState.CREATED] * 2
    assert summarise(run).errors[0][0] == 4


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_import_write_each_person_once(previewed: Previewed, in_threads):
    run = previewed(files.people(600))
    services.start_writing(run=run, now=timezone.now(), in_background=False)
    results = in_threads(*[lambda: runner.write(run, now=timezone.now())] * 2)
    assert results == [None, None]
    assert Usager.objects.count() == 600


@pytest.mark.django_db(transaction=True)
def test_two_files_imported_at_once_create_a_person_once(previewed: Previewed, organisation, in_threads):
    runs = [previewed(files.people(50)) for _ in range(2)]
    for run in runs:
        services.start_writing(run=run, now=timezone.now(), in_background=False)
    in_threads(*[lambda run=run: runner.write(run, now=timezone.now()) for run in runs])
    assert Usager.objects.count() == 50


@pytest.mark.django_db(transaction=True)
def test_the_worker_writes_in_the_background(previewed: Previewed, run_worker):
    run = previewed(files.people(3))
    services.start_writing(run=run, now=timezone.now())
    assert (run.stage, services.has_job(run)) == (Stage.WRITING, True)
    run_worker()
    assert (ImportRun.objects.get().stage, Usager.objects.count()) == (Stage.WRITTEN, 3)


def test_a_work_that_gave_up_may_be_started_again_and_a_living_one_not(previewed: Previewed, run_jobs):
    run = previewed(files.people(1))
    services.start_writing(run=run, now=timezone.now())
    with pytest.raises(services.WrongStage):
        services.start_again(run=run)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    services.start_again(run=run)
    assert ProcrastinateJob.objects.filter(status="todo", args={"run_id": run.pk}).count() == 1
    run_jobs("imports")
    run.refresh_from_db()
    assert run.stage == Stage.WRITTEN


def test_a_step_already_taken_is_not_taken_twice(previewed: Previewed):
    run = previewed(files.people(1))
    services.start_writing(run=run, now=timezone.now())
    for again in (services.start_writing, services.finish_without_inviting):
        with pytest.raises(services.WrongStage):
            again(run=run, now=timezone.now())


# --- Inviting ---------------------------------------------------------------------------------------


@pytest.fixture
def slots(configuration):
    """A place that receives every working day."""
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(motif=motif, lieu=LieuFactory(organisation=configuration.organisation))


def invite(run: ImportRun, channels, *, even_without_slots: bool = False) -> ImportRun:
    services.start_inviting(
        run=run,
        channels=channels,
        even_without_slots=even_without_slots,
        now=timezone.now(),
        in_background=False,
    )
    runner.invite(run, now=timezone.now())
    run.refresh_from_db()
    return run


def test_people_are_invited_by_what_reaches_them_and_refusals_are_told(previewed: Previewed, slots):
    run = invite(write(previewed(files.drome())), ["sms", "email"])
    assert run.stage == Stage.DONE
    assert summarise(run, channels=["sms", "email"]).invited == {"sms": 1, "email": 1}
    assert row(run, 2).refusals == {}
    assert row(run, 3).refusals == {"sms": Refusal.NO_PHONE, "email": Refusal.NO_EMAIL}


def test_only_the_rows_chosen_are_invited(previewed: Previewed, slots):
    run = write(previewed(files.people(3)))
    invite(run, {row(run, 3).pk: ["email"], row(run, 4).pk: []})
    assert [one.follow_up.usager.last_name for one in Invitation.objects.all()] == ["Nom1"]
    assert (row(run, 2).invited_at, list(invitations_of([row(run, 3)], run))) == (
        None,
        [row(run, 3).usager_id],
    )


def test_each_row_is_invited_by_its_own_channels(previewed: Previewed, slots):
    run = write(previewed(files.drome(), contacts=files.contacts()))
    first, second, _ = run.rows.order_by("number")
    invite(run, {first.pk: ["sms"], second.pk: ["email"]})
    sent = Invitation.objects.order_by("follow_up__usager").values_list("follow_up__usager", "channel")
    assert list(sent) == [(first.usager_id, "sms"), (second.usager_id, "email")]


def test_inviting_again_the_same_day_sends_nothing_more(previewed: Previewed, slots):
    for _ in range(2):
        run = invite(write(previewed(files.people(2))), ["email"])
    assert Invitation.objects.count() == 2
    assert row(run, 2).refusals == {"email": Refusal.INVITED_TODAY}
    assert summarise(run, channels=["email"]).invited == {"email": 0}


def test_without_a_free_slot_nobody_is_invited_unless_the_agent_insists(previewed: Previewed, configuration):
    run = invite(write(previewed(files.people(1))), ["email"])
    assert row(run, 2).refusals == {"email": Refusal.NO_SLOT_LEFT}
    run = invite(write(previewed(files.people(1))), ["email"], even_without_slots=True)
    assert Invitation.objects.count() == 1


def test_those_invited_once_are_not_proposed_again_after_a_late_decision(
    previewed: Previewed, organisation, slots
):
    lookalike(organisation)
    run = previewed(files.people(1) + "Roux;Zoé;z@courriel.test;\n".encode())
    invite(write(run), ["email"])
    services.decide(row=row(run, 3), decision=Decision.DIFFERENT)
    write(run)
    assert [one.number for one in services.invitable_rows(run)] == [3]


def test_an_invitation_interrupted_goes_on_with_those_who_wait(previewed: Previewed, slots):
    run = write(previewed(files.people(4)))
    services.start_inviting(run=run, channels=["email"], now=timezone.now())
    first = run.rows.filter(number__in=(2, 3))
    first.update(invited_at=timezone.now())
    assert (progress(run).done, progress(run).percentage) == (2, 50)
    runner.invite(run, now=timezone.now())
    assert sorted(Invitation.objects.values_list("follow_up__usager__last_name", flat=True)) == [
        "Nom2",
        "Nom3",
    ]
