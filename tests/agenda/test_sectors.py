"""Who serves an address (reference of the scheduler, § 12, facts 41 to 49)."""

from dataclasses import replace

import pytest
from django.utils import timezone

from rdv_insertion.agenda.creneaux import offers, starts_for_public
from rdv_insertion.agenda.eligibility import eligible, eligible_several
from rdv_insertion.agenda.enums import SectorisationLevel, ZoneLevel
from rdv_insertion.agenda.models import Sector, SectorAttribution, Zone
from rdv_insertion.agenda.sectors import serving, serving_several
from rdv_insertion.agenda.services import sectors as services
from rdv_insertion.agenda.services.sectors import Place, Refused
from rdv_insertion.territory.addresses import Location, locate
from tests.factories import (
    AgentFactory,
    DepartmentFactory,
    MotifFactory,
    OrganisationFactory,
    PlageOuvertureFactory,
    UsagerFactory,
)

VALENCE, DIE = "26362", "26113"


def in_valence(street: str = "", street_code: str = "") -> Location:
    return Location("", VALENCE, "Valence", "26000", street, street_code)


@pytest.fixture
def north(department) -> Sector:
    return services.save_sector(department=department, name="Nord", human_id="nord")


@pytest.fixture
def south(department) -> Sector:
    return services.save_sector(department=department, name="Sud", human_id="sud")


@pytest.fixture
def other(department):
    """Another organisation of the department."""
    return OrganisationFactory(department=department, name="Mission locale")


def serve(sector, organisation, agent=None, *, places):
    for place in places:
        services.add_zone(sector=sector, place=place)
    services.attribute(sector=sector, organisation=organisation, agent=agent)


TOWN = Place(VALENCE)
PASTEUR = Place(VALENCE, "Rue Pasteur", f"{VALENCE}_0020")
UNCODED = Place(VALENCE, "avenue Jean Moulin")


def test_41_a_town_in_two_sectors_is_served_by_both_organisations(
    department, north, south, organisation, other
):
    serve(north, organisation, places=[TOWN])
    serve(south, other, places=[TOWN])
    assert serving(in_valence(), department).organisations == {organisation.pk, other.pk}


def test_42_a_street_in_two_sectors_is_served_by_both_organisations(
    department, north, south, organisation, other
):
    serve(north, organisation, places=[PASTEUR])
    serve(south, other, places=[PASTEUR])
    found = serving(in_valence("Rue Pasteur", f"{VALENCE}_0020"), department)
    assert found.organisations == {organisation.pk, other.pk}
    assert found.level == ZoneLevel.STREET


def test_43_a_street_without_a_rule_is_served_by_its_town(department, north, south, organisation, other):
    serve(north, organisation, places=[PASTEUR])
    serve(south, other, places=[TOWN])
    found = serving(in_valence("Rue Victor Hugo", f"{VALENCE}_0110"), department)
    assert found.organisations == {other.pk}
    assert found.level == ZoneLevel.CITY


def test_a_street_rule_wins_over_its_towns_where_the_reference_would_add_both(
    department, north, south, organisation, other
):
    serve(north, organisation, places=[PASTEUR])
    serve(south, other, places=[TOWN])
    assert serving(in_valence("Rue Pasteur", f"{VALENCE}_0020"), department).organisations == {
        organisation.pk
    }


def test_49_a_zone_of_another_department_is_refused(department, north):
    with pytest.raises(Refused, match="n'est pas dans le département"):
        services.add_zone(sector=north, place=Place("38185"))
    assert not Zone.objects.exists()


def test_a_street_is_matched_by_name_when_the_base_did_not_name_it(department, north, organisation):
    serve(north, organisation, places=[PASTEUR])
    assert serving(in_valence(["12", "R. PASTEUR"][1]), department).level == ZoneLevel.STREET


def test_an_uncoded_zone_is_matched_by_name(department, north, organisation):
    serve(north, organisation, places=[UNCODED])
    found = serving(in_valence("Av. Jean-Moulin", f"{VALENCE}_0030"), department)
    assert found.organisations == {organisation.pk}


def test_two_streets_of_one_name_in_a_town_are_told_apart_by_their_codes(department, north, organisation):
    serve(north, organisation, places=[PASTEUR])
    assert serving(in_valence("Rue Pasteur", f"{VALENCE}_9999"), department).zones == ()


def test_a_street_of_the_same_name_in_another_town_is_not_served(department, north, organisation):
    serve(north, organisation, places=[UNCODED])
    die = Location("", DIE, "Die", "26150", "avenue Jean Moulin")
    assert serving(die, department).zones == ()


def test_44_an_agent_alone_is_attributed_without_their_organisation(department, north, organisation, agent):
    serve(north, organisation, agent, places=[TOWN])
    found = serving(in_valence(), department)
    assert found.organisations == frozenset()
    assert found.agents_in(organisation.pk) == {agent.pk}


