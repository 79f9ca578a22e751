from django.db import models


class Channel(models.TextChoices):
    """How a message travels. The values are the formats of the API."""

    SMS = "sms", "SMS"
    EMAIL = "email", "Mail"
    LETTER = "postal", "Courrier"


class Purpose(models.TextChoices):
    """Why a message is sent. Each purpose has its texts in templates/messages/<purpose>/."""

    INVITATION = "invitation", "Invitation à choisir un créneau"
    RDV_CREATED = "rdv_created", "Confirmation de rendez-vous"
    RDV_UPDATED = "rdv_updated", "Rendez-vous déplacé"
    RDV_CANCELLED = "rdv_cancelled", "Rendez-vous annulé"
    RDV_REMINDER = "rdv_reminder", "Rappel de rendez-vous"
    EARLIER_SLOT = "earlier_slot", "Créneau plus tôt proposé"
    # To agents and organisations
    AGENT_RDV = "agent_rdv", "Rendez-vous d'un agent"
    PRESCRIPTION = "prescription", "Rendez-vous pris par un partenaire"
    NO_SLOT = "no_slot", "Plus de créneau"
    SLOT_REQUEST = "slot_request", "Demande de créneaux"
    IMPORT_RESULT = "import_result", "Résultat d'un import automatique"


# Told to agents and organisations, by mail only.
TO_PROFESSIONALS = (
    Purpose.AGENT_RDV,
    Purpose.PRESCRIPTION,
    Purpose.NO_SLOT,
    Purpose.SLOT_REQUEST,
    Purpose.IMPORT_RESULT,
)


class MessageStatus(models.TextChoices):
    CREATED = "created", "En attente d'envoi"
    SENDING = "sending", "Envoi en cours"
    SENT = "sent", "Envoyé"
    DELIVERED = "delivered", "Reçu"
    PERMANENT_FAILURE = "permanent_failure", "Non distribué"
    TECHNICAL_FAILURE = "technical_failure", "Échec technique"
    TO_PRINT = "to_print", "À imprimer"


FAILED = (MessageStatus.PERMANENT_FAILURE, MessageStatus.TECHNICAL_FAILURE)
WAITING = (MessageStatus.CREATED, MessageStatus.SENDING)

# The only moves a message may make; `delivered` is final.
TRANSITIONS: dict[str, frozenset[str]] = {
    MessageStatus.CREATED: frozenset({MessageStatus.SENDING}),
    MessageStatus.SENDING: frozenset(
        {
            MessageStatus.CREATED,
            MessageStatus.SENT,
            MessageStatus.PERMANENT_FAILURE,
            MessageStatus.TECHNICAL_FAILURE,
        }
    ),
    MessageStatus.SENT: frozenset({MessageStatus.DELIVERED, MessageStatus.PERMANENT_FAILURE}),
    MessageStatus.PERMANENT_FAILURE: frozenset({MessageStatus.DELIVERED}),
    MessageStatus.TECHNICAL_FAILURE: frozenset({MessageStatus.DELIVERED, MessageStatus.CREATED}),
    MessageStatus.DELIVERED: frozenset(),
    MessageStatus.TO_PRINT: frozenset(),
}
