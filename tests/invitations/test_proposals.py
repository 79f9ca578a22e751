"""What one invited person may choose from: sectors, referents, a place chosen beforehand, collective rdvs."""

from datetime import UTC, datetime, timedelta

import pytest

from rdv_insertion.agenda.models import Sector, SectorAttribution, Zone
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.invitations.proposals import (
    NothingBecause,
    nothing_because,
    offers_for,
    offers_of,
    preselected,
)
from rdv_insertion.invitations.services import free_slots
from tests.factories import (
    AgentFactory,
    CategoryConfigurationFactory,
    InvitationFactory,
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
VALENCE = "26362"


@pytest.fixture
def invitation(organisation) -> Invitation:
    """A person of Valence."""
    return InvitationFactory(
        organisation=organisation,
        created_at=NOW,
        follow_up__usager__address="3 rue des Lilas 26000 Valence",
    )


@pytest.fixture
def motif(organisation, invitation):
    """A motif that this person may book, with options at will."""

    def make(**values):
        return MotifFactory(
            organisation=organisation, motif_category=invitation.follow_up.motif_category, **values
        )

    return make


@pytest.fixture
def valence_served_by(organisation):
    """Valence is served by this agent, or by the whole organisation."""

    def attribute(agent=None):
        sector = Sector.objects.create(department=organisation.department, name="Valence", human_id="valence")
        Zone.objects.create(sector=sector, level="city", city_code=VALENCE, city_name="Valence")
        SectorAttribution.objects.create(sector=sector, organisation=organisation, agent=agent)

    return attribute


def keys(invitation):
    return [offer.key for offer in offers_of(invitation, now=NOW)]


def nothing(invitation):
    follow_up = invitation.follow_up
    return nothing_because(invitation.organisation, follow_up.motif_category, follow_up.usager)


def test_a_motif_of_the_agents_of_a_sector_is_received_by_them_where_they_receive(
    invitation, motif, valence_served_by
):
    kept = motif(sectorisation_level="agent")
    own, other = PlageOuvertureFactory(motif=kept), PlageOuvertureFactory(motif=kept)
    valence_served_by(own.agent)
    (offer,) = offers_of(invitation, now=NOW)
    assert offer.lieu == own.lieu
    assert offer.lets(kept, own.agent_id)
    assert not offer.lets(kept, other.agent_id)


def test_a_motif_of_sectors_is_not_offered_to_an_address_that_others_serve(
    invitation, motif, valence_served_by
):
    here, elsewhere = motif(), motif(sectorisation_level="organisation")
    plage = PlageOuvertureFactory(motif=here)
    PlageOuvertureFactory(motif=elsewhere)
    assert keys(invitation) == [f"lieu-{plage.lieu_id}"]
    valence_served_by()
    assert len(keys(invitation)) == 2


def test_nobody_is_left_without_an_offer_because_of_an_unknown_address(invitation, motif):
    plage = PlageOuvertureFactory(motif=motif(sectorisation_level="organisation"))
    type(invitation.follow_up.usager).objects.update(address=None)
    assert keys(Invitation.objects.get()) == [f"lieu-{plage.lieu_id}"]


def test_a_motif_kept_for_referents_is_offered_with_them_alone(invitation, motif, organisation):
    kept = motif(referent_only=True)
    plage, _ = PlageOuvertureFactory(motif=kept), PlageOuvertureFactory(motif=kept)
    assert keys(invitation) == []
    assert nothing(invitation) == NothingBecause.NO_REFERENT
    invitation.follow_up.usager.referents.add(plage.agent)
    (offer,) = offers_of(invitation, now=NOW)
    assert offer.lieu == plage.lieu
    assert offer.receivers[kept.pk] == {plage.agent_id}
    assert nothing(invitation) == NothingBecause.REFERENTS_FULL


def test_the_referent_is_not_said_to_be_missing_when_other_motifs_exist(invitation, motif):
    motif(referent_only=True)
    motif()
    assert nothing(invitation) == NothingBecause.FULL


def test_a_referent_by_phone_serves_without_a_place(invitation, motif):
    plage = PlageOuvertureFactory(motif=motif(referent_only=True, by_phone=True))
    invitation.follow_up.usager.referents.add(plage.agent)
    assert keys(invitation) == ["phone"]


def test_a_collective_rdv_is_offered_and_one_of_other_agents_is_not(invitation, motif):
    kept, everybody = motif(collectif=True, referent_only=True), motif(collectif=True)
    agent = AgentFactory(organisation=invitation.organisation)
    invitation.follow_up.usager.referents.add(agent)
    lieu = LieuFactory(organisation=invitation.organisation)
    values = {"lieu": lieu, "starts_at": NOW + timedelta(days=3), "max_participants_count": 5}
    own = RdvFactory(motif=kept, agents=[agent], **values)
    RdvFactory(motif=kept, **values)
    common = RdvFactory(motif=everybody, **values)
    (offer,) = offers_of(invitation, now=NOW)
    assert offer.key == f"atelier-lieu-{lieu.pk}"
    assert {rdv.pk for rdv in offer.rdvs} == {own.pk, common.pk}


def test_the_place_chosen_for_the_person_is_known_when_people_are_received_there(invitation, motif):
    plage = PlageOuvertureFactory(motif=motif())
    found = offers_of(invitation, now=NOW)
    assert preselected(invitation, found) is None
    invitation.lieu = plage.lieu
    assert preselected(invitation, found) == found[0]
    invitation.lieu = LieuFactory(organisation=invitation.organisation)
    assert preselected(invitation, found) is None


def test_a_place_with_two_ways_to_be_received_leaves_the_choice(invitation, motif):
    plage = PlageOuvertureFactory(motif=motif())
    RdvFactory(
        motif=motif(collectif=True),
        lieu=plage.lieu,
        starts_at=NOW + timedelta(days=3),
        max_participants_count=5,
    )
    invitation.lieu = plage.lieu
    found = offers_of(invitation, now=NOW)
    assert len(found) == 2
    assert preselected(invitation, found) is None


def test_seats_count_among_what_people_may_take(organisation, category, motif, invitation):
    configuration = CategoryConfigurationFactory(organisation=organisation, motif_category=category)
    atelier = motif(collectif=True)
    assert free_slots(configuration, now=NOW) == 0
    for seats, taken, days in ((10, 4, 3), (None, 90, 4), (5, 5, 5), (8, 0, 40)):
        RdvFactory(
            motif=atelier,
            starts_at=NOW + timedelta(days=days),
            max_participants_count=seats,
            seats_taken=taken,
        )
    assert free_slots(configuration, now=NOW) == 6 + 1


def test_slots_of_referents_count_when_the_category_has_no_others(organisation, category, motif, invitation):
    plage = PlageOuvertureFactory(motif=motif(referent_only=True))
    assert [offer.lieu for offer in offers_for(organisation, category)] == [plage.lieu]
    other = PlageOuvertureFactory(motif=motif())
    assert [offer.lieu for offer in offers_for(organisation, category)] == [other.lieu]


def test_a_crowd_asks_no_more_queries(invitation, motif, valence_served_by, django_assert_max_num_queries):
    kept, own = motif(sectorisation_level="agent"), motif(referent_only=True, collectif=True)
    plage = PlageOuvertureFactory(motif=kept)
    valence_served_by(plage.agent)
    invitation.follow_up.usager.referents.add(plage.agent)
    RdvFactory(motif=own, agents=[plage.agent], starts_at=NOW + timedelta(days=3), max_participants_count=5)
    known = Invitation.objects.select_related(
        "organisation__department", "follow_up__motif_category", "follow_up__usager__department"
    ).get()
    with django_assert_max_num_queries(10) as alone:
        assert len(offers_of(known, now=NOW)) == 2
    for _ in range(5):
        PlageOuvertureFactory(motif=kept, agent=plage.agent)
        RdvFactory(motif=own, agents=[plage.agent], starts_at=NOW + timedelta(days=4), overbooked=True)
    with django_assert_max_num_queries(len(alone)):
        assert len(offers_of(known, now=NOW)) == 12
