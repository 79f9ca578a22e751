"""What is worth sending again, and why the rest is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rdv_insertion.invitations.usefulness import Useless, with_usefulness
from rdv_insertion.messaging.enums import STOPPED, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.pilotage.stopped_messages import stopped_messages
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    MessageFactory,
    ParticipationFactory,
    RdvFactory,
    UsagerFactory,
)


@pytest.fixture
def usager(organisation):
    return UsagerFactory(organisation=organisation)


@pytest.fixture
def stopped(organisation, usager):
    def one(**fields):
        return MessageFactory(
            organisation=organisation, usager=usager, **{"status": "technical_failure", **fields}
        )

    return one


@pytest.fixture
def about_rdv(usager):
    """`about` of a participation in a rdv that begins in so many days."""

    def one(days=3, status="unknown"):
        rdv = RdvFactory(starts_at=timezone.now() + timedelta(days=days))
        part = ParticipationFactory(rdv=rdv, usager=usager, follow_up=None, status=status)
        return f"participation-{part.pk}"

    return one


def useless_of(message):
    return with_usefulness(Message.objects.all(), now=timezone.now()).get(pk=message.pk).useless


@pytest.mark.parametrize(
    "about", ["", "invitation-ABCDEFGH", "participation-", "participation-9", "participation-x"]
)
def test_what_nothing_contradicts_is_useful(stopped, about):
    assert useless_of(stopped(about=about)) == ""


def test_a_rdv_to_come_is_worth_a_message(stopped, about_rdv):
    assert useless_of(stopped(about=about_rdv(), purpose="rdv_created")) == ""


def test_a_rdv_that_is_over_is_not(stopped, about_rdv):
    assert useless_of(stopped(about=about_rdv(days=-1), purpose="rdv_reminder")) == Useless.OVER


def test_a_cancelled_rdv_is_worth_saying_that_it_is_cancelled_and_nothing_else(stopped, about_rdv):
    about = about_rdv(status="revoked")
    told = stopped(about=about, purpose="rdv_cancelled")
    assert useless_of(told) == ""
    told.delete()
    assert useless_of(stopped(about=about, purpose="rdv_created")) == Useless.CANCELLED


def test_a_newer_message_about_the_same_by_the_same_channel_replaces_it(stopped, about_rdv):
    about = about_rdv()
    old, by_mail = stopped(about=about), stopped(about=about, channel="email")
    new = stopped(about=about, status="delivered")
    assert [useless_of(one) for one in (old, by_mail, new)] == [Useless.NEWER, "", ""]


def test_an_invitation_is_worth_sending_as_long_as_it_is_valid(organisation, usager):
    follow_up = FollowUpFactory(usager=usager)
    valid, expired = (
        InvitationFactory(follow_up=follow_up, organisation=organisation, **fields)
        for fields in ({}, {"expired": True})
    )
    assert useless_of(valid.message) == ""
    assert useless_of(expired.message) == Useless.EXPIRED


@pytest.mark.parametrize("status", MessageStatus.values)
def test_only_what_sending_again_may_cure_is_listed(organisation, stopped, status):
    message = stopped(status=status)
    listed = stopped_messages(organisation, now=timezone.now())
    assert list(listed) == ([message] if status in STOPPED else [])


def test_useless_and_old_messages_are_not_listed(organisation, stopped, about_rdv):
    stopped(about=about_rdv(days=-1))
    stopped(created_at=timezone.now() - timedelta(days=31))
    assert not stopped_messages(organisation, now=timezone.now()).exists()
