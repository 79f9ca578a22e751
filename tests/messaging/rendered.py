"""What a content says, by each channel."""

from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts import Text
from rdv_insertion.messaging.texts.rendering import PersonalContent


def sms(content: PersonalContent, language: str = "fr") -> str:
    return content.render(Channel.SMS, language).text


def mail(content: PersonalContent, language: str = "fr") -> Text:
    return content.render(Channel.EMAIL, language)


def letter(content: PersonalContent, language: str = "fr") -> Text:
    return content.render(Channel.LETTER, language)


def everything(content: PersonalContent) -> list[str]:
    """All that is sent, by every channel."""
    email = mail(content)
    on_paper = [letter(content)] if type(content).__name__ != "EarlierSlotContent" else []
    return [
        sms(content),
        email.subject,
        email.text,
        email.html,
        *(one.subject for one in on_paper),
        *(one.text for one in on_paper),
    ]


def unescaped(html: str) -> str:
    return html.replace("&#x27;", "'").replace("\u00a0", " ")
