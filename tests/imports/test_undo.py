"""Undoing deletes exactly the people whom nobody touched, whatever happened to the others."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import ForeignObjectRel, Model
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import close_follow_up
from rdv_insertion.imports import services
from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.services.undoing import Kept
from rdv_insertion.invitations import services as invitations
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import Invitation, InvitationTarget
from rdv_insertion.invitations.services.runs import prepare
from rdv_insertion.usagers.models import Usager
from rdv_insertion.usagers.services import edit_usager
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    MembershipFactory,
    MessageFactory,
    MotifCategoryFactory,
    OrganisationFactory,
    ParticipationFactory,
    TagFactory,
)
from tests.imports import files
from tests.imports.conftest import Previewed, row, states, write


def invite(usager: Usager, run: ImportRun) -> None:
    InvitationFactory(follow_up=usager.follow_ups.get(), organisation=run.organisation)


def book(usager: Usager, run: ImportRun) -> None:
    ParticipationFactory(follow_up=usager.follow_ups.get())


def book_without_follow_up(usager: Usager, run: ImportRun) -> None:
    participation = ParticipationFactory()
    participation.usager, participation.follow_up = usager, None
    participation.save()


def tell(usager: Usager, run: ImportRun) -> None:
    MessageFactory(usager=usager, organisation=run.organisation)


def edit(usager: Usager, run: ImportRun) -> None:
    edit_usager(usager=usager, identity=usager.identity, attributes=["phone_number"], now=timezone.now())


def close(usager: Usager, run: ImportRun) -> None:
    close_follow_up(follow_up=usager.follow_ups.get(), now=timezone.now())


def open_another(usager: Usager, run: ImportRun) -> None:
    FollowUpFactory(usager=usager, motif_category=MotifCategoryFactory(accompagnement=True))


def follow_elsewhere(usager: Usager, run: ImportRun) -> None:
    MembershipFactory(usager=usager, organisation=OrganisationFactory(department=run.organisation.department))


def archive(usager: Usager, run: ImportRun) -> None:
    usager.memberships.update(archived_at=timezone.now())


def import_again(usager: Usager, run: ImportRun) -> None:
    other = ImportRun.objects.create(
        organisation=run.organisation, created_at=timezone.now(), kept_until=timezone.now()
    )
    ImportRow.objects.create(
        run=other, number=2, state=RowState.UNCHANGED, sealed={}, usager=usager, written_at=timezone.now()
    )


def leave(usager: Usager, run: ImportRun) -> None:
    """Nobody touches this one."""


TOUCHES: dict[Callable[[Usager, ImportRun], None], Kept] = {
    invite: Kept.INVITED,
    book: Kept.WITH_RDV,
    book_without_follow_up: Kept.WITH_RDV,
    tell: Kept.TOLD,
    edit: Kept.EDITED,
    close: Kept.FOLLOWED_UP,
    open_another: Kept.FOLLOWED_UP,
    follow_elsewhere: Kept.ELSEWHERE,
    archive: Kept.ELSEWHERE,
    import_again: Kept.IMPORTED_AGAIN,
}


def undo(run: ImportRun) -> int:
    count = services.undo_creations(run=run, now=timezone.now())
    run.refresh_from_db()
    return count


@pytest.mark.parametrize(("touch", "reason"), TOUCHES.items(), ids=lambda one: getattr(one, "__name__", one))
def test_each_kind_of_touch_keeps_the_person_and_is_said(previewed: Previewed, touch, reason: Kept):
    run = write(previewed(files.people(2)))
    touch(row(run, 2).usager, run)
    plan = services.undo_plan(run, now=timezone.now())
    assert (plan.people, plan.kept) == (1, {reason: 1})
    assert undo(run) == 1
    assert states(run) == [RowState.CREATED, RowState.UNDONE]
    assert [one.last_name for one in Usager.objects.filter(import_rows__run=run)] == ["Nom0"]


@settings(max_examples=15)
@given(touches=st.lists(st.sampled_from([leave, *TOUCHES]), min_size=1, max_size=8))
def test_undo_deletes_exactly_those_whom_nobody_touched(previewed: Previewed, touches):
    run = write(previewed(files.people(len(touches), first=ImportRun.objects.count() * 100)))
    people = [one.usager for one in run.rows.order_by("number").select_related("usager")]
    for usager, touch in zip(people, touches, strict=True):
        touch(usager, run)
    plan = services.undo_plan(run, now=timezone.now())
    untouched = touches.count(leave)
    assert undo(run) == plan.people == untouched
    assert plan.kept_count == len(touches) - untouched
    kept = [usager.pk for usager, touch in zip(people, touches, strict=True) if touch is not leave]
    assert (
        sorted(Usager.objects.filter(pk__in=[one.pk for one in people]).values_list("pk", flat=True)) == kept
    )


def test_the_known_whom_the_import_updated_are_left_alone(previewed: Previewed):
    write(previewed(files.people(1)))
    again = write(previewed(files.people(2).replace(b"p0@", b"autre@")))
    assert undo(again) == 1
    assert states(again) == [RowState.UPDATED, RowState.UNDONE]
    assert Usager.objects.get().email == "autre@courriel.test"


def test_nothing_of_the_deleted_remains(previewed: Previewed, department):
    TagFactory(department=department, value="Urgent")
    run = write(previewed("Nom;Prénom;Mail;Tags\nRoux;Zoé;z@courriel.test;Urgent\n".encode()))
    assert row(run, 2).usager.tags.count() == 1
    undo(run)
    assert (Usager.objects.count(), FollowUp.objects.count()) == (0, 0)
    assert row(run, 2).usager is None


def test_rows_merged_into_a_deleted_one_show_nobody_any_more(previewed: Previewed):
    run = write(previewed(files.people(1) + b"Nom0;Prenom0;p0@courriel.test;ID0\n"))
    assert row(run, 3).usager == row(run, 2).usager
    undo(run)
    assert [one.usager for one in run.rows.all()] == [None, None]


def test_another_import_that_only_previewed_the_person_creates_them_later(previewed: Previewed):
    run = write(previewed(files.people(1)))
    other = previewed(files.people(1))
    undo(run)
    assert states(write(other)) == [RowState.CREATED]


def test_what_was_undone_is_written_only_by_another_import(previewed: Previewed):
    run = write(previewed(files.people(1)))
    undo(run)
    assert states(write(run)) == [RowState.UNDONE]
    assert states(write(previewed(files.people(1)))) == [RowState.CREATED]


def test_an_import_of_which_some_remain_goes_on_to_the_invitations(previewed: Previewed):
    run = write(previewed(files.people(2)))
    edit(row(run, 2).usager, run)
    undo(run)
    assert run.stage == Stage.WRITTEN
    assert [one.number for one in services.invitable_rows(run)] == [2]


@pytest.mark.parametrize(("minutes", "people"), [(59, 1), (60, 0)])
def test_the_hour_is_counted_from_the_writing(previewed: Previewed, minutes: int, people: int):
    run = write(previewed(files.people(1)))
    later = row(run, 2).written_at + timedelta(minutes=minutes)
    assert services.undo_creations(run=run, now=later) == people


def test_an_import_still_to_write_has_nothing_to_undo(previewed: Previewed):
    with pytest.raises(services.WrongStage):
        undo(previewed(files.people(1)))


def referring_to(model: type[Model]) -> set[str]:
    """`Model.field` of all that refers to a model, links of many to many aside."""
    fields = model._meta.get_fields(include_hidden=True)
    relations = [field for field in fields if isinstance(field, ForeignObjectRel)]
    return {
        f"{relation.related_model.__name__}.{relation.field.name}"
        for relation in relations
        if not relation.related_model._meta.auto_created
    }


def test_everything_that_may_refer_to_a_person_is_looked_at():
    """A new model that refers to people or to their follow-ups must be a touch, or be deleted with them."""
    assert referring_to(Usager) == {
        "FollowUp.usager",
        "ImportRow.lookalikes",
        "ImportRow.usager",
        "Message.usager",
        "Participation.usager",
        "RefusedContact.usager",
        "UsagerOrganisation.usager",
    }
    assert referring_to(FollowUp) == {
        "Invitation.follow_up",
        "InvitationTarget.follow_up",
        "Participation.follow_up",
    }


def test_who_was_only_prepared_to_be_invited_leaves_the_run_too(previewed: Previewed, configuration):
    run = write(previewed(files.people(1)))
    prepare(
        configuration=configuration,
        follow_ups=[FollowUp.objects.get().pk],
        origin=InvitationOrigin.USERS_INDEX_PAGE,
        agent=None,
        now=timezone.now(),
    )
    assert undo(run) == 1
    assert not InvitationTarget.objects.exists()


def test_who_is_invited_meanwhile_stays(previewed: Previewed, configuration, transactional_db, in_threads):
    """An agent invites while another undoes: whoever comes first, no invitation is left to nobody."""
    run = write(previewed(files.people(1)))
    follow_up = FollowUp.objects.get()

    def invited() -> None:
        invitations.invite(
            follow_ups=[follow_up],
            configuration=configuration,
            channels=["email"],
            origin=InvitationOrigin.USERS_INDEX_PAGE,
            now=timezone.now(),
            even_without_slots=True,
        )

    outcome = in_threads(invited, lambda: undo(run))
    undone = outcome[1]
    assert outcome[0] is None
    assert (Usager.objects.count(), Invitation.objects.count()) == (1 - undone, 1 - undone)
