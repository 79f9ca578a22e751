"""The same words, to the number or the address that the person has now."""

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.invitations.services.resending import resend
from rdv_insertion.messaging.enums import FAILED, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.resending import CannotResend, resend_to_current_contact
from tests.factories import FollowUpFactory, InvitationFactory, MessageFactory, UsagerFactory

NEW = "+33612345678"


@pytest.fixture
def usager(organisation):
    return UsagerFactory(organisation=organisation, phone_number="+33612000001", email="avant@example.org")


@pytest.fixture
def failed(organisation, usager):
    def one(**fields):
        return MessageFactory(
            organisation=organisation, usager=usager, **{"status": "permanent_failure", **fields}
        )

    return one


def correct(usager, **fields):
    for name, value in fields.items():
        setattr(usager, name, value)
    usager.save()


def test_the_new_message_has_the_same_words_and_leaves(failed, usager):
    words = {"text": "Bonjour.", "about": "invitation-ABCDEFGH", "language": "ar", "french_text": "Salut."}
    message = failed(**words, segments=2)
    correct(usager, phone_number=NEW)
    again = resend_to_current_contact(message=message, now=timezone.now())
    assert (again.recipient, again.status, again.attempts) == (NEW, MessageStatus.CREATED, 0)
    assert {name: getattr(again, name) for name in words} == words
    assert again.segments == 2
    message.refresh_from_db()
    assert message.status == MessageStatus.PERMANENT_FAILURE
    assert ProcrastinateJob.objects.get().args == {"message_ids": [again.pk]}


def test_twice_is_once(failed, usager):
    message = failed()
    correct(usager, phone_number=NEW)
    first, second = (resend_to_current_contact(message=message, now=timezone.now()) for _ in range(2))
    assert first == second
    assert Message.objects.count() == 2
    assert ProcrastinateJob.objects.count() == 1


def test_a_second_correction_writes_a_third_message(failed, usager):
    message = failed(unique_key="k" * 120)
    correct(usager, phone_number=NEW)
    again = resend_to_current_contact(message=message, now=timezone.now())
    Message.objects.filter(pk=again.pk).update(status=MessageStatus.PERMANENT_FAILURE)
    correct(usager, phone_number="+33612345699")
    third = resend_to_current_contact(message=again, now=timezone.now())
    assert third.recipient == "+33612345699"
    assert Message.objects.count() == 3


@pytest.mark.parametrize("number", ["+33612000001", None, "+33475000000"])
def test_without_another_mobile_nothing_is_written(failed, usager, number):
    message = failed()
    correct(usager, phone_number=number)
    with pytest.raises(CannotResend, match="Corrigez"):
        resend_to_current_contact(message=message, now=timezone.now())
    assert Message.objects.count() == 1


def test_a_mail_goes_to_the_new_address(failed, usager):
    message = failed(channel="email")
    correct(usager, email="apres@example.org")
    assert resend_to_current_contact(message=message, now=timezone.now()).recipient == "apres@example.org"


@pytest.mark.parametrize("status", sorted(set(MessageStatus.values) - set(FAILED)))
def test_what_did_not_fail_is_not_written_again(failed, usager, status):
    message = failed(status=status)
    correct(usager, phone_number=NEW)
    with pytest.raises(CannotResend, match="pas en échec"):
        resend_to_current_contact(message=message, now=timezone.now())


def test_the_invitation_follows_the_message_that_carries_it(organisation, usager):
    follow_up = FollowUpFactory(usager=usager)
    invitation = InvitationFactory(
        follow_up=follow_up, organisation=organisation, message__status="permanent_failure"
    )
    correct(usager, phone_number=NEW)
    again = resend(message=invitation.message, now=timezone.now())
    invitation.refresh_from_db()
    assert invitation.message == again
