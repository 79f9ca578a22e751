"""A Monday morning in Valence: one person invited, one place open every working day from 9:00 to 12:00."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from rdv_insertion.agenda.models import Lieu, Motif, Participation, PlageOuverture
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    LieuFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
)

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)


def paris(day: int, clock: time, month: int = 3) -> datetime:
    """A moment of 2026 on the clocks of Paris."""
    return dates.at(date(2026, month, day), clock, dates.PARIS)


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[time_machine.Traveller]:
    """It is Monday 2 March 2026, 8:00 in Valence, and stays so until a test moves on."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def lieu(organisation: Organisation) -> Lieu:
    """Where people are received."""
    return LieuFactory(
        organisation=organisation,
        name="Centre médico-social de Valence",
        address="13 avenue Maurice Faure, 26000 Valence",
        access="Bus 5, arrêt Préfecture",
        phone_number="+33475797000",
    )


@pytest.fixture
def motif(organisation: Organisation, category: MotifCategory) -> Motif:
    """What they are received for: 30 minutes, on the spot."""
    return MotifFactory(
        organisation=organisation,
        motif_category=category,
        name="Orientation",
        instruction="Présentez-vous à l'accueil.",
    )


@pytest.fixture
def plage(motif: Motif, lieu: Lieu) -> PlageOuverture:
    """Working days from 9:00 to 12:00, one agent."""
    return PlageOuvertureFactory(motif=motif, lieu=lieu)


@pytest.fixture
def invitation(organisation: Organisation, category: MotifCategory, plage: PlageOuverture) -> Invitation:
    """Marina Foïs is invited; there are slots."""
    follow_up = FollowUpFactory(
        organisation=organisation,
        motif_category=category,
        usager__first_name="Marina",
        usager__last_name="Foïs",
        usager__phone_number="+33612345678",
    )
    return InvitationFactory(
        organisation=organisation,
        follow_up=follow_up,
        code="ABCD2345",
        created_at=NOW - timedelta(days=2),
        expires_at=NOW + timedelta(days=10),
    )


@pytest.fixture
def slot(lieu: Lieu) -> Callable[..., str]:
    """The address of the confirmation of a start: `slot(paris(3, time(9)))`."""

    def address(moment: datetime, code: str = "ABCD2345", key: str = f"lieu-{lieu.pk}") -> str:
        return f"/r/{code}/creneaux/{key}/{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    return address


TakeRdv = Callable[..., Participation]


@pytest.fixture
def rdv_of(invitation: Invitation, motif: Motif, lieu: Lieu, plage: PlageOuverture) -> TakeRdv:
    """Marina's rdv taken with her invitation: `rdv_of(paris(12, time(9, 30)), status="excused")`."""

    def take(moment: datetime, **values: Any) -> Participation:
        defaults = {
            "follow_up": invitation.follow_up,
            "rdv__motif": motif,
            "rdv__lieu": lieu,
            "rdv__agents": [plage.agent],
            "booking_key": f"invitation-{invitation.code}",
            "created_at": NOW - timedelta(days=1),
        }
        return ParticipationFactory(rdv__starts_at=moment, **(defaults | values))

    return take


@pytest.fixture
def participation(rdv_of: TakeRdv) -> Participation:
    """On Thursday 12 March at 9:30: it can be moved and cancelled."""
    return rdv_of(paris(12, time(9, 30)))


@pytest.fixture
def marina(client: Client, participation: Participation) -> Client:
    """A browser in which Marina has given the first letters of her name."""
    client.post(f"/rdv/{participation.code}", {"letters": "FOI"})
    return client


def text(response: Any) -> str:
    """What a page says, with one ordinary space wherever there is some."""
    return " ".join(response.content.decode().replace("&nbsp;", " ").replace("&#x27;", "'").split())
