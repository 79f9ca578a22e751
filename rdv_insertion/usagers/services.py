"""Writing people: one or ten thousand with the same functions and a constant number of statements."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import bulk
from rdv_insertion.kernel.bulk import update_columns
from rdv_insertion.kernel.languages import Language
from rdv_insertion.territory.models import Department, Organisation
from rdv_insertion.usagers.identity import ATTRIBUTES, Identity
from rdv_insertion.usagers.models import Tag, Usager, UsagerOrganisation

_DERIVED = ("nir_index", "name_key", "birth_name_key", "search_document", "updated_at")
_LOCK_FAMILY = 20_001


class MissingIdentity(ValueError):
    """A person without names, or with nothing that tells them from another. The message is French."""


@dataclass
class PersonToSave:
    """One person to write: `usager` when already known, else a new one; only known values are written, and
    only what is in `erased` is erased.
    """

    identity: Identity
    usager: Usager | None = None
    tags: list[Tag] = field(default_factory=list)
    referents: list[Agent] = field(default_factory=list)
    # Attributes that somebody emptied on purpose, unlike a blank of a file.
    erased: Collection[str] = ()


def lock_department(department: Department) -> None:
    """Make the rest of this transaction the only one that recognises and creates people here.

    Two files imported at once would otherwise both find nobody, and both create the same person.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_FAMILY, department.pk])


def check_identity(identity: Identity) -> None:
    """Raise MissingIdentity when the person could not be created (design/domain.md)."""
    if not identity.last_name or not identity.first_name:
        raise MissingIdentity("Le nom et le prénom sont obligatoires.")
    if not identity.is_reachable_by_a_key:
        raise MissingIdentity(
            "Il faut au moins un NIR, un identifiant interne, une adresse mail, un téléphone, "
            "ou un numéro CAF avec le rôle."
        )


@transaction.atomic
def save_people(
    *, people: Sequence[PersonToSave], organisation: Organisation, created_through: str, now: datetime
) -> list[Usager]:
    """Create or update `people` and attach them to `organisation`, unarchived there; same order out.

    What the organisation's type may not hold is left out. Raises MissingIdentity.
    """
    for person in people:
        person.identity = person.identity.allowed_for(organisation.organisation_type)
        known = person.usager.identity if person.usager else Identity()
        check_identity(person.identity.completed_by(known.without(person.erased)))
    created = _create([p for p in people if p.usager is None], organisation.department, created_through, now)
    _update([(person.usager, person) for person in people if person.usager is not None], now)
    remaining = iter(created)
    usagers = [person.usager or next(remaining) for person in people]
    attach(usagers=usagers, organisation=organisation, now=now)
    _label(zip(usagers, people, strict=True))
    return usagers


def _create(
    people: Sequence[PersonToSave], department: Department, created_through: str, now: datetime
) -> list[Usager]:
    usagers = [
        Usager(
            department=department,
            created_through=created_through,
            created_at=now,
            updated_at=now,
            **person.identity.known(),
        )
        for person in people
    ]
    for usager in usagers:
        usager.index()
    return Usager.objects.bulk_create(usagers)


def _update(people: Iterable[tuple[Usager, PersonToSave]], now: datetime) -> None:
    changed = [usager for usager, person in people if usager.apply(person.identity, erased=person.erased)]
    for usager in changed:
        usager.updated_at = now
        usager.index()
    update_columns(changed, [*ATTRIBUTES, *_DERIVED])


@transaction.atomic
def delete_people(*, usager_ids: Collection[int]) -> None:
    """Delete people created by mistake, with their tags, referents and organisations: a constant number of
    statements. What the layers above keep of them is deleted before by the caller.
    """
    for links in (Usager.tags.through, Usager.referents.through, UsagerOrganisation):
        bulk.delete(links, "usager_id", usager_ids)
    bulk.delete(Usager, "id", usager_ids)


def attach(*, usagers: Sequence[Usager], organisation: Organisation, now: datetime) -> None:
    """Have `organisation` follow `usagers`; those it had archived come back."""
    UsagerOrganisation.objects.bulk_create(
        [UsagerOrganisation(usager=usager, organisation=organisation, created_at=now) for usager in usagers],
        ignore_conflicts=True,
    )
    UsagerOrganisation.objects.filter(
        usager__in=usagers, organisation=organisation, archived_at__isnull=False
    ).update(archived_at=None, archiving_reason="")


@transaction.atomic
def archive(*, usager: Usager, organisation: Organisation, now: datetime, reason: str = "") -> bool:
    """Have `organisation` keep `usager` as an archive: it invites them no more, and the links of its
    invitations no longer open.

    False when they were already archived there: the first date and reason stay. Raises
    UsagerOrganisation.DoesNotExist when the organisation does not follow them.
    """
    membership = UsagerOrganisation.objects.select_for_update().get(usager=usager, organisation=organisation)
    if membership.archived_at is not None:
        return False
    membership.archived_at, membership.archiving_reason = now, reason
    membership.save(update_fields=["archived_at", "archiving_reason"])
    return True


@transaction.atomic
def unarchive(*, usager: Usager, organisation: Organisation) -> str | None:
    """Have `organisation` follow `usager` again: the reason they were archived for, maybe empty.

    None when they were not archived there. Raises UsagerOrganisation.DoesNotExist when the organisation does
    not follow them.
    """
    membership = UsagerOrganisation.objects.select_for_update().get(usager=usager, organisation=organisation)
    if membership.archived_at is None:
        return None
    reason = membership.archiving_reason
    membership.archived_at, membership.archiving_reason = None, ""
    membership.save(update_fields=["archived_at", "archiving_reason"])
    return reason


def _label(people: Iterable[tuple[Usager, PersonToSave]]) -> None:
    tagged, followed = Usager.tags.through, Usager.referents.through
    pairs = list(people)
    tagged.objects.bulk_create(
        [tagged(usager_id=usager.pk, tag_id=tag.pk) for usager, person in pairs for tag in person.tags],
        ignore_conflicts=True,
    )
    followed.objects.bulk_create(
        [
            followed(usager_id=usager.pk, agent_id=agent.pk)
            for usager, person in pairs
            for agent in person.referents
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def edit_usager(
    *, usager: Usager, identity: Identity, attributes: Iterable[str], now: datetime, language: str = ""
) -> Usager:
    """Write what an agent typed on the person's page: a blank erases, unlike a blank in a file.

    Only `attributes` are touched, and the language of the person when it is given. Raises MissingIdentity
    when nothing would identify the person any more, unless nothing did before, ValidationError when somebody
    else has the NIR or internal identifier, and Usager.DoesNotExist for somebody deleted meanwhile, who is
    not created again.
    """
    lock_department(usager.department)
    if not Usager.objects.filter(pk=usager.pk).exists():
        raise Usager.DoesNotExist
    had_a_key = usager.identity.is_reachable_by_a_key
    for name in attributes:
        setattr(usager, name, getattr(identity, name))
    if language:
        usager.language = Language(language)
    if had_a_key or not usager.last_name or not usager.first_name:
        check_identity(usager.identity)
    usager.updated_at = now
    usager.index()
    usager.validate_constraints()
    usager.save()
    return usager


@transaction.atomic
def choose_language(*, usager: Usager, language: str, now: datetime) -> None:
    """Write the person's next messages and pages in `language` (kernel/languages.py). Raises ValueError.

    Only that is written: what an agent changes at the same moment stays.
    """
    usager.language = Language(language)
    changed = Usager.objects.filter(pk=usager.pk).exclude(language=language)
    changed.update(language=language, updated_at=now)
