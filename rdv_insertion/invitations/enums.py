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
    """Why somebody is not invited by a channel, and what to do about it."""

    NO_PHONE = "no_phone", "Pas de téléphone mobile : ajoutez un numéro en 06 ou 07."
    NO_EMAIL = "no_email", "Pas d'adresse mail : ajoutez-en une."
    NO_ADDRESS = "no_address", "Adresse postale absente ou sans code postal : complétez-la."
    INVITED_TODAY = "invited_today", "Déjà invité par ce canal depuis moins de 24 heures."
    RDV_PENDING = "rdv_pending", "Un rendez-vous est déjà prévu : inutile d'inviter."
    CLOSED = "closed", "Le suivi est clos : rouvrez-le avant d'inviter."
    ARCHIVED = "archived", "La personne est archivée : désarchivez-la avant d'inviter."
    NO_HELP_PHONE = "no_help_phone", "L'organisation n'a pas de téléphone à donner : renseignez-le."
    NO_SLOT_LEFT = "no_slot_left", "Aucun créneau libre : ouvrez des plages avant d'inviter."
    CHANNEL_OFF = "channel_off", "Ce canal n'est pas activé pour cette catégorie."
    POSTAL_TOO_LATE = "postal_too_late", "L'invitation expirerait avant l'arrivée du courrier."
