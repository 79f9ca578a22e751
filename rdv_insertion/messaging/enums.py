from django.db import models


class Channel(models.TextChoices):
    """How a message travels. The values are the formats of the API."""

    SMS = "sms", "SMS"
    EMAIL = "email", "Mail"
    LETTER = "postal", "Courrier"

    @property
    def noun(self) -> str:
        """As it stands in a sentence: `par mail`, `un courrier`."""
        return str(self.label) if self == Channel.SMS else str(self.label).lower()


class Purpose(models.TextChoices):
    """Why a message is sent. What each one says: `messaging/texts/`."""

    INVITATION = "invitation", "Invitation à choisir un créneau"
    INVITATION_REMINDER = "invitation_reminder", "Relance d'invitation"
    RDV_CREATED = "rdv_created", "Confirmation de rendez-vous"
    RDV_UPDATED = "rdv_updated", "Rendez-vous déplacé"
    RDV_CANCELLED = "rdv_cancelled", "Rendez-vous annulé"
    RDV_REMINDER = "rdv_reminder", "Rappel de rendez-vous"
    CONVOCATION_CREATED = "convocation_created", "Convocation"
    CONVOCATION_UPDATED = "convocation_updated", "Convocation modifiée"
    CONVOCATION_CANCELLED = "convocation_cancelled", "Convocation annulée"
    CONVOCATION_REMINDER = "convocation_reminder", "Rappel de convocation"
    EARLIER_SLOT = "earlier_slot", "Créneau plus tôt proposé"
    # To agents and organisations, by mail; a trial may leave by SMS.
    AGENT_RDV = "agent_rdv", "Rendez-vous d'un agent"
    PRESCRIPTION = "prescription", "Rendez-vous pris par un partenaire"
    NO_SLOT = "no_slot", "Plus de créneau"
    BLOCKED_PEOPLE = "blocked_people", "Personnes invitées sans créneau"
    SLOT_REQUEST = "slot_request", "Demande de créneaux"
    IMPORT_RESULT = "import_result", "Résultat d'un import automatique"
    REPLY = "reply", "Réponse d'une personne"
    SMS_BUDGET = "sms_budget", "Budget SMS"
    TRIAL = "trial", "Essai d'un texte"


INVITATIONS = (Purpose.INVITATION, Purpose.INVITATION_REMINDER)
# "Come on that day": kept as proof, with what the provider answered.
CONVOCATIONS = (
    Purpose.CONVOCATION_CREATED,
    Purpose.CONVOCATION_UPDATED,
    Purpose.CONVOCATION_CANCELLED,
    Purpose.CONVOCATION_REMINDER,
)


class TemplateModel(models.TextChoices):
    """How an invitation speaks (reference/rdv_insertion.md § 3). Each category has one."""

    STANDARD = "standard", "Rendez-vous"
    ATELIER = "atelier", "Atelier"
    PHONE_PLATFORM = "phone_platform", "Plateforme téléphonique"
    ATELIER_ENFANTS_ADOS = "atelier_enfants_ados", "Atelier enfants et ados"


class Provider(models.TextChoices):
    """Who carries messages. Which one of them a department uses: `SendingConfiguration`."""

    BREVO_SMS = "brevo_sms", "Brevo (SMS)"
    OVH_SMS = "ovh_sms", "OVH (SMS)"
    SMTP = "smtp", "Serveur de mail (SMTP)"
    BREVO_EMAIL = "brevo_email", "Brevo (mail)"


SMS_PROVIDERS = (Provider.BREVO_SMS, Provider.OVH_SMS)
EMAIL_PROVIDERS = (Provider.SMTP, Provider.BREVO_EMAIL)


class MessageStatus(models.TextChoices):
    CREATED = "created", "En attente d'envoi"
    SENDING = "sending", "Envoi en cours"
    SENT = "sent", "Envoyé"
    DELIVERED = "delivered", "Reçu"
    # The provider tried for days: a phone that is off, a mailbox that is full.
    TEMPORARY_FAILURE = "temporary_failure", "Non distribué pour l'instant"
    # The address is wrong: nothing will ever arrive there.
    PERMANENT_FAILURE = "permanent_failure", "Non distribué"
    TECHNICAL_FAILURE = "technical_failure", "Échec technique"
    TO_PRINT = "to_print", "À imprimer"
    PRINTED = "printed", "Imprimé"
    # Called back before it left: nobody needed it any more.
    WITHDRAWN = "withdrawn", "Retenu"


FAILED = (
    MessageStatus.TEMPORARY_FAILURE,
    MessageStatus.PERMANENT_FAILURE,
    MessageStatus.TECHNICAL_FAILURE,
)
# These reached nobody.
NEVER_ARRIVED = (*FAILED, MessageStatus.WITHDRAWN)
# What another try may cure: a provider that was down, a phone that was off.
STOPPED = (MessageStatus.TECHNICAL_FAILURE, MessageStatus.TEMPORARY_FAILURE)
WAITING = (MessageStatus.CREATED, MessageStatus.SENDING)
TO_WATCH = (
    *WAITING,
    MessageStatus.TO_PRINT,
    MessageStatus.TEMPORARY_FAILURE,
    MessageStatus.TECHNICAL_FAILURE,
)

# The only moves a message may make while it travels; `delivered` is final. A receipt may come before the
# provider's answer was written (`sending`), and after a failure. Before it leaves, a message may also be
# called back, and let go again (services/withdrawing.py).
TRANSITIONS: dict[str, frozenset[str]] = {
    # Delivered: it waits for another try, but the provider had taken the one that seemed to fail.
    MessageStatus.CREATED: frozenset(
        {MessageStatus.SENDING, MessageStatus.DELIVERED, MessageStatus.WITHDRAWN}
    ),
    MessageStatus.WITHDRAWN: frozenset({MessageStatus.CREATED, MessageStatus.DELIVERED}),
    MessageStatus.SENDING: frozenset(
        {MessageStatus.CREATED, MessageStatus.SENT, MessageStatus.DELIVERED, *FAILED}
    ),
    MessageStatus.SENT: frozenset(
        {MessageStatus.DELIVERED, MessageStatus.TEMPORARY_FAILURE, MessageStatus.PERMANENT_FAILURE}
    ),
    MessageStatus.TEMPORARY_FAILURE: frozenset(
        {MessageStatus.DELIVERED, MessageStatus.PERMANENT_FAILURE, MessageStatus.CREATED}
    ),
    MessageStatus.PERMANENT_FAILURE: frozenset({MessageStatus.DELIVERED}),
    MessageStatus.TECHNICAL_FAILURE: frozenset({MessageStatus.DELIVERED, MessageStatus.CREATED}),
    MessageStatus.DELIVERED: frozenset(),
    MessageStatus.TO_PRINT: frozenset({MessageStatus.PRINTED}),
    MessageStatus.PRINTED: frozenset(),
}
