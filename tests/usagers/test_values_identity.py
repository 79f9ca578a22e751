"""The typed values of a person, together."""

from dataclasses import FrozenInstanceError
from datetime import date

import pytest

from rdv_insertion.usagers.identity import ATTRIBUTES, Identity

KNOWN = {"last_name": "Delaunay", "birth_date": date(1985, 4, 3), "phone_number": "+33782605940"}


def test_a_person_made_at_once_is_the_one_that_the_constructor_makes() -> None:
    made, built = Identity.of(KNOWN), Identity(**KNOWN)
    assert (made, hash(made), repr(made)) == (built, hash(built), repr(built))
    assert all(getattr(made, name) == KNOWN.get(name) for name in ATTRIBUTES)


def test_a_person_made_at_once_shares_nothing_and_does_not_change() -> None:
    known = dict(KNOWN)
    person = Identity.of(known)
    known["last_name"] = "Martin"
    assert person.last_name == "Delaunay"
    with pytest.raises(FrozenInstanceError):
        person.last_name = "Martin"  # type: ignore[misc]


def test_what_is_known_comes_in_the_order_of_the_attributes_without_blanks() -> None:
    person = Identity.of({"phone_number": "+33782605940", "email": "", "nir": None, "last_name": "Delaunay"})
    assert list(person.known().items()) == [("last_name", "Delaunay"), ("phone_number", "+33782605940")]


def test_a_person_survives_storage() -> None:
    person = Identity.of(KNOWN)
    assert Identity.from_json(person.as_json()) == person


def test_an_organisation_that_may_hold_everything_takes_the_person_as_is() -> None:
    person = Identity(nir="185042636212372", department_internal_id="4521", last_name="Delaunay")
    assert person.allowed_for("conseil_departemental") == person
    assert person.allowed_for("delegataire_rsa").nir is None
    assert person.allowed_for("siae") == Identity(last_name="Delaunay")
