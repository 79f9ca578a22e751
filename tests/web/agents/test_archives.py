"""Archiving somebody in one organisation, and taking them back."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.outcomes import ARCHIVED
from rdv_insertion.usagers.models import UsagerOrganisation
from tests.factories import (
    AgentRoleFactory,
    FollowUpFactory,
    InvitationFactory,
    MembershipFactory,
    MessageFactory,
    OrganisationFactory,
    ParticipationFactory,
    UsagerFactory,
)


@pytest.fixture
def usager(organisation):
    return UsagerFactory(organisation=organisation, first_name="Marina", last_name="Foïs")


@pytest.fixture
def second(organisation, agent, usager):
    """Another organisation of the agent that follows the person."""
    second = OrganisationFactory(department=organisation.department, name="Mission locale de Crest")
    AgentRoleFactory(agent=agent, organisation=second)
    MembershipFactory(usager=usager, organisation=second)
    return second


def text_of(answer):
    return unescape(" ".join(answer.content.decode().split()))


def archive_url(usager, organisation):
    return reverse("archive_usager", args=[usager.pk, organisation.slug])


def unarchive_url(usager, organisation):
    return reverse("unarchive_usager", args=[usager.pk, organisation.slug])


def person_page(client, usager):
    return text_of(client.get(reverse("usager", args=[usager.pk])))


def membership(usager, organisation):
    return UsagerOrganisation.objects.get(usager=usager, organisation=organisation)


# ---- Asking first


def test_the_question_says_what_archiving_touches_in_numbers(
    agent_client, usager, organisation, configuration
):
    follow_up = FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    for channel in ("sms", "email"):
        InvitationFactory(follow_up=follow_up, organisation=organisation, channel=channel)
    MessageFactory(organisation=organisation, usager=usager, status="created")
    MessageFactory(organisation=organisation, usager=usager, status="sending")
    MessageFactory(organisation=organisation, usager=usager, status="created", purpose="rdv_reminder")
    ParticipationFactory(
        usager=usager,
        rdv__motif__organisation=organisation,
        rdv__starts_at=timezone.now() + timedelta(days=3),
    )
    page = text_of(agent_client.get(archive_url(usager, organisation)))
    assert "2 invitations sont encore valables : leurs liens ne permettront plus" in page
    assert "1 invitation attend encore de partir : elle ne partira pas" in page
    assert "2 autres messages sont en route : ils partiront quand même" in page
    assert "1 rendez-vous à venir reste prévu" in page


def test_an_invitation_answered_by_a_rdv_is_not_counted(agent_client, usager, organisation, configuration):
    follow_up = FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    InvitationFactory(follow_up=follow_up, organisation=organisation)
    assert "1 invitation est encore valable" in text_of(agent_client.get(archive_url(usager, organisation)))
    follow_up.latest_unknown_rdv_at = timezone.now() + timedelta(days=3)
    follow_up.save()
    page = text_of(agent_client.get(archive_url(usager, organisation)))
    assert "Aucune invitation n'attend de réponse." in page


def test_what_is_over_or_of_another_organisation_is_not_counted(
    agent_client, usager, organisation, second, configuration
):
    follow_up = FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    gone = timezone.now() - timedelta(days=1)
    InvitationFactory(follow_up=follow_up, organisation=organisation, expires_at=gone)
    InvitationFactory(follow_up=follow_up, organisation=second)
    MessageFactory(organisation=organisation, usager=usager, status="delivered")
    ParticipationFactory(usager=usager, rdv__motif__organisation=second)
    page = text_of(agent_client.get(archive_url(usager, organisation)))
    assert "Aucune invitation n'attend de réponse." in page
    assert "attend encore de partir" not in page
    assert "à venir" not in page


def test_the_question_changes_nothing(agent_client, usager, organisation):
    agent_client.get(archive_url(usager, organisation))
    assert membership(usager, organisation).archived_at is None


def test_the_question_leads_back_when_it_is_done_already(agent_client, usager, organisation):
    UsagerOrganisation.objects.update(archived_at=timezone.now())
    answer = agent_client.get(archive_url(usager, organisation))
    assert answer.url == reverse("usager", args=[usager.pk])


# ---- Archiving


def test_somebody_is_archived_with_the_reason_and_it_can_be_undone(agent_client, usager, organisation):
    answer = agent_client.post(archive_url(usager, organisation), {"reason": " A déménagé "}, follow=True)
    page = text_of(answer)
    assert f"Marina Foïs : dossier archivé dans {organisation}." in page
    assert page.count("« A déménagé »") == 2
    assert f'action="{unarchive_url(usager, organisation)}" class="undo"' in page
    assert membership(usager, organisation).archived_at is not None


def test_only_that_organisation_archives_them(agent_client, usager, organisation, second):
    agent_client.post(archive_url(usager, second))
    assert membership(usager, organisation).archived_at is None
    assert "n'est plus invitée" not in person_page(agent_client, usager)


def test_a_reason_that_is_too_long_is_refused_and_kept(agent_client, usager, organisation):
    answer = agent_client.post(archive_url(usager, organisation), {"reason": "é" * 256})
    assert answer.status_code == 422
    assert "Écrivez 255 caractères au plus." in text_of(answer)
    assert "é" * 256 in text_of(answer)
    assert membership(usager, organisation).archived_at is None


@pytest.mark.parametrize("reason", ["\u202e", "<script>", "'\"", "9" * 3_000])
def test_garbage_in_the_reason_never_breaks(agent_client, usager, organisation, reason):
    answer = agent_client.post(archive_url(usager, organisation), {"reason": reason}, follow=True)
    assert answer.status_code in (200, 422)
    assert "<script>" not in answer.content.decode().partition("<main")[2].partition("</main>")[0]


def test_the_second_of_two_agents_learns_that_it_is_done(agent_client, usager, organisation):
    agent_client.post(archive_url(usager, organisation), {"reason": "A déménagé"})
    page = text_of(agent_client.post(archive_url(usager, organisation), {"reason": "Autre"}, follow=True))
    assert f"dossier déjà archivé dans {organisation}" in page
    assert membership(usager, organisation).archiving_reason == "A déménagé"


def test_what_still_invites_them_does_not_leave_and_leaves_again_when_undone(
    agent_client, usager, organisation
):
    waiting = MessageFactory(organisation=organisation, usager=usager, status="created")
    of_a_rdv = MessageFactory(
        organisation=organisation, usager=usager, status="created", purpose="rdv_created"
    )
    page = text_of(agent_client.post(archive_url(usager, organisation), follow=True))
    assert "1 invitation qui attendait ne partira pas." in page
    waiting.refresh_from_db(), of_a_rdv.refresh_from_db()
    assert (waiting.status, of_a_rdv.status) == ("withdrawn", "created")
    shown = text_of(agent_client.get(reverse("usager", args=[usager.pk]), {"onglet": "messages"}))
    assert ARCHIVED.sentence in shown and ARCHIVED.action in shown and "Retenu le" in shown

    page = text_of(agent_client.post(unarchive_url(usager, organisation), follow=True))
    assert "1 invitation partira finalement." in page
    waiting.refresh_from_db()
    assert (waiting.status, waiting.failure, waiting.settled_at) == ("created", "", None)


def test_an_hour_later_what_did_not_leave_stays(agent_client, usager, organisation):
    waiting = MessageFactory(organisation=organisation, usager=usager, status="created")
    agent_client.post(archive_url(usager, organisation))
    Message.objects.update(settled_at=timezone.now() - timedelta(minutes=61))
    page = text_of(agent_client.post(unarchive_url(usager, organisation), follow=True))
    assert "partira finalement" not in page
    waiting.refresh_from_db()
    assert waiting.status == "withdrawn"


# ---- Taking back


def test_somebody_is_taken_back_and_undoing_it_keeps_the_reason(agent_client, usager, organisation):
    agent_client.post(archive_url(usager, organisation), {"reason": "A déménagé"})
    page = text_of(agent_client.post(unarchive_url(usager, organisation), follow=True))
    assert f"dossier de nouveau actif dans {organisation}." in page
    assert f'action="{archive_url(usager, organisation)}" class="undo"' in page
    assert '<input type="hidden" name="reason" value="A déménagé">' in page
    assert membership(usager, organisation).archived_at is None


def test_taking_back_somebody_who_is_active_changes_nothing(agent_client, usager, organisation):
    page = text_of(agent_client.post(unarchive_url(usager, organisation), follow=True))
    assert f"dossier déjà actif dans {organisation}" in page


# ---- Who may


@pytest.mark.parametrize("address", [archive_url, unarchive_url])
def test_an_organisation_where_the_agent_has_no_role_is_not_found(
    agent_client, usager, organisation, address
):
    other = OrganisationFactory(department=organisation.department)
    MembershipFactory(usager=usager, organisation=other, archived_at=timezone.now())
    before = membership(usager, other).archived_at
    assert agent_client.post(address(usager, other)).status_code == 404
    assert membership(usager, other).archived_at == before


@pytest.mark.parametrize("address", [archive_url, unarchive_url])
def test_an_organisation_that_does_not_follow_the_person_is_not_found(
    agent_client, agent, usager, organisation, address
):
    other = OrganisationFactory(department=organisation.department)
    AgentRoleFactory(agent=agent, organisation=other)
    assert agent_client.post(address(usager, other)).status_code == 404


# ---- On the person's page


def test_each_organisation_of_the_agent_has_its_own_button(agent_client, usager, organisation, second):
    UsagerOrganisation.objects.filter(organisation=second).update(archived_at=timezone.now())
    elsewhere = OrganisationFactory(department=organisation.department, name="Ailleurs")
    MembershipFactory(usager=usager, organisation=elsewhere)
    page = person_page(agent_client, usager)
    assert archive_url(usager, organisation) in page
    assert unarchive_url(usager, second) in page
    assert "Ailleurs" not in page


def test_somebody_archived_here_is_said_so_at_the_top_with_the_button(agent_client, usager, organisation):
    UsagerOrganisation.objects.update(archived_at=timezone.now(), archiving_reason="A déménagé")
    page = person_page(agent_client, usager)
    assert "Cette personne est archivée dans votre organisation depuis le" in page
    assert page.count(unarchive_url(usager, organisation)) == 2


def test_the_page_costs_the_same_queries_whatever_the_number_of_organisations(
    agent_client, agent, usager, organisation
):
    person_page(agent_client, usager)
    counts = []
    for more in (1, 6):
        for _ in range(more):
            other = OrganisationFactory(department=organisation.department)
            AgentRoleFactory(agent=agent, organisation=other)
            MembershipFactory(usager=usager, organisation=other, archived_at=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            person_page(agent_client, usager)
        counts.append(len(captured))
    assert counts[0] == counts[1]


# ---- What refuses an invitation leads there


@pytest.mark.parametrize("archived", [True, False])
def test_why_somebody_is_not_invited_leads_to_what_settles_it(
    agent_client, agent, organisation, configuration, archived
):
    elsewhere = OrganisationFactory(department=organisation.department, name="Ailleurs")
    AgentRoleFactory(agent=agent, organisation=elsewhere)
    usager = UsagerFactory(organisation=elsewhere)
    if archived:
        MembershipFactory(usager=usager, organisation=organisation, archived_at=timezone.now())
    FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    agent_client.get(reverse("usagers", args=[organisation.slug]))
    page = person_page(agent_client, usager)
    said = "La personne est archivée : désarchivez-la" in page
    assert said is archived
    assert ("La personne n'est pas suivie par votre organisation" in page) is not archived
    person = reverse("usager", args=[usager.pk])
    link = (
        f'{person}?onglet=suivis#organisations">Désarchiver'
        if archived
        else (f"{reverse('organisations')}\">Changer d'organisation")
    )
    assert link in page
