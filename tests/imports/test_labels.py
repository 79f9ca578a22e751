"""Tags and referents that nobody created yet: listed once, created on request, then put on people."""

import pytest

from rdv_insertion.agents.models import Agent, AgentRole
from rdv_insertion.imports import services
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.usagers.models import Tag, Usager
from tests.factories import AgentFactory, OrganisationFactory
from tests.imports import files
from tests.imports.conftest import Previewed, write


@pytest.fixture
def run(previewed: Previewed) -> ImportRun:
    return previewed(
        files.csv(
            ("Nom", "Prénom", "Mail", "Tags", "Mail référent"),
            ("Roux", "Zoé", "z@courriel.test", "Jeune, Sans logement", "nouveau@drome.test"),
            ("Benali", "Karim", "k@courriel.test", "Jeune", ""),
        )
    )


def test_tags_are_created_on_request_and_put_on_people(run: ImportRun):
    assert run.unknown_tags == ["Jeune", "Sans logement"]
    services.create_tags(run=run, values=["Jeune", "Jamais vu"])
    assert list(Tag.objects.values_list("value", flat=True)) == ["Jeune"]
    assert run.unknown_tags == ["Sans logement"]
    write(run)
    assert [list(one.tags.values_list("value", flat=True)) for one in Usager.objects.all()] == [["Jeune"]] * 2


def test_a_referent_whom_nobody_knows_joins_the_organisation(run: ImportRun, organisation):
    services.add_referents(run=run, mails=["nouveau@drome.test", "pirate@ailleurs.test"])
    referent = Agent.objects.get(email="nouveau@drome.test")
    assert list(referent.organisations.all()) == [organisation]
    assert not referent.has_usable_password()
    assert not Agent.objects.filter(email="pirate@ailleurs.test").exists()
    assert run.unknown_referents == []
    write(run)
    assert list(Usager.objects.get(last_name="Roux").referents.all()) == [referent]


def test_an_agent_of_elsewhere_joins_and_keeps_their_roles(run: ImportRun, department):
    known = AgentFactory(email="nouveau@drome.test", organisation=OrganisationFactory(department=department))
    services.add_referents(run=run, mails=["nouveau@drome.test"])
    assert AgentRole.objects.filter(agent=known).count() == 2


def test_creating_the_same_tag_twice_is_no_trouble(run: ImportRun, previewed: Previewed):
    for _ in range(2):
        services.create_tags(run=run, values=["Jeune"])
    assert Tag.objects.filter(value="Jeune").count() == 1
