"""What is told of a rdv: it is set, moved, cancelled, close; and when the person is summoned to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from rdv_insertion.messaging.texts.addressee import Addressee
from rdv_insertion.messaging.texts.blocks import Letter, Mail
from rdv_insertion.messaging.texts.rdvs import telling_of
from rdv_insertion.messaging.texts.rdvs.rdv import CANCELLED, CREATED, EVENTS, REMINDER, UPDATED
from rdv_insertion.messaging.texts.rendering import Frame, PersonalContent
from rdv_insertion.messaging.texts.words import Words

__all__ = ["CANCELLED", "CREATED", "EVENTS", "REMINDER", "UPDATED", "RdvContent"]


@dataclass(frozen=True, kw_only=True)
class RdvContent(PersonalContent):
    """One event of a rdv, for one of its people.

    `event` is created, updated, cancelled or reminder; `convocation` when the person is summoned.
    `location_type` is one of agenda's (public_office, phone, visio, home) and decides which of `place` (its
    lines), `visio_url` and `phone_number` (the person's, as it is dictated) are said. `title` comes after
    "votre …"; `words` are those of its category, None when it has none. `starts_at` is told on the clocks of
    `zone`. `agents` are names to give, none by default. `cancelled_by_service` is false when the person
    did it.
    """

    event: str
    convocation: bool = False
    location_type: str
    addressee: Addressee
    words: Words | None = None
    title: str
    organisation: str
    starts_at: datetime
    zone: ZoneInfo
    place: tuple[str, ...] = ()
    access: str = ""
    visio_url: str = ""
    phone_number: str = ""
    link: str
    help_phone: str
    what_to_bring: str = ""
    instruction: str = ""
    agents: tuple[str, ...] = ()
    cancelled_by_service: bool = True
    letter: Frame | None = field(default=None, repr=False)

    def sms(self) -> list[str]:
        """See `PersonalContent.sms`."""
        return telling_of(self).sms()

    def shorter_sms(self) -> Iterable[list[str]]:
        """See `PersonalContent.shorter_sms`."""
        return telling_of(self, briefly=True).shorter_sms()

    def mail(self) -> Mail:
        """See `PersonalContent.mail`."""
        return telling_of(self).mail()

    def written(self) -> Letter:
        """See `PersonalContent.written`."""
        return telling_of(self).letter()
