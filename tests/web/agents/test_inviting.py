"""Inviting one person from their page."""

import pytest
from django.urls import reverse

from rdv_insertion.invitations.models import Invitation
from tests.factories import FollowUpFactory, MotifFactory, PlageOuvertureFactory


@pytest.fixture
def open_slots(configuration, agent):
    """Free créneaux in the category."""
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    return PlageOuvertureFactory(motif=motif, agent=agent)


@pytest.fixture
def follow_up(configuration):
    return FollowUpFactory(
        organisation=configuration.organisation, motif_category=configuration.motif_category
    )


@pytest.fixture
def invite(agent_client):
    """Send the form of the person's page and return the page that follows."""

    def post(follow_up, **fields):
        address = reverse("invite_follow_up", args=[follow_up.pk])
        return agent_client.post(address, fields, follow=True).content.decode()

    return post


def test_one_person_is_invited_at_once_by_the_channels_chosen(invite, follow_up, open_slots):
    text = invite(follow_up, canaux=["sms", "email"])
    assert "1 invitation par SMS, 1 invitation par mail" in text
    assert sorted(Invitation.objects.values_list("channel", flat=True)) == ["email", "sms"]


def test_every_reason_is_said_with_what_to_do(invite, configuration):
    nobody = FollowUpFactory(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        usager__unreachable=True,
    )
    text = invite(nobody, canaux=["sms", "email"])
    assert "Pas de téléphone mobile : ajoutez un numéro" in text
    assert "Pas d&#x27;adresse mail : ajoutez-en une." in text
    assert "Aucun créneau libre : ouvrez des plages" in text
    assert not Invitation.objects.exists()


def test_the_page_says_before_what_prevents_and_leads_to_what_settles_it(agent_client, configuration):
    follow_up = FollowUpFactory(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        usager__phone_number=None,
    )
    text = agent_client.get(reverse("usager", args=[follow_up.usager_id])).content.decode()
    assert "Pas de téléphone mobile" in text
    assert f'<a href="{reverse("usager_edit", args=[follow_up.usager_id])}">Ajouter un mobile' in text


def test_nobody_is_invited_without_a_free_slot(invite, follow_up):
    assert "Aucun créneau libre" in invite(follow_up, canaux=["sms"])
    assert not Invitation.objects.exists()


def test_the_agent_may_insist(invite, follow_up):
    invite(follow_up, canaux=["sms"], **{"sans-creneau": "oui"})
    assert Invitation.objects.count() == 1


def test_no_channel_chosen_is_said(invite, follow_up):
    assert "Choisissez au moins un canal" in invite(follow_up)


@pytest.mark.parametrize(
    "fields", [{"canaux": ["pigeon"]}, {"canaux": ["sms"], "lieu": "9" * 40}, {"canaux": "", "lieu": "-1"}]
)
def test_forged_values_are_no_error(agent_client, follow_up, open_slots, fields):
    address = reverse("invite_follow_up", args=[follow_up.pk])
    assert agent_client.post(address, fields).status_code == 302


def test_after_inviting_one_comes_back_to_the_page(agent_client, follow_up, open_slots):
    page = reverse("usager", args=[follow_up.usager_id])
    address = reverse("invite_follow_up", args=[follow_up.pk])
    answer = agent_client.post(address, {"canaux": ["email"], "next": page}, follow=True)
    assert answer.redirect_chain == [(page, 302)]


def test_after_inviting_one_never_leaves_for_another_site(agent_client, follow_up, open_slots):
    address = reverse("invite_follow_up", args=[follow_up.pk])
    answer = agent_client.post(address, {"canaux": ["email"], "next": "https://ailleurs.test/"})
    assert answer.url == reverse("usager", args=[follow_up.usager_id])


def test_a_person_is_invited_with_their_referent_when_it_is_asked(
    invite, follow_up, open_slots, configuration, agent
):
    motif = MotifFactory(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        referent_only=True,
    )
    PlageOuvertureFactory(motif=motif, agent=agent)
    follow_up.usager.referents.add(agent)
    invite(follow_up, canaux=["sms"], **{"choix-referents": "1", "avec-referents": "oui"})
    assert Invitation.objects.get().with_referents


def test_a_letter_is_a_pdf(agent_client, invite, follow_up, open_slots):
    invite(follow_up, canaux=["postal"])
    address = reverse("message_letter", args=[Invitation.objects.get().message_id])
    page = agent_client.get(reverse("usager", args=[follow_up.usager_id])).content.decode()
    assert f'<a href="{address}">Courrier (PDF)</a>' in page
    answer = agent_client.get(address)
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
