"""Which providers a department uses."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import SendingConfiguration
from rdv_insertion.messaging.providers import default_providers, missing_settings
from rdv_insertion.territory.models import Department


@transaction.atomic
def choose_providers(*, department: Department, **chosen: str) -> SendingConfiguration:
    """Have the messages of `department` leave by the providers of `chosen`, by field; the others stay.

    Those of the settings hold until something is chosen. Messages that leave from now on follow it. Raises
    ValidationError when a second provider is the first one, or one does not exist or lacks its keys.
    """
    known = SendingConfiguration.objects.select_for_update().filter(department=department).first()
    sms, email = default_providers(Channel.SMS), default_providers(Channel.EMAIL)
    configuration = known or SendingConfiguration(
        department=department,
        sms_provider=sms[0],
        second_sms_provider=sms[1],
        email_provider=email[0],
        second_email_provider=email[1],
    )
    if chosen:
        for name, provider in chosen.items():
            setattr(configuration, name, provider)
        configuration.full_clean()
        _check_keys(chosen.values())
        configuration.save()
    return configuration


def _check_keys(providers: Iterable[str]) -> None:
    """Refused here rather than by the provider, for each message, for five hours."""
    missing = [name for provider in providers if provider for name in missing_settings(provider)]
    if missing:
        raise ValidationError(f"Renseignez d'abord, pour tous les processus : {', '.join(missing)}.")
