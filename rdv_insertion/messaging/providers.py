"""Who carries messages: the one table of providers, and the connections kept to them."""

import threading
from collections.abc import Callable, Mapping, Sequence

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from rdv_insertion.messaging.channels.email.brevo_transport import BrevoMailTransport
from rdv_insertion.messaging.channels.email.transport import SmtpTransport
from rdv_insertion.messaging.channels.sms.ovh_transport import OvhSmsTransport
from rdv_insertion.messaging.channels.sms.transport import BrevoSmsTransport
from rdv_insertion.messaging.enums import EMAIL_PROVIDERS, SMS_PROVIDERS, Channel, Provider
from rdv_insertion.messaging.transport import Transport

# To add a provider: a line here and in `_NEEDED`, a value in `Provider`, a transport in its channel's folder.
TRANSPORTS: Mapping[str, Callable[[], Transport]] = {
    Provider.BREVO_SMS: BrevoSmsTransport,
    Provider.OVH_SMS: OvhSmsTransport,
    Provider.SMTP: SmtpTransport,
    Provider.BREVO_EMAIL: BrevoMailTransport,
}
# Without which a provider takes nothing.
_NEEDED: Mapping[str, Sequence[str]] = {
    Provider.BREVO_SMS: ("SMS_API_KEY",),
    Provider.OVH_SMS: (
        "OVH_APPLICATION_KEY",
        "OVH_APPLICATION_SECRET",
        "OVH_CONSUMER_KEY",
        "OVH_SMS_SERVICE",
    ),
    Provider.SMTP: ("EMAIL_HOST",),
    Provider.BREVO_EMAIL: ("EMAIL_API_KEY",),
}
_open_transports: dict[str, Transport] = {}
_opening = threading.Lock()


def transport_of(provider: str) -> Transport:
    """The transport to this provider, shared by the threads of this process, opened at first use."""
    with _opening:
        if provider not in _open_transports:
            _open_transports[provider] = TRANSPORTS[provider]()
        return _open_transports[provider]


def missing_settings(provider: str) -> list[str]:
    """The settings, by name, that this provider needs and that are empty."""
    return [name for name in _NEEDED[provider] if not getattr(settings, name)]


def forget_transports() -> None:
    """Close what is open to the providers; the next message opens it again, with the settings of then."""
    with _opening:
        while _open_transports:
            _open_transports.popitem()[1].close()


def default_providers(channel: str) -> tuple[str, str]:
    """The first and the second provider of departments that did not choose; the second may be empty."""
    if channel == Channel.SMS:
        return settings.SMS_PROVIDER, settings.SECOND_SMS_PROVIDER
    return settings.EMAIL_PROVIDER, settings.SECOND_EMAIL_PROVIDER


def check_settings() -> None:
    """Raises ImproperlyConfigured, with the name of the setting, when it names a provider that is not."""
    for name, known in (("SMS_PROVIDER", SMS_PROVIDERS), ("EMAIL_PROVIDER", EMAIL_PROVIDERS)):
        first, second = getattr(settings, name), getattr(settings, f"SECOND_{name}")
        if first not in known:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(known)}.")
        if second and (second not in known or second == first):
            raise ImproperlyConfigured(f"SECOND_{name} must be empty or another one of {', '.join(known)}.")
