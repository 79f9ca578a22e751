"""Everything received, kept as it came before anything is made of it."""

from django.db import models

from rdv_insertion.exchanges.enums import Outcome


class Received(models.Model):
    """What a provider posted: answered at once, understood later by a job."""

    body = models.TextField("contenu reçu")
    received_at = models.DateTimeField("reçu le")
    outcome = models.CharField("résultat", max_length=12, choices=Outcome.choices, default=Outcome.WAITING)
    processed_at = models.DateTimeField("traité le", null=True, blank=True)
    # Of the message that it is about, once known; not a foreign key, since what is unknown is kept too.
    message_id = models.BigIntegerField("message", null=True, blank=True, db_index=True)

    class Meta:
        abstract = True


class Receipt(Received):
    """What a provider says became of a message."""

    # Which format `body` has: a key of `exchanges.receipts`.
    source = models.CharField("origine", max_length=20)

    class Meta(Received.Meta):
        verbose_name = "accusé de réception"
        verbose_name_plural = "accusés de réception"
        ordering = ["received_at", "id"]
        abstract = False

    def __str__(self) -> str:
        return f"{self.source} — {self.received_at:%Y-%m-%d %H:%M}"


class InboundMail(Received):
    """An answer to one of our mails."""

    class Meta(Received.Meta):
        verbose_name = "réponse par mail"
        verbose_name_plural = "réponses par mail"
        ordering = ["received_at", "id"]
        abstract = False

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M}"
