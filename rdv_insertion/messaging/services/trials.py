"""A text sent to the agent who writes it, by the same road as the messages of people."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import throttle
from rdv_insertion.messaging.drafts import Draft
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.writing import enqueue
from rdv_insertion.messaging.texts import Content, Text
from rdv_insertion.territory.models import Organisation

LIMIT = throttle.Limit("trial_message", attempts=10, period=timedelta(hours=1))


@dataclass(frozen=True)
class _Trial:
    """`content` in one language, said to be a trial: whoever gets it by mistake must know."""

    content: Content
    language: str

    def render(self, channel: str, _language: str) -> Text:
        """See `Content.render`; agents read the language that they chose to try."""
        text = self.content.render(channel, self.language)
        if channel == Channel.SMS:
            return replace(text, text=f"Essai : {text.text}")
        return replace(text, subject=f"[Essai] {text.subject}"[:200])


def send_trial(
    *,
    organisation: Organisation,
    agent: Agent,
    content: Content,
    channel: str,
    language: str,
    about: str,
    address: str = "",
    now: datetime,
) -> Message:
    """Send `content` to `agent`: by mail to their own address, by SMS to the mobile `address` (E.164).

    `about` names what is tried. Ten an hour: raises TooManyAttempts beyond. It leaves at night too, since it
    has just been asked for.
    """
    throttle.attempt(LIMIT, str(agent.pk), now=now)
    draft = Draft(
        organisation=organisation,
        to=agent,
        purpose=Purpose.TRIAL,
        channel=channel,
        about=about,
        period=f"{now:%Y%m%dT%H%M%S%f}",
        content=_Trial(content, language),
        address=address,
        even_at_night=True,
    )
    return enqueue(drafts=[draft], now=now)[draft.unique_key]
