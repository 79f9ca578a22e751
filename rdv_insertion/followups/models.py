from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from django.db import models

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import FollowUpStatus, MotifCategoryType, ParticipationStatus
from rdv_insertion.followups.status import Facts, annotation, status_of
from rdv_insertion.messaging.enums import TemplateModel
from rdv_insertion.messaging.texts.other_links import refuse_other_links
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager, UsagerOrganisation


class MotifCategory(models.Model):
    """What a path is about: orientation, contract signature, accompaniment… National."""

    name = models.CharField("nom", max_length=150, unique=True)
    short_name = models.SlugField("nom technique", max_length=80, unique=True)
    motif_category_type = models.CharField("type", max_length=30, choices=MotifCategoryType.choices)
    # The words of the messages (reference/rdv_insertion.md § 3).
    rdv_title = models.CharField("titre du rendez-vous", max_length=150)
    rdv_title_by_phone = models.CharField("titre du rendez-vous par téléphone", max_length=150)
    rdv_subject = models.CharField("sujet", max_length=100)
    rdv_purpose = models.CharField("but du rendez-vous", max_length=300)
    user_designation = models.CharField("désignation de la personne", max_length=150)
    template_model = models.CharField(
        "modèle des textes", max_length=30, choices=TemplateModel.choices, default=TemplateModel.STANDARD
    )
    custom_sentence = models.CharField("phrase ajoutée", max_length=300, blank=True)
    is_mandatory = models.BooleanField("rendez-vous obligatoire", default=False)
    # As after "Sans rendez-vous, ": empty when nothing is at stake.
    punishable_warning = models.CharField("ce que la personne risque", max_length=200, blank=True)
    what_to_bring = models.CharField("documents à apporter", max_length=300, blank=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "catégorie de motifs"
        verbose_name_plural = "catégories de motifs"
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


def _own_words(label: str, *, most: int) -> "models.CharField[str, str]":
    return models.CharField(label, max_length=most, blank=True, validators=[refuse_other_links])


class Wording(models.Model):
    """The words of one organisation for one category, from `created_at` on; empty, the national ones.

    Rows are never changed: the last one holds (`followups.words`), and the others say what was said before.
    """

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="wordings", verbose_name="organisation"
    )
    motif_category = models.ForeignKey(
        MotifCategory, models.CASCADE, related_name="wordings", verbose_name="catégorie"
    )
    version = models.PositiveIntegerField("version")
    rdv_title = _own_words("titre du rendez-vous", most=150)
    rdv_title_by_phone = _own_words("titre du rendez-vous par téléphone", most=150)
    rdv_purpose = _own_words("but du rendez-vous", most=300)
    user_designation = _own_words("désignation de la personne", most=150)
    custom_sentence = _own_words("phrase ajoutée", most=300)
    created_at = models.DateTimeField("enregistrés le")
    created_by = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="enregistrés par"
    )

    class Meta:
        verbose_name = "textes d'une catégorie"
        verbose_name_plural = "textes des catégories"
        ordering = ["organisation", "motif_category", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "motif_category", "version"],
                name="one_wording_a_version",
                violation_error_message="Quelqu'un vient d'enregistrer ces textes : relisez-les d'abord.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} — {self.motif_category_id} — {self.version}"


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, agent: Agent) -> "FollowUpQuerySet":
        """Follow-ups of the people that `agent` may see."""
        followed = UsagerOrganisation.objects.filter(
            usager=models.OuterRef("usager"),
            organisation__roles__agent=agent,
            organisation__archived_at=None,
        )
        return self.filter(models.Exists(followed))

    def with_status(self, now: datetime) -> "FollowUpQuerySet":
        """Add `status`, computed in SQL at `now`."""
        return self.annotate(**annotation(now))

    def in_status(self, statuses: Collection[str], now: datetime) -> "FollowUpQuerySet":
        """Those whose status at `now` is one of `statuses`, with `status`."""
        return self.with_status(now).filter(models.Q(("status__in", statuses)))

    def count_by_status(self, now: datetime) -> dict[str, int]:
        """How many are in each status at `now`; a status that nobody is in is absent."""
        statuses = self.with_status(now).order_by().values_list(*["status"])
        return dict(statuses.annotate(models.Count("pk")))


class FollowUp(models.Model):
    """One person × one category, with the facts that its status is computed from."""

    # Computed by `with_status` and `in_status`; a row read otherwise does not have it.
    status: str

    usager = models.ForeignKey(Usager, models.CASCADE, related_name="follow_ups", verbose_name="usager")
    motif_category = models.ForeignKey(
        MotifCategory, models.PROTECT, related_name="follow_ups", verbose_name="catégorie"
    )
    created_at = models.DateTimeField("ouvert le")
    closed_at = models.DateTimeField("clos le", null=True, blank=True)
    last_invited_at = models.DateTimeField("dernière invitation", null=True, blank=True)
    invitations_expire_at = models.DateTimeField("fin de validité des invitations", null=True, blank=True)
    latest_unknown_rdv_at = models.DateTimeField("dernier rendez-vous sans statut", null=True, blank=True)
    last_participation_created_at = models.DateTimeField(
        "dernière prise de rendez-vous", null=True, blank=True
    )
    last_participation_status = models.CharField(
        "statut du dernier rendez-vous pris",
        max_length=10,
        choices=ParticipationStatus.choices,
        null=True,
        blank=True,
    )
    last_participation_starts_at = models.DateTimeField(
        "date du dernier rendez-vous pris", null=True, blank=True
    )
    latest_seen_rdv_at = models.DateTimeField("dernier rendez-vous honoré", null=True, blank=True)

    objects: ClassVar[FollowUpQuerySet] = FollowUpQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "suivi"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["usager", "motif_category"],
                name="one_follow_up_per_usager_and_category",
                violation_error_message="Cette personne a déjà un suivi dans cette catégorie.",
            ),
            models.CheckConstraint(
                condition=models.Q(last_invited_at__isnull=True, invitations_expire_at__isnull=True)
                | models.Q(last_invited_at__isnull=False, invitations_expire_at__isnull=False),
                name="follow_up_invitation_facts_go_together",
                violation_error_message="Une invitation a toujours une fin de validité.",
            ),
        ]
        indexes = [models.Index(fields=["motif_category", "closed_at", "-created_at"], name="follow_up_list")]

    def __str__(self) -> str:
        return f"{self.usager_id} — {self.motif_category_id}"

    @property
    def facts(self) -> Facts:
        """The columns that the status depends on."""
        return Facts(**{name: getattr(self, name) for name in Facts.__dataclass_fields__})

    def status_at(self, now: datetime) -> FollowUpStatus:
        """The status at `now`; in lists, use `with_status` instead."""
        return status_of(self.facts, now)
