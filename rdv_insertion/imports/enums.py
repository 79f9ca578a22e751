from django.db import models


class Stage(models.TextChoices):
    """The steps of an import, in the order of the page's stepper."""

    COLUMNS = "columns", "Colonnes"
    CHECKING = "checking", "Vérification en cours"
    PREVIEW = "preview", "Vérification"
    WRITING = "writing", "Enregistrement"
    WRITTEN = "written", "Invitation"
    INVITING = "inviting", "Envoi des invitations"
    DONE = "done", "Terminé"


class Origin(models.TextChoices):
    """The door through which a file came."""

    PAGE = "page", "Page"
    COMMAND = "command", "Commande"
    FOLDER = "folder", "Dossier surveillé"


class Routing(models.TextChoices):
    """Where people go whose row does not name an organisation."""

    HERE = "here", "Dans cette organisation"
    ADDRESS = "address", "Selon leur adresse, par les secteurs du département"


class RowState(models.TextChoices):
    """What will become of a row, then what became of it."""

    TO_CREATE = "to_create", "À créer"
    TO_UPDATE = "to_update", "À mettre à jour"
    UNCHANGED = "unchanged", "Déjà à jour"
    DUPLICATE = "duplicate", "Doublon possible"
    UNASSIGNED = "unassigned", "Organisation à choisir"
    MERGED = "merged", "Même personne qu'une autre ligne"
    ERROR = "error", "En erreur"
    CREATED = "created", "Créé"
    UPDATED = "updated", "Mis à jour"
    REFUSED = "refused", "Refusé"
    UNDONE = "undone", "Création annulée"


# Rows that a run writes; the others wait for somebody, or are behind us.
WRITABLE = (RowState.TO_CREATE, RowState.TO_UPDATE, RowState.UNCHANGED)
REFUSED = (RowState.ERROR, RowState.REFUSED)
# Rows that nobody may choose: there is nothing to write of them.
NOT_SELECTABLE = (RowState.ERROR, RowState.MERGED, RowState.UNASSIGNED)


class Decision(models.TextChoices):
    """What an agent says of a possible duplicate."""

    SAME = "same", "C'est la même personne"
    DIFFERENT = "different", "C'est une autre personne"
    LATER = "later", "Décider plus tard"
