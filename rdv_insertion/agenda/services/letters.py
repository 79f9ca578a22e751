"""Convocations on paper, when an agent asks for one."""

from datetime import datetime

from django.db import transaction

from rdv_insertion.agenda.contents import Contents
from rdv_insertion.agenda.convocations import NO_PHONE_TO_GIVE
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.notifications import draft_of
from rdv_insertion.agenda.phones import phone_of
from rdv_insertion.agenda.services.errors import NotAllowed
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.channels.letter.frame import has_postal_address
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.models import Message

NO_ADDRESS = (
    "Il manque l'adresse de cette personne, avec le code postal et la ville : complétez-la dans son "
    "identité, puis imprimez le courrier."
)
_PURPOSES: dict[str, str] = {
    ParticipationStatus.UNKNOWN: Purpose.CONVOCATION_CREATED,
    ParticipationStatus.REVOKED: Purpose.CONVOCATION_CANCELLED,
}


def letter_purpose(participation: Participation) -> str:
    """What a letter would say now: come on that day, or do not come any more; empty when neither."""
    return _PURPOSES.get(participation.status, "") if participation.convocable else ""


@transaction.atomic
def write_convocation_letter(*, participation_id: int, now: datetime) -> Message:
    """The letter of this convocation as it stands, or of its cancellation: written once, then the same.

    Raises NotAllowed when the person is not summoned, the rdv is past, or an address or a number is missing.
    """
    participation = Participation.objects.with_details().get(pk=participation_id)
    refusal = letter_refusal(participation, now)
    if refusal:
        raise NotAllowed(refusal)
    contents, purpose = Contents([participation]), letter_purpose(participation)
    draft = draft_of(participation, purpose, Channel.LETTER, contents=contents, now=now)
    return messaging.enqueue(drafts=[draft], now=now)[draft.unique_key]


def letter_refusal(participation: Participation, now: datetime) -> str:
    """Why no letter can be printed of this participation: a French sentence, or an empty one."""
    if not letter_purpose(participation):
        return "Cette personne n'est pas convoquée à ce rendez-vous : il n'y a pas de courrier à imprimer."
    if participation.rdv.starts_at <= now:
        return "Ce rendez-vous a déjà commencé : le courrier arriverait trop tard."
    if not has_postal_address(participation.usager):
        return NO_ADDRESS
    return "" if phone_of(participation.rdv) else NO_PHONE_TO_GIVE
