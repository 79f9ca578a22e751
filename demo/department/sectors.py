"""Who serves which part of the department: towns, one street apart, organisations and agents."""

from collections.abc import Mapping, Sequence

from demo.department.structures import Structures
from rdv_insertion.agenda.services.sectors import Place, add_zone, attribute, save_sector

# Name, INSEE codes of the towns, then who serves: organisations, or agents of one of them.
SECTORS: Mapping[str, tuple[str, Sequence[str], Sequence[str]]] = {
    "valence-agglo": (
        "Valence et son agglomération",
        ("26362", "26058", "26252", "26064", "26165", "26166"),
        ("valence",),
    ),
    "romans-bourg-de-peage": (
        "Romans et Bourg-de-Péage",
        ("26281", "26057", "26139"),
        ("valence", "romans"),
    ),
    "diois": ("Diois", ("26113", "26086", "26167", "26108"), ("die", "valence:nadia.cherif")),
    "montelimar-nyons": (
        "Montélimar, Nyons et Tricastin",
        ("26198", "26235", "26324", "26220", "26114"),
        ("montelimar",),
    ),
    "valence-le-haut": ("Valence-le-Haut", (), ("valence:elodie.perrin", "valence:julien.roche")),
}
# A street that its own sector takes out of the town's.
_STREET = ("valence-le-haut", Place("26362", "Rue du Vercors", "26362_0050"))


def create_sectors(structures: Structures) -> None:
    """Draw the sectors and say who serves them."""
    for human_id, (name, codes, receivers) in SECTORS.items():
        sector = save_sector(department=structures.department, name=name, human_id=human_id)
        for code in codes:
            add_zone(sector=sector, place=Place(code))
        for receiver in receivers:
            slug, _, agent = receiver.partition(":")
            attribute(
                sector=sector,
                organisation=structures.organisations[slug],
                agent=structures.agents[agent] if agent else None,
            )
        if human_id == _STREET[0]:
            add_zone(sector=sector, place=_STREET[1])
