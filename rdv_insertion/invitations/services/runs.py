"""Inviting several people at once: prepared, looked at, then done by a job, block after block.

Each block is one transaction that says what it did: a crash leaves whole blocks, and starting again goes on
with the people who are still to do, nobody twice.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.agenda.models import Lieu
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations import results
from rdv_insertion.invitations.enums import RunStage
from rdv_insertion.invitations.models import (
    CategoryConfiguration,
    InvitationRun,
    InvitationTarget,
)
from rdv_insertion.invitations.services.checks import foreseen_reasons
from rdv_insertion.invitations.services.inviting import invite
from rdv_insertion.kernel import bulk, jobs
from rdv_insertion.messaging.enums import Channel

BLOCK = 500
# The page shows movement after so many.
FIRST_BLOCK = 50
_CHECKED_TOGETHER = 2_000
# The channels that leave at once; letters have to be printed.
AT_ONCE = (Channel.SMS, Channel.EMAIL)
# What the checks said is looked at again after so long: a number was corrected meanwhile, a rdv taken.
CHECKS_HOLD = timedelta(minutes=1)
# A run that nobody launched is forgotten.
PREPARED_FOR = timedelta(days=7)
_JOB = "invite_run"


class WrongStage(Exception):
    """The run is elsewhere: somebody else went on with it, or the page is an old one."""


# ---- Preparing


@transaction.atomic
def prepare(
    *,
    configuration: CategoryConfiguration,
    follow_ups: Iterable[int],
    origin: str,
    agent: Agent | None,
    now: datetime,
) -> InvitationRun:
    """Put together the people to invite, by ids of follow-up, with what would refuse each of them.

    Proposes SMS and mail, or what the category has when it has neither; letters when they alone reach
    somebody. A constant number of queries a thousand people.
    """
    at_once = [channel.value for channel in AT_ONCE if channel in configuration.channels]
    run = InvitationRun.objects.create(
        configuration=configuration,
        channels=at_once or list(configuration.channels),
        with_referents=configuration.with_referents,
        origin=origin,
        created_by=agent,
        created_at=now,
    )
    InvitationTarget.objects.bulk_create(
        (InvitationTarget(run=run, follow_up_id=pk) for pk in dict.fromkeys(follow_ups)), batch_size=2_000
    )
    check(run=run, now=now)
    _propose_letters(run)
    return run


def _propose_letters(run: InvitationRun) -> None:
    """Instead of the other channels, when these reach nobody and letters do."""
    if Channel.LETTER in run.channels:
        return
    foreseen = results.foreseen(run)
    if not foreseen.leaving and any(one.count for one in foreseen.reach if one.channel == Channel.LETTER):
        run.channels = [Channel.LETTER.value]
        run.save(update_fields=["channels"])


@transaction.atomic
def check(*, run: InvitationRun, now: datetime) -> None:
    """Foresee again what would refuse each person, by every channel of the category.

    Raises WrongStage once it is launched: what was refused then is written, and stays.
    """
    _hold(run, RunStage.PREPARING)
    targets = list(InvitationTarget.objects.filter(run=run).order_by("id"))
    for start in range(0, len(targets), _CHECKED_TOGETHER):
        _check(run, targets[start : start + _CHECKED_TOGETHER], now)
    run.checked_at = now
    run.save(update_fields=["checked_at"])


def _check(run: InvitationRun, targets: Sequence[InvitationTarget], now: datetime) -> None:
    people = FollowUp.objects.filter(pk__in=[target.follow_up_id for target in targets])
    reasons = foreseen_reasons(
        follow_ups=list(
            people.select_related("usager").defer("usager__nir", "usager__search_document").order_by()
        ),
        configuration=run.configuration,
        with_referents=run.with_referents,
        now=now,
    )
    changed = []
    for target in targets:
        found = {
            channel: [refusal.value for refusal in several]
            for channel, several in reasons.get(target.follow_up_id, {}).items()
        }
        if target.refusals != found:
            target.refusals = found
            changed.append(target)
    bulk.update_columns(changed, ["refusals"])


def is_to_check(run: InvitationRun, *, now: datetime) -> bool:
    """Whether what the checks said is too old to be shown, or about somebody who was corrected since."""
    if run.stage != RunStage.PREPARING:
        return False
    if run.checked_at is None or now - run.checked_at >= CHECKS_HOLD:
        return True
    people = InvitationTarget.objects.filter(run=run)
    return people.filter(follow_up__usager__updated_at__gt=run.checked_at).exists()


@transaction.atomic
def choose(
    *,
    run: InvitationRun,
    channels: Collection[str],
    lieu: Lieu | None,
    with_referents: bool,
    even_without_slots: bool,
    now: datetime,
) -> None:
    """Keep how the people are to be invited. Raises WrongStage once it is launched."""
    _hold(run, RunStage.PREPARING)
    referents_changed = run.with_referents != with_referents
    run.channels = [one for one in run.configuration.channels if one in channels]
    run.lieu, run.with_referents, run.even_without_slots = lieu, with_referents, even_without_slots
    run.save(update_fields=["channels", "lieu", "with_referents", "even_without_slots"])
    if referents_changed:
        check(run=run, now=now)


@transaction.atomic
def abandon(*, run: InvitationRun) -> None:
    """Forget a run that was not launched. Raises WrongStage when it was."""
    _hold(run, RunStage.PREPARING)
    run.delete()


@transaction.atomic
def forget_old_preparations(*, now: datetime) -> int:
    """Forget the runs that nobody launched; how many."""
    old = InvitationRun.objects.filter(stage=RunStage.PREPARING, created_at__lt=now - PREPARED_FOR)
    ids = list(old.values_list("pk", flat=True))
    InvitationRun.objects.filter(pk__in=ids).delete()
    return len(ids)


# ---- Inviting


@transaction.atomic
def launch(*, run: InvitationRun, agent: Agent, now: datetime) -> None:
    """Have the people invited by a job. Raises WrongStage when it was launched already."""
    _hold(run, RunStage.PREPARING)
    run.stage, run.started_at, run.created_by = RunStage.INVITING, now, agent
    run.save(update_fields=["stage", "started_at", "created_by"])
    _defer(run)


@transaction.atomic
def stop(*, run: InvitationRun, now: datetime) -> None:
    """Invite nobody else: those who are left may be invited later. Raises WrongStage when it is over."""
    _hold(run, RunStage.INVITING)
    run.stage, run.finished_at = RunStage.DONE, now
    run.save(update_fields=["stage", "finished_at"])


@transaction.atomic
def resume(*, run: InvitationRun) -> None:
    """Go on with a run that was stopped, or whose job was lost. Raises WrongStage when there is no need."""
    _hold(run, RunStage.INVITING, RunStage.DONE)
    waiting = InvitationTarget.objects.filter(run=run, done_at=None)
    if not waiting.exists() or (run.stage == RunStage.INVITING and has_job(run)):
        raise WrongStage
    run.stage, run.finished_at = RunStage.INVITING, None
    run.save(update_fields=["stage", "finished_at"])
    if not has_job(run):
        _defer(run)


def leave_runs(*, usager_ids: Collection[int]) -> None:
    """Take people who are deleted out of the runs that prepared or refused to invite them. One statement."""
    InvitationTarget.objects.filter(follow_up__usager__in=usager_ids).delete()


def has_job(run: InvitationRun) -> bool:
    """Whether the worker has this run in hand, or still has to take it."""
    known = ProcrastinateJob.objects.filter(task_name=_JOB, args__run_id=run.pk)
    return known.filter(status__in=("todo", "doing")).exists()


def advance(*, run_id: int, now: datetime) -> None:
    """Invite all who are still to invite, block after block. Run again after a crash, it goes on."""
    size = FIRST_BLOCK
    while _invite_block(run_id, size, now):
        size = BLOCK


@transaction.atomic
def _invite_block(run_id: int, size: int, now: datetime) -> int:
    """Invite the next `size` people; how many there were. The run is held: no two workers share a block."""
    runs = InvitationRun.objects.with_details().select_for_update(of=("self",))
    run = runs.filter(pk=run_id, stage=RunStage.INVITING).first()
    if run is None:
        return 0
    waiting = InvitationTarget.objects.filter(run=run, done_at=None).select_related("follow_up")
    targets = list(waiting.order_by("id")[:size])
    if not targets:
        run.stage, run.finished_at = RunStage.DONE, now
        run.save(update_fields=["stage", "finished_at"])
        return 0
    report = invite(
        follow_ups=[target.follow_up for target in targets],
        configuration=run.configuration,
        channels=run.channels,
        origin=run.origin,
        now=now,
        agent=run.created_by,
        lieu=run.lieu,
        even_without_slots=run.even_without_slots,
        with_referents=run.with_referents,
        run=run,
    )
    for target in targets:
        target.done_at = now
        target.refusals = {
            channel: [refusal.value for refusal in several]
            for channel, several in report.reasons.get(target.follow_up_id, {}).items()
        }
    bulk.update_columns(targets, ["refusals", "done_at"])
    return len(targets)


def _defer(run: InvitationRun) -> None:
    jobs.defer(_JOB, {"run_id": run.pk}, queue="imports", lock=f"invitation-run-{run.pk}")


def _hold(run: InvitationRun, *expected: str) -> None:
    """Hold the run until the end of the transaction. Raises WrongStage when it is not where expected."""
    stage = (
        InvitationRun.objects.select_for_update().filter(pk=run.pk).values_list("stage", flat=True).first()
    )
    if stage not in expected:
        raise WrongStage
    run.stage = stage
