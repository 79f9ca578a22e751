from dataclasses import dataclass

from django.db import models


class InvitationOrigin(models.TextChoices):
    """Where an invitation comes from. The values are those of the API."""

    USER_LIST_UPLOAD = "user_list_upload", "Import d'une liste"
    USERS_INDEX_PAGE = "users_index_page", "Liste des usagers"
    USER_FOLLOW_UPS_PAGE = "user_follow_ups_page", "Page de la personne"
    API = "api", "API"
    REMINDER = "reminder", "Relance"


class RunStage(models.TextChoices):
    """How far several invitations asked together are."""

    PREPARING = "preparing", "À vérifier"
    INVITING = "inviting", "En cours"
    DONE = "done", "Terminé"


class Refusal(models.TextChoices):
    """Why somebody is not invited by a channel, and what to do about it (`action`)."""

    NO_PHONE = "no_phone", "Pas de téléphone mobile : ajoutez un numéro en 06 ou 07."
    NO_EMAIL = "no_email", "Pas d'adresse mail : ajoutez-en une."
    NO_ADDRESS = "no_address", "Adresse postale absente ou sans code postal : complétez-la."
    CONTACT_REFUSED = "contact_refused", "Rien n'arrive à ce numéro ou à cette adresse : corrigez-le."
    INVITED_TODAY = "invited_today", "Déjà invité par ce canal depuis moins de 24 heures."
    RDV_PENDING = "rdv_pending", "Un rendez-vous est déjà prévu : inutile d'inviter."
    CLOSED = "closed", "Le suivi est clos : rouvrez-le avant d'inviter."
    ARCHIVED = "archived", "La personne est archivée : désarchivez-la avant d'inviter."
    NOT_FOLLOWED = (
        "not_followed",
        "La personne n'est pas suivie par votre organisation : changez d'organisation pour l'inviter.",
    )
    NO_HELP_PHONE = "no_help_phone", "L'organisation n'a pas de téléphone à donner : renseignez-le."
    NO_SLOT_LEFT = "no_slot_left", "Aucun créneau libre : ouvrez des plages avant d'inviter."
    NO_REFERENT = "no_referent", "Pas de référent dans l'organisation : désignez-en un."
    NO_REFERENT_MOTIF = (
        "no_referent_motif",
        "Aucun motif n'est réservé aux référents dans cette catégorie : créez-en un.",
    )
    CHANNEL_OFF = "channel_off", "Ce canal n'est pas activé pour cette catégorie."
    SMS_BUDGET_SPENT = "sms_budget_spent", "Le budget SMS du mois est dépensé : invitez par un autre canal."
    POSTAL_TOO_LATE = "postal_too_late", "L'invitation expirerait avant l'arrivée du courrier."

    @property
    def action(self) -> "Action":
        """What an agent may do about it, and where."""
        return _ACTIONS[self]


class Where(models.TextChoices):
    """The page on which what prevents an invitation is put right."""

    IDENTITY = "identity", "Coordonnées de la personne"
    PERSON = "person", "Page de la personne"
    RDVS = "rdvs", "Rendez-vous de la personne"
    SENT = "sent", "Messages de la personne"
    MEMBERSHIPS = "memberships", "Organisations qui suivent la personne"
    ORGANISATIONS = "organisations", "Organisations de l'agent"
    PLAGES = "plages", "Plages d'ouverture"
    MOTIFS = "motifs", "Motifs"
    CATEGORY = "category", "Réglages de la catégorie"
    MESSAGES = "messages", "Réglages des messages"


@dataclass(frozen=True)
class Action:
    """What to do about a refusal: the words of a link, and the page it leads to."""

    label: str
    where: Where


_CORRECT = Action("Corriger ses coordonnées", Where.IDENTITY)
_CATEGORY = Action("Régler la catégorie", Where.CATEGORY)
_ACTIONS: dict[Refusal, Action] = {
    Refusal.NO_PHONE: Action("Ajouter un mobile", Where.IDENTITY),
    Refusal.NO_EMAIL: Action("Ajouter un mail", Where.IDENTITY),
    Refusal.NO_ADDRESS: Action("Compléter l'adresse", Where.IDENTITY),
    Refusal.CONTACT_REFUSED: _CORRECT,
    Refusal.INVITED_TODAY: Action("Voir ses invitations", Where.SENT),
    Refusal.RDV_PENDING: Action("Voir son rendez-vous", Where.RDVS),
    Refusal.CLOSED: Action("Rouvrir le suivi", Where.PERSON),
    Refusal.ARCHIVED: Action("Désarchiver", Where.MEMBERSHIPS),
    Refusal.NOT_FOLLOWED: Action("Changer d'organisation", Where.ORGANISATIONS),
    Refusal.NO_HELP_PHONE: Action("Renseigner un téléphone", Where.CATEGORY),
    Refusal.NO_SLOT_LEFT: Action("Ouvrir des plages", Where.PLAGES),
    Refusal.NO_REFERENT: Action("Désigner un référent", Where.PERSON),
    Refusal.NO_REFERENT_MOTIF: Action("Créer un motif", Where.MOTIFS),
    Refusal.CHANNEL_OFF: _CATEGORY,
    Refusal.SMS_BUDGET_SPENT: Action("Revoir le budget", Where.MESSAGES),
    Refusal.POSTAL_TOO_LATE: Action("Allonger la validité", Where.CATEGORY),
}
