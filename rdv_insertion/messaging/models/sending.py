"""By whom messages leave, how many, and when they wait."""

from django.db import models
from django.db.models import F, Q

from rdv_insertion.agents.models import Agent
from rdv_insertion.messaging.enums import EMAIL_PROVIDERS, SMS_PROVIDERS, Channel, Provider
from rdv_insertion.territory.models import Department, Organisation

_SMS = [(one.value, one.label) for one in SMS_PROVIDERS]
_EMAIL = [(one.value, one.label) for one in EMAIL_PROVIDERS]


class SendingConfiguration(models.Model):
    """The providers of a department. Without one, those of the settings."""

    department = models.OneToOneField(
        Department, models.CASCADE, related_name="sending_configuration", verbose_name="département"
    )
    sms_provider = models.CharField(
        "prestataire SMS", max_length=20, choices=_SMS, default=Provider.BREVO_SMS
    )
    second_sms_provider = models.CharField(
        "prestataire SMS de secours", max_length=20, choices=_SMS, blank=True
    )
    email_provider = models.CharField(
        "prestataire mail", max_length=20, choices=_EMAIL, default=Provider.SMTP
    )
    second_email_provider = models.CharField(
        "prestataire mail de secours", max_length=20, choices=_EMAIL, blank=True
    )

    class Meta:
        verbose_name = "prestataires d'un département"
        verbose_name_plural = "prestataires des départements"
        constraints = [
            models.CheckConstraint(
                condition=~Q(second_sms_provider=F("sms_provider"))
                & ~Q(second_email_provider=F("email_provider")),
                name="second_provider_is_another_one",
                violation_error_message="Le prestataire de secours doit être un autre prestataire.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.department_id)


class ProviderHealth(models.Model):
    """What all workers know of a provider that has failed lately. A provider without a row is well."""

    provider = models.CharField("prestataire", max_length=20, choices=Provider.choices, primary_key=True)
    # In a row, without a message taken in between.
    failures = models.PositiveIntegerField("échecs de suite", default=0)
    # Until then messages go to the second provider, where there is one.
    set_aside_until = models.DateTimeField("écarté jusqu'à", null=True, blank=True)
    # It asked to be left alone until then (Retry-After).
    resting_until = models.DateTimeField("ne rien envoyer avant", null=True, blank=True)

    class Meta:
        verbose_name = "état d'un prestataire"
        verbose_name_plural = "états des prestataires"

    def __str__(self) -> str:
        return self.get_provider_display()


class ChannelPause(models.Model):
    """An administrator stopped the messages of an organisation by one channel: they wait, none is lost."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="channel_pauses", verbose_name="organisation"
    )
    channel = models.CharField(
        "canal", max_length=10, choices=[(c.value, c.label) for c in (Channel.SMS, Channel.EMAIL)]
    )
    paused_at = models.DateTimeField("arrêté le")
    paused_by = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="arrêté par"
    )

    class Meta:
        verbose_name = "canal arrêté"
        verbose_name_plural = "canaux arrêtés"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "channel"],
                name="one_pause_a_channel",
                violation_error_message="Ce canal est déjà arrêté.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} — {self.channel}"


class SmsBudget(models.Model):
    """How many SMS an organisation means to pay for in a month."""

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, related_name="sms_budget", verbose_name="organisation"
    )
    segments_a_month = models.PositiveIntegerField("SMS par mois")

    class Meta:
        verbose_name = "budget SMS"
        verbose_name_plural = "budgets SMS"
        constraints = [
            models.CheckConstraint(
                condition=Q(segments_a_month__gte=1),
                name="sms_budget_allows_one",
                violation_error_message="Un budget compte au moins un SMS.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} — {self.segments_a_month}"
