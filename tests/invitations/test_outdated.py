"""What waits for the morning and serves nobody any more does not leave."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rdv_insertion.invitations.models import Invitation
from rdv_insertion.invitations.services.outdated import withdraw_outdated
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.outcomes import action_of, sentence_of
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    MessageFactory,
    ParticipationFactory,
    RdvFactory,
)
from tests.invitations.conftest import NOW

pytestmark = pytest.mark.django_db

Waiting = Callable[..., Message]


@pytest.fixture
def waiting(organisation) -> Waiting:
    """An invitation written in the evening, whose SMS leaves in the morning."""

    def make(**values) -> Message:
        follow_up = values.pop("follow_up", None) or FollowUpFactory(organisation=organisation)
        message = MessageFactory(
            organisation=organisation,
            usager=follow_up.usager,
            status=MessageStatus.CREATED,
            created_at=NOW - timedelta(hours=9),
            not_before=NOW + timedelta(minutes=5),
            **values.pop("message", {}),
        )
        times = {"created_at": NOW - timedelta(hours=9), "expires_at": NOW + timedelta(days=5)}
        InvitationFactory(follow_up=follow_up, organisation=organisation, message=message, **times | values)
        return message

    return make


def status_of(message: Message) -> str:
    message.refresh_from_db()
    return message.status


def book(message: Message) -> None:
    follow_up = Invitation.objects.get(message=message).follow_up
    rdv = RdvFactory(organisation=message.organisation, starts_at=NOW + timedelta(days=2))
    ParticipationFactory(rdv=rdv, usager=message.usager, follow_up=follow_up)
    type(follow_up).objects.filter(pk=follow_up.pk).update(latest_unknown_rdv_at=rdv.starts_at)


def close(message: Message) -> None:
    follow_up = Invitation.objects.get(message=message).follow_up
    type(follow_up).objects.filter(pk=follow_up.pk).update(closed_at=NOW)


def expire(message: Message) -> None:
    Invitation.objects.filter(message=message).update(expires_at=NOW)


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (book, "La personne a un rendez-vous à venir : cette invitation n'est plus utile."),
        (close, "Le suivi est clos : cette invitation n'est plus utile."),
        (expire, "L'invitation n'est plus valable : invitez de nouveau la personne."),
    ],
)
def test_an_invitation_that_serves_no_more_does_not_leave(waiting: Waiting, happened, said) -> None:
    message, other = waiting(), waiting()
    happened(message)
    assert withdraw_outdated(now=NOW) == 1
    assert (status_of(message), status_of(other)) == (MessageStatus.WITHDRAWN, MessageStatus.CREATED)
    assert sentence_of(message) == said
    assert action_of(message) == "Rien à faire."
    assert withdraw_outdated(now=NOW) == 0


def test_what_a_provider_may_have_and_what_is_leaving_are_left_alone(waiting: Waiting) -> None:
    in_doubt = waiting(message={"in_doubt": True})
    leaving = waiting()
    Message.objects.filter(pk=leaving.pk).update(created_at=NOW)
    for message in (in_doubt, leaving):
        close(message)
    assert withdraw_outdated(now=NOW) == 0


def test_a_message_about_the_rdv_still_leaves(waiting: Waiting) -> None:
    invitation = waiting()
    book(invitation)
    part = invitation.usager.participations.get()
    told = MessageFactory(
        organisation=invitation.organisation,
        usager=invitation.usager,
        status=MessageStatus.CREATED,
        created_at=NOW - timedelta(hours=1),
        purpose="rdv_created",
        about=f"participation-{part.pk}",
    )
    withdraw_outdated(now=NOW)
    assert status_of(told) == MessageStatus.CREATED


def test_hundreds_cost_the_queries_of_two(waiting: Waiting) -> None:
    costs = []
    for count in (2, 20):
        for _ in range(count):
            close(waiting())
        with CaptureQueriesContext(connection) as queries:
            assert withdraw_outdated(now=NOW) == count
        costs.append(len(queries))
    assert costs[0] == costs[1]
