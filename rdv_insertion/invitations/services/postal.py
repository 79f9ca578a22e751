"""Letters to print: those that were asked for, and those of people who answered neither SMS nor mail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from rdv_insertion.agenda.convocations import worth_posting
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.services.checks import Reasons, foreseen_reasons
from rdv_insertion.invitations.services.inviting import invite
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import CONVOCATIONS, Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.printing import mark_printed
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import UsagerOrganisation

# As many as one file holds: the others are printed next.
LETTERS_A_FILE = 1_000
_WITHOUT_ANSWER = (FollowUpStatus.INVITATION_PENDING, FollowUpStatus.INVITATION_EXPIRED)
_HAS_A_TOWN = r"\y[0-9]{5}\s+[^0-9]"


def postal_configurations(organisation: Organisation) -> list[CategoryConfiguration]:
    """The categories whose people are written to after some days. One query."""
    known = CategoryConfiguration.objects.filter(
        organisation=organisation, letter_after_days__isnull=False, channels__contains=[Channel.LETTER]
    )
    return list(known.select_related("organisation__department", "motif_category"))


def due_letters(configuration: CategoryConfiguration, *, now: datetime) -> QuerySet[FollowUp]:
    """The people of a category whom a letter is to be written to, the longest invited first.

    Invited by SMS or mail `letter_after_days` calendar days ago or more, without a letter since, without an
    answer, and with an address. `invited_at` is that invitation.
    """
    if configuration.letter_after_days is None:
        return FollowUp.objects.none()
    theirs = Invitation.objects.filter(
        follow_up=OuterRef("pk"), organisation=configuration.organisation_id
    ).order_by("-created_at")
    asked = theirs.exclude(origin=InvitationOrigin.REMINDER).exclude(channel=Channel.LETTER)
    letter = theirs.filter(channel=Channel.LETTER)
    followed = UsagerOrganisation.objects.filter(organisation=configuration.organisation_id, archived_at=None)
    waiting = FollowUp.objects.in_status(_WITHOUT_ANSWER, now).filter(
        motif_category=configuration.motif_category_id,
        usager__in=followed.values("usager"),
        usager__address__regex=_HAS_A_TOWN,
        last_invited_at__isnull=False,
    )
    moments = waiting.annotate(
        invited_at=Subquery(asked.values("created_at")[:1]),
        letter_at=Subquery(letter.values("created_at")[:1]),
    )
    return moments.filter(
        Q(letter_at=None) | Q(letter_at__lt=F("invited_at")),
        invited_at__lt=_end_of_the_day(configuration, now),
    ).order_by("invited_at", "pk")


def _end_of_the_day(configuration: CategoryConfiguration, now: datetime) -> datetime:
    """The end of the calendar day on which people were invited, at the latest."""
    zone = configuration.organisation.time_zone
    days = (configuration.letter_after_days or 0) - 1
    return dates.at(now.astimezone(zone).date() - timedelta(days=days), time(0), zone)


def worth_printing(now: datetime) -> Q:
    """For letters (`Message`) not printed yet: whether they still serve. All pages count them by this rule.

    An invitation serves no more once it has expired, or when the person has a rdv, a closed follow-up, or is
    archived; a convocation, once its rdv is past, moved or cancelled. Other letters always serve.
    """
    followed = UsagerOrganisation.objects.filter(
        usager=OuterRef("usager"), organisation=OuterRef("organisation"), archived_at=None
    )
    without_rdv = Q(invitation__follow_up__latest_unknown_rdv_at=None) | Q(
        invitation__follow_up__latest_unknown_rdv_at__lte=now
    )
    invites = without_rdv & Q(
        Exists(followed), invitation__expires_at__gt=now, invitation__follow_up__closed_at=None
    )
    summons = Q(purpose__in=CONVOCATIONS)
    return invites | (Q(invitation=None) & ~summons) | (summons & Q(worth_posting(now)))


def waiting_letters(organisation: Organisation, *, now: datetime) -> QuerySet[Message]:
    """The letters of any purpose, not printed yet and `worth_printing`, the oldest first. One query."""
    return (
        Message.objects.filter(
            worth_printing(now),
            organisation=organisation,
            channel=Channel.LETTER,
            status=MessageStatus.TO_PRINT,
            usager__isnull=False,
        )
        .select_related("usager", "organisation__department")
        .order_by("created_at", "pk")
    )


@dataclass
class Printed:
    """What one click on *Imprimer* did."""

    messages: list[int] = field(default_factory=list)
    written: int = 0
    refused: Reasons = field(default_factory=dict)
    at: datetime | None = None


@transaction.atomic
def print_letters(
    *,
    organisation: Organisation,
    agent: Agent,
    now: datetime,
    even_without_slots: bool = False,
) -> Printed:
    """Write the letters that are due, with a fresh expiry, and mark them printed with those that wait.

    As many as one file holds. Two agents who press at once print each letter once: the follow-ups and the
    messages are locked.
    """
    printed = Printed(at=now)
    waiting = waiting_letters(organisation, now=now).select_for_update(of=("self",))
    printed.messages = [message.pk for message in waiting[:LETTERS_A_FILE]]
    for configuration in postal_configurations(organisation):
        room = LETTERS_A_FILE - len(printed.messages)
        due = list(due_letters(configuration, now=now)[:room]) if room else []
        if not due:
            continue
        report = invite(
            follow_ups=_still_due(configuration, due, now),
            configuration=configuration,
            channels=[Channel.LETTER],
            origin=InvitationOrigin.USERS_INDEX_PAGE,
            now=now,
            agent=agent,
            even_without_slots=even_without_slots,
        )
        letters = [one.message_id for several in report.invitations.values() for one in several]
        printed.messages += [pk for pk in letters if pk is not None]
        printed.written += len(letters)
        printed.refused |= report.reasons
    mark_printed(message_ids=printed.messages, now=now)
    return printed


def _still_due(
    configuration: CategoryConfiguration, due: Sequence[FollowUp], now: datetime
) -> list[FollowUp]:
    """Held, then asked again: somebody else may have printed them meanwhile."""
    ids = [follow_up.pk for follow_up in due]
    list(FollowUp.objects.filter(pk__in=ids).select_for_update().order_by("pk").values_list("pk"))
    return list(due_letters(configuration, now=now).filter(pk__in=ids))


def refusals_of_due(
    configuration: CategoryConfiguration, follow_ups: Sequence[FollowUp], *, now: datetime
) -> Reasons:
    """Why a letter would not be written to these people, who come with `usager`; free slots aside."""
    return {
        pk: {Channel.LETTER: by_channel[Channel.LETTER]}
        for pk, by_channel in foreseen_reasons(
            follow_ups=follow_ups, configuration=configuration, now=now
        ).items()
        if Channel.LETTER in by_channel
    }


def count_letters(organisation: Organisation, *, now: datetime) -> int:
    """How many letters wait to be printed or written. Two queries, and one a category with letters."""
    due = sum(
        due_letters(configuration, now=now).order_by().count()
        for configuration in postal_configurations(organisation)
    )
    return waiting_letters(organisation, now=now).order_by().count() + due


@dataclass(frozen=True)
class Batch:
    """Letters printed at once, that may be printed again."""

    at: datetime
    count: int


def printed_batches(organisation: Organisation, *, limit: int = 10) -> list[Batch]:
    """The last letters printed, by the click that printed them. One query."""
    printed = Message.objects.filter(
        organisation=organisation, channel=Channel.LETTER, status=MessageStatus.PRINTED
    ).exclude(settled_at=None)
    counted = printed.order_by("-settled_at").values_list("settled_at").annotate(Count("pk"))
    return [Batch(at, count) for at, count in counted[:limit] if at]


def letters_printed_at(organisation: Organisation, moment: datetime) -> QuerySet[Message]:
    """The letters of one batch, in the order in which they were printed."""
    return (
        Message.objects.filter(
            organisation=organisation,
            channel=Channel.LETTER,
            status=MessageStatus.PRINTED,
            settled_at=moment,
        )
        .select_related("usager", "organisation__department")
        .order_by("created_at", "pk")
    )
