"""Invitations whose messages leave again: their provider was down, or the number or address was wrong."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from rdv_insertion.invitations import results
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.resending import resend_to_current_contact


@transaction.atomic
def resend(*, message: Message, now: datetime) -> Message:
    """Write `message` again to where the person is reached now; the invitation it carried is the new one's.

    For any message, of an invitation or not. Raises CannotResend.
    """
    again = resend_to_current_contact(message=message, now=now)
    Invitation.objects.filter(message=message).update(message=again)
    return again


@transaction.atomic
def send_stopped_again(*, invitations: QuerySet[Invitation], now: datetime) -> int:
    """Send once more the messages of `invitations` that a technical failure stopped; how many leave."""
    stopped = results.stopped(invitations).order_by().values_list("message", flat=True)
    return messaging.send_again(message_ids=[pk for pk in stopped if pk is not None], now=now)
