from django.db import models


class MotifCategoryType(models.TextChoices):
    RSA_ORIENTATION = "rsa_orientation", "Orientation RSA"
    RSA_ACCOMPAGNEMENT = "rsa_accompagnement", "Accompagnement RSA"
    SIAE = "siae", "SIAE"
    AUTRE = "autre", "Autre"


class ParticipationStatus(models.TextChoices):
    """What became of one person's part in an appointment. Followed up here, decided in the agenda."""

    UNKNOWN = "unknown", "À venir ou à renseigner"
    SEEN = "seen", "RDV honoré"
    EXCUSED = "excused", "Absence excusée"
    REVOKED = "revoked", "Annulé par le service"
    NOSHOW = "noshow", "Absence non excusée"


class FollowUpStatus(models.TextChoices):
    """Where a person stands; the words are those of design/pages.md, everywhere the same."""

    NOT_INVITED = "not_invited", "Non invité"
    INVITATION_PENDING = "invitation_pending", "Invitation en attente"
    INVITATION_EXPIRED = "invitation_expired", "Invitation expirée"
    RDV_PENDING = "rdv_pending", "RDV à venir"
    RDV_NEEDS_STATUS_UPDATE = "rdv_needs_status_update", "Statut à renseigner"
    RDV_SEEN = "rdv_seen", "RDV honoré"
    RDV_NOSHOW = "rdv_noshow", "Absence non excusée"
    RDV_EXCUSED = "rdv_excused", "Absence excusée"
    RDV_REVOKED = "rdv_revoked", "RDV annulé à l'initiative du service"
    CLOSED = "closed", "Suivi clos"


ACTION_REQUIRED = (
    FollowUpStatus.INVITATION_EXPIRED,
    FollowUpStatus.RDV_NEEDS_STATUS_UPDATE,
    FollowUpStatus.RDV_NOSHOW,
    FollowUpStatus.RDV_REVOKED,
    FollowUpStatus.RDV_EXCUSED,
)
