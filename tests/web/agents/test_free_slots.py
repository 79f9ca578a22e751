import re

import pytest
from django.urls import reverse

from rdv_insertion.invitations.models import Invitation
from tests.factories import FollowUpFactory, LieuFactory, MotifFactory, PlageOuvertureFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def plage(organisation, configuration):
    motif = MotifFactory(organisation=organisation, motif_category=configuration.motif_category)
    return PlageOuvertureFactory(motif=motif, lieu=LieuFactory(organisation=organisation, name="Valence"))


def count(client, organisation, configuration) -> str:
    address = reverse("free_slots", args=[organisation.slug])
    response = client.get(address, {"suivi": configuration.motif_category.short_name})
    return re.sub(r"<[^>]+>|\s+", " ", response.content.decode()).strip()


def test_the_line_says_how_many_slots_are_free_and_asks_again(
    agent_client, organisation, configuration, plage
):
    assert re.fullmatch(
        r"\d+ créneaux libres dans les 30 jours", count(agent_client, organisation, configuration)
    )
    plage.delete()
    assert count(agent_client, organisation, configuration) == (
        "0 créneau libre dans les 30 jours : ouvrez des plages avant d'inviter"
    )


@pytest.mark.parametrize("asked", ["", "inconnue"])
def test_an_unknown_category_is_not_found(agent_client, organisation, configuration, asked):
    assert (
        agent_client.get(reverse("free_slots", args=[organisation.slug]), {"suivi": asked}).status_code == 404
    )


def test_the_place_chosen_by_the_agent_is_proposed_to_the_person(
    agent_client, organisation, configuration, plage
):
    other = LieuFactory(organisation=organisation, name="Romans")
    follow_up = FollowUpFactory(organisation=organisation, motif_category=configuration.motif_category)
    page = agent_client.get(reverse("usager", args=[follow_up.usager_id])).content.decode()
    assert f'<option value="{other.pk}">Romans</option>' in page
    agent_client.post(
        reverse("invite_follow_up", args=[follow_up.pk]), {"canaux": "sms", "lieu": plage.lieu.pk}
    )
    assert Invitation.objects.get().lieu == plage.lieu


@pytest.mark.parametrize("lieu", ["", "x", "999999", "١"])
def test_a_place_that_is_not_one_of_the_organisation_leaves_the_choice(
    agent_client, organisation, configuration, plage, lieu
):
    follow_up = FollowUpFactory(organisation=organisation, motif_category=configuration.motif_category)
    agent_client.post(reverse("invite_follow_up", args=[follow_up.pk]), {"canaux": "sms", "lieu": lieu})
    assert Invitation.objects.get().lieu is None
