"""What nobody is sending any more, every minute: what a dead worker held, what a lost job forgot."""

from datetime import datetime, timedelta

from django.db import transaction

from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.planning import plan, plan_again
from rdv_insertion.messaging.services.sending import MAX_ATTEMPTS, OUR_FAULT

STUCK_AFTER = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(minutes=10)
_FORGOTTEN_AT_ONCE = 5_000

_FORGOTTEN = """
    SELECT message.* FROM messaging_message AS message
    WHERE message.status = 'created' AND message.channel IN ('sms', 'email')
      AND COALESCE(message.not_before, message.created_at) < %s
      AND NOT EXISTS (SELECT FROM messaging_channelpause AS pause
                      WHERE pause.organisation_id = message.organisation_id
                        AND pause.channel = message.channel)
      AND message.id NOT IN (SELECT jsonb_array_elements_text(args->'message_ids')::bigint
                             FROM procrastinate_jobs
                             WHERE task_name = 'deliver' AND status IN ('todo', 'doing'))
    ORDER BY message.id LIMIT %s
"""


@transaction.atomic
def resume_stuck(*, now: datetime) -> int:
    """Send again what a worker that died was sending, and return how many.

    A batch ends in a minute, or little more (sending.py): after five, nobody is sending it. The message may
    have left: it is in doubt, and its provider is asked first. Not to send would be to lose it in silence.
    One that was tried too often is given up: it may be what kills the workers.
    """
    stuck = list(Message.objects.stuck(now - STUCK_AFTER).select_for_update(skip_locked=True).order_by("id"))
    again = [message for message in stuck if message.attempts < MAX_ATTEMPTS]
    given_up = [message for message in stuck if message.attempts >= MAX_ATTEMPTS]
    plan_again(again, now=now, in_doubt=True)
    Message.objects.filter(pk__in=[message.pk for message in given_up]).update(
        status=MessageStatus.TECHNICAL_FAILURE, failure=OUR_FAULT.sentence, in_doubt=True
    )
    return len(again)


@transaction.atomic
def plan_forgotten(*, now: datetime) -> int:
    """Plan again the messages that should have left ten minutes ago and that no job will send; how many.

    A job may be lost: a restored backup, a queue emptied by hand, a worker whose clock is wrong. Not those of
    an organisation that paused: they wait.
    """
    since = now - FORGOTTEN_AFTER
    forgotten = list(Message.objects.raw(_FORGOTTEN, [since, _FORGOTTEN_AT_ONCE]))
    plan(forgotten, now=now)
    return len(forgotten)
