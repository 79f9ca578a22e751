"""The last campaigns of the main category, as runs that an agent launched: who was invited, who was not."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from demo.department.structures import Structures
from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal, RunStage
from rdv_insertion.invitations.models import (
    CategoryConfiguration,
    Invitation,
    InvitationRun,
    InvitationTarget,
)
from rdv_insertion.invitations.services import UNREACHABLE, can_reach
from rdv_insertion.messaging.enums import Channel

_PAIR = ("valence", "rsa_orientation")
_AGENT = "agent"
_CHANNELS = (Channel.SMS, Channel.EMAIL)
_PREPARED_BEFORE, _LASTS = timedelta(minutes=4), timedelta(seconds=2)
# The last campaigns.
_RUNS = 3
# How many of those who had a rdv already were among the people chosen.
_WITH_A_RDV = 3


def create_runs(
    structures: Structures, invitations: Iterable[Invitation], participations: Sequence[Participation]
) -> None:
    """Write runs, all done, with their people, and tie their `invitations` (not written yet) to them."""
    configuration = structures.configurations[_PAIR]
    for sent_at, campaign in _campaigns(configuration, invitations)[-_RUNS:]:
        _create_run(structures, sent_at, campaign, participations)


def _create_run(
    structures: Structures,
    sent_at: datetime,
    campaign: Sequence[Invitation],
    participations: Iterable[Participation],
) -> None:
    configuration, agent = structures.configurations[_PAIR], structures.agents[_AGENT]
    run = InvitationRun.objects.create(
        configuration=configuration,
        channels=[channel.value for channel in _CHANNELS],
        origin=InvitationOrigin.USERS_INDEX_PAGE,
        stage=RunStage.DONE,
        created_by=agent,
        created_at=sent_at - _PREPARED_BEFORE,
        checked_at=sent_at - _PREPARED_BEFORE,
        started_at=sent_at,
        finished_at=sent_at + _LASTS,
    )
    for invitation in campaign:
        invitation.origin, invitation.created_by_agent = run.origin, agent
        if invitation.channel in _CHANNELS:
            invitation.run = run
    invited = {one.follow_up.pk: one.follow_up for one in campaign}
    targets = [_target(run, follow_up, sent_at) for follow_up in invited.values()]
    targets += [
        _target(run, follow_up, sent_at, refusal=Refusal.RDV_PENDING)
        for follow_up in _expected(configuration, participations, sent_at)
        if follow_up.pk not in invited
    ]
    InvitationTarget.objects.bulk_create(targets)


def _campaigns(
    configuration: CategoryConfiguration, invitations: Iterable[Invitation]
) -> list[tuple[datetime, list[Invitation]]]:
    """When each left, and its invitations, oldest first; reminders are none."""
    campaigns: defaultdict[datetime, list[Invitation]] = defaultdict(list)
    category = configuration.motif_category
    for one in invitations:
        ours = one.organisation == configuration.organisation and one.follow_up.motif_category == category
        if ours and one.origin != InvitationOrigin.REMINDER:
            campaigns[one.created_at].append(one)
    return sorted(campaigns.items())


def _expected(
    configuration: CategoryConfiguration, participations: Iterable[Participation], moment: datetime
) -> list[FollowUp]:
    """A few people who had a rdv to come at that moment."""
    expected = {
        one.follow_up.pk: one.follow_up
        for one in participations
        if one.follow_up
        and one.follow_up.motif_category == configuration.motif_category
        and one.rdv.organisation == configuration.organisation
        and one.created_at < moment < (one.cancelled_at or one.rdv.starts_at)
    }
    return [expected[pk] for pk in sorted(expected)][:_WITH_A_RDV]


def _target(
    run: InvitationRun, follow_up: FollowUp, moment: datetime, *, refusal: Refusal | None = None
) -> InvitationTarget:
    refusals: dict[str, list[str]] = {}
    for channel in _CHANNELS:
        unreachable = not can_reach(follow_up.usager, channel)
        several = [UNREACHABLE[channel].value] if unreachable else []
        if refusal:
            several.append(refusal.value)
        if several:
            refusals[channel.value] = several
    return InvitationTarget(run=run, follow_up=follow_up, refusals=refusals, done_at=moment)
