"""Drawing the sectors of a department and saying who serves them: one transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from rdv_insertion.agenda.enums import ZoneLevel
from rdv_insertion.agenda.models import Sector, SectorAttribution, Zone
from rdv_insertion.agenda.zone_files import Action, Plan
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel.text import squish
from rdv_insertion.territory.addresses import towns
from rdv_insertion.territory.addresses.lines import street_key
from rdv_insertion.territory.models import Department, Organisation

_BATCH = 1_000


class Refused(Exception):
    """The sector cannot be drawn so. The text is a French sentence."""


@dataclass(frozen=True)
class Place:
    """A town by its INSEE code, or one of its streets by name, with its national code if known."""

    city_code: str
    street_name: str = ""
    street_code: str = ""


@transaction.atomic
def save_sector(*, department: Department, name: str, human_id: str, sector: Sector | None = None) -> Sector:
    """Create a sector, or rename `sector`. Raises ValidationError when the identifier is taken."""
    saved = sector or Sector(department=department)
    saved.name, saved.human_id = squish(name), squish(human_id)
    saved.full_clean()
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError as error:
        # Somebody else took the identifier at the same moment: said as when it is seen before.
        raise ValidationError("Un secteur de ce département porte déjà cet identifiant.") from error
    return saved


@transaction.atomic
def delete_sector(*, sector: Sector) -> None:
    """Delete a sector with its zones and attributions: its towns are served by nobody, or by the others."""
    sector.delete()


@transaction.atomic
def add_zone(*, sector: Sector, place: Place) -> Zone:
    """Add a town or a street of the sector's department.

    Raises Refused for an unknown town, one of another department, a street without name, or a zone that the
    sector has already.
    """
    town = towns.by_code(place.city_code)
    if town is None:
        raise Refused("Cette commune n'existe pas. Choisissez-la dans la liste.")
    if town.department != sector.department.number:
        raise Refused(f"{town.name} n'est pas dans le département {sector.department}.")
    street = squish(place.street_name)
    if place.street_code and not street_key(street):
        raise Refused("Donnez le nom de la rue.")
    zone = Zone(
        sector=sector,
        level=ZoneLevel.STREET if street_key(street) else ZoneLevel.CITY,
        city_code=town.code,
        city_name=town.name,
        street_name=street if street_key(street) else "",
        street_code=place.street_code if place.street_code.startswith(f"{town.code}_") else "",
        street_key=street_key(street),
    )
    return _insert(zone)


def _insert(zone: Zone) -> Zone:
    try:
        zone.full_clean()
        with transaction.atomic():
            zone.save()
    except ValidationError as error:
        raise Refused(error.messages[0]) from error
    except IntegrityError as error:
        raise Refused("Cette zone est déjà dans ce secteur.") from error
    return zone


@transaction.atomic
def remove_zone(*, zone: Zone) -> Place:
    """Take a zone out of its sector; what `add_zone` needs to put it back."""
    place = Place(zone.city_code, zone.street_name, zone.street_code)
    zone.delete()
    return place


@transaction.atomic
def attribute(*, sector: Sector, organisation: Organisation, agent: Agent | None = None) -> SectorAttribution:
    """Have an organisation of the department, or one of its agents alone, serve a sector.

    Attributing it twice changes nothing. Raises Refused for somebody of another department or organisation.
    """
    if organisation.department_id != sector.department_id:
        raise Refused("Cette organisation n'est pas du département.")
    if agent and not agent.roles.filter(organisation=organisation).exists():
        raise Refused(f"{agent} ne travaille pas dans cette organisation.")
    attribution, _ = SectorAttribution.objects.get_or_create(
        sector=sector, organisation=organisation, agent=agent
    )
    return attribution


@transaction.atomic
def remove_attribution(*, attribution: SectorAttribution) -> None:
    """Have somebody no longer serve a sector."""
    attribution.delete()


@transaction.atomic
def apply(*, plan: Plan) -> dict[Action, int]:
    """Write what a plan announces, all or nothing; how many zones of each kind. Refused rows are left out."""
    sectors = {sector.human_id: sector for sector in Sector.objects.filter(department=plan.department)}
    missing = [human_id for human_id in plan.sectors_to_create if human_id not in sectors]
    if missing:
        Sector.objects.bulk_create(
            [Sector(department=plan.department, name=human_id, human_id=human_id) for human_id in missing],
            ignore_conflicts=True,
        )
        created = Sector.objects.filter(department=plan.department, human_id__in=missing)
        sectors |= {sector.human_id: sector for sector in created}
    zones = [
        Zone(sector=sectors[row.sector_id], **row.values)
        for row in plan.rows
        if row.action in (Action.CREATE, Action.UPDATE)
    ]
    Zone.objects.bulk_create(
        zones,
        update_conflicts=True,
        unique_fields=["sector", "city_code", "street_key"],
        update_fields=["city_name", "street_name", "street_code"],
        batch_size=_BATCH,
    )
    return plan.counts


def rows_of(sectors: Sequence[Sector]) -> list[list[str]]:
    """The zones of sectors as the rows of a file that `zone_files.plan` reads back. One query."""
    zones = Zone.objects.filter(sector__in=sectors).select_related("sector")
    return [
        [zone.sector.human_id, zone.city_code, zone.city_name, zone.street_name, zone.street_code]
        for zone in zones.order_by("sector__human_id", "city_name", "street_name", "pk")
    ]
