"""People who find nothing to choose: remembered, and told to those who open plages."""

from datetime import datetime

from django.db import transaction

from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.invitations.links import openings_page
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.texts import FromTemplates
from rdv_insertion.territory.models import Organisation


@transaction.atomic
def found_nothing(*, invitation: Invitation, now: datetime) -> None:
    """The person found nothing to choose: their organisation is told, once a day and category."""
    invitation.no_slot_at = now
    invitation.save(update_fields=["no_slot_at"])
    organisation = invitation.organisation
    if organisation.email:
        # One mail a day: two people at the same instant write one.
        Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=organisation.pk)
        draft = _draft(organisation, invitation.follow_up.motif_category, now)
        messaging.enqueue(drafts=[draft], now=now)


def found_something(*, invitation: Invitation) -> None:
    """The person has something to choose again, or has chosen."""
    if invitation.no_slot_at is not None:
        invitation.no_slot_at = None
        invitation.save(update_fields=["no_slot_at"])


def _draft(organisation: Organisation, category: MotifCategory, now: datetime) -> messaging.Draft:
    """Nothing in it changes in a day, so that it is written once; it counts those who wait when it is."""
    waiting = Invitation.objects.without_slot(now).filter(
        organisation=organisation, follow_up__motif_category=category
    )
    return messaging.Draft(
        organisation=organisation,
        to=organisation,
        purpose=Purpose.NO_SLOT,
        channel=Channel.EMAIL,
        about=f"category-{category.pk}",
        period=f"{now.astimezone(organisation.time_zone):%Y-%m-%d}",
        content=FromTemplates(
            Purpose.NO_SLOT,
            {
                "count": waiting.values("follow_up").distinct().count(),
                "category": category.name,
                "organisation": organisation.name,
                "link": openings_page(),
                "help_phone": "",
            },
        ),
    )
