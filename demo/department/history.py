"""Turns stories into rows: invitations, appointments, and the messages about them, in bulk."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from demo.department.correspondence import Correspondence, leave_some_unsent, refusals_of
from demo.department.moments import Moments
from demo.department.runs import create_runs
from demo.department.stories import Round, Story
from demo.department.structures import Structures
from demo.department.waiting import leave_people_without_slot
from rdv_insertion.agenda import notifications, public_holidays
from rdv_insertion.agenda.contents import Contents as RdvContents
from rdv_insertion.agenda.convocations import channels_of, purpose_for
from rdv_insertion.agenda.enums import BUSY, CANCELLED, CreatedBy, LocationType
from rdv_insertion.agenda.facts import tell_follow_ups
from rdv_insertion.agenda.models import Participation, Rdv, RdvAgent
from rdv_insertion.agenda.phones import load_phones
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups import services as followups
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.contents import Contents
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.links import booking_key
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.invitations.services import can_reach
from rdv_insertion.kernel import codes, dates
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.models import Message, RefusedContact
from rdv_insertion.messaging.services import Draft, channels_for

_REMINDED_AFTER = timedelta(days=3)
_BEFORE_ARRIVING = timedelta(minutes=3)
# Agents summon people in their hours of work.
_TO_FIND_A_SLOT = timedelta(minutes=40)


def working_moment(now: datetime, days_ago: int, clock_time: time) -> datetime:
    """That hour of the working day that was `days_ago` days ago, or of the last one before."""
    day = dates.today(now) - timedelta(days=days_ago)
    while not _is_worked(day):
        day -= timedelta(days=1)
    return dates.at(day, clock_time, dates.PARIS)


def _is_worked(day: date) -> bool:
    return day.weekday() < 5 and not public_holidays.between("26", day, day)


class History:
    """Collects the rows of all stories, then writes them table by table."""

    def __init__(
        self, structures: Structures, moments: Moments, *, generator: random.Random, now: datetime
    ) -> None:
        self._structures, self._moments, self._random, self._now = structures, moments, generator, now
        self._correspondence = Correspondence(generator, now=now)
        self._codes: set[str] = set()
        self._contents: dict[int, Contents] = {}
        self._invitations: list[Invitation] = []
        self._rdvs: list[Rdv] = []
        self._rdv_agents: list[tuple[Rdv, Agent | int]] = []
        self._participations: list[Participation] = []

    def tell(self, story: Story) -> None:
        """Add what happened in one story, whose follow-up is written."""
        for number, one_round in enumerate(story.rounds):
            last = number == len(story.rounds) - 1
            self._tell_round(story, one_round, last=last)

    def _tell_round(self, story: Story, one_round: Round, *, last: bool) -> None:
        follow_up = _written(story.follow_up)
        sent_at = working_moment(self._now, one_round.invited, time(10))
        # One rdv in six is taken by an agent on the phone, without any invitation.
        chosen = not one_round.summoned and self._random.random() < 0.84
        invited = one_round.outcome is None or chosen
        invitations = (
            self._invite(story, follow_up, sent_at, booked=one_round.outcome is not None) if invited else []
        )
        if one_round.outcome is None:
            self._remind_to_choose(story, follow_up, invitations, sent_at)
            return
        booked_at = self._booking_moment(sent_at, one_round.invited)
        if one_round.summoned:
            booked_at = sent_at + _TO_FIND_A_SLOT
        since, until = self._rdv_window(one_round, booked_at, last=last)
        motifs = self._structures.motifs_of(story.organisation, story.category)
        if one_round.summoned:
            motifs = [one for one in motifs if one.location_type == LocationType.PUBLIC_OFFICE]
        creneau = self._moments.take(motifs, since=since, until=until)
        motif = next(motif for motif in motifs if motif.pk == creneau.motif_id)
        if one_round.summoned:
            motif = self._structures.convocation
        lieu = next((one for one in self._structures.lieux.values() if one.pk == creneau.lieu_id), None)
        rdv = self.add_rdv(
            Rdv(
                organisation=motif.organisation,
                motif=motif,
                lieu=lieu,
                starts_at=creneau.starts_at,
                ends_at=creneau.ends_at,
                created_at=booked_at,
                scheduled_at=booked_at,
                created_by=CreatedBy.USAGER if invitations else CreatedBy.AGENT,
            ),
            creneau.agent_id,
        )
        used = invitations[0] if invitations else None
        if used:
            used.clicked_at = booked_at - _BEFORE_ARRIVING
        self.add_participation(rdv, follow_up, one_round.outcome, invitation=used)

    def _booking_moment(self, sent_at: datetime, invited_days_ago: int) -> datetime:
        """Some time between the invitation and yesterday evening, by day."""
        days = self._random.randrange(0, max(1, min(5, invited_days_ago)))
        local = sent_at.astimezone(dates.PARIS)
        hour = self._random.randrange(11 if days == 0 else 8, 22)
        moment = time(hour, self._random.randrange(60))
        return dates.at(local.date() + timedelta(days=days), moment, dates.PARIS)

    def _rdv_window(self, one_round: Round, booked_at: datetime, *, last: bool) -> tuple[datetime, datetime]:
        now, day = self._now, timedelta(days=1)
        if one_round.pending:
            return now + timedelta(hours=6), now + 24 * day
        called_off = one_round.outcome in CANCELLED
        if called_off and last and self._random.random() < 0.4:
            return now + day, now + 15 * day
        if one_round.outcome == ParticipationStatus.UNKNOWN:
            return booked_at + day, now - timedelta(hours=1)
        return booked_at + day, min(booked_at + 15 * day, now - 2 * day)

    def _invite(
        self, story: Story, follow_up: FollowUp, sent_at: datetime, *, booked: bool
    ) -> list[Invitation]:
        configuration = self._structures.configurations[story.organisation, story.category]
        days = configuration.number_of_days_before_invitations_expire
        expires_at = sent_at + timedelta(days=days) if days else dates.NEVER
        channels = channels_for(follow_up.usager)
        if not channels and can_reach(follow_up.usager, Channel.LETTER):
            channels = [Channel.LETTER]
        origin = self._random.choice([InvitationOrigin.USER_LIST_UPLOAD, InvitationOrigin.USERS_INDEX_PAGE])
        agent = self._random.choice(self._structures.agents_of(story.organisation))
        return [
            self._add_invitation(
                Invitation(
                    follow_up=follow_up,
                    organisation=configuration.organisation,
                    channel=channel,
                    code=self._new_code(),
                    expires_at=expires_at,
                    help_phone_number=configuration.help_phone_number,
                    origin=origin,
                    created_by_agent=agent,
                    created_at=sent_at,
                ),
                arrived=booked,
            )
            for channel in channels
        ]

    def _remind_to_choose(
        self, story: Story, follow_up: FollowUp, invitations: Sequence[Invitation], sent_at: datetime
    ) -> None:
        """Three days later, at 11:00, those who did not choose are reminded by the same channels."""
        local = (sent_at + _REMINDED_AFTER).astimezone(dates.PARIS)
        reminded_at = dates.at(local.date(), time(11), dates.PARIS)
        for first in invitations:
            if self._random.random() < 0.25:
                first.clicked_at = sent_at + timedelta(hours=self._random.randrange(1, 20))
            if first.channel != Channel.LETTER and reminded_at < self._now:
                reminder = Invitation(
                    follow_up=follow_up,
                    organisation=first.organisation,
                    channel=first.channel,
                    code=self._new_code(),
                    expires_at=first.expires_at,
                    help_phone_number=first.help_phone_number,
                    origin=InvitationOrigin.REMINDER,
                    created_at=reminded_at,
                )
                self._add_invitation(reminder, arrived=False)

    def _add_invitation(self, invitation: Invitation, *, arrived: bool) -> Invitation:
        configuration = self._structures.configurations[
            invitation.organisation.slug, invitation.follow_up.motif_category.short_name
        ]
        contents = self._contents.get(configuration.pk) or Contents(configuration)
        self._contents[configuration.pk] = contents
        reminder = invitation.origin == InvitationOrigin.REMINDER
        draft = Draft(
            organisation=invitation.organisation,
            to=invitation.follow_up.usager,
            purpose=Purpose.INVITATION_REMINDER if reminder else Purpose.INVITATION,
            channel=invitation.channel,
            about=f"invitation-{invitation.code}",
            content=contents.of(invitation, now=invitation.created_at, reminder=reminder),
        )
        message = self._correspondence.compose(draft, created_at=invitation.created_at, arrived=arrived)
        invitation.message = message
        self._invitations.append(invitation)
        return invitation

    def add_rdv(self, rdv: Rdv, agent: Agent | int) -> Rdv:
        """Add an appointment held by `agent` (or the agent with that id)."""
        rdv.uuid = UUID(int=self._random.getrandbits(128), version=4)
        self._rdvs.append(rdv)
        self._rdv_agents.append((rdv, agent))
        return rdv

    def add_participation(
        self,
        rdv: Rdv,
        follow_up: FollowUp,
        status: ParticipationStatus,
        *,
        invitation: Invitation | None = None,
    ) -> None:
        """Add one person's part in `rdv`; an individual rdv takes its status."""
        cancelled_at = self._cancellation_moment(rdv) if status in CANCELLED else None
        if not rdv.motif.collective:
            rdv.status, rdv.cancelled_at = status, cancelled_at
        elif cancelled_at is None:
            rdv.seats_taken += 1
        self._participations.append(
            Participation(
                rdv=rdv,
                usager=follow_up.usager,
                follow_up=follow_up,
                status=status,
                created_by=rdv.created_by,
                created_at=rdv.created_at,
                convocable=rdv.motif.convocation,
                cancelled_at=cancelled_at,
                code=self._new_code(),
                booking_key=booking_key(invitation) if invitation else None,
            )
        )

    def _cancellation_moment(self, rdv: Rdv) -> datetime:
        latest = min(rdv.starts_at, self._now)
        return rdv.created_at + (latest - rdv.created_at) * self._random.uniform(0.3, 0.9)

    def _new_code(self) -> str:
        while True:
            code = "".join(self._random.choices(codes.ALPHABET, k=codes.LENGTH))
            if code not in self._codes:
                self._codes.add(code)
                return code

    def write(self) -> None:
        """Write all that was told, then let the follow-ups take down their facts."""
        Rdv.objects.bulk_create(self._rdvs)
        RdvAgent.objects.bulk_create(_parts(self._rdv_agents))
        Participation.objects.bulk_create(self._participations)
        messages = [_written(invitation.message) for invitation in self._invitations]
        load_phones(participation.rdv for participation in self._participations)
        contents = RdvContents(self._participations)
        messages += [
            message
            for participation in self._participations
            for message in self._about(participation, contents)
        ]
        leave_some_unsent(messages, now=self._now)
        Message.objects.bulk_create(messages, batch_size=500)
        RefusedContact.objects.bulk_create(refusals_of(messages))
        create_runs(self._structures, self._invitations, self._participations)
        leave_people_without_slot(self._invitations)
        Invitation.objects.bulk_create(self._invitations, batch_size=500)
        self._tell_follow_ups()

    def _about(self, participation: Participation, contents: RdvContents) -> list[Message]:
        rdv, notice = participation.rdv, notifications.REMINDER_BEFORE
        sent = [(Purpose.RDV_CREATED, participation.created_at)]
        reminded_at = rdv.starts_at - notice
        live_then = participation.cancelled_at is None or participation.cancelled_at > reminded_at
        if participation.created_at <= reminded_at <= self._now and live_then:
            sent.append((Purpose.RDV_REMINDER, reminded_at))
        if participation.cancelled_at and rdv.starts_at > participation.cancelled_at:
            sent.append((Purpose.RDV_CANCELLED, participation.cancelled_at))
        return [
            self._rdv_message(participation, purpose, channel, contents, created_at)
            for purpose, created_at in ((purpose_for(participation, one), moment) for one, moment in sent)
            for channel in channels_of(participation, purpose)
        ]

    def _rdv_message(
        self,
        participation: Participation,
        purpose: str,
        channel: str,
        contents: RdvContents,
        created_at: datetime,
    ) -> Message:
        draft = notifications.draft_of(participation, purpose, channel, contents=contents, now=created_at)
        return self._correspondence.compose(draft, created_at=created_at, arrived=False)

    def _tell_follow_ups(self) -> None:
        campaigns: defaultdict[tuple[datetime, datetime], dict[int, FollowUp]] = defaultdict(dict)
        for invitation in self._invitations:
            key = invitation.created_at, invitation.expires_at
            campaigns[key][invitation.follow_up.pk] = invitation.follow_up
        for (sent_at, expires_at), follow_ups in sorted(campaigns.items(), key=lambda one: one[0]):
            followups.record_invitations(
                follow_ups=list(follow_ups.values()), now=sent_at, expires_at=expires_at
            )
        tell_follow_ups([participation.follow_up_id for participation in self._participations])


def _parts(rdv_agents: Sequence[tuple[Rdv, Agent | int]]) -> list[RdvAgent]:
    return [
        RdvAgent(
            rdv=rdv,
            agent_id=agent.pk if isinstance(agent, Agent) else agent,
            starts_at=rdv.starts_at,
            ends_at=rdv.ends_at,
            busy=rdv.status in BUSY,
            overbooked=False,
        )
        for rdv, agent in rdv_agents
    ]


_T = TypeVar("_T")


def _written(value: _T | None) -> _T:
    """`value`, which an earlier step has set."""
    if value is None:
        raise LookupError("this row is not written yet")
    return value
