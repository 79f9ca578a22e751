"""Limit how often something may be tried, exactly, across all web processes.

Counted in the database by one atomic statement: a cache that several processes do not share, or that
increments in two steps, would let through those who try in parallel.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from rdv_insertion.kernel.crypto import blind_index
from rdv_insertion.kernel.models import AttemptWindow

_COUNT_ATTEMPT = """
    INSERT INTO kernel_attemptwindow AS known (key, started_at, count) VALUES (%(key)s, %(now)s, 1)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN known.started_at <= %(reset)s THEN 1 ELSE known.count + 1 END,
        started_at = CASE WHEN known.started_at <= %(reset)s THEN %(now)s ELSE known.started_at END
    RETURNING count, started_at
"""


@dataclass(frozen=True)
class Limit:
    """At most `attempts` tries of `name` in each `period`."""

    name: str
    attempts: int
    period: timedelta


class TooManyAttempts(Exception):
    """The limit is passed; `retry_after` says in how many seconds a try is welcome again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


def attempt(limit: Limit, subject: str, *, now: datetime) -> int:
    """Count one try of `limit` by `subject` (an address, a code), and return how many are left.

    The subject is stored as a digest only. Raises TooManyAttempts past the limit.
    """
    values: dict[str, Any] = {"key": _key(limit, subject), "now": now, "reset": now - limit.period}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_ATTEMPT, values)
        count, started_at = cursor.fetchone()
    if count > limit.attempts:
        raise TooManyAttempts(_seconds_until(started_at + limit.period, now))
    return int(limit.attempts - count)


def refuse_if_spent(limit: Limit, subject: str, *, now: datetime) -> None:
    """Raise TooManyAttempts when `subject` has no try left, without counting one.

    Where only failures count, somebody who has failed too often must not learn that a try was right.
    """
    spent = AttemptWindow.objects.filter(
        key=_key(limit, subject), count__gte=limit.attempts, started_at__gt=now - limit.period
    ).first()
    if spent:
        raise TooManyAttempts(_seconds_until(spent.started_at + limit.period, now))


def forget(limit: Limit, subject: str) -> None:
    """Give all tries back to `subject`, who has proved to be the right person."""
    AttemptWindow.objects.filter(key=_key(limit, subject)).delete()


def _seconds_until(end: datetime, now: datetime) -> int:
    return max(1, int((end - now).total_seconds()))


def _key(limit: Limit, subject: str) -> str:
    return blind_index(f"{limit.name}:{subject}")
