import re
from collections.abc import Collection
from datetime import date
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates, phone
from rdv_insertion.kernel.crypto import EncryptedTextField, blind_index
from rdv_insertion.kernel.languages import Language
from rdv_insertion.kernel.text import fold
from rdv_insertion.territory.models import Department, Organisation
from rdv_insertion.usagers.enums import CreatedThrough, Role, Title
from rdv_insertion.usagers.identity import ATTRIBUTES, Identity

_SEARCH_VECTOR = SearchVector("search_document", config="simple")


class Tag(models.Model):
    """A label that organisations of a department put on people."""

    department = models.ForeignKey(
        Department, models.CASCADE, related_name="tags", verbose_name="département"
    )
    value = models.CharField("nom", max_length=60)

    class Meta:
        verbose_name = "tag"
        ordering = ["value"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "value"],
                name="tag_unique_in_department",
                violation_error_message="Ce tag existe déjà.",
            ),
        ]

    def __str__(self) -> str:
        return self.value


class UsagerQuerySet(models.QuerySet["Usager"]):
    def visible_to(self, agent: Agent) -> "UsagerQuerySet":
        """People of the organisations in which `agent` has a role."""
        followed = UsagerOrganisation.objects.filter(
            usager=models.OuterRef("pk"),
            organisation__roles__agent=agent,
            organisation__archived_at=None,
        )
        return self.filter(models.Exists(followed))

    def of_organisation(self, organisation: Organisation, *, archived: bool = False) -> "UsagerQuerySet":
        """People followed by one organisation: those it keeps active, or those it archived."""
        membership = UsagerOrganisation.objects.filter(
            usager=models.OuterRef("pk"), organisation=organisation, archived_at__isnull=not archived
        )
        return self.filter(models.Exists(membership))

    def search(self, typed: str) -> "UsagerQuerySet":
        """People one of whose words begins with each typed word: name, mail, phone or number; never NIR."""
        digits = re.sub(r"[\s.\-]", "", typed)
        words = [phone.search_key(digits)] if re.fullmatch(r"\+?\d{4,}", digits) else fold(typed).split()
        if not words:
            return self
        query = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
        return self.annotate(_searched=_SEARCH_VECTOR).filter(_searched=query)


