"""What an organisation looks like in its messages: letterhead, signature, logos."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from rdv_insertion.agents.models import Agent
from rdv_insertion.territory.models import Organisation


class Picture(models.Model):
    """A logo or a signature, kept once by its content: letters of the past point to what they showed."""

    digest = models.CharField("empreinte", max_length=64, primary_key=True)
    media_type = models.CharField(
        "type", max_length=20, choices=[("image/png", "PNG"), ("image/jpeg", "JPEG")]
    )
    content = models.BinaryField("contenu")

    class Meta:
        verbose_name = "image"

    def __str__(self) -> str:
        return self.digest[:12]


class MessagesConfiguration(models.Model):
    """How one organisation presents itself, from `created_at` on. Rows are never changed: the last one holds.

    What is empty says what the department would (see `messaging.identity`).
    """

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="messages_configurations", verbose_name="organisation"
    )
    version = models.PositiveIntegerField("version")
    letter_sender_name = models.CharField("expéditeur des courriers", max_length=100, blank=True)
    sender_city = models.CharField("ville d'où partent les courriers", max_length=100, blank=True)
    direction_names = ArrayField(
        models.CharField(max_length=100), verbose_name="directions", default=list, blank=True
    )
    signature_lines = ArrayField(
        models.CharField(max_length=100), verbose_name="signature", default=list, blank=True
    )
    help_address = models.CharField("adresse où se faire aider", max_length=255, blank=True)
    # Each a dict of `digest` (of a Picture) and `name`, read aloud in place of the image.
    logos = models.JSONField("logos", default=list, blank=True)
    signature_picture = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="image de la signature"
    )
    created_at = models.DateTimeField("enregistrée le")
    created_by = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="enregistrée par"
    )

    class Meta:
        verbose_name = "configuration des messages"
        verbose_name_plural = "configurations des messages"
        ordering = ["organisation", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "version"],
                name="one_messages_configuration_a_version",
                violation_error_message="Quelqu'un vient d'enregistrer ces réglages : relisez-les d'abord.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} — {self.version}"
