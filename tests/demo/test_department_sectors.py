"""The demonstration shows a street taken out of its town, and sectors that several serve."""

import pytest

from demo.department.sectors import create_sectors
from demo.department.structures import Structures, create_structures
from rdv_insertion.agenda.sectors import serving
from rdv_insertion.territory.addresses import locate


@pytest.fixture
def structures(db: None) -> Structures:
    made = create_structures()
    create_sectors(made)
    return made


@pytest.mark.parametrize(
    ("address", "organisations", "agents"),
    [
        ("8 rue Pasteur, 26000 Valence", {"valence"}, set()),
        ("8 rue du Vercors, 26000 Valence", set(), {"elodie.perrin", "julien.roche"}),
        ("1 rue Pasteur, 26150 Die", {"die"}, {"nadia.cherif"}),
        ("26100 Romans", {"valence", "romans"}, set()),
        ("26200 Montélimar", {"montelimar"}, set()),
        ("26190 Saint-Jean-en-Royans", set(), set()),
    ],
)
def test_each_address_of_the_demonstration_is_served_as_it_says(structures, address, organisations, agents):
    found = serving(locate(address, structures.department), structures.department)
    assert {slug for slug, one in structures.organisations.items() if one.pk in found.organisations} == (
        organisations
    )
    named = found.agents_in(structures.organisations["valence"].pk)
    assert {key for key, one in structures.agents.items() if one.pk in named} == agents