class Usager(models.Model):
    """A person followed, known once in a department whatever the number of organisations."""

    department = models.ForeignKey(
        Department, models.PROTECT, related_name="usagers", verbose_name="département"
    )
    title = models.CharField("civilité", max_length=10, choices=Title.choices, null=True, blank=True)
    last_name = models.CharField("nom", max_length=100)
    first_name = models.CharField("prénom", max_length=100)
    birth_name = models.CharField("nom de naissance", max_length=100, null=True, blank=True)
    birth_date = models.DateField("date de naissance", null=True, blank=True)
    role = models.CharField("rôle", max_length=10, choices=Role.choices, null=True, blank=True)
    affiliation_number = models.CharField("numéro CAF ou MSA", max_length=15, null=True, blank=True)
    nir = EncryptedTextField("NIR", null=True, blank=True)
    nir_index = models.CharField("index aveugle du NIR", max_length=64, null=True, editable=False)
    department_internal_id = models.CharField("identifiant interne", max_length=255, null=True, blank=True)
    france_travail_id = models.CharField("identifiant France Travail", max_length=255, null=True, blank=True)
    email = models.EmailField("adresse mail", null=True, blank=True)
    phone_number = models.CharField("téléphone", max_length=20, null=True, blank=True)
    address = models.CharField("adresse", max_length=255, null=True, blank=True)
    rights_opening_date = models.DateField("date d'ouverture des droits", null=True, blank=True)
    # In which their messages and pages are written; French stays within reach.
    language = models.CharField("langue", max_length=2, choices=Language.choices, default=Language.FR)
    created_through = models.CharField("créé par", max_length=40, choices=CreatedThrough.choices)
    created_at = models.DateTimeField("créé le")
    updated_at = models.DateTimeField("modifié le")
    organisations = models.ManyToManyField(
        Organisation, through="UsagerOrganisation", related_name="usagers", verbose_name="organisations"
    )
    referents = models.ManyToManyField(
        Agent, related_name="followed_usagers", verbose_name="référents", blank=True
    )
    tags = models.ManyToManyField(Tag, related_name="usagers", verbose_name="tags", blank=True)
    # Derived from the names, phone, mail and numbers by `index`: what is compared and searched.
    name_key = models.CharField("nom comparé", max_length=210, editable=False)
    birth_name_key = models.CharField("nom de naissance comparé", max_length=210, null=True, editable=False)
    search_document = models.TextField("texte cherché", editable=False)

    objects: ClassVar[UsagerQuerySet] = UsagerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "usager"
        ordering = ["last_name", "first_name", "id"]
        indexes = [
            GinIndex(_SEARCH_VECTOR, name="usager_search"),
            models.Index(fields=["department", "affiliation_number"], name="usager_by_affiliation"),
            models.Index(fields=["department", "phone_number"], name="usager_by_phone"),
            models.Index(fields=["department", "email"], name="usager_by_email"),
            models.Index(fields=["department", "name_key"], name="usager_by_name"),
            # Names of those who were born the same day are compared by the thousand: the index is enough.
            models.Index(
                fields=["department", "birth_date"],
                include=["name_key", "birth_name_key", "id"],
                name="usager_by_birth_date",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "nir_index"],
                name="usager_nir_unique_in_department",
                violation_error_message="Une personne du département a déjà ce NIR.",
            ),
            models.UniqueConstraint(
                fields=["department", "department_internal_id"],
                name="usager_internal_id_unique_in_department",
                violation_error_message="Une personne du département a déjà cet identifiant interne.",
            ),
            models.CheckConstraint(
                condition=~models.Q(last_name="") & ~models.Q(first_name=""),
                name="usager_has_names",
                violation_error_message="Le nom et le prénom sont obligatoires.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def identity(self) -> Identity:
        """What is known of the person."""
        return Identity(**{name: getattr(self, name) for name in ATTRIBUTES})

    @property
    def polite_name(self) -> str:
        """`Madame Marina FOIS`, for letters and messages; without a title, the names alone."""
        return " ".join(
            part for part in (self.get_title_display(), self.first_name, self.last_name.upper()) if part
        )

    @property
    def can_receive_sms(self) -> bool:
        """Whether the phone number is a French or overseas mobile."""
        return phone.is_mobile(self.phone_number)

    @property
    def town(self) -> str:
        """Postcode and town at the end of the address, or an empty string."""
        found = re.search(r"\b(\d{5})\s+(\D.*)$", self.address or "")
        return f"{found.group(1)} {found.group(2)}" if found else ""

    def age(self, today: date) -> int | None:
        """Whole years lived on `today`, when the birth date is known."""
        return dates.age(self.birth_date, today=today) if self.birth_date else None

    def apply(self, identity: Identity, *, erased: Collection[str] = ()) -> list[str]:
        """Take the known values of `identity`, empty what is `erased`; return the attributes that changed."""
        known = {**dict.fromkeys(erased), **identity.known()}
        changed = [name for name, value in known.items() if getattr(self, name) != value]
        for name in changed:
            setattr(self, name, known[name])
        return changed

    def index(self) -> None:
        """Recompute what is compared and searched. Called by the services before each write."""
        self.nir_index = nir_blind_index(self.nir)
        self.name_key = name_key(self.last_name, self.first_name)
        self.birth_name_key = birth_name_key(self.birth_name, self.first_name)
        words = (self.last_name, self.first_name, self.birth_name, self.email, self.department_internal_id)
        numbers = (phone.search_key(self.phone_number), (self.affiliation_number or "").lower())
        self.search_document = " ".join(part for part in (*map(fold, words), *numbers) if part)


def name_key(last_name: str | None, first_name: str | None) -> str:
    """The folded words of both names, sorted: equal for two spellings, and two orders, of one name."""
    return " ".join(sorted(f"{fold(last_name)} {fold(first_name)}".split()))


def birth_name_key(birth_name: str | None, first_name: str | None) -> str | None:
    """The same with the birth name; None when there is none."""
    return name_key(birth_name, first_name) if birth_name else None


def nir_blind_index(nir: str | None) -> str | None:
    """What is looked up instead of the NIR: the same with 13 and with 15 characters."""
    return blind_index(f"nir:{nir[:13]}") if nir else None


class UsagerOrganisation(models.Model):
    """One organisation follows one person, actively or as an archive."""

    usager = models.ForeignKey(Usager, models.CASCADE, related_name="memberships", verbose_name="usager")
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="memberships", verbose_name="organisation"
    )
    created_at = models.DateTimeField("depuis le")
    archived_at = models.DateTimeField("archivé le", null=True, blank=True)
    archiving_reason = models.CharField("motif d'archivage", max_length=255, blank=True)

    class Meta:
        verbose_name = "suivi par une organisation"
        verbose_name_plural = "suivis par les organisations"
        constraints = [
            models.UniqueConstraint(
                fields=["usager", "organisation"],
                name="usager_is_once_in_an_organisation",
                violation_error_message="Cette personne est déjà suivie par cette organisation.",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "archived_at"], name="membership_by_organisation")]

    def __str__(self) -> str:
        return f"{self.usager_id} — {self.organisation_id}"
