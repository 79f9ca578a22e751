"""Reminding people of their appointments, 48 h before."""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Greatest

from rdv_insertion.agenda import notifications
from rdv_insertion.agenda.models import Participation
from rdv_insertion.messaging.enums import Purpose


@transaction.atomic
def remind(*, now: datetime) -> int:
    """Write the reminders of the rdvs that begin within 48 h, and return how many people are reminded.

    Those booked, or moved to this moment, less than 48 h before get none (design/domain.md § Messages).
    Running again sends nothing twice: a reminder is about one participation at one moment.
    """
    due = Participation.objects.pending(now).filter(
        rdv__starts_at__lte=now + notifications.REMINDER_BEFORE,
        rdv__starts_at__gt=now + notifications.REMINDER_BEFORE - notifications.REMINDER_TOLERANCE,
        rdv__starts_at__gte=Greatest("created_at", "rdv__scheduled_at") + notifications.REMINDER_BEFORE,
    )
    ids = list(due.order_by("pk").values_list("pk", flat=True))
    return notifications.notify(ids, Purpose.RDV_REMINDER, now=now)
