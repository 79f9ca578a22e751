from django.apps import AppConfig
from django.conf import settings


class MessagingConfig(AppConfig):
    name = "rdv_insertion.messaging"
    verbose_name = "messages"

    def ready(self) -> None:
        """Refuse to start with settings that would only fail at the first message."""
        from rdv_insertion.messaging import providers, quiet_hours  # noqa: PLC0415 - models are not there before

        providers.check_settings()
        quiet_hours.configured(settings.SMS_QUIET_HOURS)
