"""What a file, a form or the API says about a person, once understood."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Self

from rdv_insertion.territory.enums import OrganisationType

# Attributes that some organisations may never hold (design/domain.md § Who is this person).
_FORBIDDEN: Mapping[str, frozenset[str]] = {
    OrganisationType.CONSEIL_DEPARTEMENTAL: frozenset(),
    OrganisationType.FRANCE_TRAVAIL: frozenset(),
    OrganisationType.DELEGATAIRE_RSA: frozenset({"nir"}),
    OrganisationType.SIAE: frozenset({"nir", "department_internal_id"}),
    OrganisationType.AUTRE: frozenset({"nir", "department_internal_id"}),
}

LABELS: Mapping[str, str] = {
    "title": "Civilité",
    "last_name": "Nom",
    "first_name": "Prénom",
    "birth_name": "Nom de naissance",
    "birth_date": "Date de naissance",
    "role": "Rôle",
    "affiliation_number": "Numéro CAF ou MSA",
    "nir": "NIR",
    "department_internal_id": "Identifiant interne",
    "france_travail_id": "Identifiant France Travail",
    "email": "Adresse mail",
    "phone_number": "Téléphone",
    "address": "Adresse",
    "rights_opening_date": "Date d'ouverture des droits",
}


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Typed values of a person; None where nothing is known. Phones are E.164, the NIR has 15 characters."""

    title: str | None = None
    last_name: str | None = None
    first_name: str | None = None
    birth_name: str | None = None
    birth_date: date | None = None
    role: str | None = None
    affiliation_number: str | None = None
    nir: str | None = None
    department_internal_id: str | None = None
    france_travail_id: str | None = None
    email: str | None = None
    phone_number: str | None = None
    address: str | None = None
    rights_opening_date: date | None = None

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Self:
        """The person of whom `known` is known, as the constructor makes it, in a tenth of the time.

        The constructor of a frozen class sets fourteen attributes one by one; here those that are not known
        are left to the defaults of the class, which is why the class has no slots.
        """
        person = cls.__new__(cls)
        person.__dict__.update(known)
        return person

    @property
    def is_reachable_by_a_key(self) -> bool:
        """Whether something other than the name tells this person from another (design/domain.md)."""
        return bool(
            self.nir
            or self.department_internal_id
            or self.email
            or self.phone_number
            or (self.affiliation_number and self.role)
        )

    def known(self) -> dict[str, Any]:
        """The attributes that are known: what a file may write, since blanks never erase."""
        held = self.__dict__
        return {name: value for name in ATTRIBUTES if (value := held.get(name))}

    def allowed_for(self, organisation_type: str) -> Self:
        """The same person without what this type of organisation may not hold."""
        forbidden = forbidden_attributes(organisation_type)
        return replace(self, **dict.fromkeys(forbidden)) if forbidden else self

    def only(self, attributes: Collection[str]) -> Self:
        """The same person with nothing but these attributes."""
        return self.without([name for name in ATTRIBUTES if name not in attributes])

    def without(self, attributes: Collection[str]) -> Self:
        """The same person without these attributes."""
        return replace(self, **dict.fromkeys(attributes)) if attributes else self

    def completed_by(self, other: "Identity") -> Self:
        """This person, with the blanks filled from `other` (two rows of one file, one person)."""
        return replace(
            self, **{name: value for name, value in other.known().items() if not getattr(self, name)}
        )

    def as_json(self) -> dict[str, Any]:
        """For storage: dates in ISO."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in self.known().items()
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Reverse `as_json`."""
        dates = {name: date.fromisoformat(stored[name]) for name in _DATES if stored.get(name)}
        return cls.of({**stored, **dates})


ATTRIBUTES: tuple[str, ...] = tuple(field.name for field in fields(Identity))
_DATES = ("birth_date", "rights_opening_date")


def forbidden_attributes(organisation_type: str) -> frozenset[str]:
    """The attributes that an organisation of this type never sees nor stores."""
    return _FORBIDDEN[organisation_type]
