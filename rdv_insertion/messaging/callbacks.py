"""Where providers tell us what became of our messages: the addresses of `web/providers`.

Here and not with the pages, because transports give them to the provider with each message.
"""

from enum import StrEnum

from django.conf import settings


class CallbackSource(StrEnum):
    """Who calls, which is also the format of what they post."""

    BREVO_EMAIL = "brevo-mail"
    BREVO_SMS = "brevo-sms"
    OVH_SMS = "ovh-sms"
    GENERIC = "generic"
    BREVO_INBOUND = "brevo-inbound"


def callback_url(source: CallbackSource, message_id: int | None = None) -> str:
    """The address to give to a provider, for all messages or for one; empty when there is no CALLBACK_SECRET.

    With `message_id`, what is posted there is about that message even if it does not name it.
    """
    if not settings.CALLBACK_SECRET:
        return ""
    address = f"{settings.PUBLIC_URL}/callbacks/{source}/{settings.CALLBACK_SECRET}"
    return address if message_id is None else f"{address}/{message_id}"
