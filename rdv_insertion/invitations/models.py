"""How organisations invite, whom they invited, and the runs that invite several people together."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from rdv_insertion.agenda.models import Lieu
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import FollowUp, MotifCategory
from rdv_insertion.invitations.enums import InvitationOrigin, RunStage
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import UsagerOrganisation


def all_channels() -> list[str]:
    """Every channel: what a new configuration allows."""
    return [channel.value for channel in Channel]


class CategoryConfiguration(models.Model):
    """How one organisation runs one category."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="category_configurations", verbose_name="organisation"
    )
    motif_category = models.ForeignKey(
        MotifCategory, models.PROTECT, related_name="configurations", verbose_name="catégorie"
    )
    channels = ArrayField(
        models.CharField(max_length=10, choices=Channel.choices),
        verbose_name="canaux d'invitation",
        default=all_channels,
    )
    number_of_days_before_invitations_expire = models.PositiveSmallIntegerField(
        "validité des invitations, en jours", null=True, blank=True, default=10
    )
    phone_number = models.CharField("téléphone à donner", max_length=20, blank=True)
    # Whoever has not chosen is invited again on the third day.
    reminders = models.BooleanField("relance au troisième jour", default=True)
    # After so many days without an answer, a letter is to be printed; empty, none is.
    letter_after_days = models.PositiveSmallIntegerField(
        "courrier à imprimer après, en jours", null=True, blank=True
    )
    with_referents = models.BooleanField("rendez-vous avec le référent", default=False)
    # Told at night that people find no slot, beside the organisation.
    alert_email = models.EmailField("adresse à prévenir quand il manque des créneaux", blank=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "configuration de catégorie"
        verbose_name_plural = "configurations de catégories"
        ordering = ["position", "motif_category__position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "motif_category"],
                name="one_configuration_per_category",
                violation_error_message="Cette catégorie est déjà configurée.",
            ),
            models.CheckConstraint(
                condition=Q(number_of_days_before_invitations_expire=None)
                | Q(number_of_days_before_invitations_expire__gte=4),
                name="invitations_live_at_least_four_days",
                violation_error_message="Une invitation est valable au moins 4 jours, ou sans limite.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} — {self.motif_category_id}"

    @property
    def help_phone_number(self) -> str:
        """Whom to call about these invitations."""
        return self.phone_number or self.organisation.phone_number


def still_followed() -> Exists:
    """Whether the organisation of an invitation still follows the person invited."""
    return Exists(
        UsagerOrganisation.objects.filter(
            usager=OuterRef("follow_up__usager"), organisation=OuterRef("organisation"), archived_at=None
        )
    )


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def valid_at(self, now: datetime) -> "InvitationQuerySet":
        """Not expired."""
        return self.filter(expires_at__gt=now)

    def without_slot(self, now: datetime) -> "InvitationQuerySet":
        """Of people who found nothing to choose, and since then have neither a rdv nor a new invitation."""
        follow_up = Q(follow_up__closed_at=None) & (
            Q(follow_up__latest_unknown_rdv_at=None) | Q(follow_up__latest_unknown_rdv_at__lte=now)
        )
        return self.valid_at(now).filter(
            follow_up, still_followed(), no_slot_at__gte=F("follow_up__last_invited_at")
        )


class Invitation(models.Model):
    """One message that asks one person to choose a créneau, and the code that opens the choice."""

    follow_up = models.ForeignKey(FollowUp, models.CASCADE, related_name="invitations", verbose_name="suivi")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="invitations", verbose_name="organisation"
    )
    channel = models.CharField("canal", max_length=10, choices=Channel.choices)
    code = models.CharField("code", max_length=8, unique=True)
    # The moment after which it opens nothing; 9999-12-31 when it never expires.
    expires_at = models.DateTimeField("expire le")
    help_phone_number = models.CharField("téléphone à appeler", max_length=20)
    origin = models.CharField("origine", max_length=30, choices=InvitationOrigin.choices)
    created_by_agent = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="invitations", verbose_name="envoyée par"
    )
    message = models.OneToOneField(
        Message, models.PROTECT, null=True, related_name="invitation", verbose_name="message"
    )
    # Where the person is to be received, when the agent said so: the choice of a place is skipped.
    lieu = models.ForeignKey(
        Lieu, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="lieu proposé"
    )
    with_referents = models.BooleanField("avec le référent", default=False)
    run = models.ForeignKey(
        "InvitationRun",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="invitations",
        verbose_name="envoi",
    )
    # The last time the person found nothing to choose; cleared when they find something.
    no_slot_at = models.DateTimeField("sans créneau depuis", null=True, blank=True)
    clicked_at = models.DateTimeField("ouverte le", null=True, blank=True)
    created_at = models.DateTimeField("créée le")

    objects: ClassVar[InvitationQuerySet] = InvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "invitation"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["follow_up", "-created_at"], name="invitation_by_follow_up"),
            # Those of one day, to be reminded of.
            models.Index(fields=["created_at"], name="invitation_by_moment"),
            models.Index(
                fields=["organisation"], name="invitation_without_slot", condition=Q(no_slot_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.follow_up_id} — {self.channel}"


class InvitationRunQuerySet(models.QuerySet["InvitationRun"]):
    def visible_to(self, agent: Agent) -> "InvitationRunQuerySet":
        """Those of the organisations in which `agent` has a role."""
        return self.filter(
            configuration__organisation__roles__agent=agent, configuration__organisation__archived_at=None
        )

    def with_details(self) -> "InvitationRunQuerySet":
        """With all that its pages and its job read."""
        return self.select_related(
            "configuration__organisation__department", "configuration__motif_category", "created_by", "lieu"
        )


class InvitationRun(models.Model):
    """Several people invited at once: what was asked, and how far it is."""

    configuration = models.ForeignKey(
        CategoryConfiguration, models.CASCADE, related_name="runs", verbose_name="catégorie"
    )
    channels = ArrayField(
        models.CharField(max_length=10, choices=Channel.choices), verbose_name="canaux", default=list
    )
    lieu = models.ForeignKey(
        Lieu, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="lieu proposé"
    )
    with_referents = models.BooleanField("avec le référent", default=False)
    even_without_slots = models.BooleanField("même sans créneau", default=False)
    origin = models.CharField("origine", max_length=30, choices=InvitationOrigin.choices)
    stage = models.CharField("étape", max_length=10, choices=RunStage.choices, default=RunStage.PREPARING)
    created_by = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="préparé par"
    )
    created_at = models.DateTimeField("préparé le")
    # When the refusals of its targets were last foreseen.
    checked_at = models.DateTimeField("vérifié le", null=True, blank=True)
    started_at = models.DateTimeField("lancé le", null=True, blank=True)
    finished_at = models.DateTimeField("fini le", null=True, blank=True)

    objects: ClassVar[InvitationRunQuerySet] = InvitationRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "envoi d'invitations"
        verbose_name_plural = "envois d'invitations"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.configuration_id} — {self.created_at:%Y-%m-%d}"


class InvitationTarget(models.Model):
    """One person of a run: not looked at yet, or invited, or refused by some channels and why."""

    run = models.ForeignKey(InvitationRun, models.CASCADE, related_name="targets", verbose_name="envoi")
    follow_up = models.ForeignKey(
        FollowUp, models.CASCADE, related_name="invitation_targets", verbose_name="suivi"
    )
    # The reasons (`Refusal`) by channel: foreseen while the run is prepared, then those that held.
    refusals = models.JSONField("refus", default=dict, blank=True)
    done_at = models.DateTimeField("traitée le", null=True, blank=True)

    class Meta:
        verbose_name = "personne d'un envoi"
        verbose_name_plural = "personnes d'un envoi"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "follow_up"], name="one_target_a_person"),
        ]
        indexes = [
            models.Index(fields=["run", "id"], name="target_to_do", condition=Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} — {self.follow_up_id}"
