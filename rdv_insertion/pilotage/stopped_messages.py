"""Messages that stopped on their way, and that are still worth sending."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from rdv_insertion.invitations.usefulness import with_usefulness
from rdv_insertion.messaging.enums import STOPPED
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation

# Older ones are history.
SHOWN_FOR = timedelta(days=30)


def stopped_messages(organisation: Organisation, *, now: datetime) -> QuerySet[Message]:
    """What failed in the last thirty days, that sending again may cure, and that is still useful."""
    return with_usefulness(_recent(organisation, now), now=now).filter(Q(useless=""))


def count_stopped(organisation: Organisation, *, now: datetime) -> int:
    """How many `stopped_messages`; one short query when nothing stopped, as on most days, else two."""
    if not _recent(organisation, now).exists():
        return 0
    return stopped_messages(organisation, now=now).count()


def _recent(organisation: Organisation, now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(
        organisation=organisation, status__in=STOPPED, created_at__gt=now - SHOWN_FOR
    )
