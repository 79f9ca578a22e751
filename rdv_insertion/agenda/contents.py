"""What the texts about rdvs are given: the facts of each participation, read once for all of them."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any

from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.agenda.links import earlier_slot_url, rdv_url
from rdv_insertion.agenda.models import EarlierSlotOffer, Participation, Rdv
from rdv_insertion.agenda.phones import phone_of
from rdv_insertion.agenda.presentation import help_phone, visio_url
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.words import words_by_pair
from rdv_insertion.kernel import phone
from rdv_insertion.messaging.channels.letter.frame import LetterFrame, frame_for
from rdv_insertion.messaging.enums import CONVOCATIONS, Channel, Purpose
from rdv_insertion.messaging.identity import SenderIdentity, identities_of
from rdv_insertion.messaging.texts import EarlierSlotContent, RdvContent, addressee_of
from rdv_insertion.messaging.texts.rdvs.content import CANCELLED, CREATED, REMINDER, UPDATED
from rdv_insertion.messaging.texts.words import Words

_EVENTS: dict[str, str] = {
    Purpose.RDV_CREATED: CREATED,
    Purpose.RDV_UPDATED: UPDATED,
    Purpose.RDV_CANCELLED: CANCELLED,
    Purpose.RDV_REMINDER: REMINDER,
    Purpose.CONVOCATION_CREATED: CREATED,
    Purpose.CONVOCATION_UPDATED: UPDATED,
    Purpose.CONVOCATION_CANCELLED: CANCELLED,
    Purpose.CONVOCATION_REMINDER: REMINDER,
}


class Contents:
    """Makes the contents of the messages about `participations`, which come `with_details`.

    Two queries, whatever their number (`phones.load_phones` finds the numbers to call in one more).
    """

    def __init__(self, participations: Iterable[Participation]) -> None:
        self._participations = list(participations)
        pairs = {
            (rdv.organisation_id, rdv.motif.motif_category)
            for rdv in (one.rdv for one in self._participations)
            if rdv.motif.motif_category
        }
        self._words = words_by_pair(pairs) if pairs else {}

    def of(self, participation: Participation, purpose: str, channel: str, *, now: datetime) -> RdvContent:
        """What is told of this participation for this purpose; dates are on the clocks of the place."""
        return RdvContent(
            event=_EVENTS[purpose],
            convocation=purpose in CONVOCATIONS,
            cancelled_by_service=participation.status != ParticipationStatus.EXCUSED,
            link=rdv_url(participation),
            letter=self._frame(participation, now) if channel == Channel.LETTER else None,
            **self._facts(participation),
        )

    def of_earlier_slot(self, participation: Participation, kept: EarlierSlotOffer) -> EarlierSlotContent:
        """What is told of an earlier créneau that is kept for the person of this participation."""
        facts = self._facts(participation) | {"starts_at": kept.starts_at}
        return EarlierSlotContent(
            current_starts_at=participation.rdv.starts_at,
            answer_before=kept.expires_at,
            link=earlier_slot_url(participation),
            **facts,
        )

    def _facts(self, participation: Participation) -> dict[str, Any]:
        rdv, usager = participation.rdv, participation.usager
        words, kind = self._words_of(rdv), rdv.motif.location_type
        return {
            "location_type": kind,
            "addressee": addressee_of(usager),
            "words": words,
            "title": _title(rdv, words),
            "organisation": rdv.organisation.name,
            "starts_at": rdv.starts_at,
            "zone": rdv.time_zone,
            "place": (rdv.lieu.name, rdv.lieu.address) if rdv.lieu else (),
            "access": rdv.lieu.access if rdv.lieu else "",
            "visio_url": visio_url(rdv) if kind == LocationType.VISIO else "",
            "phone_number": phone.display(usager.phone_number) if kind == LocationType.PHONE else "",
            "help_phone": help_phone(rdv),
            "what_to_bring": words.what_to_bring if words else "",
            "instruction": rdv.motif.instruction,
            # Somebody they know: the others are whoever is on duty.
            "agents": tuple(map(str, rdv.agents.all())) if rdv.motif.referent_only else (),
        }

    def _words_of(self, rdv: Rdv) -> Words | None:
        return self._words.get((rdv.organisation_id, rdv.motif.motif_category_id or 0))

    def _frame(self, participation: Participation, now: datetime) -> LetterFrame:
        rdv = participation.rdv
        return frame_for(
            participation.usager,
            rdv.organisation,
            self._identities[rdv.organisation_id],
            help_phone=phone_of(rdv),
            moment=now,
        )

    @cached_property
    def _identities(self) -> dict[int, SenderIdentity]:
        return identities_of({one.rdv.organisation for one in self._participations})


def _title(rdv: Rdv, words: Words | None) -> str:
    """After "votre …": in the words of the organisation, else the motif's name, as inside a sentence."""
    if words is None:
        name = rdv.motif.name
        return name if name[1:2].isupper() else name[:1].lower() + name[1:]
    return words.title_by_phone if rdv.motif.location_type == LocationType.PHONE else words.title
