from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rdv_insertion.agenda.contents import Contents
from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.agenda.models import EarlierSlotOffer, Participation
from rdv_insertion.agenda.phones import load_phones
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import Wording
from rdv_insertion.messaging.enums import Channel, Purpose
from tests.factories import AgentFactory, MotifCategoryFactory, ParticipationFactory

pytestmark = pytest.mark.django_db

ABOUT_RDVS = [one for one in Purpose.values if one.startswith(("rdv_", "convocation_"))]


def read(participation: Participation) -> Participation:
    return Participation.objects.with_details().get(pk=participation.pk)


def content_of(participation: Participation, purpose: str = Purpose.RDV_CREATED, channel: str = "sms") -> Any:
    participation = read(participation)
    return Contents([participation]).of(participation, purpose, channel, now=timezone.now())


@pytest.mark.parametrize("channel", Channel.values)
@pytest.mark.parametrize("purpose", ABOUT_RDVS)
@pytest.mark.parametrize("location_type", LocationType.values)
def test_every_purpose_place_and_channel_has_its_text(purpose: str, channel: str, location_type: str) -> None:
    participation = ParticipationFactory(rdv__motif__location_type=location_type)
    assert content_of(participation, purpose, channel).render(channel, "fr").text


@pytest.mark.parametrize("purpose", ABOUT_RDVS)
def test_a_convocation_is_told_as_one(purpose: str) -> None:
    text = content_of(ParticipationFactory(), purpose, "email").render("email", "fr").subject
    assert ("onvocation" in text) is purpose.startswith("convocation_")


def test_the_words_of_the_organisation_are_said() -> None:
    participation = ParticipationFactory(
        rdv__motif__motif_category=MotifCategoryFactory(), rdv__motif__location_type="public_office"
    )
    rdv = participation.rdv
    Wording.objects.create(
        organisation=rdv.organisation,
        motif_category=rdv.motif.motif_category,
        version=1,
        rdv_title="premier accueil",
        created_at=timezone.now(),
    )
    assert "votre premier accueil" in content_of(participation).render("sms", "fr").text


@pytest.mark.parametrize(
    ("name", "said"), [("Point d'étape", "votre point d'étape"), ("CER signature", "votre CER signature")]
)
def test_a_motif_without_category_is_called_by_its_name(name: str, said: str) -> None:
    participation = ParticipationFactory(rdv__motif__motif_category=None, rdv__motif__name=name)
    assert said in content_of(participation).render("email", "fr").text


def test_whoever_is_called_reads_at_which_number() -> None:
    participation = ParticipationFactory(
        rdv__motif__location_type="phone", follow_up__usager__phone_number="+33612000000"
    )
    assert "au 06 12 00 00 00" in content_of(participation).render("sms", "fr").text


@pytest.mark.parametrize("referent_only", [True, False])
def test_agents_are_named_when_they_follow_the_person(referent_only: bool) -> None:
    participation = ParticipationFactory(rdv__motif__referent_only=referent_only)
    names = [str(agent) for agent in participation.rdv.agents.all()]
    assert names
    assert list(content_of(participation).agents) == (names if referent_only else [])


@pytest.mark.parametrize(
    ("status", "by_service"), [(ParticipationStatus.REVOKED, True), (ParticipationStatus.EXCUSED, False)]
)
def test_who_cancelled_is_told(status: str, by_service: bool) -> None:
    participation = ParticipationFactory(status=status)
    assert content_of(participation, Purpose.RDV_CANCELLED).cancelled_by_service is by_service


def test_an_earlier_slot_tells_both_dates_and_until_when() -> None:
    participation = read(ParticipationFactory())
    now = timezone.now()
    kept = EarlierSlotOffer(
        agent=AgentFactory(), starts_at=participation.rdv.starts_at - timedelta(days=2), expires_at=now
    )
    content = Contents([participation]).of_earlier_slot(participation, kept)
    assert (content.starts_at, content.current_starts_at) == (kept.starts_at, participation.rdv.starts_at)
    assert content.answer_before == now
    assert content.link.endswith("/plus-tot")


def test_many_participations_cost_the_queries_of_one(django_assert_num_queries: Any) -> None:
    ids = [ParticipationFactory().pk for _ in range(3)]
    participations = list(Participation.objects.with_details().filter(pk__in=ids))
    load_phones(one.rdv for one in participations)
    with django_assert_num_queries(2):
        contents = Contents(participations)
        for participation in participations:
            contents.of(participation, Purpose.CONVOCATION_CREATED, Channel.LETTER, now=timezone.now())
