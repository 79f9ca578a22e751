"""Messages that wait (for the morning, another try, the end of a pause) while what they say becomes false."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Q

from rdv_insertion.invitations.usefulness import Useless, with_usefulness
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.outcomes import Reason, Remedy

# What was written a moment ago is leaving.
_A_MOMENT = timedelta(minutes=1)


def withdraw_outdated(*, now: datetime) -> int:
    """Have messages to people that nobody needs any more not leave; how many. One query, and one more for
    each reason.
    """
    waiting = Message.objects.filter(
        status=MessageStatus.CREATED, usager__isnull=False, created_at__lt=now - _A_MOMENT
    )
    by_reason: defaultdict[str, list[int]] = defaultdict(list)
    for message in with_usefulness(waiting.only("pk"), now=now).filter(~Q(useless="")):
        by_reason[message.useless].append(message.pk)  # type: ignore[attr-defined]
    return sum(
        messaging.withdraw(messages=Q(pk__in=ids), reason=_reason(Useless(why)), now=now)
        for why, ids in sorted(by_reason.items())
    )


def _reason(why: Useless) -> Reason:
    return Reason(str(why.label), "Rien à faire.", Remedy.NOTHING)
