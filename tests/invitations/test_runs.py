"""Inviting several people at once: prepared, launched, done by blocks, nobody twice."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.agenda.models import Lieu, PlageOuverture
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations import results
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal, RunStage
from rdv_insertion.invitations.models import (
    CategoryConfiguration,
    Invitation,
    InvitationRun,
    InvitationTarget,
)
from rdv_insertion.invitations.results import Kind
from rdv_insertion.invitations.services import runs
from rdv_insertion.invitations.services.resending import send_stopped_again
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from tests.conftest import RunJobs
from tests.factories import ParticipationFactory
from tests.invitations.conftest import NOW

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def prepared(configuration: CategoryConfiguration, plage: PlageOuverture, agent: Agent) -> Callable[..., Any]:
    """A run of these people, at its page."""

    def make(people: list[FollowUp]) -> InvitationRun:
        return runs.prepare(
            configuration=configuration,
            follow_ups=[one.pk for one in people],
            origin=InvitationOrigin.USERS_INDEX_PAGE,
            agent=agent,
            now=NOW,
        )

    return make


def choose(run: InvitationRun, **choices: Any) -> None:
    usual = {"channels": run.channels, "lieu": None, "with_referents": False, "even_without_slots": False}
    runs.choose(run=run, now=NOW, **(usual | choices))


def launched(run: InvitationRun, agent: Agent) -> InvitationRun:
    runs.launch(run=run, agent=agent, now=NOW)
    return run


def done(run: InvitationRun) -> InvitationRun:
    return InvitationRun.objects.with_details().get(pk=run.pk)


# ---- Preparing


def test_a_run_foresees_who_is_refused_by_each_channel_and_why(prepared: Any, people: Any) -> None:
    run = prepared([*people(3), *people(2, usager__phone_number=None), *people(1, usager__unreachable=True)])
    foreseen = results.foreseen(run)
    assert (foreseen.total, foreseen.leaving, foreseen.refused, foreseen.messages) == (6, 5, 1, 8)
    assert [(one.channel, one.count, one.checked) for one in foreseen.reach] == [
        (Channel.SMS, 3, True),
        (Channel.EMAIL, 5, True),
        (Channel.LETTER, 5, False),
    ]
    assert [(one.refusal, one.people, one.channels) for one in results.reasons(run)] == [
        (Refusal.NO_PHONE, 3, [Channel.SMS]),
        (Refusal.NO_EMAIL, 1, [Channel.EMAIL]),
    ]


def test_nothing_leaves_before_it_is_launched(prepared: Any, people: Any) -> None:
    prepared(people(2))
    assert not Invitation.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_the_same_person_twice_is_one_person(prepared: Any, people: Any) -> None:
    (one,) = people(1)
    assert InvitationTarget.objects.filter(run=prepared([one, one])).count() == 1


def test_a_category_without_sms_nor_mail_proposes_letters(
    prepared: Any, people: Any, configuration: CategoryConfiguration
) -> None:
    configuration.channels = [Channel.LETTER]
    assert prepared(people(1)).channels == [Channel.LETTER]


def test_letters_are_proposed_to_those_whom_nothing_else_reaches(prepared: Any, people: Any) -> None:
    nowhere_else = {"usager__phone_number": None, "usager__email": None}
    assert prepared(people(2, **nowhere_else)).channels == [Channel.LETTER]
    assert prepared([*people(1), *people(2, **nowhere_else)]).channels == [Channel.SMS, Channel.EMAIL]
    assert prepared(people(1, usager__unreachable=True)).channels == [Channel.SMS, Channel.EMAIL]


def test_what_the_checks_said_is_looked_at_again_after_a_minute(prepared: Any, people: Any) -> None:
    run = prepared(people(1, usager__updated_at=NOW - HOUR))
    assert not runs.is_to_check(run, now=NOW + timedelta(seconds=59))
    assert runs.is_to_check(run, now=NOW + timedelta(minutes=1))


def test_who_is_corrected_meanwhile_is_seen_at_once(prepared: Any, people: Any) -> None:
    (follow_up,) = people(1, usager__phone_number=None, usager__updated_at=NOW - HOUR)
    run, soon = prepared([follow_up]), NOW + timedelta(seconds=2)
    assert not runs.is_to_check(run, now=soon)
    follow_up.usager.phone_number, follow_up.usager.updated_at = "+33612345678", NOW + timedelta(seconds=1)
    follow_up.usager.save()
    assert runs.is_to_check(run, now=soon)
    runs.check(run=run, now=soon)
    assert InvitationTarget.objects.get().refusals == {}
    assert not runs.is_to_check(run, now=soon)


def test_choosing_to_invite_with_referents_looks_for_them(prepared: Any, people: Any) -> None:
    run = prepared(people(1))
    choose(run, with_referents=True)
    reasons = {reason.refusal for reason in results.reasons(run)}
    assert reasons == {Refusal.NO_REFERENT, Refusal.NO_REFERENT_MOTIF}


def test_a_channel_that_the_category_does_not_have_is_not_chosen(prepared: Any, people: Any) -> None:
    run = prepared(people(1))
    choose(run, channels=["pigeon", "sms"])
    assert run.channels == [Channel.SMS]


def test_preparing_costs_the_same_queries_for_two_and_two_hundred_people(prepared: Any, people: Any) -> None:
    costs = []
    for count in (2, 200):
        several = people(count, usager__email=None)
        with CaptureQueriesContext(connection) as queries:
            prepared(several)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 20


def test_the_people_of_a_run_are_found_by_kind_and_by_reason(prepared: Any, people: Any) -> None:
    (whole,), (part,), (none,) = (
        people(1),
        people(1, usager__email=None),
        people(1, usager__unreachable=True),
    )
    run = prepared([whole, part, none])
    of = {
        kind: {target.follow_up_id for target in results.targets(run, kind=kind)}
        for kind in (Kind.ALL, Kind.LEAVING, Kind.PARTLY, Kind.REFUSED, Kind.FAILED)
    }
    assert of == {
        Kind.ALL: {whole.pk, part.pk, none.pk},
        Kind.LEAVING: {whole.pk, part.pk},
        Kind.PARTLY: {part.pk},
        Kind.REFUSED: {none.pk},
        Kind.FAILED: set(),
    }
    by_reason = results.targets(run, reason=Refusal.NO_EMAIL)
    assert {target.follow_up_id for target in by_reason} == {part.pk, none.pk}


def test_a_run_that_nobody_launched_is_forgotten_after_a_week(
    prepared: Any, people: Any, agent: Agent
) -> None:
    prepared(people(1))
    kept = launched(prepared(people(1)), agent)
    assert runs.forget_old_preparations(now=NOW + timedelta(days=7)) == 0
    assert runs.forget_old_preparations(now=NOW + timedelta(days=7, seconds=1)) == 1
    assert InvitationRun.objects.get() == kept


def test_abandoning_forgets_it(prepared: Any, people: Any) -> None:
    runs.abandon(run=prepared(people(1)))
    assert not InvitationRun.objects.exists()


# ---- Inviting


def test_a_run_invites_those_whom_nothing_refuses_and_keeps_why_for_the_others(
    prepared: Any, people: Any, agent: Agent, run_jobs: RunJobs
) -> None:
    refused = people(1, usager__unreachable=True)[0]
    run = launched(prepared([*people(2), refused]), agent)
    run_jobs("imports", at=NOW)
    run = done(run)
    assert (run.stage, run.finished_at) == (RunStage.DONE, NOW)
    assert Invitation.objects.filter(run=run, created_by_agent=agent).count() == 4
    target = InvitationTarget.objects.get(follow_up=refused)
    assert target.refusals == {"sms": ["no_phone"], "email": ["no_email"]}
    assert results.progress(run).percentage == 100


def test_the_choices_of_the_run_are_those_of_its_invitations(
    prepared: Any, people: Any, agent: Agent, plage: PlageOuverture, run_jobs: RunJobs
) -> None:
    run, lieu = prepared(people(1)), Lieu.objects.get()
    choose(run, channels=[Channel.EMAIL], lieu=lieu)
    launched(run, agent)
    run_jobs("imports", at=NOW)
    invitation = Invitation.objects.get()
    assert (invitation.channel, invitation.lieu) == (Channel.EMAIL, lieu)


def test_who_took_a_rdv_after_the_checks_is_not_invited(
    prepared: Any, people: Any, agent: Agent, run_jobs: RunJobs
) -> None:
    (follow_up,) = people(1)
    run = prepared([follow_up])
    ParticipationFactory(follow_up=follow_up, rdv__starts_at=NOW + 24 * HOUR)
    launched(run, agent)
    run_jobs("imports", at=NOW)
    assert not Invitation.objects.exists()
    assert InvitationTarget.objects.get().refusals["sms"] == ["rdv_pending"]


def test_a_run_killed_between_two_blocks_goes_on_where_it_stopped(
    prepared: Any, people: Any, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "FIRST_BLOCK", 1)
    monkeypatch.setattr(runs, "BLOCK", 2)
    run = launched(prepared(people(5)), agent)
    assert runs._invite_block(run.pk, 2, NOW) == 2
    assert Invitation.objects.count() == 4
    assert (results.progress(run).done, results.progress(run).left) == (2, 3)
    # The worker died here; the job is given back.
    runs.advance(run_id=run.pk, now=NOW + HOUR)
    assert Invitation.objects.count() == 10
    assert Invitation.objects.values("follow_up", "channel").distinct().count() == 10
    runs.advance(run_id=run.pk, now=NOW + 48 * HOUR)
    assert Invitation.objects.count() == 10


def test_a_block_that_fails_leaves_nothing_of_itself(
    prepared: Any, people: Any, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = launched(prepared(people(2)), agent)
    monkeypatch.setattr(runs.bulk, "update_columns", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        runs.advance(run_id=run.pk, now=NOW)
    assert not Invitation.objects.exists()
    assert not Message.objects.exists()


def test_a_run_is_launched_once(prepared: Any, people: Any, agent: Agent) -> None:
    run = launched(prepared(people(1)), agent)
    for late in (
        partial(runs.launch, run=run, agent=agent, now=NOW),
        partial(runs.abandon, run=run),
        partial(choose, run),
        # By the page of a colleague, opened just before: it would write over what was refused.
        partial(runs.check, run=run, now=NOW),
    ):
        with pytest.raises(runs.WrongStage):
            late()
    assert ProcrastinateJob.objects.filter(task_name="invite_run").count() == 1


def test_a_run_is_stopped_then_resumed_and_nobody_is_invited_twice(
    prepared: Any, people: Any, agent: Agent, run_jobs: RunJobs
) -> None:
    run = launched(prepared(people(3)), agent)
    runs._invite_block(run.pk, 2, NOW)
    runs.stop(run=run, now=NOW)
    run_jobs("imports", at=NOW)
    assert Invitation.objects.count() == 4
    runs.resume(run=run)
    run_jobs("imports", at=NOW)
    assert Invitation.objects.count() == 6
    assert done(run).stage == RunStage.DONE
    with pytest.raises(runs.WrongStage):
        runs.resume(run=run)


def test_a_run_whose_job_waits_is_not_given_a_second_one(prepared: Any, people: Any, agent: Agent) -> None:
    run = launched(prepared(people(1)), agent)
    assert runs.has_job(run)
    with pytest.raises(runs.WrongStage):
        runs.resume(run=run)


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_run_invite_each_person_once(
    prepared: Any, people: Any, agent: Agent, in_threads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "FIRST_BLOCK", 1)
    monkeypatch.setattr(runs, "BLOCK", 3)
    run = launched(prepared(people(12)), agent)
    answers = in_threads(*[partial(runs.advance, run_id=run.pk, now=NOW)] * 4)
    assert answers == [None] * 4
    assert Invitation.objects.count() == Message.objects.count() == 24
    assert done(run).stage == RunStage.DONE


# ---- What came of it


@pytest.fixture
def over(prepared: Any, people: Any, agent: Agent, run_jobs: RunJobs) -> InvitationRun:
    """Three people invited by SMS, mail and letter."""
    run = prepared(people(3))
    choose(run, channels=["sms", "email", "postal"])
    launched(run, agent)
    run_jobs("imports", at=NOW)
    return done(run)


def test_what_became_of_the_messages_is_counted_by_channel(over: InvitationRun) -> None:
    first, second, _ = Message.objects.filter(channel=Channel.SMS).order_by("id")
    Message.objects.filter(pk=first.pk).update(status=MessageStatus.DELIVERED)
    Message.objects.filter(pk=second.pk).update(status=MessageStatus.TECHNICAL_FAILURE)
    sms, mail, letter = results.sent(over.invitations.all())
    assert (sms.delivered, sms.failed, sms.waiting, sms.total) == (1, 1, 1, 3)
    assert (mail.waiting, letter.to_print) == (3, 3)
    assert results.stopped(over.invitations.all()).count() == 1
    assert [one.follow_up.usager_id for one in results.targets(over, kind=Kind.FAILED)] == [second.usager_id]


def test_who_is_still_to_choose_and_what_leaves_in_a_moment(over: InvitationRun) -> None:
    assert results.still_to_choose(over, NOW) == 3
    chosen = over.invitations.first()
    assert chosen is not None
    ParticipationFactory(
        follow_up=chosen.follow_up, rdv__starts_at=NOW + 24 * HOUR, created_at=NOW + timedelta(minutes=1)
    )
    assert results.still_to_choose(over, NOW + HOUR) == 2
    assert results.still_to_choose(over, NOW + 1_000 * HOUR) == 0
    Message.objects.filter(channel=Channel.SMS).update(not_before=NOW + 8 * HOUR)
    leaving = results.leaving(over.invitations.all(), NOW)
    assert {one.channel for one in leaving} == {Channel.EMAIL}


def test_only_the_technical_failures_of_the_run_leave_again(over: InvitationRun) -> None:
    ids = list(Message.objects.filter(channel=Channel.SMS).order_by("id").values_list("pk", flat=True))
    Message.objects.filter(pk=ids[0]).update(status=MessageStatus.TECHNICAL_FAILURE)
    Message.objects.filter(pk=ids[1]).update(status=MessageStatus.PERMANENT_FAILURE)
    assert send_stopped_again(invitations=over.invitations.all(), now=NOW) == 1
    assert Message.objects.get(pk=ids[0]).status == MessageStatus.CREATED


def test_the_letters_of_a_run_are_its_own(over: InvitationRun, prepared: Any, people: Any) -> None:
    assert results.letters(over.invitations.all()).count() == 3
    assert results.letters(prepared(people(1)).invitations.all()).count() == 0
