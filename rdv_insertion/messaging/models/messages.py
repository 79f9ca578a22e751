"""Messages: each is one row, from the moment it is asked for to what its provider last said."""

from datetime import datetime
from typing import ClassVar

from django.db import models

from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.enums import FAILED, TO_WATCH, WAITING, Channel, MessageStatus, Provider, Purpose
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, agent: Agent) -> "MessageQuerySet":
        """Sent by the open organisations in which `agent` works."""
        return self.filter(organisation__in=organisations_of(agent))

    def waiting(self) -> "MessageQuerySet":
        """Not handed to a provider yet."""
        return self.filter(status__in=WAITING)

    def failed(self) -> "MessageQuerySet":
        """Given up."""
        return self.filter(status__in=FAILED)

    def stuck(self, since: datetime) -> "MessageQuerySet":
        """Handed to a provider before `since` by a worker that never came back."""
        return self.filter(status=MessageStatus.SENDING, sending_at__lt=since)


class Message(models.Model):
    """One text for one person by one channel, as it is sent."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="messages", verbose_name="organisation"
    )
    # To a person, to an agent, or, when both are empty, to the organisation itself.
    usager = models.ForeignKey(
        Usager, models.CASCADE, null=True, blank=True, related_name="messages", verbose_name="usager"
    )
    agent = models.ForeignKey(
        Agent, models.CASCADE, null=True, blank=True, related_name="messages", verbose_name="agent"
    )
    channel = models.CharField("canal", max_length=10, choices=Channel.choices)
    purpose = models.CharField("objet", max_length=30, choices=Purpose.choices)
    # What must never be sent twice: recipient, purpose, subject, channel and period (design/domain.md).
    unique_key = models.CharField("clé d'unicité", max_length=120, unique=True)
    # What it is about, in the words of whoever asked for it: `participation-12`, `invitation-ABCDEFGH`.
    about = models.CharField("à propos de", max_length=80, blank=True)
    recipient = models.CharField("destinataire", max_length=255)
    sender = models.CharField("expéditeur", max_length=100)
    subject = models.CharField("sujet", max_length=200, blank=True)
    text = models.TextField("texte")
    html = models.TextField("texte mis en forme", blank=True)
    language = models.CharField("langue", max_length=2, choices=Language.choices, default=Language.FR)
    # The same in French, for agents and for those who help the person; empty when it is in French.
    french_text = models.TextField("texte en français", blank=True)
    # All that a letter shows beside its text, as it was when it was written (channels/letter/render.py).
    letter = models.JSONField("présentation du courrier", null=True, blank=True)
    calendar = models.TextField("événement d'agenda joint", blank=True)
    # Where an answer to this mail goes, when it is somebody in particular.
    reply_to = models.CharField("répondre à", max_length=254, blank=True)
    status = models.CharField(
        "état", max_length=20, choices=MessageStatus.choices, default=MessageStatus.CREATED
    )
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    failure = models.CharField("cause de l'échec", max_length=200, blank=True)
    # How many SMS are paid for it; 0 for mails and letters.
    segments = models.PositiveSmallIntegerField("SMS facturés", default=0)
    # It leaves at night too.
    even_at_night = models.BooleanField("même la nuit", default=False)
    # Not tried before: a night, a pause after a failed try.
    not_before = models.DateTimeField("pas avant", null=True, blank=True)
    # Its provider may have it: it never said so. It is asked before anything else is tried.
    in_doubt = models.BooleanField("peut-être déjà remis", default=False)
    # Who took it; while it leaves, who is being asked to.
    provider = models.CharField("prestataire", max_length=20, choices=Provider.choices, blank=True)
    provider_reference = models.CharField("référence du prestataire", max_length=100, blank=True)
    # The last word of the provider, as the API gives it (reference/rdv_insertion.md § 3, delivery status).
    delivery_code = models.CharField("code de remise", max_length=30, blank=True)
    created_at = models.DateTimeField("créé le")
    sending_at = models.DateTimeField("remis le", null=True, blank=True)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    # Received, not distributed, or printed, on that date.
    settled_at = models.DateTimeField("reçu ou refusé le", null=True, blank=True)

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "message"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(usager=None) | models.Q(agent=None), name="message_has_one_recipient"
            ),
        ]
        indexes = [
            models.Index(fields=["usager", "-created_at"], name="message_by_usager"),
            models.Index(fields=["about"], name="message_by_subject"),
            models.Index(fields=["organisation", "created_at"], name="message_by_organisation"),
            models.Index(
                fields=["sending_at"],
                name="message_being_sent",
                condition=models.Q(status=MessageStatus.SENDING),
            ),
            models.Index(
                fields=["organisation", "channel"],
                name="message_waiting",
                condition=models.Q(status=MessageStatus.CREATED),
            ),
            # What has not left, or may leave again: few among all, counted on every page of agents.
            models.Index(
                fields=["organisation", "created_at"],
                name="message_to_watch",
                condition=models.Q(status__in=TO_WATCH),
            ),
            # OVH names messages by its own references only (exchanges/receipts/ovh.py).
            models.Index(
                fields=["provider_reference"],
                name="message_by_ovh_reference",
                condition=models.Q(provider=Provider.OVH_SMS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} ({self.get_channel_display()})"
