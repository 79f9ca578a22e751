from datetime import timedelta
from typing import Any, ClassVar

from django.db import models

from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.imports.content import RowContent
from rdv_insertion.imports.enums import Decision, Origin, Routing, RowState, Stage
from rdv_insertion.kernel.crypto import EncryptedJSONField
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.models import Usager

# How long the rows of a file are kept after it was given, then after it was written.
KEPT = timedelta(days=30)


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


class WatchedFolder(models.Model):
    """The folder of an organisation in which files are dropped, and what is done with them without hands."""

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, related_name="watched_folder", verbose_name="organisation"
    )
    is_active = models.BooleanField("surveillé", default=True)
    motif_category = models.ForeignKey(
        MotifCategory, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="catégorie"
    )
    routing = models.CharField("affectation", max_length=10, choices=Routing.choices, default=Routing.HERE)
    # By which channels those just imported are invited; empty: nobody is.
    channels = models.JSONField("canaux d'invitation", default=list, blank=True)
    # What becomes of possible duplicates: left to somebody, or taken for other people.
    creates_lookalikes = models.BooleanField("créer les doublons possibles", default=False)
    report_to = models.EmailField("adresse qui reçoit le résultat")

    class Meta:
        verbose_name = "dossier surveillé"
        verbose_name_plural = "dossiers surveillés"

    def __str__(self) -> str:
        return self.organisation.slug


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
    origin = models.CharField("origine", max_length=10, choices=Origin.choices, default=Origin.PAGE)
    stage = models.CharField("étape", max_length=10, choices=Stage.choices, default=Stage.COLUMNS)
    file_name = models.CharField("nom du fichier", max_length=255)
    fingerprint = models.CharField("empreinte du fichier", max_length=64)
    # What a CNAF flow says of itself, as a French sentence; empty for a list.
    flow = models.CharField("flux de la CNAF", max_length=200, blank=True)
    sheet = models.CharField("feuille", max_length=100, blank=True)
    contacts_name = models.CharField("nom du fichier de contacts", max_length=255, blank=True)
    contacts_found = models.PositiveIntegerField("lignes complétées par le fichier de contacts", default=0)
    header_row = models.PositiveSmallIntegerField("ligne des titres, à partir de 0", default=0)
    columns = models.JSONField("attribut de chaque colonne", default=list)
    routing = models.CharField("affectation", max_length=10, choices=Routing.choices, default=Routing.HERE)
    # Labels that rows name and that nobody created yet.
    unknown_tags = models.JSONField("tags inconnus", default=list, blank=True)
    unknown_referents = models.JSONField("référents inconnus", default=list, blank=True)
    created_at = models.DateTimeField("déposé le")
    # When the present stage began, for the time that is left.
    stage_began_at = models.DateTimeField("étape commencée le", null=True, blank=True)
    written_at = models.DateTimeField("enregistré le", null=True, blank=True)
    invited_at = models.DateTimeField("invitations envoyées le", null=True, blank=True)
    even_without_slots = models.BooleanField("inviter même sans créneau", default=False)
    # Rows hold personal data: they are erased. What remains is who, when, which file and these counts.
    kept_until = models.DateTimeField("lignes gardées jusqu'au")
    erased_at = models.DateTimeField("lignes effacées le", null=True, blank=True)
    counts = models.JSONField("lignes par état, une fois effacées", default=dict)

    objects: ClassVar[ImportRunQuerySet] = ImportRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "import"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.file_name


class ImportFile(models.Model):
    """What was in the files of a run: they hold NIR, so they are sealed, and apart, since they are large."""

    run = models.OneToOneField(ImportRun, models.CASCADE, related_name="file", verbose_name="import")
    # Each sheet that holds something: its name and its rows of texts.
    tables = EncryptedJSONField("feuilles lues")
    contacts = EncryptedJSONField("contacts CNAF", default=list)

    class Meta:
        verbose_name = "fichier d'import"
        verbose_name_plural = "fichiers d'import"

    def __str__(self) -> str:
        return f"{self.run_id}"

    def rows_of(self, sheet: str) -> list[list[str]]:
        """The rows of one sheet, title rows included."""
        return next(rows for name, rows in self.tables if name == sheet)


class ImportRow(models.Model):
    """One row of a file: what it says, what it would change, what became of it."""

    # No index of its own: that of (run, number) serves.
    run = models.ForeignKey(
        ImportRun, models.CASCADE, related_name="rows", verbose_name="import", db_index=False
    )
    # The row's number as the spreadsheet shows it.
    number = models.PositiveIntegerField("ligne")
    state = models.CharField("état", max_length=10, choices=RowState.choices)
    # Which organisation will follow the person; none while somebody has to choose.
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="+", null=True, verbose_name="organisation", db_index=False
    )
    # Sealed, since it may hold a NIR: see RowContent.
    sealed = EncryptedJSONField("contenu")
    # Derived from the content: what is sorted, searched (never the NIR), and compared between rows.
    name_key = models.CharField("nom comparé", max_length=210)
    search_document = models.TextField("texte cherché")
    keys = models.TextField("clés comparées")
    # Whether a problem or a remark deserves a look: both are sealed, this one is filtered on.
    to_check = models.BooleanField("à regarder", default=False)
    rights_ended = models.BooleanField("droits fermés", default=False)
    usager = models.ForeignKey(
        Usager, models.SET_NULL, null=True, blank=True, related_name="import_rows", verbose_name="usager"
    )
    lookalikes = models.ManyToManyField(Usager, related_name="+", verbose_name="personnes ressemblantes")
    same_as = models.PositiveIntegerField("même personne que la ligne", null=True, blank=True)
    decision = models.CharField(
        "décision", max_length=10, choices=Decision.choices, default=Decision.LATER, db_default=Decision.LATER
    )
    selected = models.BooleanField("choisie", default=True)
    written_at = models.DateTimeField("traitée le", null=True, blank=True)
    to_invite = models.BooleanField("à inviter", default=False, db_default=False)
    # By which channels this person is invited, and why not by others.
    channels = models.JSONField(
        "canaux choisis", default=list, db_default=models.Value([], models.JSONField())
    )
    refusals = models.JSONField(
        "raisons de ne pas inviter", default=dict, db_default=models.Value({}, models.JSONField())
    )
    invited_at = models.DateTimeField("invitation traitée le", null=True, blank=True)

    class Meta:
        verbose_name = "ligne d'import"
        verbose_name_plural = "lignes d'import"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="row_is_once_in_a_run")]

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self._content: RowContent | None = None

    def __str__(self) -> str:
        return f"{self.run_id} — {self.number}"

    @property
    def content(self) -> RowContent:
        """What the row says and what was understood. Set it again after a change, for it to be kept."""
        if self._content is None:
            self._content = RowContent.from_json(self.sealed)
        return self._content

    @content.setter
    def content(self, content: RowContent) -> None:
        self._content, self.sealed = content, content.as_json()

    @property
    def person(self) -> Identity:
        """Who the row is about."""
        return self.content.identity
