"""What is asked of messages: a `Draft`, its key, and where it goes."""

from dataclasses import dataclass, field

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import phone
from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.channels.email.mail import sender_of
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts import Content
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One message to write: to whom, why, by which channel, with which words.

    `about` names what it is about (`invitation-ABCDEFGH`, `participation-12`) and `period` which moment of it
    (`20260303T0930-1`): the same purpose about the same thing in the same period is sent once a channel.
    `even_at_night` is for what the person has just asked for: other SMS wait for the morning.
    """

    organisation: Organisation
    to: Usager | Agent | Organisation
    purpose: str
    channel: str
    about: str
    period: str = ""
    content: Content = field(repr=False)
    calendar: str = field(default="", repr=False)
    # Another number or address than the one they are known by.
    address: str = field(default="", repr=False)
    # Where an answer to this mail goes, when it is neither nowhere nor back to us.
    reply_to: str = field(default="", repr=False)
    even_at_night: bool = False
    # Why it must not leave, in French: it is written and kept as failed, so that somebody sees it.
    refusal: str = ""

    @property
    def unique_key(self) -> str:
        """See `Message.unique_key`."""
        return key_of(self.to, self.purpose, self.subject_key, self.channel)

    @property
    def subject_key(self) -> str:
        """What it is about and when, in one text."""
        return f"{self.about}-{self.period}" if self.period else self.about

    @property
    def usager(self) -> Usager | None:
        """The person it is for; None when it is for an agent or for the organisation."""
        return self.to if isinstance(self.to, Usager) else None

    @property
    def language(self) -> str:
        """In which it is written: agents read French."""
        return self.to.language if isinstance(self.to, Usager) else Language.FR


def key_of(to: Usager | Agent | Organisation, purpose: str, subject_key: str, channel: str) -> str:
    """The unique key of the message of this purpose, about this thing, by this channel, to this one."""
    kind = "" if isinstance(to, Usager) else f"{type(to).__name__.lower()}-"
    return f"{kind}{to.pk}:{purpose}:{subject_key}:{channel}"


def channels_for(usager: Usager) -> list[str]:
    """The channels by which this person is told something: SMS to a mobile, mail to an address."""
    channels: list[str] = []
    if phone.is_mobile(usager.phone_number):
        channels.append(Channel.SMS)
    if usager.email:
        channels.append(Channel.EMAIL)
    return channels


def addresses_of(draft: Draft) -> tuple[str, str]:
    """Recipient and sender, as the channel writes them."""
    to, organisation = draft.to, draft.organisation
    if draft.channel == Channel.EMAIL:
        return draft.address or to.email or "", sender_of(organisation.name)
    if draft.channel == Channel.SMS and draft.address:
        return draft.address, organisation.sms_sender
    if not isinstance(to, Usager):
        raise ValueError("agents and organisations are told by mail, or by SMS at a given number")
    if draft.channel == Channel.SMS:
        return to.phone_number or "", organisation.sms_sender
    return to.address or "", organisation.name[:100]
