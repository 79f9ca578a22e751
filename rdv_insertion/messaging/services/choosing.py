"""Which providers a department uses."""

from django.db import transaction

from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import SendingConfiguration
from rdv_insertion.messaging.providers import default_providers
from rdv_insertion.territory.models import Department


@transaction.atomic
def choose_providers(*, department: Department, **chosen: str) -> SendingConfiguration:
    """Have the messages of `department` leave by the providers of `chosen`, by field; the others stay.

    Those of the settings hold until something is chosen. Messages that leave from now on follow it. Raises
    ValidationError when a second provider is the first one, or one does not exist.
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
        configuration.save()
    return configuration
