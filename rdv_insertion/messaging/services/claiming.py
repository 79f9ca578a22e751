"""Taking messages for one worker: one statement, so that only one can have them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.providers import default_providers
from rdv_insertion.territory import time_zones

# A job may be a little early by the clock of this machine.
_EARLY = timedelta(seconds=5)


@dataclass(frozen=True)
class Claimed:
    """A message that this worker has taken; its `provider` is the one to give it to.

    `zone` has the clocks of its organisation.
    """

    message: Message
    zone: ZoneInfo


# The rows are locked in the order of their ids: two workers given the same ones wait, they do not block each
# other. What the first has taken is no longer `created` for the second.
# A message in doubt stays with the provider that may have it; the others go to the first of their department,
# or to the second while the first is set aside.
_CLAIM = """
    WITH wanted AS MATERIALIZED (
        SELECT message.id, department.number AS department_number,
               CASE WHEN message.in_doubt AND message.provider <> '' THEN message.provider
                    WHEN choice.first = ANY(%(aside)s) AND choice.second <> ''
                         AND choice.second <> ALL(%(aside)s) THEN choice.second
                    ELSE choice.first END AS provider
        FROM messaging_message AS message
        JOIN territory_organisation AS organisation ON organisation.id = message.organisation_id
        JOIN territory_department AS department ON department.id = organisation.department_id
        LEFT JOIN messaging_sendingconfiguration AS own ON own.department_id = department.id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN message.channel = 'sms' THEN COALESCE(own.sms_provider, %(sms)s)
                        ELSE COALESCE(own.email_provider, %(email)s) END AS first,
                   CASE WHEN message.channel = 'sms' THEN COALESCE(own.second_sms_provider, %(second_sms)s)
                        ELSE COALESCE(own.second_email_provider, %(second_email)s) END AS second
        ) AS choice
        WHERE message.id = ANY(%(ids)s) AND message.status = 'created' AND message.channel IN ('sms', 'email')
          AND (message.not_before IS NULL OR message.not_before <= %(soon)s)
          AND NOT EXISTS (SELECT FROM messaging_channelpause AS pause
                          WHERE pause.organisation_id = message.organisation_id
                            AND pause.channel = message.channel)
        ORDER BY message.id
        FOR UPDATE OF message
    )
    UPDATE messaging_message AS message
    SET status = 'sending', sending_at = %(now)s, attempts = attempts + 1, provider = wanted.provider
    FROM wanted WHERE message.id = wanted.id
    RETURNING message.*, wanted.department_number
"""


def claim(message_ids: Sequence[int], *, set_aside: Collection[str], now: datetime) -> list[Claimed]:
    """Those of these messages that may leave now, taken for this worker, in the order asked.

    What waits (a night, a pause, a retry), what left and what another worker has is not among them.
    """
    sms, second_sms = default_providers(Channel.SMS)
    email, second_email = default_providers(Channel.EMAIL)
    given = {
        "ids": list(message_ids),
        "aside": list(set_aside),
        "sms": sms,
        "second_sms": second_sms,
        "email": email,
        "second_email": second_email,
        "soon": now + _EARLY,
        "now": now,
    }
    order = {message_id: place for place, message_id in enumerate(message_ids)}
    taken = sorted(Message.objects.raw(_CLAIM, given), key=lambda message: order[message.pk])
    return [
        Claimed(message, time_zones.of_department(message.department_number))  # type: ignore[attr-defined]
        for message in taken
    ]
