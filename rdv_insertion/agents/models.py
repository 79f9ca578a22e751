from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from rdv_insertion.agents.enums import AccessLevel, NotificationLevel
from rdv_insertion.kernel.crypto import EncryptedTextField
from rdv_insertion.territory.models import Organisation


class AgentManager(BaseUserManager["Agent"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Agent":
        """Create an agent; without a password they log in by a code sent to `email`."""
        agent = self.model(email=email.strip().lower(), **fields)
        agent.set_password(password)
        agent.save(using=self._db)
        return agent


class Agent(AbstractBaseUser):
    """A professional who logs in."""

    email = models.EmailField("adresse mail", unique=True)
    first_name = models.CharField("prénom", max_length=100)
    last_name = models.CharField("nom", max_length=100)
    is_active = models.BooleanField("peut se connecter", default=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    notification_level = models.CharField(
        "mails sur les rendez-vous",
        max_length=10,
        choices=NotificationLevel.choices,
        default=NotificationLevel.SOON,
    )
    # The secret of the address of their calendar feed, and what it is looked up by; None when there is none.
    calendar_secret = EncryptedTextField("secret du calendrier", null=True, blank=True, editable=False)
    calendar_index = models.CharField(
        "index aveugle du calendrier", max_length=64, null=True, unique=True, editable=False
    )
    # What they last chose to see, page by page: the view and filters of the agenda.
    preferences = models.JSONField("préférences d'affichage", default=dict, blank=True)
    organisations = models.ManyToManyField(
        Organisation, through="AgentRole", related_name="agents", verbose_name="organisations"
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["first_name", "last_name"]

    objects: ClassVar[AgentManager] = AgentManager()

    class Meta:
        verbose_name = "agent"
        ordering = ["last_name", "first_name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="agent_email_unique_whatever_the_case",
                violation_error_message="Un agent a déjà cette adresse mail.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def get_full_name(self) -> str:
        """First name then last name."""
        return f"{self.first_name} {self.last_name}".strip()


class AgentRole(models.Model):
    """What an agent may do in one organisation."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="roles", verbose_name="agent")
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="roles", verbose_name="organisation"
    )
    access_level = models.CharField(
        "niveau d'accès", max_length=10, choices=AccessLevel.choices, default=AccessLevel.BASIC
    )
    can_export = models.BooleanField("peut exporter", default=False)

    class Meta:
        verbose_name = "rôle d'agent"
        verbose_name_plural = "rôles d'agents"
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "organisation"],
                name="agent_has_one_role_per_organisation",
                violation_error_message="Cet agent a déjà un rôle dans cette organisation.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} — {self.organisation}"
