"""Which providers are well, as all the workers know it together (docs/decisions/0015-second-provider.md).

Nothing is written while all goes well: a provider without a row is well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from rdv_insertion.messaging.models import ProviderHealth

# That many messages in a row that a provider did not take, and the second one has the next ones for a while.
FAILURES_BEFORE_SECOND = 5
SET_ASIDE_FOR = timedelta(minutes=5)
# Then one batch tries the first again; if it is not heard of, another batch tries.
_PROBE = timedelta(minutes=1)


@dataclass(frozen=True)
class Health:
    """What is known of providers when a batch begins."""

    # Those that had failed and may come back with this batch.
    failing: frozenset[str] = frozenset()
    set_aside: frozenset[str] = frozenset()
    # Left alone until then, by name.
    resting: Mapping[str, datetime] = field(default_factory=dict)


def current(now: datetime) -> Health:
    """The health of providers at `now`. One query when all are well.

    Of a provider whose time aside is over, one caller among all those who ask is told that it is well again.
    """
    rows = list(ProviderHealth.objects.all())
    if not rows:
        return Health()
    return Health(
        failing=frozenset(row.provider for row in rows if row.failures),
        set_aside=frozenset(row.provider for row in rows if _is_aside(row, now)),
        resting={
            row.provider: row.resting_until for row in rows if row.resting_until and row.resting_until > now
        },
    )


def _is_aside(row: ProviderHealth, now: datetime) -> bool:
    if row.set_aside_until is None:
        return False
    if row.set_aside_until > now:
        return True
    over = ProviderHealth.objects.filter(provider=row.provider, set_aside_until=row.set_aside_until)
    return not over.update(set_aside_until=now + _PROBE)


def took_one(provider: str) -> None:
    """The provider took a message: it is well."""
    ProviderHealth.objects.filter(provider=provider).delete()


_FAILED = """
    INSERT INTO messaging_providerhealth AS known (provider, failures, set_aside_until, resting_until)
    VALUES (%(provider)s, %(times)s,
            CASE WHEN %(times)s >= %(most)s THEN %(aside)s::timestamptz END, %(resting)s::timestamptz)
    ON CONFLICT (provider) DO UPDATE SET
        failures = known.failures + %(times)s,
        set_aside_until = CASE WHEN known.failures + %(times)s >= %(most)s THEN %(aside)s::timestamptz
                               ELSE known.set_aside_until END,
        resting_until = GREATEST(known.resting_until, %(resting)s::timestamptz)
"""


def failed(provider: str, *, times: int, resting_until: datetime | None, now: datetime) -> None:
    """The provider did not take the last `times` messages it was given. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FAILED,
            {
                "provider": provider,
                "times": times,
                "most": FAILURES_BEFORE_SECOND,
                "aside": now + SET_ASIDE_FOR,
                "resting": resting_until,
            },
        )
