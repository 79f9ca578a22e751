"""For which motifs a person may be received, and by whom.

The address decides for motifs kept for sectors (`agenda.sectors`), the referents for those kept for them.
Nobody is left without an answer because an address is unknown or badly written.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rdv_insertion.agenda.enums import SectorisationLevel
from rdv_insertion.agenda.models import Motif
from rdv_insertion.agenda.sectors import Serving, serving_several
from rdv_insertion.agents.models import AgentRole
from rdv_insertion.territory import addresses
from rdv_insertion.territory.addresses import Location
from rdv_insertion.usagers.models import Usager

# A motif, and the agents who may receive for it; None for any agent.
Eligible = tuple[Motif, frozenset[int] | None]


def eligible(motifs: Iterable[Motif], usager: Usager, *, location: Location | None = None) -> list[Eligible]:
    """The motifs for which `usager` may be received, each with the agents who may receive them.

    `location` is where the person lives, None when it is not known. A motif of the whole department is for
    everybody; one of the sectors of an organisation, or of its agents, is for the addresses they serve; one
    kept for referents is for the person's own referents, wherever the person lives. When the address opens
    nothing at all, sectors are left aside. Three queries at most; `motif.organisation` is not read.
    """
    return eligible_several(motifs, [usager], locations={usager.pk: location})[usager.pk]


def location_of(usager: Usager, motifs: Iterable[Motif], *, now: datetime) -> Location | None:
    """Where the person lives, as far as it is known without any network; asked only when a motif needs it.

    The national address base is asked beforehand, by a job (`invitations.tasks.locate_invited`). One query.
    """
    if not usager.address or not depends_on_address(motifs):
        return None
    return addresses.locate_several([usager.address], usager.department, now=now)[usager.address]


def depends_on_address(motifs: Iterable[Motif]) -> bool:
    """Whether one of these motifs is kept for some sectors."""
    return any(motif.sectorisation_level != SectorisationLevel.DEPARTEMENT for motif in motifs)


def eligible_several(
    motifs: Iterable[Motif], usagers: Sequence[Usager], *, locations: Mapping[int, Location | None]
) -> dict[int, list[Eligible]]:
    """The same for many people of one department, by their ids. Three queries at most."""
    asked = list(motifs)
    served = _serving(asked, usagers, locations)
    referents = _referents(asked, usagers)
    return {usager.pk: _of(asked, usager.pk, served[usager.pk], referents) for usager in usagers}


# Organisation and person, to the referents who work there.
_Referents = Mapping[tuple[int, int], frozenset[int]]


def _of(motifs: Sequence[Motif], usager_id: int, served: Serving, referents: _Referents) -> list[Eligible]:
    possible = [
        motif
        for motif in motifs
        if not motif.referent_only or referents.get((motif.organisation_id, usager_id))
    ]
    found: list[Eligible] = []
    for motif in possible:
        receivers = (
            referents[motif.organisation_id, usager_id] if motif.referent_only else _by_sector(motif, served)
        )
        if receivers is None or receivers:
            found.append((motif, receivers))
    return found or [(motif, None) for motif in possible]


def _by_sector(motif: Motif, served: Serving) -> frozenset[int] | None:
    """Who may receive for this motif at this address: None for anybody, an empty set for nobody."""
    level = motif.sectorisation_level
    if level == SectorisationLevel.AGENT:
        return served.agents_in(motif.organisation_id)
    everybody = level == SectorisationLevel.DEPARTEMENT or motif.organisation_id in served.organisations
    return None if everybody else frozenset()


def _serving(
    motifs: Sequence[Motif], usagers: Sequence[Usager], locations: Mapping[int, Location | None]
) -> dict[int, Serving]:
    """Asked only when a motif depends on it."""
    sectorised = any(
        motif.sectorisation_level != SectorisationLevel.DEPARTEMENT and not motif.referent_only
        for motif in motifs
    )
    if not sectorised or not usagers:
        return {usager.pk: Serving() for usager in usagers}
    return serving_several({usager.pk: locations.get(usager.pk) for usager in usagers}, usagers[0].department)


def _referents(motifs: Sequence[Motif], usagers: Sequence[Usager]) -> _Referents:
    """Asked only when a motif depends on it: the referents who may log in and work in its organisation."""
    organisations = {motif.organisation_id for motif in motifs if motif.referent_only}
    found: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    if organisations:
        roles = AgentRole.objects.filter(
            organisation__in=organisations, agent__is_active=True, agent__followed_usagers__in=usagers
        )
        for organisation_id, usager_id, agent_id in roles.values_list(
            "organisation_id", "agent__followed_usagers", "agent_id"
        ):
            found[organisation_id, usager_id].add(agent_id)
    return {key: frozenset(several) for key, several in found.items()}
