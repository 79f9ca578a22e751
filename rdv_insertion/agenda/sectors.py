"""Who serves an address: from a place to sectors, organisations and agents.

A rule about a street wins over the rules about its town: a town may be cut between two sectors by naming the
streets of one only. A place in two sectors is served by both. An agent who is named for a sector does not
make their whole organisation serve it. Two queries, whatever the number of addresses.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q

from rdv_insertion.agenda.enums import ZoneLevel
from rdv_insertion.agenda.models import SectorAttribution, Zone
from rdv_insertion.agents.models import AgentRole
from rdv_insertion.territory.addresses import Location
from rdv_insertion.territory.models import Department

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Serving:
    """Who serves one address, and by which zones."""

    # The zones that decided, each with its sector: all streets, or all towns; none when nobody serves.
    zones: tuple[Zone, ...] = ()
    attributions: tuple[SectorAttribution, ...] = ()
    organisations: frozenset[int] = frozenset()
    # By organisation, the agents named themselves.
    agents: Mapping[int, frozenset[int]] = field(default_factory=dict)

    @property
    def level(self) -> ZoneLevel | None:
        """Whether a rule about the street or one about the town decided; None when there is none."""
        return ZoneLevel(self.zones[0].level) if self.zones else None

    @property
    def most_relevant(self) -> frozenset[int]:
        """The organisations of the sector that the fewest organisations serve: the closest to the address."""
        by_sector: defaultdict[int, set[int]] = defaultdict(set)
        for one in self.attributions:
            if one.agent_id is None:
                by_sector[one.sector_id].add(one.organisation_id)
        return frozenset(min(by_sector.values(), key=len, default=()))

    def agents_in(self, organisation_id: int) -> frozenset[int]:
        """The agents of this organisation who are named for the address."""
        return self.agents.get(organisation_id, frozenset())


def serving(location: Location | None, department: Department) -> Serving:
    """Who serves this place of the department; nobody for a place elsewhere, or unknown. Two queries."""
    return serving_several({0: location}, department)[0]


def serving_several(locations: Mapping[Key, Location | None], department: Department) -> dict[Key, Serving]:
    """The same for many places at once, by their keys. Two queries."""
    inside = {
        key: location
        for key, location in locations.items()
        if location and location.department_number == department.number
    }
    zones = _zones(inside.values(), department)
    deciding = {key: _deciding(location, zones) for key, location in inside.items()}
    attributions = _attributions({zone.sector_id for several in deciding.values() for zone in several})
    return {key: _serving(deciding.get(key, ()), attributions) for key in locations}


def _zones(locations: Iterable[Location], department: Department) -> dict[str, list[Zone]]:
    """The zones of the towns of these places, by INSEE code."""
    codes = {code for location in locations for code in location.city_codes}
    zones: defaultdict[str, list[Zone]] = defaultdict(list)
    if codes:
        for zone in Zone.objects.filter(sector__department=department, city_code__in=codes).select_related(
            "sector"
        ):
            zones[zone.city_code].append(zone)
    return zones


def _deciding(location: Location, zones: Mapping[str, Sequence[Zone]]) -> tuple[Zone, ...]:
    around = [zone for code in location.city_codes for zone in zones.get(code, ())]
    streets = tuple(zone for zone in around if zone.level == ZoneLevel.STREET and _is_in(location, zone))
    return streets or tuple(zone for zone in around if zone.level == ZoneLevel.CITY)


def _is_in(location: Location, zone: Zone) -> bool:
    """By the codes of the national base when both are known, else by the name of the street."""
    if location.street_code and zone.street_code:
        return location.street_code == zone.street_code
    return bool(location.street_key) and location.street_key == zone.street_key


def _attributions(sector_ids: Iterable[int]) -> dict[int, list[SectorAttribution]]:
    """Of open organisations and of agents who still work there, by sector."""
    ids = set(sector_ids)
    found: defaultdict[int, list[SectorAttribution]] = defaultdict(list)
    if not ids:
        return found
    still_there = AgentRole.objects.filter(agent=OuterRef("agent"), organisation=OuterRef("organisation"))
    attributions = SectorAttribution.objects.filter(
        Q(agent=None) | Q(Exists(still_there), agent__is_active=True),
        sector__in=ids,
        organisation__archived_at=None,
    )
    for attribution in attributions.select_related("organisation", "agent").order_by(
        "organisation__name", "agent__last_name", "pk"
    ):
        found[attribution.sector_id].append(attribution)
    return found


def _serving(zones: Sequence[Zone], attributions: Mapping[int, Sequence[SectorAttribution]]) -> Serving:
    sectors = dict.fromkeys(zone.sector_id for zone in zones)
    serve = [one for sector_id in sectors for one in attributions.get(sector_id, ())]
    agents: defaultdict[int, set[int]] = defaultdict(set)
    for one in serve:
        if one.agent_id:
            agents[one.organisation_id].add(one.agent_id)
    return Serving(
        tuple(zones),
        tuple(serve),
        frozenset(one.organisation_id for one in serve if one.agent_id is None),
        {organisation_id: frozenset(several) for organisation_id, several in agents.items()},
    )
