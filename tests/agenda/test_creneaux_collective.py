"""Collective rdvs that may be joined."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rdv_insertion.agenda.creneaux import (
    collective_for_public,
    count_for_public,
    find_for_public,
    first_by_offer_for_public,
    first_for_public,
    offers,
    starts_for_public,
)
from rdv_insertion.agenda.enums import LieuAvailability
from rdv_insertion.agenda.models import Motif, Rdv
from rdv_insertion.territory.models import Organisation
from tests.agenda.days import MONDAY, paris
from tests.factories import MotifFactory, PlageOuvertureFactory, RdvFactory

pytestmark = pytest.mark.django_db


NOW = paris(MONDAY, "08:00")


@pytest.fixture
def motif(organisation: Organisation) -> Motif:
    """A workshop that may be joined from one day to ten days ahead."""
    return MotifFactory(
        organisation=organisation,
        collectif=True,
        min_public_booking_delay=timedelta(days=1),
        max_public_booking_delay=timedelta(days=10),
    )


def workshop(motif: Motif, days: float = 3, **options: Any) -> Rdv:
    return RdvFactory(motif=motif, starts_at=NOW + timedelta(days=days), **options)


def test_open_workshops_are_given_in_order_of_start(motif: Motif) -> None:
    later, sooner = workshop(motif, 5), workshop(motif, 3, max_participants_count=8, seats_taken=7)
    assert collective_for_public([motif], now=NOW) == [sooner, later]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"max_participants_count": 8, "seats_taken": 8}, id="50: full"),
        pytest.param({"status": "revoked"}, id="50: revoked"),
        pytest.param({"status": "excused"}, id="50: excused"),
        pytest.param({"days": -1}, id="50: past"),
        pytest.param({"days": 0.99}, id="50: too soon"),
        pytest.param({"days": 10.01}, id="50: too late"),
    ],
)
def test_a_workshop_that_cannot_be_joined_is_not_given(motif: Motif, options: dict[str, Any]) -> None:
    workshop(motif, **options)
    assert collective_for_public([motif], now=NOW) == offers([motif], now=NOW) == []


@pytest.mark.parametrize("days", [1, 10])
def test_both_booking_delays_of_a_workshop_are_included(motif: Motif, days: int) -> None:
    rdv = workshop(motif, days)
    assert collective_for_public([motif], now=NOW) == [rdv]


def test_workshops_of_another_motif_or_of_a_deleted_one_are_not_given(motif: Motif) -> None:
    workshop(MotifFactory(organisation=motif.organisation, collectif=True))
    workshop(motif)
    motif.deleted_at = NOW
    motif.save()
    assert collective_for_public([motif], now=NOW) == []


def test_workshops_of_one_place_may_be_asked_for_and_a_closed_place_has_none(motif: Motif) -> None:
    here, there = workshop(motif), workshop(motif)
    assert here.lieu and there.lieu
    assert collective_for_public([motif], now=NOW, lieu=here.lieu) == [here]
    there.lieu.availability = LieuAvailability.DISABLED
    there.lieu.save()
    assert collective_for_public([motif], now=NOW) == [here]


def test_a_place_with_open_workshops_is_an_offer_beside_its_individual_one(motif: Motif) -> None:
    alone = MotifFactory(organisation=motif.organisation)
    plage = PlageOuvertureFactory(motif=alone, once=True, first_day=MONDAY + timedelta(days=20))
    rdv = workshop(motif, lieu=plage.lieu)
    assert plage.lieu
    individual, collective = offers([motif, alone], now=NOW)
    assert (individual.key, collective.key) == (f"lieu-{plage.lieu.pk}", f"atelier-lieu-{plage.lieu.pk}")
    assert (collective.collective, collective.motifs, collective.rdvs) == (True, (motif,), (rdv,))
    assert offers([motif, alone]) == [individual]


def test_the_start_of_a_workshop_is_a_start_and_may_be_the_first(motif: Motif) -> None:
    alone = MotifFactory(organisation=motif.organisation)
    plage = PlageOuvertureFactory(motif=alone, once=True, first_day=MONDAY + timedelta(days=5))
    rdv = workshop(motif, 3)
    asked = offers([motif, alone], now=NOW)
    firsts = first_by_offer_for_public(asked, now=NOW)
    assert plage.lieu and rdv.lieu
    assert firsts[f"atelier-lieu-{rdv.lieu.pk}"] == rdv.starts_at
    assert starts_for_public(asked, now=NOW)[f"atelier-lieu-{rdv.lieu.pk}"] == [rdv.starts_at]
    assert first_for_public(asked, now=NOW) == rdv.starts_at
    sooner = PlageOuvertureFactory(motif=alone, once=True, first_day=MONDAY + timedelta(days=1))
    asked = offers([motif, alone], now=NOW)
    assert first_for_public(asked, now=NOW) == paris(sooner.first_day, "09:00")


def test_a_workshop_has_no_creneau_of_an_agent(motif: Motif) -> None:
    PlageOuvertureFactory(motif=motif, first_day=MONDAY)
    workshop(motif)
    asked = offers([motif], now=NOW)
    assert all(several == [] for several in find_for_public(asked, now=NOW).values())
    assert count_for_public(asked, now=NOW, period=timedelta(days=9)) == 0


@pytest.mark.parametrize("count", [1, 30])
def test_the_workshops_of_any_number_of_places_cost_one_query(motif: Motif, count: int) -> None:
    for _ in range(count):
        workshop(motif)
    with CaptureQueriesContext(connection) as captured:
        found = collective_for_public([motif], now=NOW)
        assert {(rdv.motif.name, rdv.lieu.name if rdv.lieu else "") for rdv in found}
    assert (len(found), len(captured)) == (count, 1)
