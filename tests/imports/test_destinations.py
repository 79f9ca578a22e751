"""Which organisation follows the person of each row."""

import pytest
from django.utils import timezone

from rdv_insertion.agenda.models import Sector
from rdv_insertion.agenda.services import sectors
from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Routing, RowState
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import UsagerOrganisation
from tests.factories import AgentRoleFactory, DepartmentFactory, OrganisationFactory, valid_nir
from tests.imports import files
from tests.imports.conftest import Previewed, row, states, write

VALENCE, DIE = "26362", "26113"


@pytest.fixture
def mission(department) -> Organisation:
    return OrganisationFactory(department=department, name="Mission locale du Diois", slug="ml-diois")


def organisations(run: ImportRun) -> list[Organisation | None]:
    return [one.organisation for one in run.rows.order_by("number").select_related("organisation")]


def by_name(*names: str) -> bytes:
    return files.csv(
        ("Nom", "Prénom", "Mail", "Structure référente"),
        *[(f"Nom{n}", "Zoé", f"p{n}@courriel.test", name) for n, name in enumerate(names)],
    )


def test_a_row_goes_where_it_says_by_short_name_name_or_part_of_it(
    previewed: Previewed, organisation, mission
):
    run = previewed(by_name("ml-diois", "mission locale du diois", "DIOIS", "", organisation.name))
    assert organisations(run) == [mission, mission, mission, organisation, organisation]
    assert set(states(run)) == {RowState.TO_CREATE}


def test_a_row_that_names_nobody_waits_for_somebody_to_choose(previewed: Previewed, mission):
    run = previewed(by_name("Association inconnue"))
    assert (organisations(run), states(run)) == ([None], [RowState.UNASSIGNED])
    assert "ne s'appelle « Association inconnue »" in row(run, 2).content.remarks[0]
    write(run)
    assert states(run) == [RowState.UNASSIGNED]
    assert not UsagerOrganisation.objects.exists()


def test_an_agent_sends_people_only_where_they_work(previewed: Previewed, agent, mission, department):
    run = previewed(by_name("ml-diois"), agent=agent)
    assert states(run) == [RowState.UNASSIGNED]
    AgentRoleFactory(agent=agent, organisation=mission)
    assert organisations(previewed(by_name("ml-diois"), agent=agent)) == [mission]


def test_nobody_is_sent_to_another_department(previewed: Previewed):
    OrganisationFactory(department=DepartmentFactory(isere=True), name="Isère", slug="isere")
    assert states(previewed(by_name("isere"))) == [RowState.UNASSIGNED]


def test_people_are_written_where_they_go(previewed: Previewed, organisation, mission):
    run = write(previewed(by_name("ml-diois", "")))
    followed = UsagerOrganisation.objects.order_by("usager__last_name").values_list("organisation", flat=True)
    assert list(followed) == [mission.pk, organisation.pk]
    assert set(states(run)) == {RowState.CREATED}


@pytest.fixture
def in_sectors(department, organisation, mission) -> None:
    """Valence is served here, Die by the mission; Montélimar by nobody."""
    for name, code, served_by in (("Valence", VALENCE, organisation), ("Die", DIE, mission)):
        sector: Sector = sectors.save_sector(department=department, name=name, human_id=name)
        sectors.add_zone(sector=sector, place=sectors.Place(code))
        sectors.attribute(sector=sector, organisation=served_by, agent=None)


def by_address(*addresses: str) -> bytes:
    return files.csv(
        ("Nom", "Prénom", "Mail", "Adresse"),
        *[(f"Nom{n}", "Zoé", f"p{n}@courriel.test", address) for n, address in enumerate(addresses)],
    )


def test_the_address_says_where_to_go(previewed: Previewed, in_sectors, organisation, mission):
    addresses = ["1 rue Pasteur 26000 Valence", "2 place de la République 26150 Die", "26200 Montélimar", ""]
    run = previewed(by_address(*addresses), routing=Routing.ADDRESS)
    assert organisations(run) == [organisation, mission, None, None]
    assert states(run) == [RowState.TO_CREATE] * 2 + [RowState.UNASSIGNED] * 2
    assert [row(run, number).content.remarks for number in (4, 5)] == [
        ["Aucun secteur de vos organisations ne couvre cette adresse. Choisissez l'organisation."],
        ["Sans adresse reconnue, le secteur n'est pas connu. Choisissez l'organisation."],
    ]


def test_two_organisations_for_one_address_are_left_to_somebody(
    previewed: Previewed, in_sectors, mission, department
):
    sectors.attribute(sector=Sector.objects.get(name="Valence"), organisation=mission, agent=None)
    run = previewed(by_address("1 rue Pasteur 26000 Valence"), routing=Routing.ADDRESS)
    assert states(run) == [RowState.UNASSIGNED]
    assert "Plusieurs" in row(run, 2).content.remarks[0]


def test_a_choice_in_bulk_wins_and_is_written(previewed: Previewed, in_sectors, organisation, mission):
    run = previewed(by_address("", "", "1 rue Pasteur 26000 Valence"), routing=Routing.ADDRESS)
    services.assign(run=run, rows=run.rows.all(), organisation=mission, now=timezone.now())
    assert organisations(run) == [mission] * 3
    assert set(states(write(run))) == {RowState.CREATED}
    assert set(UsagerOrganisation.objects.values_list("organisation", flat=True)) == {mission.pk}


def test_where_somebody_goes_decides_what_may_be_held(previewed: Previewed, department):
    OrganisationFactory(department=department, siae=True, slug="siae")
    run = previewed(
        files.csv(
            ("Nom", "Prénom", "NIR", "Mail", "Organisation"),
            ("Roux", "Zoé", valid_nir(1), "z@courriel.test", "siae"),
            ("Benali", "Karim", valid_nir(2), "k@courriel.test", ""),
        )
    )
    assert [row(run, number).person.nir for number in (2, 3)] == [None, valid_nir(2)]
    assert "nir" not in row(run, 2).content.values
