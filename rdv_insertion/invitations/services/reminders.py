"""Whoever has not chosen is reminded on the third day, at 11:00 on the clocks of the organisation."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation, still_followed
from rdv_insertion.invitations.services.checks import Checks
from rdv_insertion.invitations.services.inviting import locked, new_invitation, write
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.territory.models import Department

AFTER_DAYS = 3
AT = time(11)
# Nobody is written to in the evening: what a worker could not send by then waits for the next day…
UNTIL = time(19)
# …and two days later it is not a reminder any more.
LATE_BY_DAYS = 2
# Less than this before the end, it would only worry.
STILL_VALID_FOR = timedelta(days=2)
_CHANNELS = (Channel.SMS, Channel.EMAIL)
_BLOCK = 500


def remind(*, now: datetime) -> int:
    """Write the reminders that are due, and return how many people are reminded.

    Run every few minutes: on the third calendar day after the invitation, from 11:00 to 19:00 where the
    organisation is; on one of the two days after, at the same hours, when no worker could. Whoever is
    reminded of an invitation is not reminded of it again. Each block of people is one transaction.
    """
    count = 0
    for zone, departments in _awake(now).items():
        day = now.astimezone(zone).date()
        for configuration, invitations in _by_configuration(_due(departments, day, zone, now)):
            for start in range(0, len(invitations), _BLOCK):
                count += _remind(configuration, invitations[start : start + _BLOCK], now)
    return count


def _awake(now: datetime) -> dict[ZoneInfo, list[int]]:
    """The departments where it is time to remind, by their clocks. One query."""
    found: defaultdict[ZoneInfo, list[int]] = defaultdict(list)
    for department in Department.objects.only("number"):
        if AT <= now.astimezone(department.time_zone).time() < UNTIL:
            found[department.time_zone].append(department.pk)
    return found


def _due(departments: Sequence[int], day: date, zone: ZoneInfo, now: datetime) -> QuerySet[Invitation]:
    """The invitations to remind of on `day`: the last one of each follow-up, not reminded of yet."""
    first, last = (
        dates.at(day - timedelta(days=days), time(0), zone)
        for days in (AFTER_DAYS + LATE_BY_DAYS, AFTER_DAYS - 1)
    )
    later = Q(created_at__gt=OuterRef("created_at")) | Q(
        created_at=OuterRef("created_at"), pk__gt=OuterRef("pk")
    )
    invited_again = Invitation.objects.filter(
        later | Q(origin=InvitationOrigin.REMINDER, created_at__gte=OuterRef("created_at")),
        follow_up=OuterRef("follow_up"),
        channel__in=_CHANNELS,
    )
    return (
        Invitation.objects.filter(
            ~Exists(invited_again),
            still_followed(),
            created_at__gte=first,
            created_at__lt=last,
            channel__in=_CHANNELS,
            expires_at__gte=now + STILL_VALID_FOR,
            expires_at__lt=dates.NEVER,
            follow_up__closed_at=None,
            organisation__archived_at=None,
            organisation__department__in=departments,
        )
        .exclude(origin=InvitationOrigin.REMINDER)
        .select_related("follow_up", "lieu")
        .order_by("follow_up_id")
    )


def _by_configuration(
    invitations: QuerySet[Invitation],
) -> Iterable[tuple[CategoryConfiguration, list[Invitation]]]:
    """Grouped by how their organisation runs their category; without those who want no reminder."""
    groups: defaultdict[tuple[int, int], list[Invitation]] = defaultdict(list)
    for invitation in invitations:
        groups[invitation.organisation_id, invitation.follow_up.motif_category_id].append(invitation)
    known = CategoryConfiguration.objects.filter(
        organisation__in={organisation for organisation, _ in groups}, reminders=True
    ).select_related("organisation__department", "motif_category")
    for configuration in known.order_by("pk"):
        if several := groups.get((configuration.organisation_id, configuration.motif_category_id)):
            yield configuration, several


@transaction.atomic
def _remind(configuration: CategoryConfiguration, invitations: Sequence[Invitation], now: datetime) -> int:
    """Remind these people, those who were reminded or who chose meanwhile aside.

    By SMS and mail when they have both, whatever they were invited by. Nobody without a free slot: they are
    reminded when one opens, as long as it is the day.
    """
    people = _still_waiting(locked([one.follow_up for one in invitations]), invitations, now)
    firsts = {invitation.follow_up_id: invitation for invitation in invitations}
    written: list[Invitation] = []
    referents: dict[int, Sequence[str]] = {}
    for with_referents in (False, True):
        several = [one for one in people if firsts[one.pk].with_referents is with_referents]
        if several:
            checks = Checks(
                configuration, several, even_without_slots=False, with_referents=with_referents, now=now
            )
            referents |= checks.referents
            written += [
                _reminder(follow_up, channel, firsts[follow_up.pk], configuration, now)
                for follow_up in several
                for channel in _CHANNELS
                if not checks.reasons(follow_up, channel)
            ]
    write(written, configuration, now, referents=referents, purpose=Purpose.INVITATION_REMINDER)
    return len({invitation.follow_up_id for invitation in written})


def _still_waiting(
    people: Sequence[FollowUp], invitations: Sequence[Invitation], now: datetime
) -> list[FollowUp]:
    """Without those whom another worker has reminded since, or who chose, now that they are held."""
    since = min(invitation.created_at for invitation in invitations)
    reminded = dict(
        Invitation.objects.filter(
            follow_up__in=people, origin=InvitationOrigin.REMINDER, created_at__gte=since
        )
        .order_by("created_at")
        .values_list("follow_up_id", "created_at")
    )
    firsts = {invitation.follow_up_id: invitation.created_at for invitation in invitations}
    return [
        one
        for one in people
        if one.status_at(now) == FollowUpStatus.INVITATION_PENDING
        and (one.pk not in reminded or reminded[one.pk] < firsts[one.pk])
    ]


def _reminder(
    follow_up: FollowUp, channel: str, first: Invitation, configuration: CategoryConfiguration, now: datetime
) -> Invitation:
    """The same as the first: until when, where, and with whom. It changes nothing of where people stand."""
    reminder = new_invitation(follow_up, configuration, channel, now)
    reminder.origin, reminder.expires_at = InvitationOrigin.REMINDER, first.expires_at
    reminder.lieu, reminder.with_referents = first.lieu, first.with_referents
    return reminder
