from django.db import models

from rdv_insertion.followups.enums import ParticipationStatus


class LocationType(models.TextChoices):
    PUBLIC_OFFICE = "public_office", "Sur place"
    PHONE = "phone", "Par téléphone"
    VISIO = "visio", "En visioconférence"
    HOME = "home", "À domicile"


class BookableBy(models.TextChoices):
    AGENTS = "agents", "Les agents"
    PRESCRIPTEURS = "agents_and_prescripteurs", "Les agents et les prescripteurs"
    INVITED = (
        "agents_and_prescripteurs_and_invited_users",
        "Les agents, les prescripteurs et les personnes invitées",
    )
    EVERYONE = "everyone", "Tout le monde"


# Whose agenda a partner of the department may book.
BOOKABLE_BY_PARTNERS = (BookableBy.PRESCRIPTEURS, BookableBy.INVITED, BookableBy.EVERYONE)
# Who may choose a slot from an invitation.
BOOKABLE_WHEN_INVITED = (BookableBy.INVITED, BookableBy.EVERYONE)


class SectorisationLevel(models.TextChoices):
    """Whom a motif is for, by the address of the person."""

    DEPARTEMENT = "departement", "Tout le département"
    ORGANISATION = "organisation", "Les secteurs de l'organisation"
    AGENT = "agent", "Les secteurs de chaque agent"


class ZoneLevel(models.TextChoices):
    CITY = "city", "Commune"
    STREET = "street", "Rue"


class LieuAvailability(models.TextChoices):
    ENABLED = "enabled", "Ouvert"
    DISABLED = "disabled", "Fermé"
    SINGLE_USE = "single_use", "Pour un seul rendez-vous"


class CreatedBy(models.TextChoices):
    AGENT = "agent", "Un agent"
    USAGER = "user", "La personne"
    PRESCRIPTEUR = "prescripteur", "Un prescripteur"


class OfferAnswer(models.TextChoices):
    """What became of an earlier slot offered to somebody on the waiting list."""

    WAITING = "waiting", "En attente de réponse"
    ACCEPTED = "accepted", "Accepté"
    DECLINED = "declined", "Refusé"
    EXPIRED = "expired", "Sans réponse"


# These statuses keep the agent's time; the two others free it.
BUSY = (ParticipationStatus.UNKNOWN, ParticipationStatus.SEEN, ParticipationStatus.NOSHOW)
CANCELLED = (ParticipationStatus.EXCUSED, ParticipationStatus.REVOKED)

# What an agent may say of a participation, before and after the rdv has begun (reference § 4).
ALLOWED_BEFORE = (ParticipationStatus.UNKNOWN, ParticipationStatus.REVOKED, ParticipationStatus.EXCUSED)
ALLOWED_AFTER = (
    ParticipationStatus.SEEN,
    ParticipationStatus.NOSHOW,
    ParticipationStatus.EXCUSED,
    ParticipationStatus.REVOKED,
    ParticipationStatus.UNKNOWN,
)


def allowed_statuses(current: str, *, begun: bool) -> tuple[ParticipationStatus, ...]:
    """The statuses that may follow `current`, in the order in which they are offered."""
    offered = ALLOWED_AFTER if begun else ALLOWED_BEFORE
    return tuple(status for status in offered if status != current)
