from datetime import UTC, date, datetime

import pytest
from django.db import DataError, transaction

from rdv_insertion.agenda.models import Motif
from rdv_insertion.kernel.bulk import update_columns
from rdv_insertion.usagers.models import Usager
from tests.factories import DepartmentFactory, MotifFactory, PlageOuvertureFactory, UsagerFactory, valid_nir

pytestmark = pytest.mark.django_db


def test_each_row_gets_its_own_values_encrypted_dates_and_blanks_included(django_assert_num_queries) -> None:
    people = UsagerFactory.create_batch(3)
    for number, person in enumerate(people):
        person.last_name, person.nir, person.birth_date = (
            f"Nom, {number} \"'{{}}\\",
            valid_nir(500 + number),
            None,
        )
        person.updated_at = datetime(2026, 3, 29, 1, number, tzinfo=UTC)
    people[2].nir, people[2].birth_date = None, date(1985, 4, 3)
    with django_assert_num_queries(1):
        update_columns(people, ["last_name", "nir", "birth_date", "updated_at"])
    for written, person in zip(Usager.objects.order_by("id"), people, strict=True):
        assert written.identity == person.identity
        assert written.updated_at == person.updated_at


def test_other_columns_and_other_rows_are_left_alone() -> None:
    one, other = UsagerFactory.create_batch(2)
    before = other.identity
    one.last_name, one.first_name = "Écrit", "Pas écrit"
    update_columns([one], ["last_name"])
    written = Usager.objects.get(pk=one.pk)
    assert (written.last_name, written.first_name != "Pas écrit") == ("Écrit", True)
    assert Usager.objects.get(pk=other.pk).identity == before


def test_foreign_keys_and_durations_travel_too() -> None:
    motif, other = MotifFactory.create_batch(2)
    motif.organisation, motif.pause = other.organisation, other.duration
    update_columns([motif], ["organisation", "pause"])
    written = Motif.objects.get(pk=motif.pk)
    assert (written.organisation, written.pause) == (other.organisation, other.duration)


def test_a_row_deleted_meanwhile_does_not_come_back() -> None:
    person = UsagerFactory()
    Usager.objects.all().delete()
    update_columns([person], ["last_name"])
    assert not Usager.objects.exists()


def test_what_is_too_long_is_refused_rather_than_cut() -> None:
    person = UsagerFactory()
    person.last_name = "é" * 101
    with pytest.raises(DataError, match="too long"), transaction.atomic():
        update_columns([person], ["last_name"])


def test_nothing_to_write_costs_nothing(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        update_columns([], ["last_name"])


@pytest.mark.parametrize("row", [DepartmentFactory, PlageOuvertureFactory])
def test_a_column_of_lists_is_refused_rather_than_mixed_up(row) -> None:
    lists = {"Department": "disabled_matching_rules", "PlageOuverture": "exception_dates"}
    one = row()
    with pytest.raises(TypeError, match="lists"):
        update_columns([one], [lists[type(one).__name__]])
