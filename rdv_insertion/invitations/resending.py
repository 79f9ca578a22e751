"""An invitation whose number or address was wrong: its words leave again, and it follows them."""

from datetime import datetime

from django.db import transaction

from rdv_insertion.invitations.models import Invitation
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
