"""Inviting from a list and from a person's page."""

import pytest
from django.urls import reverse

from rdv_insertion.invitations.models import Invitation
from tests.factories import FollowUpFactory, InvitationFactory, MotifFactory, PlageOuvertureFactory


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
def invite(agent_client, configuration):
    """Send the form of the list and return the page that follows."""

    def post(*follow_ups, **fields):
        data = {
            "suivi": configuration.motif_category.short_name,
            "suivis": [one.pk for one in follow_ups],
            **fields,
        }
        address = reverse("invite_usagers", args=[configuration.organisation.slug])
        return agent_client.post(address, data, follow=True).content.decode()

    return post


def test_checked_people_are_invited_by_the_channels_chosen(invite, follow_up, open_slots):
    text = invite(follow_up, canaux=["sms", "email"])
    assert "1 invitation par SMS, 1 invitation par mail" in text
    assert sorted(Invitation.objects.values_list("channel", flat=True)) == ["email", "sms"]


def test_who_is_not_invited_is_said_with_what_to_do(invite, configuration, open_slots):
    nobody = FollowUpFactory(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        usager__unreachable=True,
    )
    text = invite(nobody, canaux=["sms", "email"])
    assert "Pas de téléphone mobile : ajoutez un numéro" in text
    assert not Invitation.objects.exists()


def test_nobody_is_invited_without_a_free_slot(invite, follow_up):
    assert "Aucun créneau libre" in invite(follow_up, canaux=["sms"])
    assert not Invitation.objects.exists()


def test_the_agent_may_insist(invite, follow_up):
    invite(follow_up, canaux=["sms"], **{"sans-creneau": "oui"})
    assert Invitation.objects.count() == 1


def test_nothing_chosen_is_said(invite):
    assert "Choisissez au moins une personne et un canal" in invite(canaux=["sms"])


def test_forged_values_invite_nobody(invite, follow_up, open_slots):
    invite(follow_up, canaux=["pigeon"], suivis=["abc", "-1", "999999999999"])
    assert not Invitation.objects.exists()


def test_people_of_another_organisation_are_not_invited(
    invite, configuration, colleague_elsewhere, open_slots
):
    elsewhere = FollowUpFactory(
        organisation=colleague_elsewhere.organisations.get(), motif_category=configuration.motif_category
    )
    invite(elsewhere, canaux=["sms"])
    assert not Invitation.objects.exists()


def test_one_person_is_invited_from_their_page(agent_client, follow_up, open_slots):
    page = reverse("usager", args=[follow_up.usager_id])
    address = reverse("invite_follow_up", args=[follow_up.pk])
    answer = agent_client.post(address, {"canaux": ["email"], "next": page}, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert Invitation.objects.get().channel == "email"


def test_after_inviting_one_never_leaves_for_another_site(agent_client, follow_up, open_slots):
    address = reverse("invite_follow_up", args=[follow_up.pk])
    answer = agent_client.post(address, {"canaux": ["email"], "next": "https://ailleurs.test/"})
    assert answer.url == reverse("usager", args=[follow_up.usager_id])


def test_a_letter_is_a_pdf(agent_client, invite, follow_up, open_slots):
    invite(follow_up, canaux=["postal"])
    answer = agent_client.get(reverse("invitation_letter", args=[Invitation.objects.get().pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_only_postal_invitations_have_a_letter(agent_client, configuration):
    invitation = InvitationFactory(organisation=configuration.organisation)
    assert agent_client.get(reverse("invitation_letter", args=[invitation.pk])).status_code == 404
