"""Archiving somebody: the organisation invites them no more, and what still invites them does not leave."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import INVITATIONS
from rdv_insertion.messaging.outcomes import ARCHIVED
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers import services as usagers
from rdv_insertion.usagers.models import Usager


@dataclass(frozen=True)
class TakenBack:
    """Somebody who is an archive no more: why they were one, and how many invitations leave after all."""

    reason: str
    leaving: int


@transaction.atomic
def archive(*, usager: Usager, organisation: Organisation, now: datetime, reason: str = "") -> int | None:
    """Have `organisation` archive `usager`; how many invitations, not sent yet, will not leave.

    What is told of their rdvs leaves: nothing cancels these. None when they were archived already. Raises
    UsagerOrganisation.DoesNotExist when the organisation does not follow them.
    """
    if not usagers.archive(usager=usager, organisation=organisation, now=now, reason=reason):
        return None
    return messaging.withdraw(messages=inviting(usager, organisation), reason=ARCHIVED, now=now)


@transaction.atomic
def unarchive(*, usager: Usager, organisation: Organisation, now: datetime) -> TakenBack | None:
    """Have `organisation` follow `usager` again. Within the hour, what did not leave leaves after all.

    None when they were not archived there. Raises UsagerOrganisation.DoesNotExist when the organisation does
    not follow them.
    """
    reason = usagers.unarchive(usager=usager, organisation=organisation)
    if reason is None:
        return None
    leaving = messaging.put_back(messages=inviting(usager, organisation), reason=ARCHIVED, now=now)
    return TakenBack(reason, leaving)


def inviting(usager: Usager, organisation: Organisation) -> Q:
    """The messages by which `organisation` invites `usager`."""
    return Q(usager=usager, organisation=organisation, purpose__in=INVITATIONS)