def test_an_organisation_alone_names_none_of_its_agents(department, north, organisation, agent):
    serve(north, organisation, places=[TOWN])
    assert serving(in_valence(), department).agents_in(organisation.pk) == frozenset()


def test_an_archived_organisation_serves_nobody(department, north, other):
    serve(north, other, places=[TOWN])
    other.archived_at = timezone.now()
    other.save()
    assert serving(in_valence(), department).organisations == frozenset()


@pytest.mark.parametrize("gone", ["inactive", "elsewhere"])
def test_an_agent_who_left_serves_nobody(department, north, organisation, agent, gone):
    serve(north, organisation, agent, places=[TOWN])
    if gone == "inactive":
        agent.is_active = False
        agent.save()
    else:
        agent.roles.all().delete()
    assert serving(in_valence(), department).agents_in(organisation.pk) == frozenset()


def test_nobody_serves_an_unknown_place_nor_another_department(department, north, organisation):
    serve(north, organisation, places=[TOWN])
    grenoble = Location("", "38185", "Grenoble", "38000")
    assert serving(None, department).attributions == serving(grenoble, department).attributions == ()


def test_a_sector_of_another_department_never_serves_here(department, organisation):
    isere = DepartmentFactory(isere=True)
    abroad = services.save_sector(department=isere, name="Isère", human_id="i")
    # As an old base may hold it: the services refuse it.
    Zone.objects.create(sector=abroad, level=ZoneLevel.CITY, city_code=VALENCE, city_name="Valence")
    SectorAttribution.objects.create(sector=abroad, organisation=OrganisationFactory(department=isere))
    assert serving(in_valence(), department).zones == ()


def test_a_whole_town_serves_its_arrondissements():
    rhone = DepartmentFactory(number="69", name="Rhône", capital="Lyon")
    lyon = services.save_sector(department=rhone, name="Lyon", human_id="lyon")
    organisation = OrganisationFactory(department=rhone)
    serve(lyon, organisation, places=[Place("69123")])
    assert serving(locate("69003 Lyon", rhone), rhone).organisations == {organisation.pk}


def test_a_written_address_leads_to_those_who_serve_it_offline(department, north, south, organisation, other):
    serve(north, organisation, places=[PASTEUR])
    serve(south, other, places=[TOWN])
    pasteur = locate("12 bis, r. Pasteur, Bât. B, 26000 VALENCE", department)
    hugo = locate("3 rue Victor Hugo 26000 Valence", department)
    assert serving(pasteur, department).organisations == {organisation.pk}
    assert serving(hugo, department).organisations == {other.pk}


@pytest.mark.parametrize("count", [1, 40])
def test_serving_takes_two_queries_whatever_the_number(
    department, north, organisation, count, django_assert_num_queries
):
    serve(north, organisation, places=[TOWN, PASTEUR])
    locations = {number: in_valence(f"rue {number}") for number in range(count)}
    with django_assert_num_queries(2):
        found = serving_several(locations, department)
    assert all(one.organisations == {organisation.pk} for one in found.values())


def test_two_administrators_who_take_one_identifier_make_one_sector(in_threads):
    department = DepartmentFactory()

    def create() -> Sector:
        return services.save_sector(department=department, name="Nord", human_id="nord")

    results = in_threads(create, create, create)
    assert sorted(type(one).__name__ for one in results) == ["Sector", "ValidationError", "ValidationError"]


# --- Eligibility ---


def motif(organisation, level=SectorisationLevel.DEPARTEMENT, **fields):
    return MotifFactory(organisation=organisation, sectorisation_level=level, **fields)


@pytest.fixture
def usager(organisation):
    return UsagerFactory(department=organisation.department)


def test_a_motif_of_the_whole_department_is_for_everybody(organisation, usager):
    open_to_all = motif(organisation)
    assert eligible([open_to_all], usager) == [(open_to_all, None)]


def test_a_motif_of_an_organisation_is_for_the_addresses_it_serves(north, organisation, other, usager):
    ours, theirs = (motif(one, SectorisationLevel.ORGANISATION) for one in (organisation, other))
    serve(north, organisation, places=[TOWN])
    assert eligible([ours, theirs], usager, location=in_valence()) == [(ours, None)]


def test_a_motif_of_agents_is_for_those_attributed(north, organisation, agent, usager):
    of_agents = motif(organisation, SectorisationLevel.AGENT)
    AgentFactory(organisation=organisation)
    serve(north, organisation, agent, places=[TOWN])
    assert eligible([of_agents], usager, location=in_valence()) == [(of_agents, {agent.pk})]


