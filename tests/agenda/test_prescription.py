"""A partner takes a rdv for somebody in another organisation of the department."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from rdv_insertion.agenda.creneaux import Offer, offers
from rdv_insertion.agenda.enums import BookableBy
from rdv_insertion.agenda.models import Motif, Participation, Rdv
from rdv_insertion.agenda.services import (
    AlreadyBooked,
    NotAllowed,
    SlotTaken,
    may_move,
    prescribe,
    prescribe_seat,
)
from rdv_insertion.agents.enums import NotificationLevel
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager, UsagerOrganisation
from tests.factories import AgentFactory, MotifFactory, PlageOuvertureFactory, RdvFactory, UsagerFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 20, 9, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
NINE = dates.at(MONDAY, time(9), dates.PARIS).astimezone(UTC)


@pytest.fixture
def motif(organisation: Organisation, category: Any) -> Motif:
    """Open to partners."""
    return MotifFactory(
        organisation=organisation, motif_category=category, bookable_by=BookableBy.PRESCRIPTEURS
    )


@pytest.fixture
def receiver(organisation: Organisation) -> Agent:
    return AgentFactory(organisation=organisation, notification_level=NotificationLevel.ALL)


@pytest.fixture
def offer(motif: Motif, receiver: Agent) -> Offer:
    PlageOuvertureFactory(motif=motif, agent=receiver, first_day=MONDAY, recurrence="FREQ=WEEKLY")
    return offers([motif])[0]


@pytest.fixture
def usager(colleague_elsewhere: Agent) -> Usager:
    """Followed by the partner's organisation."""
    return UsagerFactory(
        organisation=colleague_elsewhere.organisations.get(), first_name="Marina", last_name="Foïs"
    )


def prescribed(offer: Offer, usager: Usager, by: Agent, **changes: Any) -> Participation:
    return prescribe(**{"offer": offer, "starts_at": NINE, "usager": usager, "by": by, "now": NOW, **changes})


def test_the_person_gets_the_rdv_and_is_followed_there_too(
    offer, usager, colleague_elsewhere, organisation
) -> None:
    participation = prescribed(offer, usager, colleague_elsewhere)
    assert (participation.created_by, participation.created_by_agent) == ("prescripteur", colleague_elsewhere)
    assert participation.rdv.created_by == "prescripteur"
    assert participation.rdv.organisation == organisation
    assert UsagerOrganisation.objects.filter(usager=usager, organisation=organisation).exists()
    assert FollowUp.objects.get(usager=usager).status_at(NOW) == FollowUpStatus.RDV_PENDING


def test_both_sides_and_the_person_are_told(
    offer, usager, colleague_elsewhere, organisation, receiver, run_jobs
) -> None:
    Organisation.objects.filter(pk=organisation.pk).update(email="accueil@drome.test")
    offer.motifs[0].organisation.refresh_from_db()
    prescribed(offer, usager, colleague_elsewhere)
    run_jobs("notifications", at=NOW)
    told = Message.objects.order_by("pk").values_list("purpose", "channel", "recipient")
    assert sorted(told) == [
        ("agent_rdv", "email", receiver.email),
        ("prescription", "email", "accueil@drome.test"),
        ("prescription", "email", colleague_elsewhere.email),
        ("rdv_created", "email", usager.email),
        ("rdv_created", "sms", usager.phone_number),
    ]
    to_partner = Message.objects.get(agent=colleague_elsewhere)
    assert "Marina F." in to_partner.text
    assert "Foïs" not in to_partner.text
    # They do not see the other organisation's agenda.
    assert f"/usagers/{usager.pk}/" in to_partner.text
    assert "/rdvs/" not in to_partner.text


@pytest.mark.parametrize("bookable_by", [BookableBy.AGENTS])
def test_a_motif_kept_for_its_agents_is_refused(
    offer, usager, colleague_elsewhere, motif, bookable_by
) -> None:
    Motif.objects.filter(pk=motif.pk).update(bookable_by=bookable_by)
    with pytest.raises(NotAllowed, match="ne laisse pas ses partenaires"):
        prescribed(offer, usager, colleague_elsewhere)


def test_an_agent_of_another_department_is_refused(offer, usager, stranger) -> None:
    with pytest.raises(NotAllowed):
        prescribed(offer, usager, stranger)
    assert not Rdv.objects.exists()


def test_an_agent_of_the_organisation_itself_does_not_prescribe(offer, usager, agent, motif) -> None:
    assert not Motif.objects.open_to_partner(agent).exists()
    with pytest.raises(NotAllowed):
        prescribed(offer, usager, agent)


def test_the_delays_of_the_public_hold(offer, usager, colleague_elsewhere) -> None:
    with pytest.raises(SlotTaken):
        prescribed(offer, usager, colleague_elsewhere, now=dates.at(MONDAY, time(8, 45), dates.PARIS))


def test_a_person_with_a_rdv_to_come_in_this_category_gets_no_second_one(
    offer, usager, colleague_elsewhere
) -> None:
    first = prescribed(offer, usager, colleague_elsewhere)
    with pytest.raises(AlreadyBooked) as refused:
        prescribed(offer, usager, colleague_elsewhere, starts_at=NINE.replace(hour=9))
    assert refused.value.participation == first


def test_the_person_may_cancel_it_and_not_move_it(offer, usager, colleague_elsewhere) -> None:
    assert not may_move(prescribed(offer, usager, colleague_elsewhere), NOW)


def test_a_seat_is_taken_while_seats_are_left(usager, colleague_elsewhere, organisation, category) -> None:
    motif = MotifFactory(
        organisation=organisation,
        motif_category=category,
        collectif=True,
        bookable_by=BookableBy.PRESCRIPTEURS,
    )
    rdv = RdvFactory(motif=motif, starts_at=NINE, max_participants_count=1)
    participation = prescribe_seat(rdv=rdv, usager=usager, by=colleague_elsewhere, now=NOW)
    assert (participation.created_by, participation.rdv.seats_taken) == ("prescripteur", 1)
    other = UsagerFactory(organisation=colleague_elsewhere.organisations.get())
    with pytest.raises(SlotTaken):
        prescribe_seat(rdv=rdv, usager=other, by=colleague_elsewhere, now=NOW)
