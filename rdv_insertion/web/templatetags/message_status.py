"""What became of a message, with the same colour, icon and words on every page."""

from django import template

from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message

register = template.Library()

_BADGES: dict[str, tuple[str, str]] = {
    MessageStatus.CREATED: ("grey", "fr-icon-timer-line"),
    MessageStatus.SENDING: ("grey", "fr-icon-send-plane-line"),
    MessageStatus.SENT: ("blue", "fr-icon-mail-send-line"),
    MessageStatus.DELIVERED: ("green", "fr-icon-checkbox-circle-line"),
    MessageStatus.TEMPORARY_FAILURE: ("orange", "fr-icon-error-warning-line"),
    MessageStatus.PERMANENT_FAILURE: ("red", "fr-icon-close-circle-line"),
    MessageStatus.TECHNICAL_FAILURE: ("red", "fr-icon-alarm-warning-line"),
    MessageStatus.TO_PRINT: ("blue", "fr-icon-printer-line"),
    MessageStatus.PRINTED: ("green", "fr-icon-printer-line"),
    MessageStatus.WITHDRAWN: ("grey", "fr-icon-close-circle-line"),
}


@register.filter
def message_badge(message: Message) -> dict[str, str]:
    """`colour`, `icon` and `label` of the badge of a message; `components/message_status.html` draws it."""
    colour, icon = _BADGES[message.status]
    return {"colour": colour, "icon": icon, "label": MessageStatus(message.status).label}
