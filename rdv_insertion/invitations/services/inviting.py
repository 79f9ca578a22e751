"""Inviting: one person or ten thousand with the same function and a constant number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from procrastinate.types import JSONDict

from rdv_insertion.agenda.eligibility import depends_on_address
from rdv_insertion.agenda.models import Lieu
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups import services as followups
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.contents import Contents
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation, InvitationRun
from rdv_insertion.invitations.proposals import bookable_motifs
from rdv_insertion.invitations.services.checks import Checks, Reasons, expiry, first_reasons
from rdv_insertion.kernel import bulk, codes, jobs
from rdv_insertion.kernel.memory import without_collector
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.usagers.models import Usager

_LOCATED_A_JOB = 50


@dataclass
class Report:
    """What came of inviting several people: by follow-up id, invitations written and reasons by channel."""

    invitations: dict[int, list[Invitation]] = field(default_factory=lambda: defaultdict(list))
    reasons: Reasons = field(default_factory=dict)

    @property
    def refusals(self) -> dict[int, dict[str, Refusal]]:
        """The first reason of each channel refused, by follow-up id."""
        return {follow_up: first_reasons(by_channel) for follow_up, by_channel in self.reasons.items()}

    def count(self, channel: str) -> int:
        """How many invitations leave by this channel."""
        return sum(one.channel == channel for several in self.invitations.values() for one in several)


@transaction.atomic
@without_collector()
def invite(
    *,
    follow_ups: Sequence[FollowUp],
    configuration: CategoryConfiguration,
    channels: Collection[str],
    origin: str,
    now: datetime,
    agent: Agent | None = None,
    lieu: Lieu | None = None,
    even_without_slots: bool = False,
    with_referents: bool | None = None,
    run: InvitationRun | None = None,
) -> Report:
    """Invite the people of `follow_ups` by each of `channels`, and report on each.

    `lieu` is where they are to be received when the agent chose it: they are not asked to choose a place.
    `with_referents` lets them choose among the créneaux of their referents only; None, as the category is
    set. Never without a free slot, unless the agent insists with `even_without_slots`. The follow-ups are
    locked in order, so that two agents who invite the same list send one invitation.
    """
    people = locked(follow_ups)
    checks = Checks(
        configuration, people, even_without_slots=even_without_slots, with_referents=with_referents, now=now
    )
    report, asked = Report(), list(dict.fromkeys(channels))
    report.reasons = checks.reasons_of_all(asked)
    written = []
    for follow_up in people:
        for channel in asked:
            if channel in report.reasons.get(follow_up.pk, {}):
                continue
            invitation = new_invitation(follow_up, configuration, channel, now)
            invitation.origin, invitation.created_by_agent = origin, agent
            invitation.lieu, invitation.run = lieu, run
            invitation.with_referents = checks.with_referents
            report.invitations[follow_up.pk].append(invitation)
            written.append(invitation)
    write(written, configuration, now, referents=checks.referents)
    invited = {invitation.follow_up.pk: invitation.follow_up for invitation in written}
    followups.record_invitations(
        follow_ups=list(invited.values()), now=now, expires_at=expiry(configuration, now)
    )
    return report


def locked(follow_ups: Iterable[FollowUp]) -> list[FollowUp]:
    """These follow-ups as they are now, with their people, held until the end of the transaction."""
    rows = FollowUp.objects.filter(pk__in=[follow_up.pk for follow_up in follow_ups])
    return list(rows.select_for_update(of=("self",)).select_related("usager__department").order_by("pk"))


def new_invitation(
    follow_up: FollowUp, configuration: CategoryConfiguration, channel: str, now: datetime
) -> Invitation:
    """An invitation not written yet, as the category is set."""
    return Invitation(
        follow_up=follow_up,
        organisation=configuration.organisation,
        channel=channel,
        code=codes.new_code(),
        expires_at=expiry(configuration, now),
        help_phone_number=configuration.help_phone_number,
        created_at=now,
    )


def write(
    invitations: Sequence[Invitation],
    configuration: CategoryConfiguration,
    now: datetime,
    *,
    referents: Mapping[int, Sequence[str]],
    purpose: str = Purpose.INVITATION,
) -> None:
    """Write invitations of one category with their messages and jobs. `referents` are names by usager id."""
    _renew_taken_codes(invitations)
    if not invitations:
        return
    contents = Contents(configuration, referents=referents)
    drafts = [_draft(invitation, contents, purpose, now) for invitation in invitations]
    messages = messaging.enqueue(drafts=drafts, now=now)
    for invitation, draft in zip(invitations, drafts, strict=True):
        invitation.message = messages[draft.unique_key]
    bulk.insert(invitations)
    _have_located([invitation.follow_up.usager for invitation in invitations], configuration)


def _have_located(usagers: Sequence[Usager], configuration: CategoryConfiguration) -> None:
    """Have the addresses looked up before the links are opened, when the choice depends on them."""
    motifs = bookable_motifs(configuration.organisation, configuration.motif_category)
    if usagers and depends_on_address(motifs):
        ids = sorted({usager.pk for usager in usagers if usager.address})
        blocks = [ids[start : start + _LOCATED_A_JOB] for start in range(0, len(ids), _LOCATED_A_JOB)]
        planned: list[JSONDict] = [{"usager_ids": [*block]} for block in blocks]
        jobs.defer("locate_invited", *planned, queue="addresses")


def _renew_taken_codes(invitations: Iterable[Invitation]) -> None:
    """Two equal codes are next to impossible; the unique constraint must not turn one into a failed run."""
    by_code = {invitation.code: invitation for invitation in invitations}
    for taken in Invitation.objects.filter(code__in=by_code).values_list("code", flat=True):
        by_code[taken].code = codes.new_code()


def _draft(invitation: Invitation, contents: Contents, purpose: str, now: datetime) -> messaging.Draft:
    return messaging.Draft(
        organisation=invitation.organisation,
        to=invitation.follow_up.usager,
        purpose=purpose,
        channel=invitation.channel,
        about=f"invitation-{invitation.code}",
        content=contents.of(invitation, now=now, reminder=purpose == Purpose.INVITATION_REMINDER),
    )


def mark_clicked(*, invitation: Invitation, now: datetime) -> None:
    """The person opened the link for the first time."""
    Invitation.objects.filter(Q(clicked_at=None), pk=invitation.pk).update(clicked_at=now)
