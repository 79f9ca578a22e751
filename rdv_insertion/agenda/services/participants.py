"""Who takes part in a collective rdv."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from rdv_insertion.agenda.announcements import Change, announce
from rdv_insertion.agenda.convocations import NO_PHONE_TO_GIVE
from rdv_insertion.agenda.enums import CANCELLED, CreatedBy
from rdv_insertion.agenda.facts import tell_follow_ups
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.agenda.phones import phone_of
from rdv_insertion.agenda.services.booking import take_parts, take_seats
from rdv_insertion.agenda.services.errors import NotAllowed, SlotTaken
from rdv_insertion.agenda.services.planning import follow_ups_of
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.usagers.models import Usager
from rdv_insertion.usagers.services import attach


@transaction.atomic
def add_participants(
    *, rdv: Rdv, usagers: Sequence[Usager], by: Agent, notify: bool, now: datetime
) -> list[Participation]:
    """Give these people a seat; those who have one keep it. All of them or none.

    Raises NotAllowed when the rdv is not collective, is cancelled, or has too few seats left.
    """
    if not rdv.motif.collective:
        raise NotAllowed("Ce rendez-vous n'est pas collectif : prenez-en un autre pour cette personne.")
    if rdv.status != ParticipationStatus.UNKNOWN:
        raise NotAllowed("Ce rendez-vous est annulé.")
    if rdv.motif.convocation and not phone_of(rdv):
        raise NotAllowed(NO_PHONE_TO_GIVE)
    present = set(rdv.participations.exclude(status__in=CANCELLED).values_list("usager_id", flat=True))
    newcomers = [usager for usager in dict.fromkeys(usagers) if usager.pk not in present]
    if not newcomers:
        return []
    try:
        take_seats(rdv, len(newcomers))
    except SlotTaken as error:
        raise NotAllowed("Il n'y a plus assez de places à ce rendez-vous.") from error
    attach(usagers=newcomers, organisation=rdv.organisation, now=now)
    follow_ups = follow_ups_of(rdv.motif, newcomers, now)
    added = take_parts(rdv, newcomers, follow_ups, created_by=CreatedBy.AGENT, by=by, now=now)
    tell_follow_ups([follow_up.pk for follow_up in follow_ups.values()])
    announce(Change.CREATED, rdv, added, by=by, tell_people=notify and rdv.starts_at > now)
    return added
