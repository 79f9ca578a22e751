"""The texts of each purpose and channel, from templates/messages/<purpose>/.

`sms.txt`, `email_subject.txt`, `email.txt` and `email.html`; a letter's paragraphs are `letter.txt`, with a
blank line between two. One context serves all the channels of a purpose.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.template import loader
from django.template.backends.django import Template
from django.utils.translation import override

from rdv_insertion.kernel.languages import Language
from rdv_insertion.kernel.text import squish
from rdv_insertion.messaging.channels.sms.encoding import to_gsm7
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts.content import Text, one_line


@dataclass(frozen=True)
class FromTemplates:
    """The texts of one purpose, in French, with what the templates are given."""

    purpose: str
    context: Mapping[str, Any] = field(repr=False)

    def render(self, channel: str, language: str) -> Text:
        """See `Content.render`; there is nothing but French here."""
        with override(Language.FR):
            return render(self.purpose, channel, self.context)


def render(purpose: str, channel: str, context: Mapping[str, Any]) -> Text:
    """The text of one message."""
    if channel == Channel.SMS:
        return Text(to_gsm7(squish(_render(purpose, "sms.txt", context))))
    if channel == Channel.EMAIL:
        return Text(
            text=_paragraphs(_render(purpose, "email.txt", context)),
            subject=one_line(_render(purpose, "email_subject.txt", context)),
            html=_render(purpose, "email.html", context),
        )
    return Text(
        text=_paragraphs(_render(purpose, "letter.txt", context)),
        subject=one_line(_render(purpose, "letter_subject.txt", context)),
    )


def _render(purpose: str, name: str, context: Mapping[str, Any]) -> str:
    return str(_template(f"messages/{purpose}/{name}").render(dict(context)))


@lru_cache
def _template(name: str) -> Template:
    return loader.get_template(name)  # type: ignore[return-value]


def _paragraphs(text: str) -> str:
    """One line a sentence group, one blank line between paragraphs, whatever the tags left behind."""
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines)
