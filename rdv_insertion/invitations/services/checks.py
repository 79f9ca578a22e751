"""What forbids to invite somebody by a channel: every reason, not only the first, each with what to do."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from rdv_insertion.agenda.creneaux import count_for_public
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.proposals import bookable_motifs, offers_for, referents_of
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import NEVER_ARRIVED, Channel
from rdv_insertion.messaging.services import budget
from rdv_insertion.messaging.services.receipts import refused_channels
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager, UsagerOrganisation

AGAIN_AFTER = timedelta(hours=24)
SLOTS_COUNTED_OVER = timedelta(days=30)
_LETTER_NEEDS_DAYS = 5

UNREACHABLE = {
    Channel.SMS: Refusal.NO_PHONE,
    Channel.EMAIL: Refusal.NO_EMAIL,
    Channel.LETTER: Refusal.NO_ADDRESS,
}


def free_slots(
    configuration: CategoryConfiguration, *, now: datetime, with_referents: bool | None = None
) -> int:
    """How many créneaux and seats invited people could take over the next 30 days.

    A collective rdv without a limit counts for one: there is room, nobody knows how much. `with_referents`
    counts those of referents only; None, as the category is set.
    """
    referents = configuration.with_referents if with_referents is None else with_referents
    offers = offers_for(
        configuration.organisation, configuration.motif_category, now=now, with_referents=referents
    )
    seats = sum(
        1 if rdv.seats_left is None else rdv.seats_left
        for offer in offers
        for rdv in offer.rdvs
        if rdv.starts_at <= now + SLOTS_COUNTED_OVER
    )
    return count_for_public(offers, now=now, period=SLOTS_COUNTED_OVER) + seats


def can_reach(usager: Usager, channel: str) -> bool:
    """Whether this person has what the channel needs: a mobile, an address, a postcode and town."""
    if channel == Channel.SMS:
        return usager.can_receive_sms
    return bool(usager.email) if channel == Channel.EMAIL else bool(usager.town)


# For each follow-up (its id), the reasons by channel; a channel that nothing forbids is not there.
Reasons = dict[int, dict[str, list[Refusal]]]


def foreseen_reasons(
    *,
    follow_ups: Sequence[FollowUp],
    configuration: CategoryConfiguration,
    now: datetime,
    with_referents: bool | None = None,
) -> Reasons:
    """All that forbids to invite each person by each channel at `now`, free slots aside.

    What a page shows before it asks `invite`. Follow-ups come with their people. Seven queries at most.
    """
    checks = Checks(
        configuration, follow_ups, even_without_slots=True, with_referents=with_referents, now=now
    )
    return checks.reasons_of_all(Channel.values)


def foreseen_refusals(
    *, follow_ups: Sequence[FollowUp], configuration: CategoryConfiguration, now: datetime
) -> dict[int, dict[str, Refusal]]:
    """The same with the first reason only, and with everybody, refused or not."""
    found = foreseen_reasons(follow_ups=follow_ups, configuration=configuration, now=now)
    return {follow_up.pk: first_reasons(found.get(follow_up.pk, {})) for follow_up in follow_ups}


def first_reasons(by_channel: Mapping[str, Sequence[Refusal]]) -> dict[str, Refusal]:
    """The first reason of each channel: the one to settle before the others matter."""
    return {channel: reasons[0] for channel, reasons in by_channel.items()}


class Checks:
    """What forbids to invite these people: a constant number of queries, whatever their number."""

    def __init__(
        self,
        configuration: CategoryConfiguration,
        people: Sequence[FollowUp],
        *,
        even_without_slots: bool,
        now: datetime,
        with_referents: bool | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        self.configuration, self.people, self.now = configuration, people, now
        referents = configuration.with_referents if with_referents is None else with_referents
        self.with_referents = referents
        self.expires_at = expires_at or expiry(configuration, now)
        ids = [follow_up.usager_id for follow_up in people]
        self.common = self._common(even_without_slots) if people else []
        self.invited_today = _invited_since(people, now - AGAIN_AFTER)
        self.archived = _archived(ids, configuration.organisation)
        self.refused_contacts = refused_channels(ids)
        self.sms_budget_spent = budget.is_spent(configuration.organisation, now)
        self.referents: Mapping[int, Sequence[str]] = {}
        if referents and people:
            self.referents = referents_of(configuration.organisation, ids)

    def _common(self, even_without_slots: bool) -> list[Refusal]:
        """What holds for everybody."""
        found = []
        if not self.configuration.help_phone_number:
            found.append(Refusal.NO_HELP_PHONE)
        if self.with_referents and not self._has_referent_motif():
            found.append(Refusal.NO_REFERENT_MOTIF)
        elif not even_without_slots and not free_slots(
            self.configuration, now=self.now, with_referents=self.with_referents
        ):
            found.append(Refusal.NO_SLOT_LEFT)
        return found

    def _has_referent_motif(self) -> bool:
        motifs = bookable_motifs(self.configuration.organisation, self.configuration.motif_category)
        return motifs.filter(referent_only=True).exists()

    def reasons_of_all(self, channels: Collection[str]) -> Reasons:
        """The reasons of everybody, for those who have some."""
        found = {}
        for follow_up in self.people:
            reasons = {channel: self.reasons(follow_up, channel) for channel in channels}
            if refused := {channel: why for channel, why in reasons.items() if why}:
                found[follow_up.pk] = refused
        return found

    def reasons(self, follow_up: FollowUp, channel: str) -> list[Refusal]:
        """Every reason not to invite this person by this channel; the first is the one to settle first."""
        return [
            *self._of_the_person(follow_up),
            *([] if channel in self.configuration.channels else [Refusal.CHANNEL_OFF]),
            *self.common,
            *self._of_the_channel(follow_up, channel),
        ]

    def _of_the_person(self, follow_up: FollowUp) -> Iterable[Refusal]:
        if follow_up.usager_id not in self.archived:
            yield Refusal.NOT_FOLLOWED
        elif self.archived[follow_up.usager_id]:
            yield Refusal.ARCHIVED
        if follow_up.closed_at is not None:
            yield Refusal.CLOSED
        if _has_pending_rdv(follow_up, self.now):
            yield Refusal.RDV_PENDING
        if self.with_referents and follow_up.usager_id not in self.referents:
            yield Refusal.NO_REFERENT

    def _of_the_channel(self, follow_up: FollowUp, channel: str) -> Iterable[Refusal]:
        if not can_reach(follow_up.usager, channel):
            yield UNREACHABLE[Channel(channel)]
        elif (follow_up.usager_id, channel) in self.refused_contacts:
            yield Refusal.CONTACT_REFUSED
        if channel == Channel.LETTER:
            if self.expires_at - self.now <= timedelta(days=_LETTER_NEEDS_DAYS):
                yield Refusal.POSTAL_TOO_LATE
            return
        if (follow_up.pk, channel) in self.invited_today:
            yield Refusal.INVITED_TODAY
        if channel == Channel.SMS and self.sms_budget_spent:
            yield Refusal.SMS_BUDGET_SPENT


def expiry(configuration: CategoryConfiguration, now: datetime) -> datetime:
    """When an invitation sent at `now` expires."""
    days = configuration.number_of_days_before_invitations_expire
    return now + timedelta(days=days) if days else dates.NEVER


def _has_pending_rdv(follow_up: FollowUp, now: datetime) -> bool:
    return bool(follow_up.latest_unknown_rdv_at and follow_up.latest_unknown_rdv_at > now)


def _invited_since(people: Sequence[FollowUp], since: datetime) -> set[tuple[int, str]]:
    """Follow-up and channel of the invitations that did not fail."""
    recent = Invitation.objects.filter(follow_up__in=people, created_at__gt=since)
    not_failed = recent.exclude(message__status__in=NEVER_ARRIVED).order_by()
    return set(not_failed.values_list("follow_up_id", "channel"))


def _archived(usager_ids: Sequence[int], organisation: Organisation) -> dict[int, bool]:
    """For each person whom the organisation follows, whether it archived them."""
    followed = UsagerOrganisation.objects.filter(organisation=organisation, usager__in=usager_ids)
    return {usager: at is not None for usager, at in followed.values_list("usager_id", "archived_at")}