def test_an_attributed_agent_does_not_open_the_motifs_of_their_organisation(
    north, organisation, agent, usager
):
    open_to_all, of_sectors = motif(organisation), motif(organisation, SectorisationLevel.ORGANISATION)
    serve(north, organisation, agent, places=[TOWN])
    assert eligible([open_to_all, of_sectors], usager, location=in_valence()) == [(open_to_all, None)]


def test_45_an_attributed_organisation_does_not_open_the_motifs_of_its_agents(
    north, organisation, agent, usager
):
    open_to_all, of_agents = motif(organisation), motif(organisation, SectorisationLevel.AGENT)
    serve(north, organisation, places=[TOWN])
    assert eligible([open_to_all, of_agents], usager, location=in_valence()) == [(open_to_all, None)]


def test_46_a_motif_of_agents_without_a_plage_of_an_attributed_one_shows_nothing(
    north, organisation, agent, usager
):
    of_agents = motif(organisation, SectorisationLevel.AGENT)
    PlageOuvertureFactory(motifs=[of_agents], agent=AgentFactory(organisation=organisation))
    serve(north, organisation, agent, places=[TOWN])
    [(found, receivers)] = eligible([of_agents], usager, location=in_valence())
    [offer] = [replace(one, receivers={found.pk: receivers}) for one in offers([found])]
    assert starts_for_public([offer], now=timezone.now()) == {offer.key: []}


def test_47_a_motif_of_the_department_without_a_plage_shows_nothing(organisation, usager):
    [(found, _)] = eligible([motif(organisation)], usager)
    assert offers([found]) == []


def test_48_the_smallest_sector_is_the_most_relevant(department, north, south, organisation, other):
    serve(north, organisation, places=[TOWN])
    serve(south, organisation, places=[TOWN])
    services.attribute(sector=south, organisation=other)
    services.attribute(sector=south, organisation=OrganisationFactory(department=department))
    assert serving(in_valence(), department).most_relevant == {organisation.pk}


def test_an_agent_alone_makes_no_organisation_relevant(department, north, organisation, agent):
    serve(north, organisation, agent, places=[TOWN])
    assert serving(in_valence(), department).most_relevant == frozenset()


def test_without_an_address_the_motifs_of_the_department_remain(north, organisation, usager):
    open_to_all, of_sectors = motif(organisation), motif(organisation, SectorisationLevel.ORGANISATION)
    assert eligible([open_to_all, of_sectors], usager, location=None) == [(open_to_all, None)]


def test_when_the_address_opens_nothing_sectors_are_left_aside(organisation, usager):
    levels = (SectorisationLevel.ORGANISATION, SectorisationLevel.AGENT)
    sectorised = [motif(organisation, level) for level in levels]
    assert eligible(sectorised, usager, location=None) == [(one, None) for one in sectorised]


def test_a_motif_for_referents_is_received_by_the_persons_own(organisation, agent, usager):
    kept = motif(organisation, referent_only=True)
    usager.referents.add(agent)
    UsagerFactory(department=organisation.department).referents.add(AgentFactory(organisation=organisation))
    assert eligible([kept], usager) == [(kept, {agent.pk})]


def test_without_a_referent_there_is_no_motif_for_referents(organisation, usager):
    assert eligible([motif(organisation, referent_only=True)], usager) == []


def test_a_referent_of_another_organisation_does_not_open_this_ones_motif(organisation, other, usager):
    usager.referents.add(AgentFactory(organisation=other))
    assert eligible([motif(organisation, referent_only=True)], usager) == []


def test_a_referent_receives_wherever_the_person_lives(north, organisation, agent, usager):
    kept = motif(organisation, SectorisationLevel.ORGANISATION, referent_only=True)
    open_to_all = motif(organisation)
    usager.referents.add(agent)
    assert eligible([kept, open_to_all], usager, location=in_valence()) == [
        (kept, {agent.pk}),
        (open_to_all, None),
    ]


def test_referents_stay_when_sectors_are_left_aside(organisation, agent, usager):
    kept = motif(organisation, referent_only=True)
    of_sectors = motif(organisation, SectorisationLevel.ORGANISATION)
    assert eligible([kept, of_sectors], usager) == [(of_sectors, None)]


@pytest.mark.parametrize("count", [1, 20])
def test_eligibility_takes_three_queries_whatever_the_number(
    north, organisation, agent, count, django_assert_num_queries
):
    motifs = [
        motif(organisation, SectorisationLevel.ORGANISATION),
        motif(organisation, SectorisationLevel.AGENT),
        motif(organisation, referent_only=True),
    ]
    serve(north, organisation, places=[TOWN])
    usagers = [UsagerFactory(department=organisation.department) for _ in range(count)]
    for usager in usagers:
        usager.referents.add(agent)
    with django_assert_num_queries(3):
        found = eligible_several(motifs, usagers, locations={one.pk: in_valence() for one in usagers})
    assert [len(one) for one in found.values()] == [2] * count
