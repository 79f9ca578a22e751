"""What a run of invitations foresees, then what came of it, in figures and person by person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.models import Invitation, InvitationRun, InvitationTarget
from rdv_insertion.kernel.progress import Progress
from rdv_insertion.messaging.enums import FAILED, WAITING, Channel, MessageStatus


@dataclass(frozen=True)
class Reach:
    """How many people of a run a channel would reach."""

    channel: Channel
    count: int
    checked: bool


@dataclass(frozen=True)
class Foreseen:
    """What would leave with the choices made."""

    total: int
    # People whom one of the channels chosen reaches.
    leaving: int
    reach: list[Reach]

    @property
    def refused(self) -> int:
        """People whom none of the channels chosen reaches."""
        return self.total - self.leaving

    @property
    def messages(self) -> int:
        """Messages of all the channels chosen."""
        return sum(one.count for one in self.reach if one.checked)


def foreseen(run: InvitationRun) -> Foreseen:
    """What would leave by each channel of the category, and how many people by those chosen. One query."""
    channels = [channel for channel in Channel if channel in run.configuration.channels]
    counts = InvitationTarget.objects.filter(run=run).aggregate(
        total=Count("pk"),
        leaving=Count("pk", filter=_reached(run.channels)),
        **{channel.value: Count("pk", filter=_reached([channel.value])) for channel in channels},
    )
    return Foreseen(
        counts["total"],
        counts["leaving"] if run.channels else 0,
        [Reach(channel, counts[channel.value], channel in run.channels) for channel in channels],
    )


def _reached(channels: Iterable[str]) -> Q:
    """Those whom one of these channels at least does not refuse."""
    found = Q(pk=None)
    for channel in channels:
        found |= ~Q(refusals__has_key=channel)
    return found


@dataclass(frozen=True)
class Reason:
    """One reason of a run: how many people it concerns, and by which channels."""

    refusal: Refusal
    people: int
    channels: list[Channel]


_REASONS = """
    SELECT reason, count(DISTINCT target.id), array_agg(DISTINCT channel)
    FROM invitations_invitationtarget AS target,
         jsonb_each(target.refusals) AS refused (channel, reasons),
         jsonb_array_elements_text(refused.reasons) AS reason
    WHERE target.run_id = %s AND channel = ANY(%s)
    GROUP BY reason ORDER BY 2 DESC, 1
"""


def reasons(run: InvitationRun) -> list[Reason]:
    """Why people are refused by the channels chosen, the most frequent reason first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_REASONS, [run.pk, list(run.channels)])
        rows = cursor.fetchall()
    return [
        Reason(Refusal(reason), people, [channel for channel in Channel if channel in channels])
        for reason, people, channels in rows
        if reason in Refusal.values
    ]


class Kind(models.TextChoices):
    """Which people of a run are looked at."""

    ALL = "", "Toutes"
    LEAVING = "invitees", "Invitées"
    PARTLY = "en-partie", "Par une partie des canaux"
    REFUSED = "refusees", "Pas invitées"
    FAILED = "echecs", "Message en échec"
    LEFT = "restent", "Pas encore traitées"


def targets(run: InvitationRun, *, kind: str = Kind.ALL, reason: str = "") -> QuerySet[InvitationTarget]:
    """The people of a run, or those of one kind, or refused for one reason, by name."""
    found = InvitationTarget.objects.filter(run=run)
    if kind == Kind.LEAVING:
        found = found.filter(_reached(run.channels))
    elif kind == Kind.REFUSED:
        found = found.exclude(_reached(run.channels))
    elif kind == Kind.PARTLY:
        found = found.filter(_reached(run.channels), refusals__has_any_keys=list(run.channels))
    elif kind == Kind.FAILED:
        failed = Invitation.objects.filter(
            run=run, follow_up=OuterRef("follow_up"), message__status__in=FAILED
        )
        found = found.filter(Exists(failed))
    elif kind == Kind.LEFT:
        found = found.filter(done_at=None)
    if reason:
        for_that = [Q(refusals__contains={channel: [reason]}) for channel in run.channels]
        found = found.filter(_any(for_that))
    return found.select_related("follow_up__usager").order_by(
        "follow_up__usager__last_name", "follow_up__usager__first_name", "pk"
    )


