from django.db import models


class Stage(models.TextChoices):
    """The steps of an import, in the order of the page's stepper."""

    COLUMNS = "columns", "Colonnes"
    PREVIEW = "preview", "Vérification"
    WRITING = "writing", "Enregistrement"
    WRITTEN = "written", "Invitation"
    INVITING = "inviting", "Envoi des invitations"
    DONE = "done", "Terminé"


class RowState(models.TextChoices):
    """What will become of a row, then what became of it."""

    TO_CREATE = "to_create", "À créer"
    TO_UPDATE = "to_update", "À mettre à jour"
    UNCHANGED = "unchanged", "Déjà à jour"
    DUPLICATE = "duplicate", "Doublon possible"
    MERGED = "merged", "Même personne qu'une autre ligne"
    ERROR = "error", "En erreur"
    CREATED = "created", "Créé"
    UPDATED = "updated", "Mis à jour"
    REFUSED = "refused", "Refusé"


# Rows that a run writes; the two others wait for somebody.
WRITABLE = (RowState.TO_CREATE, RowState.TO_UPDATE, RowState.UNCHANGED)
REFUSED = (RowState.ERROR, RowState.REFUSED)


class Decision(models.TextChoices):
    """What an agent says of a possible duplicate."""

    SAME = "same", "C'est la même personne"
    DIFFERENT = "different", "C'est une autre personne"
    LATER = "later", "Décider plus tard"
