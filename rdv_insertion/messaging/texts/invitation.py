"""What an invitation says: choose your date, in the words of its category and of its model."""

from dataclasses import dataclass, field
from datetime import date

from rdv_insertion.messaging.enums import TemplateModel
from rdv_insertion.messaging.texts.addressee import Addressee
from rdv_insertion.messaging.texts.blocks import Letter, Mail
from rdv_insertion.messaging.texts.invitations import model_of
from rdv_insertion.messaging.texts.rendering import Frame, PersonalContent
from rdv_insertion.messaging.texts.words import Words


@dataclass(frozen=True, kw_only=True)
class InvitationContent(PersonalContent):
    """An invitation, or its reminder.

    `days_left` are the whole days left to choose, really, and `last_day` the last one (None: no limit).
    `help_phone` is written as people dictate it; `typing_page` and `code` are where and what to type by hand.
    `referents` are the names of who follows the person, when they are to be received by them. `by_phone`
    says that all they may choose is by phone.
    """

    addressee: Addressee
    words: Words
    organisation: str
    department: str = ""
    link: str
    code: str = ""
    typing_page: str = ""
    days_left: int | None = None
    last_day: date | None = None
    help_phone: str
    reminder: bool = False
    referents: tuple[str, ...] = ()
    by_phone: bool = False
    letter: Frame | None = field(default=None, repr=False)

    @property
    def ends_with_help(self) -> bool:
        """See `PersonalContent.ends_with_help`."""
        return self.words.model != TemplateModel.PHONE_PLATFORM

    def sms(self) -> list[str]:
        """See `PersonalContent.sms`."""
        return model_of(self).sms()

    def mail(self) -> Mail:
        """See `PersonalContent.mail`."""
        return model_of(self).mail()

    def written(self) -> Letter:
        """See `PersonalContent.written`."""
        return model_of(self).letter()
