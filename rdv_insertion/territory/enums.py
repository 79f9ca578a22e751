from django.db import models


class OrganisationType(models.TextChoices):
    """Decides which identity attributes an organisation may hold (design/domain.md)."""

    CONSEIL_DEPARTEMENTAL = "conseil_departemental", "Conseil départemental"
    DELEGATAIRE_RSA = "delegataire_rsa", "Délégataire RSA"
    FRANCE_TRAVAIL = "france_travail", "France Travail"
    SIAE = "siae", "SIAE"
    AUTRE = "autre", "Autre"


class MatchingRule(models.TextChoices):
    """The rules that recognise a person, in the order in which they are tried (design/domain.md)."""

    NIR = "nir", "Même NIR"
    DEPARTMENT_INTERNAL_ID = "department_internal_id", "Même identifiant interne"
    AFFILIATION_NUMBER = "affiliation_number", "Même numéro CAF et même rôle"
    PHONE = "phone", "Même prénom et même téléphone"
    EMAIL = "email", "Même prénom et même adresse mail"
