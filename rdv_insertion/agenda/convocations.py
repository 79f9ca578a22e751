"""Convocations: a rdv set by an agent, to which the person must come, and what they are told of it.

Told in those words, by every channel that they have, by post when they have none; of changes of date or
place, twice an hour at most (design/domain.md § Messages).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Value
from django.db.models.functions import Concat

from rdv_insertion.agenda.models import Motif, Participation
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.messaging.channels.letter.frame import has_postal_address
from rdv_insertion.messaging.enums import NEVER_ARRIVED, Channel, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services import channels_for
from rdv_insertion.territory.models import Organisation

CHANGES_PER_HOUR = 2
TOLD_ENOUGH = "Deux changements ont déjà été annoncés dans l'heure."
NO_PHONE_TO_GIVE = (
    "Il manque un numéro de téléphone à donner dans la convocation : ajoutez-le au lieu, à la catégorie ou à "
    "l'organisation, dans la configuration."
)
_PARTICIPATION = "participation-"
# What a rdv's purposes become for somebody who is summoned.
AS_CONVOCATION: dict[str, str] = {
    Purpose.RDV_CREATED: Purpose.CONVOCATION_CREATED,
    Purpose.RDV_UPDATED: Purpose.CONVOCATION_UPDATED,
    Purpose.RDV_CANCELLED: Purpose.CONVOCATION_CANCELLED,
    Purpose.RDV_REMINDER: Purpose.CONVOCATION_REMINDER,
}
_ON_PAPER = (Purpose.CONVOCATION_CREATED, Purpose.CONVOCATION_CANCELLED)


def about(participation_id: int) -> str:
    """What `Message.about` says of the messages about this participation."""
    return f"{_PARTICIPATION}{participation_id}"


def version_of(participation: Participation) -> str:
    """This moment of the participation, as the messages that announce it are keyed."""
    return f"{participation.rdv.starts_at:%Y%m%dT%H%M}-{participation.sequence}"


def purpose_for(participation: Participation, purpose: str) -> str:
    """The purpose of a rdv, or of a convocation when the person is summoned.

    Only the service takes a convocation back: a person who said that they will not come gets the ordinary
    confirmation.
    """
    by_the_person = purpose == Purpose.RDV_CANCELLED and participation.status != ParticipationStatus.REVOKED
    if not participation.convocable or by_the_person:
        return purpose
    return AS_CONVOCATION.get(purpose, purpose)


def channels_of(participation: Participation, purpose: str) -> list[str]:
    """How this is told: by SMS and mail; a convocation by post when the person has neither."""
    channels = channels_for(participation.usager)
    if not channels and purpose in _ON_PAPER and has_postal_address(participation.usager):
        return [Channel.LETTER]
    return channels


class Limit:
    """Who was told of two changes in the last hour, by channel. One query, none without convocations."""

    def __init__(self, participations: Iterable[Participation], now: datetime) -> None:
        summoned = [about(one.pk) for one in participations if one.convocable]
        recent = Message.objects.filter(
            about__in=summoned,
            purpose=Purpose.CONVOCATION_UPDATED,
            created_at__gt=now - timedelta(hours=1),
        ).exclude(status__in=NEVER_ARRIVED)
        self._told = Counter(recent.order_by().values_list("about", "channel")) if summoned else Counter()

    def refusal(self, participation: Participation, purpose: str, channel: str) -> str:
        """Why this change is not told by this channel: a French sentence, or an empty one."""
        if purpose != Purpose.CONVOCATION_UPDATED:
            return ""
        told = self._told[about(participation.pk), channel]
        return TOLD_ENOUGH if told >= CHANGES_PER_HOUR else ""


def untold(participations: Collection[Participation], now: datetime) -> set[int]:
    """The ids of those summoned to come who were not told of the last change, since they were told of two in
    the hour before: somebody should call them. Participations come with their rdv. One query at most.
    """
    coming = [
        one
        for one in participations
        if one.convocable and one.status == ParticipationStatus.UNKNOWN and one.rdv.starts_at > now
    ]
    if not coming:
        return set()
    known = Message.objects.filter(
        about__in=[about(one.pk) for one in coming],
        purpose__in=(Purpose.CONVOCATION_CREATED, Purpose.CONVOCATION_UPDATED),
    )
    told: defaultdict[str, list[Message]] = defaultdict(list)
    for message in known.only("about", "unique_key", "purpose", "status", "failure", "created_at"):
        told[message.about].append(message)
    return {one.pk for one in coming if _is_untold(one, told[about(one.pk)], now)}


def _is_untold(participation: Participation, messages: Collection[Message], now: datetime) -> bool:
    version = f":{about(participation.pk)}-{version_of(participation)}:"
    current = [message for message in messages if version in message.unique_key]
    if current:
        return all(message.failure == TOLD_ENOUGH for message in current)
    # The worker has not written about this change yet: it will find the same.
    recent = [
        message
        for message in messages
        if message.purpose == Purpose.CONVOCATION_UPDATED
        and message.created_at > now - timedelta(hours=1)
        and message.status not in NEVER_ARRIVED
    ]
    return bool(recent) and min(Counter(_channel(one) for one in recent).values()) >= CHANGES_PER_HOUR


def _channel(message: Message) -> str:
    return message.unique_key.rpartition(":")[2]


def worth_posting(now: datetime) -> Exists:
    """For letters of convocations (`Message`): whether the rdv is to come, and as the letter says.

    Whatever moves, cancels or restores it gives it another version (`version_of`), which the letter has not.
    """
    text = CharField()
    same_person = Participation.objects.filter(usager=OuterRef("usager"), rdv__starts_at__gt=now)
    versions = same_person.annotate(
        key=ExpressionWrapper(OuterRef("unique_key"), text),
        theirs=Concat(Value(f":{_PARTICIPATION}"), "pk", Value("-"), output_field=text),
        version=Concat(Value("-"), "sequence", Value(f":{Channel.LETTER}"), output_field=text),
    )
    return Exists(versions.filter(key__contains=F("theirs"), key__endswith=F("version")))


def motifs_to_summon(organisation: Organisation, category: MotifCategory) -> list[Motif]:
    """The motifs of this organisation by which agents summon people of this category. One query."""
    motifs = Motif.objects.in_use().filter(
        organisation=organisation, motif_category=category, convocation=True
    )
    return list(motifs.order_by("name", "pk"))