def _any(conditions: Iterable[Q]) -> Q:
    found = Q(pk=None)
    for condition in conditions:
        found |= condition
    return found


def progress(run: InvitationRun) -> Progress:
    """How many people are done. One query."""
    counts = InvitationTarget.objects.filter(run=run).aggregate(
        total=Count("pk"), done=Count("pk", filter=Q(done_at__isnull=False))
    )
    return Progress(counts["done"], counts["total"], run.started_at)


@dataclass(frozen=True)
class Sent:
    """What left by one channel, in figures."""

    channel: Channel
    sent: int = 0
    delivered: int = 0
    waiting: int = 0
    failed: int = 0
    to_print: int = 0
    printed: int = 0
    withdrawn: int = 0

    @property
    def total(self) -> int:
        """All the messages written."""
        left = self.sent + self.delivered + self.printed
        return left + self.waiting + self.to_print + self.failed + self.withdrawn


_COUNTED_AS = {
    MessageStatus.SENT: "sent",
    MessageStatus.DELIVERED: "delivered",
    MessageStatus.TO_PRINT: "to_print",
    MessageStatus.PRINTED: "printed",
    MessageStatus.WITHDRAWN: "withdrawn",
    **dict.fromkeys(WAITING, "waiting"),
    **dict.fromkeys(FAILED, "failed"),
}


def sent(invitations: QuerySet[Invitation]) -> list[Sent]:
    """What became of the messages of these invitations, by channel. One query."""
    counted = invitations.order_by().values_list("channel", "message__status")
    by_channel: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for channel, status, count in counted.annotate(Count("pk")):
        by_channel[channel][_COUNTED_AS[MessageStatus(status or MessageStatus.CREATED)]] += count
    return [Sent(channel, **by_channel[channel]) for channel in Channel if channel in by_channel]


def leaving(invitations: QuerySet[Invitation], now: datetime) -> QuerySet[Invitation]:
    """Those whose message leaves in a moment: neither in the morning nor at a later try."""
    at_once = Q(message__not_before=None) | Q(message__not_before__lte=now)
    return invitations.filter(at_once, message__status__in=WAITING)


def still_to_choose(run: InvitationRun, now: datetime) -> int:
    """How many of the people invited by a run may still choose, and have not. One query."""
    invited = Invitation.objects.filter(run=run).order_by().values("follow_up")
    waiting = FollowUp.objects.in_status([FollowUpStatus.INVITATION_PENDING], now)
    return waiting.filter(pk__in=invited).count()


def stopped(invitations: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Those whose message a technical failure stopped."""
    return invitations.filter(message__status=MessageStatus.TECHNICAL_FAILURE)


def letters(invitations: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """The letters among these invitations, with all that is printed, by name."""
    found = invitations.filter(channel=Channel.LETTER).select_related(
        "message", "organisation__department", "follow_up__usager", "follow_up__motif_category"
    )
    return found.order_by("follow_up__usager__last_name", "follow_up__usager__first_name", "id")


def invitations_of(run: InvitationRun, shown: Sequence[InvitationTarget]) -> dict[int, list[Invitation]]:
    """The invitations of these people in this run with their messages, by follow-up id. One query."""
    found: defaultdict[int, list[Invitation]] = defaultdict(list)
    several = Invitation.objects.filter(run=run, follow_up__in=[one.follow_up_id for one in shown])
    for invitation in several.select_related("message").order_by("id"):
        found[invitation.follow_up_id].append(invitation)
    return found


def with_progress(runs: QuerySet[InvitationRun]) -> QuerySet[InvitationRun]:
    """The last one first, with `people` and `done`: how many are to invite, how many were looked at."""
    return runs.annotate(
        people=Count("targets"), done=Count("targets", filter=Q(targets__done_at__isnull=False))
    ).order_by("-created_at", "-pk")
