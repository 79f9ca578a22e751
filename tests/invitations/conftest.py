"""An organisation that has créneaux for the people it invites."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from rdv_insertion.agenda.models import Motif, PlageOuverture
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.territory.models import Organisation
from tests.addresses import address_base
from tests.factories import FollowUpFactory, MotifFactory, PlageOuvertureFactory

__all__ = ["address_base"]

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def motif(configuration: CategoryConfiguration) -> Motif:
    return MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)


@pytest.fixture
def plage(motif: Motif) -> PlageOuverture:
    """Six slots on Tuesday the 3rd of March, and every week after."""
    return PlageOuvertureFactory(motif=motif, first_day=date(2026, 3, 3), recurrence="FREQ=WEEKLY")


@pytest.fixture
def follow_up(organisation: Organisation) -> FollowUp:
    return FollowUpFactory(organisation=organisation)


@pytest.fixture
def people(organisation: Organisation) -> Callable[..., list[FollowUp]]:
    """So many people to invite."""

    def make(count: int, **values: Any) -> list[FollowUp]:
        return [FollowUpFactory(organisation=organisation, **values) for _ in range(count)]

    return make
