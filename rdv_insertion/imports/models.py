from typing import ClassVar

from django.db import models

from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.imports.enums import Decision, RowState, Stage
from rdv_insertion.kernel.crypto import EncryptedJSONField
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.models import Usager


class ColumnMapping(models.Model):
    """What the columns of a file mean, remembered for files of the same header in this organisation."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="column_mappings", verbose_name="organisation"
    )
    # Digest of the folded header, so that a new line or an accent in it changes nothing.
    fingerprint = models.CharField("empreinte de l'en-tête", max_length=64)
    columns = models.JSONField("attribut de chaque colonne")
    updated_at = models.DateTimeField("modifié le")

    class Meta:
        verbose_name = "correspondance de colonnes"
        verbose_name_plural = "correspondances de colonnes"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "fingerprint"], name="one_mapping_per_header"),
        ]

    def __str__(self) -> str:
        return self.fingerprint


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def visible_to(self, agent: Agent) -> "ImportRunQuerySet":
        """Imports of the organisations in which `agent` has a role: their own and their colleagues'."""
        return self.filter(organisation__in=organisations_of(agent))


class ImportRun(models.Model):
    """One file given to one organisation, from its upload to the invitations."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="import_runs", verbose_name="organisation"
    )
    motif_category = models.ForeignKey(
        MotifCategory, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="catégorie"
    )
    agent = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="import_runs", verbose_name="importé par"
    )
    stage = models.CharField("étape", max_length=10, choices=Stage.choices, default=Stage.COLUMNS)
    file_name = models.CharField("nom du fichier", max_length=255)
    fingerprint = models.CharField("empreinte du fichier", max_length=64)
    sheet = models.CharField("feuille", max_length=100, blank=True)
    contacts_name = models.CharField("nom du fichier de contacts", max_length=255, blank=True)
    contacts_found = models.PositiveIntegerField("lignes complétées par le fichier de contacts", default=0)
    header_row = models.PositiveSmallIntegerField("ligne des titres, à partir de 0", default=0)
    columns = models.JSONField("attribut de chaque colonne", default=list)
    created_at = models.DateTimeField("déposé le")
    # When the present stage began, for the time that is left.
    stage_began_at = models.DateTimeField("étape commencée le", null=True, blank=True)
    written_at = models.DateTimeField("enregistré le", null=True, blank=True)
    invited_at = models.DateTimeField("invitations envoyées le", null=True, blank=True)
    channels = models.JSONField("canaux choisis", default=list)
    even_without_slots = models.BooleanField("inviter même sans créneau", default=False)

    objects: ClassVar[ImportRunQuerySet] = ImportRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "import"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.file_name


class ImportFile(models.Model):
    """What was in the files of a run: they hold NIR, so they are sealed, and apart, since they are large."""

    run = models.OneToOneField(ImportRun, models.CASCADE, related_name="file", verbose_name="import")
    table = EncryptedJSONField("tableau lu")
    contacts = EncryptedJSONField("contacts CNAF", default=list)

    class Meta:
        verbose_name = "fichier d'import"
        verbose_name_plural = "fichiers d'import"

    def __str__(self) -> str:
        return f"{self.run_id}"


class ImportRow(models.Model):
    """One row of a file: what it says, what it would change, what became of it."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows", verbose_name="import")
    # The row's number as the spreadsheet shows it.
    number = models.PositiveIntegerField("ligne")
    state = models.CharField("état", max_length=10, choices=RowState.choices)
    # Sealed, since both may hold a NIR: typed values, then refused values with their reasons.
    identity = EncryptedJSONField("identité")
    problems = EncryptedJSONField("problèmes", default=list)
    # What the rest of the row adds: tags, referent, and French remarks (archived, closed, lookalike).
    tags = models.JSONField("tags", default=list)
    referent_email = models.CharField("adresse mail du référent", max_length=254, blank=True)
    remarks = models.JSONField("remarques", default=list)
    # Whether a problem or a remark deserves a look; both are sealed or long, this one is filtered on.
    to_check = models.BooleanField("à regarder", default=False)
    changes = models.JSONField("attributs modifiés", default=list)
    usager = models.ForeignKey(
        Usager, models.SET_NULL, null=True, blank=True, related_name="import_rows", verbose_name="usager"
    )
    lookalikes = models.ManyToManyField(Usager, related_name="+", verbose_name="personnes ressemblantes")
    same_as = models.PositiveIntegerField("même personne que la ligne", null=True, blank=True)
    decision = models.CharField("décision", max_length=10, choices=Decision.choices, default=Decision.LATER)
    selected = models.BooleanField("choisie", default=True)
    written_at = models.DateTimeField("traitée le", null=True, blank=True)
    to_invite = models.BooleanField("à inviter", default=False)
    refusals = models.JSONField("raisons de ne pas inviter", default=dict)
    invited_at = models.DateTimeField("invitation traitée le", null=True, blank=True)

    class Meta:
        verbose_name = "ligne d'import"
        verbose_name_plural = "lignes d'import"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="row_is_once_in_a_run")]
        indexes = [models.Index(fields=["run", "state", "number"], name="row_by_state")]

    def __str__(self) -> str:
        return f"{self.run_id} — {self.number}"

    @property
    def person(self) -> Identity:
        """Who the row is about."""
        return Identity.from_json(self.identity)
