"""Sending: a batch of rows, their providers, and what came of each.

A worker claims its batch in one statement, hands the messages over one by one outside any transaction, and
writes the outcomes together (docs/decisions/0016-batches-of-messages.md). It sends only rows that are still
`created`: a job that runs twice sends once.
"""

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from rdv_insertion.messaging import quiet_hours
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.providers import transport_of
from rdv_insertion.messaging.services import health
from rdv_insertion.messaging.services.claiming import Claimed, claim
from rdv_insertion.messaging.services.recording import Outcome, record
from rdv_insertion.messaging.surely import surely
from rdv_insertion.messaging.transport import DeliveryError

logger = structlog.get_logger(__name__)

# After each failed try the next waits twice as long: 30 s, 1 min… then 1 h; 5 h in all.
FIRST_DELAY, LONGEST_DELAY, MAX_ATTEMPTS = timedelta(seconds=30), timedelta(hours=1), 12
# Whether a provider has a message is asked once its own log can know.
DOUBT_DELAY = timedelta(minutes=2)
OUR_FAULT = DeliveryError("Une erreur technique a empêché l'envoi.", permanent=False)
# What a batch holds is taken over by others after five minutes (recovering.py): it ends long before.
_LONGEST_BATCH_IN_SECONDS = 60
# A provider that refuses that many in a row is left alone for the rest of the batch.
_FAILURES_IN_A_ROW = 3
# An outcome is not kept unwritten longer than that, even though the provider can be asked about it.
_UNWRITTEN_IN_SECONDS = 0.5
_DOUBT = " La personne a peut-être reçu ce message : vérifiez avant de le renvoyer."


def send(*, message_ids: Sequence[int], now: datetime) -> None:
    """Send those of these messages that are still to be sent, and write what came of each."""
    known = health.current(now)
    claimed = claim(message_ids, set_aside=known.set_aside, now=now)
    if claimed:
        _Batch(known, now).send(claimed)


def delay_before_attempt(attempt: int) -> timedelta:
    """How long to wait before the given try (2 for the first new one), a little at random so that a
    provider that comes back is not met by everybody at once."""
    delay: timedelta = min(FIRST_DELAY * 2 ** (attempt - 2), LONGEST_DELAY)
    return timedelta(seconds=delay.total_seconds() * random.uniform(1.0, 1.2))  # noqa: S311 - spreads load, protects nothing


class _Batch:
    """The messages that one worker has taken together."""

    def __init__(self, known: health.Health, now: datetime) -> None:
        self._began, self._clock = now, time.monotonic()
        self._known = known
        self._resting = dict(known.resting)
        self._failures: defaultdict[str, int] = defaultdict(int)
        self._took: set[str] = set()
        self._delays: dict[int, datetime] = {}
        self._unwritten: list[Outcome] = []
        self._written_at = self._clock

    def send(self, claimed: Sequence[Claimed]) -> None:
        """Hand over each, or put it back; everything is written at the end, whatever happened."""
        for one in claimed:
            later = self._waits_until(one)
            outcome = self._put_back(one.message, later) if later else self._attempt(one.message)
            self._unwritten.append(outcome)
            if self._must_write(outcome):
                self._write()
        self._write()
        self._tell_of_providers()

    def _now(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._clock)

    def _waits_until(self, claimed: Claimed) -> datetime | None:
        """When this message may be tried, if that is not now: the night, a provider that asked for peace or
        that refuses everything, a batch that lasts."""
        now, message = self._now(), claimed.message
        at_any_hour = message.channel != Channel.SMS or message.even_at_night
        if not at_any_hour and (morning := quiet_hours.leaves_at(now, claimed.zone)):
            return morning
        rest = self._resting.get(message.provider)
        if rest and rest > now:
            return rest
        if self._failures[message.provider] >= _FAILURES_IN_A_ROW:
            return self._next_try(1)
        return now if now - self._began > timedelta(seconds=_LONGEST_BATCH_IN_SECONDS) else None

    def _put_back(self, message: Message, later: datetime) -> Outcome:
        return Outcome(
            message,
            MessageStatus.CREATED,
            failure=message.failure,
            not_before=later,
            in_doubt=message.in_doubt,
            tried=False,
        )

    def _attempt(self, message: Message) -> Outcome:
        try:
            reference = _known_reference(message)
            if reference is None:
                reference = transport_of(message.provider).send(message)
                self._took.add(message.provider)
                self._failures[message.provider] = 0
        except DeliveryError as error:
            return self._failed(message, error)
        except Exception:
            # A fault of ours: tried again like any other, so that the message is neither lost nor looping.
            logger.exception("message_not_sendable", message_id=message.pk)
            return self._failed(message, OUR_FAULT)
        return Outcome(message, MessageStatus.SENT, reference=reference, sent_at=self._now())

    def _failed(self, message: Message, error: DeliveryError) -> Outcome:
        in_doubt = message.in_doubt or error.maybe_taken
        logger.warning(
            "message_not_taken",
            message_id=message.pk,
            provider=message.provider,
            permanent=error.permanent,
            in_doubt=in_doubt,
            attempt=message.attempts,
        )
        if error.permanent:
            return Outcome(
                message,
                MessageStatus.PERMANENT_FAILURE,
                failure=error.sentence,
                refuses_contact=error.refuses_contact,
            )
        if error is not OUR_FAULT:
            self._failures[message.provider] += 1
        if error.retry_after:
            self._resting[message.provider] = self._now() + error.retry_after
        if message.attempts >= MAX_ATTEMPTS:
            sentence = error.sentence + (_DOUBT if in_doubt else "")
            return Outcome(message, MessageStatus.TECHNICAL_FAILURE, failure=sentence, in_doubt=in_doubt)
        again = self._next_try(message.attempts + 1)
        if in_doubt:
            again = max(again, self._now() + DOUBT_DELAY)
        return Outcome(
            message,
            MessageStatus.CREATED,
            failure=error.sentence,
            not_before=max(again, self._resting.get(message.provider, again)),
            in_doubt=in_doubt,
        )

    def _next_try(self, attempt: int) -> datetime:
        """The same moment for all those of the batch at that try, so that they leave together again."""
        if attempt not in self._delays:
            self._delays[attempt] = self._now() + delay_before_attempt(max(attempt, 2))
        return self._delays[attempt]

    def _must_write(self, outcome: Outcome) -> bool:
        """At once when the provider cannot be asked about it, should this worker die; else now and then."""
        if outcome.status == MessageStatus.SENT and not transport_of(outcome.message.provider).can_tell:
            return True
        return time.monotonic() - self._written_at > _UNWRITTEN_IN_SECONDS

    def _write(self) -> None:
        outcomes, self._unwritten = self._unwritten, []
        surely(lambda: record(outcomes, now=self._now()))
        self._written_at = time.monotonic()

    def _tell_of_providers(self) -> None:
        """Share what was learned. Nothing when all went well with providers that were well."""
        now = self._now()
        for provider in self._took & self._known.failing:
            health.took_one(provider)
        for provider, times in self._failures.items():
            if times:
                if provider in self._took:
                    health.took_one(provider)
                resting = self._resting.get(provider)
                health.failed(provider, times=times, resting_until=resting, now=now)


def _known_reference(message: Message) -> str | None:
    """The provider's reference of a message in doubt that it turns out to have; None when it must be sent.

    Raises DeliveryError when the provider does not answer: the doubt remains, and nothing is sent.
    """
    transport = transport_of(message.provider)
    if not message.in_doubt or not transport.can_tell:
        return None
    reference = transport.find(message)
    # It answered: what happens from now on is about this try.
    message.in_doubt = reference is not None
    return reference
