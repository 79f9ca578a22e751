"""Who sees whom, and how people are found."""

from datetime import date

import pytest
from django.http import Http404

from rdv_insertion.agents.models import Agent
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.identity import Identity
from rdv_insertion.usagers.models import Usager
from rdv_insertion.usagers.perms import get_usager_for, hidden_attributes
from tests.factories import AgentRoleFactory, MembershipFactory, OrganisationFactory, UsagerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def marina(organisation: Organisation) -> Usager:
    return UsagerFactory(
        organisation=organisation,
        last_name="N'Diaye-Lefèvre",
        first_name="Aïcha",
        birth_name="Œuvrard",
        email="aicha.nd@courriel.test",
        phone_number="+33782605941",
        affiliation_number="ISQCJQ1",
        department_internal_id="D-4521",
        birth_date=date(1985, 4, 3),
    )


def test_a_person_is_seen_by_the_agents_of_their_organisations_only(
    marina: Usager, agent: Agent, admin: Agent, colleague_elsewhere: Agent, stranger: Agent
) -> None:
    for persona, sees in ((agent, True), (admin, True), (colleague_elsewhere, False), (stranger, False)):
        assert Usager.objects.visible_to(persona).contains(marina) is sees
    assert get_usager_for(agent, marina.pk) == marina
    with pytest.raises(Http404):
        get_usager_for(colleague_elsewhere, marina.pk)


def test_a_person_followed_by_two_organisations_is_seen_once(marina: Usager, agent: Agent) -> None:
    second = OrganisationFactory()
    MembershipFactory(usager=marina, organisation=second)
    AgentRoleFactory(agent=agent, organisation=second)
    assert Usager.objects.visible_to(agent).count() == 1


def test_people_archived_in_an_organisation_are_still_seen_there(
    agent: Agent, organisation: Organisation
) -> None:
    archived = UsagerFactory(organisation=organisation, archived=True)
    assert Usager.objects.visible_to(agent).contains(archived)
    assert not Usager.objects.of_organisation(organisation).contains(archived)
    assert Usager.objects.of_organisation(organisation, archived=True).contains(archived)


def test_an_archived_organisation_shows_nobody(
    marina: Usager, agent: Agent, organisation: Organisation
) -> None:
    organisation.archived_at = marina.created_at
    organisation.save()
    assert not Usager.objects.visible_to(agent).exists()


@pytest.mark.parametrize(
    "typed",
    [
        "n diaye",
        "LEFÈVRE",
        "lefev",
        "aich lefevre",
        "lefevre aicha",
        "oeuvrard",
        "aicha.nd@courriel.test",
        "0782605941",
        "07 82 60 59 41",
        "07.82",
        "+33782605941",
        "078260",
        "isqcjq1",
        "ISQC",
        "D-4521",
        "4521",
    ],
)
def test_a_person_is_found_by_the_beginning_of_each_word(marina: Usager, typed: str) -> None:
    UsagerFactory.create_batch(3, last_name="Roux")
    assert Usager.objects.search(typed).get() == marina


@pytest.mark.parametrize("typed", ["efevre", "aicha martin", "0782605942", "zzz'; --", "a:*b!|("])
def test_other_words_do_not_find_them(marina: Usager, typed: str) -> None:
    assert not Usager.objects.search(typed).exists()


def test_a_nir_is_never_searched(marina: Usager) -> None:
    for part in (marina.nir, marina.nir[:13], marina.nir[:7], marina.nir[1:]):
        assert not Usager.objects.search(part).exists()


@pytest.mark.parametrize("typed", ["", "  ", "&", "…"])
def test_a_search_without_a_letter_or_a_digit_keeps_everybody(marina: Usager, typed: str) -> None:
    assert Usager.objects.search(typed).get() == marina


def test_a_person_is_hidden_what_none_of_the_shared_organisations_may_hold(
    marina: Usager, agent: Agent, colleague_elsewhere: Agent
) -> None:
    assert hidden_attributes(agent, marina) == frozenset()
    delegate = colleague_elsewhere.organisations.get()
    MembershipFactory(usager=marina, organisation=delegate)
    assert hidden_attributes(colleague_elsewhere, marina) == {"nir"}
    siae = OrganisationFactory(siae=True)
    MembershipFactory(usager=marina, organisation=siae)
    worker = AgentRoleFactory(organisation=siae).agent
    assert hidden_attributes(worker, marina) == {"nir", "department_internal_id"}
    AgentRoleFactory(agent=worker, organisation=delegate)
    assert hidden_attributes(worker, marina) == {"nir"}


def test_names_towns_and_ages_are_told_to_people(marina: Usager) -> None:
    assert marina.polite_name == "Madame Aïcha N'DIAYE-LEFÈVRE"
    assert Usager(first_name="Zoé", last_name="Roux").polite_name == "Zoé ROUX"
    assert Usager(address="3 rue du 8 mai 1945 26100 Romans-sur-Isère").town == "26100 Romans-sur-Isère"
    assert Usager(address="3 rue des Lilas").town == Usager().town == ""
    assert marina.age(date(2026, 4, 3)) == 41


def test_an_identity_is_stored_and_read_back_with_its_dates() -> None:
    person = Identity(last_name="Foïs", first_name="Marina", birth_date=date(1985, 4, 3))
    assert person.as_json() == {"last_name": "Foïs", "first_name": "Marina", "birth_date": "1985-04-03"}
    assert Identity.from_json(person.as_json()) == person


def test_two_rows_of_one_person_complete_each_other() -> None:
    first = Identity(last_name="Foïs", first_name="Marina", email="a@b.fr")
    second = Identity(last_name="FOIS", first_name="M", phone_number="+33612345678")
    assert first.completed_by(second) == Identity(
        last_name="Foïs", first_name="Marina", email="a@b.fr", phone_number="+33612345678"
    )
