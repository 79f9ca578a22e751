"""Made-up people: names of many origins, ages, households that share one CAF number, phones of fiction."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from demo.department.names import ORIGINS, STREETS, TOWNS
from rdv_insertion.kernel import nir
from rdv_insertion.kernel.text import fold
from rdv_insertion.usagers.enums import Role, Title
from rdv_insertion.usagers.identity import Identity

_COUPLE_EVERY = 8


class People:
    """Gives one new person after another, never twice the same name, phone or number."""

    def __init__(self, generator: random.Random, *, today: date) -> None:
        self._random = generator
        self._today = today
        self._names: set[str] = set()
        self._numbers = 0
        self._phones = iter(generator.sample(range(1_000, 10_000), 9_000))

    def several(self, count: int, organisation: str, *, arrived_on: date) -> list[Identity]:
        """Households that make `count` people in all; the last couple may be cut."""
        people: list[Identity] = []
        while len(people) < count:
            people += self._household(organisation, arrived_on)
        return people[:count]

    def _household(self, organisation: str, arrived_on: date) -> Iterator[Identity]:
        """One person or, one time in eight, a couple, who live in the area of `organisation`."""
        first = self._person(organisation, arrived_on)
        yield first
        if self._random.randrange(_COUPLE_EVERY) == 0:
            yield self._partner(first, arrived_on)

    def _person(self, organisation: str, arrived_on: date) -> Identity:
        self._numbers += 1
        man = self._random.random() < 0.49
        first_name, last_name = self._new_name(man)
        birth_date = self._birth_date(18, 64)
        title = Title.MONSIEUR if man else Title.MADAME
        return Identity(
            title=title,
            first_name=first_name,
            last_name=last_name,
            birth_name=self._birth_name(man),
            birth_date=birth_date,
            role=Role.DEMANDEUR,
            affiliation_number=f"{4_260_000 + 37 * self._numbers}",
            nir=self._nir(title, birth_date),
            department_internal_id=f"26-{10_000 + self._numbers}" if self._random.random() < 0.8 else None,
            france_travail_id=self._france_travail_id(),
            email=self._email(first_name, last_name),
            phone_number=self._phone(),
            address=self._address(organisation),
            rights_opening_date=arrived_on - timedelta(days=self._random.randrange(4, 45)),
        )

    def _partner(self, first: Identity, arrived_on: date) -> Identity:
        """The other adult of the household: same CAF number and address, own name and phone."""
        partner = self._person("valence", arrived_on)
        man = first.title == Title.MADAME
        first_name, other_name = self._new_name(man)
        last_name = first.last_name if self._random.random() < 0.6 else other_name
        title = Title.MONSIEUR if man else Title.MADAME
        return replace(
            partner,
            title=title,
            first_name=first_name,
            last_name=last_name,
            birth_name=self._birth_name(man),
            role=Role.CONJOINT,
            affiliation_number=first.affiliation_number,
            nir=self._nir(title, partner.birth_date or self._today),
            email=self._email(first_name, str(last_name)) if partner.email else None,
            address=first.address,
            rights_opening_date=first.rights_opening_date,
        )

    def _address(self, organisation: str) -> str | None:
        """Where they live; a few have no address at all."""
        if self._random.random() < 0.04:
            return None
        street, town = self._random.choice(STREETS), self._random.choice(TOWNS[organisation])
        return f"{self._random.randrange(1, 90)} {street}, {town}"

    def _new_name(self, man: bool) -> tuple[str, str]:
        while True:
            origin = self._random.choices(ORIGINS, [one.weight for one in ORIGINS])[0]
            first_name = self._random.choice(origin.men if man else origin.women)
            last_name = self._random.choice(origin.families)
            if f"{first_name} {last_name}" not in self._names:
                self._names.add(f"{first_name} {last_name}")
                return first_name, last_name.replace("-", " ")

    def _birth_name(self, man: bool) -> str | None:
        return None if man or self._random.random() < 0.7 else self._random.choice(ORIGINS[0].families)

    def _birth_date(self, youngest: int, oldest: int) -> date:
        age_in_days = int(self._random.triangular(youngest, oldest, 36) * 365.25) + 2
        return self._today - timedelta(days=age_in_days)

    def _nir(self, title: str, birth_date: date) -> str | None:
        """Unknown for some; the order number makes each one different."""
        sex = 1 if title == Title.MONSIEUR else 2
        place = self._random.choice(("26", "26", "26", "07", "38", "69", "84", "13", "42", "2A", "99"))
        town, order = self._random.randrange(1, 400), len(self._names) % 1000
        number = f"{sex}{birth_date:%y%m}{place}{town:03d}{order:03d}"
        return nir.normalise(number) if self._random.random() < 0.8 else None

    def _france_travail_id(self) -> str | None:
        if self._random.random() < 0.6:
            return None
        return f"{self._random.randrange(10**6, 10**7)}{self._random.choice('ABCDEFGHKLMNPRSTW')}"

    def _email(self, first_name: str, last_name: str) -> str | None:
        if self._random.random() < 0.25:
            return None
        return f"{fold(first_name)}.{fold(last_name)}@example.org".replace(" ", "-")

    def _phone(self) -> str | None:
        """A mobile for most, a fixed line for a few, nothing for some."""
        number, draw = next(self._phones), self._random.random()
        if draw < 0.10:
            return None
        return f"+3346571{number:04d}" if draw < 0.16 else f"+3363998{number:04d}"
