"""Numbers and addresses that a provider refused for good."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from rdv_insertion.agents.models import Agent
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models.messages import Message
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager


class RefusedContactQuerySet(models.QuerySet["RefusedContact"]):
    def current(self) -> "RefusedContactQuerySet":
        """Those that are still the number or the address of the person: what remains to correct."""
        return self.filter(
            Q(channel=Channel.SMS, contact=F("usager__phone_number"))
            | Q(channel=Channel.EMAIL, contact=F("usager__email"))
        )

    def visible_to(self, agent: Agent) -> "RefusedContactQuerySet":
        """Of the people whom `agent` may see."""
        return self.filter(usager__in=Usager.objects.visible_to(agent).order_by().values("pk"))

    def of_organisation(self, organisation: Organisation) -> "RefusedContactQuerySet":
        """Of the people whom `organisation` follows, archived ones left out."""
        return self.filter(usager__in=Usager.objects.of_organisation(organisation).order_by().values("pk"))


class RefusedContact(models.Model):
    """A number or an address of a person at which nothing arrives. Corrected on the person, it is past."""

    usager = models.ForeignKey(Usager, models.CASCADE, related_name="refused_contacts", verbose_name="usager")
    channel = models.CharField("canal", max_length=10, choices=Channel.choices)
    contact = models.CharField("numéro ou adresse", max_length=255)
    # A French sentence for agents.
    reason = models.CharField("raison", max_length=200)
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="message"
    )
    refused_at = models.DateTimeField("refusé le")

    objects: ClassVar[RefusedContactQuerySet] = RefusedContactQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "contact refusé"
        verbose_name_plural = "contacts refusés"
        ordering = ["-refused_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["usager", "channel", "contact"], name="one_refusal_a_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.usager_id} — {self.channel}"
