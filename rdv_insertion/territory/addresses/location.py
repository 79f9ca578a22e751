"""A place in a town, as far as it is known."""

from dataclasses import dataclass
from enum import StrEnum

from rdv_insertion.territory.addresses import towns
from rdv_insertion.territory.addresses.lines import street_key


class Source(StrEnum):
    """Who found a place."""

    NATIONAL_BASE = "base nationale"
    LOCAL = "liste des communes"


@dataclass(frozen=True)
class Location:
    """A town, and its street when it is known."""

    label: str
    city_code: str
    city: str
    postcode: str = ""
    street: str = ""
    # INSEE code then the street in the national base: `26362_1234`; empty when only its name is known.
    street_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    source: Source = Source.LOCAL

    @property
    def street_key(self) -> str:
        """The name of the street as it is compared."""
        return street_key(self.street)

    @property
    def city_codes(self) -> tuple[str, ...]:
        """The INSEE code of the town; in Paris, Lyon and Marseille the arrondissement's, then the town's."""
        return towns.codes_around(self.city_code)

    @property
    def department_number(self) -> str:
        """The number of the department it is in."""
        return towns.department_of(self.city_code)


def label_of(*, street: str, postcode: str, city: str) -> str:
    """`Rue de la Gare, 26000 Valence`, without what is not known."""
    return ", ".join(part for part in (street, f"{postcode} {city}".strip()) if part)


def of_town(town: towns.Town, *, postcode: str = "", street: str = "") -> Location:
    """A town of the local list, with the street as it was typed."""
    known = postcode if postcode in town.postcodes else next(iter(town.postcodes), postcode)
    label = label_of(street=street, postcode=known, city=town.name)
    return Location(label, town.code, town.name, known, street)
