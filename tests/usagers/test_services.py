"""Writing people: what a file may do, what an agent may do, and what the database keeps."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from rdv_insertion.territory.enums import OrganisationType
from rdv_insertion.territory.models import Department, Organisation
from rdv_insertion.usagers.enums import CreatedThrough
from rdv_insertion.usagers.identity import ATTRIBUTES, Identity, forbidden_attributes
from rdv_insertion.usagers.models import Usager, UsagerOrganisation
from rdv_insertion.usagers.services import (
    MissingIdentity,
    PersonToSave,
    archive,
    delete_people,
    edit_usager,
    lock_department,
    save_people,
    unarchive,
)
from tests.factories import (
    AgentFactory,
    MembershipFactory,
    OrganisationFactory,
    TagFactory,
    UsagerFactory,
    valid_nir,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MARINA = Identity(last_name="Foïs", first_name="Marina", nir=valid_nir(1), email="marina@courriel.test")


def save(*people: PersonToSave, organisation: Organisation) -> list[Usager]:
    return save_people(
        people=people, organisation=organisation, created_through=CreatedThrough.UPLOAD_PAGE, now=NOW
    )


def test_a_new_person_is_created_and_followed(organisation: Organisation) -> None:
    usager = save(PersonToSave(MARINA), organisation=organisation)[0]
    stored = Usager.objects.get()
    assert stored == usager
    assert stored.identity == MARINA
    assert stored.memberships.get().organisation == organisation
    assert (stored.department, stored.created_at) == (organisation.department, NOW)


def test_the_digits_of_a_nir_are_not_in_the_database_and_its_index_is(organisation: Organisation) -> None:
    save(PersonToSave(MARINA), organisation=organisation)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nir, nir_index, u::text FROM usagers_usager u")
        sealed, index, whole_row = cursor.fetchone()
    assert MARINA.nir is not None
    assert MARINA.nir[:13].encode() not in bytes(sealed)
    assert MARINA.nir[:13] not in whole_row
    assert len(index) == 64
    assert Usager.objects.get().nir == MARINA.nir


def test_a_blank_never_erases_and_a_value_replaces(organisation: Organisation) -> None:
    known = UsagerFactory(organisation=organisation, phone_number="+33612345678", birth_name="Lefèvre")
    before = known.identity
    identity = Identity(last_name=known.last_name, first_name=known.first_name, phone_number="+33698765432")
    save(PersonToSave(identity, usager=known), organisation=organisation)
    after = Usager.objects.get().identity
    assert after.phone_number == "+33698765432"
    assert after.birth_name == "Lefèvre"
    assert {name for name in ATTRIBUTES if getattr(before, name) != getattr(after, name)} == {"phone_number"}


def test_an_update_is_found_by_the_search_at_once(organisation: Organisation) -> None:
    known = UsagerFactory(organisation=organisation, last_name="Durand")
    save(
        PersonToSave(Identity(last_name="Œuvrard", first_name="Zoé"), usager=known), organisation=organisation
    )
    assert Usager.objects.search("oeuvr").get() == known
    assert not Usager.objects.search("durand").exists()
    assert Usager.objects.get().updated_at == NOW


def test_a_person_who_does_not_change_keeps_their_date(organisation: Organisation) -> None:
    known = UsagerFactory(organisation=organisation)
    before = known.updated_at
    save(PersonToSave(known.identity, usager=known), organisation=organisation)
    assert Usager.objects.get().updated_at == before


def test_a_person_known_elsewhere_is_followed_here_too(
    organisation: Organisation, department: Department
) -> None:
    known = UsagerFactory(organisation=OrganisationFactory(department=department))
    save(PersonToSave(Identity(), usager=known), organisation=organisation)
    assert known.memberships.filter(archived_at=None).count() == 2


def test_an_archived_person_comes_back_active_in_this_organisation_only(organisation: Organisation) -> None:
    known = UsagerFactory(organisation=organisation, archived=True)
    elsewhere = MembershipFactory(usager=known, archived_at=NOW, archiving_reason="Déménagement")
    save(PersonToSave(Identity(), usager=known), organisation=organisation)
    assert known.memberships.get(organisation=organisation).archived_at is None
    elsewhere.refresh_from_db()
    assert (elsewhere.archived_at, elsewhere.archiving_reason) == (NOW, "Déménagement")


def test_tags_and_referents_are_added_once(organisation: Organisation) -> None:
    tag, referent = TagFactory(department=organisation.department), AgentFactory(organisation=organisation)
    usager = save(PersonToSave(MARINA, tags=[tag], referents=[referent]), organisation=organisation)[0]
    save(PersonToSave(MARINA, usager=usager, tags=[tag], referents=[referent]), organisation=organisation)
    assert list(usager.tags.all()) == [tag]
    assert list(usager.referents.all()) == [referent]


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        (Identity(last_name="Foïs", email="a@b.fr"), "nom et le prénom"),
        (Identity(first_name="Marina", email="a@b.fr"), "nom et le prénom"),
        (Identity(last_name="Foïs", first_name="Marina"), "Il faut au moins"),
        (Identity(last_name="Foïs", first_name="Marina", affiliation_number="1234567"), "Il faut au moins"),
        (Identity(last_name="Foïs", first_name="Marina", role="demandeur"), "Il faut au moins"),
    ],
)
def test_a_person_whom_nothing_identifies_is_not_created(
    organisation: Organisation, identity: Identity, why: str
) -> None:
    with pytest.raises(MissingIdentity, match=why):
        save(PersonToSave(MARINA), PersonToSave(identity), organisation=organisation)
    assert not Usager.objects.exists()


@pytest.mark.parametrize(
    ("kind", "forbidden"),
    [
        (OrganisationType.CONSEIL_DEPARTEMENTAL, set()),
        (OrganisationType.FRANCE_TRAVAIL, set()),
        (OrganisationType.DELEGATAIRE_RSA, {"nir"}),
        (OrganisationType.SIAE, {"nir", "department_internal_id"}),
        (OrganisationType.AUTRE, {"nir", "department_internal_id"}),
    ],
)
def test_each_type_of_organisation_stores_only_what_it_may(kind: str, forbidden: set[str]) -> None:
    organisation = OrganisationFactory(organisation_type=kind)
    person = Identity(**vars(MARINA) | {"department_internal_id": "A1"})
    usager = save(PersonToSave(person), organisation=organisation)[0]
    assert {name for name in ("nir", "department_internal_id") if getattr(usager, name) is None} == forbidden
    assert forbidden_attributes(kind) == forbidden


def test_an_organisation_that_may_not_see_the_nir_does_not_change_it() -> None:
    known = UsagerFactory(nir=MARINA.nir)
    person = Identity(last_name=known.last_name, first_name=known.first_name, nir=valid_nir(2))
    save(PersonToSave(person, usager=known), organisation=OrganisationFactory(siae=True))
    assert Usager.objects.get().nir == MARINA.nir


def _new_people(count: int) -> list[PersonToSave]:
    return [
        PersonToSave(
            Identity(last_name="Nom", first_name="Jean", email=f"{n}@b.fr", birth_date=date(1985, 4, 3))
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [3, 300])
def test_writing_people_costs_the_same_statements_whatever_their_number(
    organisation: Organisation, count: int
) -> None:
    with CaptureQueriesContext(connection) as creating:
        usagers = save(*_new_people(count), organisation=organisation)
    changes = [
        PersonToSave(Identity(phone_number=f"+3361{n:07d}"), usager=one) for n, one in enumerate(usagers)
    ]
    with CaptureQueriesContext(connection) as updating:
        save(*changes, organisation=organisation)
    assert (len(creating), len(updating)) == (5, 5)


# ---- The agent's own corrections


def edit(usager: Usager, **values: Any) -> Usager:
    return edit_usager(usager=usager, identity=Identity(**values), attributes=values, now=NOW)


def test_an_agent_erases_what_they_leave_blank(organisation: Organisation) -> None:
    usager = UsagerFactory(organisation=organisation)
    edit(usager, phone_number=None, email="neuve@courriel.test")
    stored = Usager.objects.get()
    assert (stored.phone_number, stored.email) == (None, "neuve@courriel.test")
    assert stored.address == usager.address
    assert Usager.objects.search("neuve").exists()


def test_an_agent_cannot_erase_the_last_key(organisation: Organisation) -> None:
    usager = UsagerFactory(organisation=organisation, without_keys=True, email="a@b.fr", role=None)
    with pytest.raises(MissingIdentity, match="Il faut au moins"):
        edit(usager, email=None)
    assert Usager.objects.get().email == "a@b.fr"


def test_somebody_who_never_had_a_key_can_still_be_corrected(organisation: Organisation) -> None:
    usager = UsagerFactory(organisation=organisation, without_keys=True)
    assert edit(usager, address="1 rue Neuve 26000 Valence").address == "1 rue Neuve 26000 Valence"
    with pytest.raises(MissingIdentity, match="nom et le prénom"):
        edit(usager, last_name=None)


@pytest.mark.parametrize(
    ("attribute", "sentence"), [("nir", "déjà ce NIR"), ("department_internal_id", "identifiant interne")]
)
def test_a_key_of_somebody_else_is_refused_in_french(
    organisation: Organisation, attribute: str, sentence: str
) -> None:
    other, usager = UsagerFactory.create_batch(2, organisation=organisation)
    with pytest.raises(ValidationError, match=sentence):
        edit(usager, **{attribute: getattr(other, attribute)})


def test_the_same_nir_is_accepted_in_another_department() -> None:
    known = UsagerFactory()
    elsewhere = UsagerFactory(department__isere=True)
    assert edit(elsewhere, nir=known.nir).nir == known.nir


def test_the_database_itself_refuses_a_second_person_with_one_nir() -> None:
    first = UsagerFactory(nir=valid_nir(1))
    with pytest.raises(IntegrityError), transaction.atomic():
        UsagerFactory(department=first.department, nir=valid_nir(1)[:13])


def test_two_files_at_once_wait_for_one_another(organisation: Organisation, in_threads: Any) -> None:
    """Each recognises, then creates: without the lock both would create."""

    def import_marina() -> int:
        with transaction.atomic():
            lock_department(organisation.department)
            if not Usager.objects.filter(email=MARINA.email).exists():
                save(PersonToSave(MARINA), organisation=organisation)
        return Usager.objects.count()

    assert in_threads(*[import_marina] * 8) == [1] * 8
    assert UsagerOrganisation.objects.count() == 1


def test_somebody_deleted_meanwhile_is_not_created_again_by_an_edit(organisation: Organisation) -> None:
    usager = UsagerFactory(organisation=organisation)
    delete_people(usager_ids=[usager.pk])
    with pytest.raises(Usager.DoesNotExist):
        edit_usager(usager=usager, identity=MARINA, attributes=["last_name"], now=NOW)
    assert not Usager.objects.exists()


# ---- Archives


def test_an_organisation_archives_somebody_with_the_reason(organisation: Organisation) -> None:
    usager = UsagerFactory(organisation=organisation)
    assert archive(usager=usager, organisation=organisation, reason="A déménagé", now=NOW)
    membership = usager.memberships.get()
    assert (membership.archived_at, membership.archiving_reason) == (NOW, "A déménagé")


def test_archiving_twice_keeps_the_first_date_and_reason(organisation: Organisation) -> None:
    usager = UsagerFactory(organisation=organisation)
    archive(usager=usager, organisation=organisation, reason="A déménagé", now=NOW)
    later = datetime.now(UTC)
    assert not archive(usager=usager, organisation=organisation, reason="Autre", now=later)
    membership = usager.memberships.get()
    assert (membership.archived_at, membership.archiving_reason) == (NOW, "A déménagé")


def test_archiving_leaves_other_organisations_alone(organisation: Organisation) -> None:
    usager = UsagerFactory(organisation=organisation)
    other = MembershipFactory(usager=usager)
    archive(usager=usager, organisation=organisation, now=NOW)
    other.refresh_from_db()
    assert other.archived_at is None


def test_taking_somebody_back_gives_the_reason_and_forgets_it(organisation: Organisation) -> None:
    usager = UsagerFactory(organisation=organisation)
    archive(usager=usager, organisation=organisation, reason="A déménagé", now=NOW)
    assert unarchive(usager=usager, organisation=organisation) == "A déménagé"
    membership = usager.memberships.get()
    assert (membership.archived_at, membership.archiving_reason) == (None, "")
    assert unarchive(usager=usager, organisation=organisation) is None


def test_who_is_not_followed_is_neither_archived_nor_taken_back(organisation: Organisation) -> None:
    usager = UsagerFactory()
    with pytest.raises(UsagerOrganisation.DoesNotExist):
        archive(usager=usager, organisation=organisation, now=NOW)
    with pytest.raises(UsagerOrganisation.DoesNotExist):
        unarchive(usager=usager, organisation=organisation)
