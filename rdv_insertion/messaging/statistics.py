"""How many messages an organisation wrote to people, and what became of them: one pass of the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDate

from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import FAILED, Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation


class Result(models.TextChoices):
    """What became of a message, in a few words. The order is that of legends."""

    RECEIVED = "recu", "Reçu"
    # Handed to a provider that says nothing more, or printed.
    SENT = "parti", "Parti, sans accusé de réception"
    WAITING = "attente", "En attente d'envoi"
    TO_PRINT = "a-imprimer", "À imprimer"
    # Called back before it left, or a letter that nobody printed while it served.
    USELESS = "inutile", "Jamais parti, plus utile"
    FAILED = "echec", "En échec"


LEFT = (Result.RECEIVED, Result.SENT)

RESULTS: Mapping[str, Result] = {
    MessageStatus.CREATED: Result.WAITING,
    MessageStatus.SENDING: Result.WAITING,
    MessageStatus.SENT: Result.SENT,
    MessageStatus.PRINTED: Result.SENT,
    MessageStatus.DELIVERED: Result.RECEIVED,
    MessageStatus.TO_PRINT: Result.TO_PRINT,
    MessageStatus.WITHDRAWN: Result.USELESS,
    **dict.fromkeys(FAILED, Result.FAILED),
}


@dataclass(frozen=True)
class Tally:
    """Messages of one day, by one channel, with one result."""

    day: date
    channel: str
    result: Result
    count: int
    # How many SMS were paid for.
    segments: int


@dataclass(frozen=True)
class MessageStatistics:
    """The messages written from `first_day` to `last_day`, both included."""

    first_day: date
    last_day: date
    tallies: Sequence[Tally]

    @property
    def days(self) -> list[date]:
        """Each day of the period, those without any message too."""
        length = (self.last_day - self.first_day).days + 1
        return [self.first_day + timedelta(days=number) for number in range(length)]

    def of_channel(self, channel: str) -> "MessageStatistics":
        """Those of one channel; all of them when `channel` is empty."""
        kept = [one for one in self.tallies if channel in ("", one.channel)]
        return MessageStatistics(self.first_day, self.last_day, kept)

    def count(self, results: Collection[Result] = tuple(Result)) -> int:
        """How many have one of these results."""
        return sum(one.count for one in self.tallies if one.result in results)

    @property
    def segments(self) -> int:
        """How many SMS were paid for: a long text counts for several."""
        return sum(one.segments for one in self.tallies if one.result in LEFT)

    def by_day(self) -> dict[date, dict[str, int]]:
        """The count of each result, by day; what is zero is absent."""
        found: dict[date, dict[str, int]] = {}
        for one in self.tallies:
            counts = found.setdefault(one.day, {})
            counts[one.result] = counts.get(one.result, 0) + one.count
        return found

    def by_channel(self) -> list[tuple[Channel, dict[Result, int]]]:
        """The counts of each channel by which something was written, in the order of channels."""
        found: dict[str, dict[Result, int]] = {}
        for one in self.tallies:
            counts = found.setdefault(one.channel, {})
            counts[one.result] = counts.get(one.result, 0) + one.count
        return [(channel, found[channel]) for channel in Channel if channel in found]

    def rows(self) -> list[tuple[date, Channel, dict[Result, int]]]:
        """Day, channel and counts, newest day first; only days on which something was written."""
        found: dict[tuple[date, str], dict[Result, int]] = {}
        for one in self.tallies:
            counts = found.setdefault((one.day, one.channel), {})
            counts[one.result] = counts.get(one.result, 0) + one.count
        order = {channel: number for number, channel in enumerate(Channel.values)}
        keys = sorted(found, key=lambda key: (-key[0].toordinal(), order[key[1]]))
        return [(day, Channel(channel), found[day, channel]) for day, channel in keys]


def message_statistics(
    organisation: Organisation, first_day: date, last_day: date, *, letters: QuerySet[Message] | None = None
) -> MessageStatistics:
    """What the organisation wrote to people in these days of its own clocks, both included. One query.

    A message counts on the day it was written, even when it leaves the next morning. Mails to agents are
    left out. `letters` are those that are still worth printing (None: all that are not printed). The
    organisation's department is loaded.
    """
    written = _written(organisation, first_day, last_day)
    return MessageStatistics(first_day, last_day, _tallies(written, letters, organisation.time_zone))


def _written(organisation: Organisation, first_day: date, last_day: date) -> QuerySet[Message]:
    zone = organisation.time_zone
    return Message.objects.filter(
        organisation=organisation,
        usager__isnull=False,
        created_at__gte=dates.at(first_day, time(), zone),
        created_at__lt=dates.at(last_day + timedelta(days=1), time(), zone),
    )


def _tallies(written: QuerySet[Message], letters: QuerySet[Message] | None, zone: ZoneInfo) -> list[Tally]:
    grouped = (
        written.annotate(day=TruncDate("created_at", tzinfo=zone), useless=_useless(letters))
        .order_by()
        .values_list("day", "channel", "status", "useless")
        .annotate(Count("pk"), Sum("segments"))
    )
    return [
        Tally(day, channel, Result.USELESS if useless else RESULTS[status], count, segments or 0)
        for day, channel, status, useless, count, segments in grouped
    ]


def _useless(letters: QuerySet[Message] | None) -> Case:
    """Whether a message is a letter to print that is none of `letters`."""
    if letters is None:
        return Case(default=Value(False))
    to_print = Q(status=MessageStatus.TO_PRINT)
    return Case(When(to_print & ~Q(pk__in=letters.order_by().values("pk")), then=True), default=Value(False))
