"""Inviting: one person or ten thousand with the same function and a constant number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from procrastinate.types import JSONDict

from rdv_insertion.agenda.creneaux import count_for_public
from rdv_insertion.agenda.eligibility import depends_on_address
from rdv_insertion.agenda.models import Lieu
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups import services as followups
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.links import invitation_url, offers_for, typing_page
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.proposals import bookable_motifs
from rdv_insertion.kernel import codes, dates, jobs, phone
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import FAILED, Channel, Purpose
from rdv_insertion.messaging.texts import FromTemplates
from rdv_insertion.usagers.models import Usager, UsagerOrganisation

AGAIN_AFTER = timedelta(hours=24)
SLOTS_COUNTED_OVER = timedelta(days=30)
_LETTER_NEEDS_DAYS = 5
_LOCATED_A_JOB = 50


@dataclass
class Report:
    """What came of inviting several people: by follow-up id, invitations written and refusals by channel."""

    invitations: dict[int, list[Invitation]] = field(default_factory=lambda: defaultdict(list))
    refusals: dict[int, dict[str, Refusal]] = field(default_factory=lambda: defaultdict(dict))

    def count(self, channel: str) -> int:
        """How many invitations leave by this channel."""
        return sum(one.channel == channel for several in self.invitations.values() for one in several)


def free_slots(configuration: CategoryConfiguration, *, now: datetime) -> int:
    """How many créneaux and seats invited people could take over the next 30 days.

    A collective rdv without a limit counts for one: there is room, nobody knows how much.
    """
    offers = offers_for(configuration.organisation, configuration.motif_category, now=now)
    seats = sum(
        1 if rdv.seats_left is None else rdv.seats_left
        for offer in offers
        for rdv in offer.rdvs
        if rdv.starts_at <= now + SLOTS_COUNTED_OVER
    )
    return count_for_public(offers, now=now, period=SLOTS_COUNTED_OVER) + seats


@transaction.atomic
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
) -> Report:
    """Invite the people of `follow_ups` by each of `channels`, and report on each.

    `lieu` is where they are to be received when the agent chose it: they are not asked to choose a place.
    Never without a free slot, unless the agent insists with `even_without_slots`. The follow-ups are locked
    in order, so that two agents who invite the same list send one invitation.
    """
    locked = FollowUp.objects.filter(pk__in=[follow_up.pk for follow_up in follow_ups])
    people = list(locked.select_for_update(of=("self",)).select_related("usager__department").order_by("pk"))
    report = Report()
    checks = _Checks(configuration, people, even_without_slots=even_without_slots, now=now)
    for follow_up in people:
        for channel in dict.fromkeys(channels):
            refusal = checks.refusal(follow_up, channel)
            if refusal:
                report.refusals[follow_up.pk][channel] = refusal
            else:
                report.invitations[follow_up.pk].append(_invitation(follow_up, configuration, channel, now))
    written = [one for several in report.invitations.values() for one in several]
    for invitation in written:
        invitation.origin, invitation.created_by_agent, invitation.lieu = origin, agent, lieu
    _write(written, configuration, now)
    return report


def foreseen_refusals(
    *, follow_ups: Sequence[FollowUp], configuration: CategoryConfiguration, now: datetime
) -> dict[int, dict[str, Refusal]]:
    """Why each person would not be invited by each channel at `now`, free slots aside, by id of follow-up.

    What a page shows before it asks `invite`. Follow-ups come with their people. Two queries.
    """
    checks = _Checks(configuration, follow_ups, even_without_slots=True, now=now)
    foreseen: dict[int, dict[str, Refusal]] = {}
    for follow_up in follow_ups:
        refusals = {channel: checks.refusal(follow_up, channel) for channel in Channel}
        foreseen[follow_up.pk] = {channel.value: why for channel, why in refusals.items() if why}
    return foreseen


class _Checks:
    """What forbids to invite somebody by a channel: three queries, whatever the number of people."""

    def __init__(
        self,
        configuration: CategoryConfiguration,
        people: Sequence[FollowUp],
        *,
        even_without_slots: bool,
        now: datetime,
    ) -> None:
        self.configuration, self.now = configuration, now
        self.common = self._common_refusal(even_without_slots) if people else None
        recent = Invitation.objects.filter(follow_up__in=people, created_at__gt=now - AGAIN_AFTER)
        not_failed = recent.exclude(message__status__in=FAILED)
        self.invited_today = set(not_failed.values_list("follow_up_id", "channel"))
        self.active_usagers = set(
            UsagerOrganisation.objects.filter(
                organisation=configuration.organisation,
                usager__in=[follow_up.usager_id for follow_up in people],
                archived_at=None,
            ).values_list("usager_id", flat=True)
        )

    def _common_refusal(self, even_without_slots: bool) -> Refusal | None:
        if not self.configuration.help_phone_number:
            return Refusal.NO_HELP_PHONE
        if not even_without_slots and not free_slots(self.configuration, now=self.now):
            return Refusal.NO_SLOT_LEFT
        return None

    def refusal(self, follow_up: FollowUp, channel: str) -> Refusal | None:
        """The first reason not to invite, or None."""
        reasons = (
            (follow_up.usager_id not in self.active_usagers, Refusal.ARCHIVED),
            (follow_up.closed_at is not None, Refusal.CLOSED),
            (_has_pending_rdv(follow_up, self.now), Refusal.RDV_PENDING),
            (channel not in self.configuration.channels, Refusal.CHANNEL_OFF),
            (self.common is not None, self.common),
            (not can_reach(follow_up.usager, channel), UNREACHABLE[Channel(channel)]),
            (
                channel != Channel.LETTER and (follow_up.pk, channel) in self.invited_today,
                Refusal.INVITED_TODAY,
            ),
            (channel == Channel.LETTER and self._letter_arrives_too_late(), Refusal.POSTAL_TOO_LATE),
        )
        return next((refusal for applies, refusal in reasons if applies), None)

    def _letter_arrives_too_late(self) -> bool:
        days = self.configuration.number_of_days_before_invitations_expire
        return days is not None and days <= _LETTER_NEEDS_DAYS


UNREACHABLE = {
    Channel.SMS: Refusal.NO_PHONE,
    Channel.EMAIL: Refusal.NO_EMAIL,
    Channel.LETTER: Refusal.NO_ADDRESS,
}


def can_reach(usager: Usager, channel: str) -> bool:
    """Whether this person has what the channel needs: a mobile, an address, a postcode and town."""
    if channel == Channel.SMS:
        return usager.can_receive_sms
    return bool(usager.email) if channel == Channel.EMAIL else bool(usager.town)


def _has_pending_rdv(follow_up: FollowUp, now: datetime) -> bool:
    return bool(follow_up.latest_unknown_rdv_at and follow_up.latest_unknown_rdv_at > now)


def expiry(configuration: CategoryConfiguration, now: datetime) -> datetime:
    """When an invitation sent at `now` expires."""
    days = configuration.number_of_days_before_invitations_expire
    return now + timedelta(days=days) if days else dates.NEVER


def _invitation(
    follow_up: FollowUp, configuration: CategoryConfiguration, channel: str, now: datetime
) -> Invitation:
    return Invitation(
        follow_up=follow_up,
        organisation=configuration.organisation,
        channel=channel,
        code=codes.new_code(),
        expires_at=expiry(configuration, now),
        help_phone_number=configuration.help_phone_number,
        created_at=now,
    )


def _write(invitations: Sequence[Invitation], configuration: CategoryConfiguration, now: datetime) -> None:
    _renew_taken_codes(invitations)
    drafts = [_draft(invitation, configuration, now) for invitation in invitations]
    messages = messaging.enqueue(drafts=drafts, now=now)
    for invitation, draft in zip(invitations, drafts, strict=True):
        invitation.message = messages[draft.unique_key]
    Invitation.objects.bulk_create(invitations, batch_size=1_000)
    _have_located([invitation.follow_up.usager for invitation in invitations], configuration)
    invited = {invitation.follow_up.pk: invitation.follow_up for invitation in invitations}
    followups.record_invitations(
        follow_ups=list(invited.values()), now=now, expires_at=expiry(configuration, now)
    )


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


def _draft(invitation: Invitation, configuration: CategoryConfiguration, now: datetime) -> messaging.Draft:
    return messaging.Draft(
        organisation=configuration.organisation,
        to=invitation.follow_up.usager,
        purpose=Purpose.INVITATION,
        channel=invitation.channel,
        about=f"invitation-{invitation.code}",
        content=FromTemplates(Purpose.INVITATION, message_context(invitation, configuration, now=now)),
    )


def message_context(
    invitation: Invitation, configuration: CategoryConfiguration, *, now: datetime
) -> dict[str, Any]:
    """What the texts of an invitation may say; the days left are the real ones."""
    category, usager = configuration.motif_category, invitation.follow_up.usager
    organisation = configuration.organisation
    never = invitation.expires_at == dates.NEVER
    return {
        "person": usager.polite_name,
        "title": category.rdv_title,
        "subject": category.rdv_subject,
        "purpose": category.rdv_purpose,
        "designation": category.user_designation,
        "mandatory": category.is_mandatory,
        "organisation": organisation.name,
        "department": organisation.department.name,
        "link": invitation_url(invitation.code),
        "code": codes.display(invitation.code),
        "typing_page": typing_page(),
        "days_left": None if never else dates.days_left(invitation.expires_at, now=now),
        "last_day": "" if never else _local_day(invitation.expires_at, organisation.time_zone),
        "help_phone": phone.display(invitation.help_phone_number),
    }


def _local_day(moment: datetime, zone: ZoneInfo) -> str:
    return dates.long_date(moment.astimezone(zone).date())


def mark_clicked(*, invitation: Invitation, now: datetime) -> None:
    """The person opened the link for the first time."""
    Invitation.objects.filter(Q(clicked_at=None), pk=invitation.pk).update(clicked_at=now)
