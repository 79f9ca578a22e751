"""What an invitation says: choose your date, in the words of its category and of its model."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.utils.html import escape

from rdv_insertion.messaging.enums import Channel, TemplateModel
from rdv_insertion.messaging.texts.addressee import Addressee
from rdv_insertion.messaging.texts.blocks import Letter, Mail
from rdv_insertion.messaging.texts.content import Text, one_line
from rdv_insertion.messaging.texts.invitations import model_of
from rdv_insertion.messaging.texts.rendering import Frame, PersonalContent
from rdv_insertion.messaging.texts.words import Words

# In place of what is each person's own: a name, a character that means nothing (of Unicode's private area); a
# link, as many times a sign that SMS know and that nobody writes, so that what it costs is counted truly.
_NAME, _LINK = "\ue000", "¤"


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

    def render(self, channel: str, language: str) -> Text:
        """See `Content.render`. The SMS and mails of a run differ by a link and a name: drawn once."""
        if channel == Channel.LETTER:
            return super().render(channel, language)
        own = {_LINK * len(self.link): self.link, _NAME: self.addressee.names}
        drawn = _drawn(self._anybodys(), channel, language, settings.REPLY_DOMAIN)
        return Text(
            text=_filled(drawn.text, own),
            subject=one_line(_filled(drawn.subject, own)),
            html=_filled(drawn.html, {mark: escape(value) for mark, value in own.items()}),
            french=_filled(drawn.french, own),
        )

    def _anybodys(self) -> "InvitationContent":
        """The same to anybody who is greeted in the same way."""
        anybody = replace(self.addressee, first_name=_NAME, last_name="")
        return replace(self, addressee=anybody, link=_LINK * len(self.link), code="", letter=None)

    def sms(self) -> list[str]:
        """See `PersonalContent.sms`."""
        return model_of(self).sms()

    def mail(self) -> Mail:
        """See `PersonalContent.mail`."""
        return model_of(self).mail()

    def written(self) -> Letter:
        """See `PersonalContent.written`."""
        return model_of(self).letter()


@lru_cache(maxsize=64)
def _drawn(content: InvitationContent, channel: str, language: str, reply_domain: str) -> Text:
    """`content` by SMS or mail; whether mails may be answered is a setting, so that it is part of the key."""
    return PersonalContent.render(content, channel, language)


def _filled(text: str, own: Mapping[str, str]) -> str:
    """`text` with the link, then the name: whatever is in a name stays as it is."""
    for mark, value in own.items():
        text = text.replace(mark, value)
    return text
