"""Where an address is: memory, national base over a real socket, then the local list."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from rdv_insertion.territory import tasks
from rdv_insertion.territory.addresses import (
    Source,
    Wanted,
    locate,
    locate_several,
    national,
    suggest,
)
from rdv_insertion.territory.models import GeocodedAddress
from tests.addresses import Behaviour

ADDRESS = "12 rue Pasteur 26000 Valence"


def test_the_national_base_gives_the_street_and_its_code(address_base, department):
    found = locate(ADDRESS, department)
    assert (found.city_code, found.street, found.street_code) == ("26362", "Rue Pasteur", "26362_0020")
    assert found.source == Source.NATIONAL_BASE


def test_a_street_without_number_has_the_same_code_as_its_houses(address_base, department):
    assert locate("rue Pasteur 26000 Valence", department).street_code == "26362_0020"


def test_a_town_alone_has_no_street(address_base, department):
    found = locate("26150 Die", department)
    assert (found.city_code, found.street, found.street_code) == ("26113", "", "")


def test_the_same_address_is_asked_once(address_base, department):
    first = locate(ADDRESS, department)
    assert locate("12, RUE PASTEUR — 26000 valence", department) == first
    assert len(address_base.asked) == 1


def test_what_is_remembered_names_neither_the_text_nor_the_house(address_base, department):
    locate(ADDRESS, department)
    [kept] = GeocodedAddress.objects.values()
    assert "12" not in {kept["street"], kept["city"]}
    assert "pasteur" not in kept["key"]
    assert kept["latitude"] == round(kept["latitude"], 3)


@pytest.mark.parametrize(("days", "asked"), [(179, 1), (181, 2)])
def test_an_answer_is_believed_for_180_days(address_base, department, days, asked):
    now = timezone.now()
    locate(ADDRESS, department, now=now)
    locate(ADDRESS, department, now=now + timedelta(days=days))
    assert len(address_base.asked) == asked


@pytest.mark.parametrize(("days", "asked"), [(6, 1), (8, 2)])
def test_an_unknown_address_is_asked_again_after_a_week(address_base, department, days, asked):
    now = timezone.now()
    assert locate("12 rue Inconnue 26000 Valence", department, now=now).source == Source.LOCAL
    locate("12 rue Inconnue 26000 Valence", department, now=now + timedelta(days=days))
    assert len(address_base.asked) == asked


def test_old_answers_are_deleted(address_base, department):
    now = timezone.now()
    locate(ADDRESS, department, now=now - timedelta(days=181))
    locate("12 rue Inconnue 26000 Valence", department, now=now - timedelta(days=8))
    locate("rue Pasteur 26150 Die", department, now=now - timedelta(days=8))
    tasks.forget_old_addresses(timestamp=0)
    assert GeocodedAddress.objects.get().city_code == "26113"


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour.SERVER_ERROR,
        Behaviour.TOO_MANY_REQUESTS,
        Behaviour.GARBAGE,
        Behaviour.TAKE_THEN_GARBAGE,
        Behaviour.HANG,
    ],
)
def test_trouble_with_the_base_falls_back_on_the_local_list(address_base, department, behaviour):
    address_base.script.always(behaviour)
    found = locate(ADDRESS, department)
    assert (found.city_code, found.street_key, found.source) == ("26362", "rue pasteur", Source.LOCAL)
    assert not GeocodedAddress.objects.exists()


def test_one_error_is_tried_again(address_base, department):
    address_base.script.next(Behaviour.SERVER_ERROR)
    assert locate(ADDRESS, department).source == Source.NATIONAL_BASE


def test_a_text_that_the_base_refuses_does_not_stop_the_next_ones(address_base, department):
    address_base.script.next(Behaviour.INVALID_PARAMETER)
    assert locate("1 rue Pasteur 26150 Die", department).source == Source.LOCAL
    assert locate(ADDRESS, department).source == Source.NATIONAL_BASE


def test_after_a_failure_nobody_waits_for_the_base_again(address_base, department):
    address_base.script.always(Behaviour.HANG)
    locate(ADDRESS, department)
    asked = len(address_base.asked)
    locate("rue Pasteur 26150 Die", department)
    suggest("rue Pasteur", department)
    assert len(address_base.asked) == asked == 1


def test_a_base_that_is_not_there_changes_nothing(settings, department):
    settings.ADDRESS_API_URL = "http://127.0.0.1:9"
    national.start_afresh()
    assert locate(ADDRESS, department).source == Source.LOCAL
    national.start_afresh()


def test_without_a_base_nothing_leaves_this_machine(address_base, settings, department):
    settings.ADDRESS_API_URL = ""
    assert locate(ADDRESS, department).city_code == "26362"
    assert address_base.asked == []


def test_the_address_is_never_logged(address_base, department, caplog, capsys):
    address_base.script.always(Behaviour.SERVER_ERROR)
    with caplog.at_level(logging.DEBUG):
        locate(ADDRESS, department)
    ours = [record for record in caplog.records if record.name.startswith("rdv_insertion")]
    assert any("unavailable" in record.getMessage() for record in ours)
    assert not any("asteur" in record.getMessage() for record in ours)


@pytest.mark.parametrize("text", [None, "", "  ", "\x00", "?!", "ab", "é" * 5_000, "(((", "12"])
def test_any_text_is_survived(address_base, department, text):
    assert locate(text, department) is None


def test_an_address_elsewhere_is_believed_when_it_has_its_postcode(address_base, department):
    assert locate("2 cours Berriat 38000 Grenoble", department).department_number == "38"


def test_a_street_that_the_base_does_not_know_keeps_the_name_that_was_typed(address_base, department):
    found = locate("12 rue Inconnue 26000 Valence", department)
    assert (found.city_code, found.street_key) == ("26362", "rue inconnue")


def test_many_addresses_are_located_without_network_in_one_query(
    address_base, department, django_assert_num_queries
):
    locate(ADDRESS, department)
    asked = len(address_base.asked)
    with django_assert_num_queries(1):
        found = locate_several([ADDRESS, "1 rue Pasteur 26150 Die", "nulle part", ""], department)
    assert [one and (one.city_code, one.street_code) for one in found.values()] == [
        ("26362", "26362_0020"),
        ("26113", ""),
        None,
        None,
    ]
    assert len(address_base.asked) == asked


def test_locating_takes_two_queries_at_most(address_base, department, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        locate(ADDRESS, department)


def test_streets_are_suggested_while_they_are_typed(address_base, department):
    labels = [one.label for one in suggest("rue past val", department, wanted=Wanted.STREET)]
    assert "Rue Pasteur 26000 Valence" in labels
    assert address_base.asked[-1]["type"] == "street"


def test_without_a_town_the_nearest_to_the_capital_come_first(address_base, department):
    first, *others = suggest("rue pasteur", department, wanted=Wanted.STREET)
    assert first.city == "Valence"
    assert len(others) > 3


def test_offline_the_typed_street_itself_is_suggested(department):
    [found] = suggest("rue Pasteur, Valence", department, wanted=Wanted.STREET)
    assert (found.city_code, found.street) == ("26362", "rue Pasteur")


def test_offline_towns_are_suggested(department):
    assert [one.city for one in suggest("val", department)][0] == "Valence"


def test_streets_of_another_department_are_not_suggested(address_base, department):
    assert suggest("2 cours Berriat 38000 Grenoble", department, wanted=Wanted.STREET) == []
    assert [one.city for one in suggest("2 cours Berriat 38000 Grenoble", department)] == ["Grenoble"]
