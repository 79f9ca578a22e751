from django.db import models


class Title(models.TextChoices):
    MONSIEUR = "monsieur", "Monsieur"
    MADAME = "madame", "Madame"


class Role(models.TextChoices):
    """Place of the person in the household that receives the RSA."""

    DEMANDEUR = "demandeur", "Demandeur"
    CONJOINT = "conjoint", "Conjoint"


class CreatedThrough(models.TextChoices):
    UPLOAD_PAGE = "rdv_insertion_upload_page", "Import d'une liste"
    FORM = "rdv_insertion_user_form", "Formulaire"
    API = "rdv_insertion_api", "API"
