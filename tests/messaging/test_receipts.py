"""What providers say, in any order: the end state is always the weightiest word."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rdv_insertion.messaging import services
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message, RefusedContact
from tests.factories import MessageFactory, UsagerFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
DELIVERED, FOR_NOW, FOR_GOOD = (
    MessageStatus.DELIVERED,
    MessageStatus.TEMPORARY_FAILURE,
    MessageStatus.PERMANENT_FAILURE,
)


@pytest.fixture
def message(organisation):
    return MessageFactory(
        organisation=organisation,
        usager__phone_number="+33612345678",
        created_at=NOW - timedelta(hours=1),
        sending_at=NOW - timedelta(hours=1),
        sent_at=NOW - timedelta(hours=1),
    )


def say(message: Message, status: str = DELIVERED, *, minutes: int = 0, **values: Any) -> bool:
    """Have the provider say `status` of `message`, at that many minutes after 9:30."""
    given_values: dict[str, Any] = {"code": "delivered" if status == DELIVERED else "soft_bounce", **values}
    return services.record_outcome(
        message_id=message.pk,
        status=status,
        at=NOW + timedelta(minutes=minutes),
        now=NOW + timedelta(days=1),
        **given_values,
    )


def state(message: Message) -> tuple[Any, ...]:
    message.refresh_from_db()
    return message.status, message.delivery_code, message.settled_at, message.failure


def test_a_delivery_is_written_with_its_moment_and_its_code(message):
    assert say(message, minutes=2)
    assert state(message) == (DELIVERED, "delivered", NOW + timedelta(minutes=2), "")


def test_a_failure_is_written_with_its_sentence(message):
    assert say(message, FOR_GOOD, code="hard_bounce", sentence="Ce numéro n'existe pas.")
    assert state(message) == (FOR_GOOD, "hard_bounce", NOW, "Ce numéro n'existe pas.")


@pytest.mark.parametrize("later", [FOR_NOW, FOR_GOOD])
def test_no_failure_replaces_a_delivery(message, later):
    say(message)
    assert not say(message, later, minutes=30)
    assert state(message)[0] == DELIVERED


def test_a_failure_for_now_never_replaces_one_for_good(message):
    say(message, FOR_GOOD, code="hard_bounce")
    assert not say(message, FOR_NOW, minutes=30)
    assert state(message)[:2] == (FOR_GOOD, "hard_bounce")


def test_a_delivery_replaces_a_failure_and_its_sentence(message):
    say(message, FOR_GOOD, code="hard_bounce", sentence="Ce numéro n'existe pas.")
    assert say(message, minutes=-5)
    assert state(message) == (DELIVERED, "delivered", NOW - timedelta(minutes=5), "")


def test_of_two_failures_of_the_same_weight_the_last_said_holds(message):
    say(message, FOR_NOW, minutes=10, sentence="Seconde.")
    assert not say(message, FOR_NOW, minutes=5, sentence="Première.")
    assert say(message, FOR_NOW, minutes=15, sentence="Troisième.")
    assert state(message)[2:] == (NOW + timedelta(minutes=15), "Troisième.")


def test_of_two_deliveries_the_first_said_holds(message):
    say(message, minutes=10)
    assert not say(message, minutes=15)
    assert say(message, minutes=5)
    assert state(message)[2] == NOW + timedelta(minutes=5)


def test_a_duplicate_changes_nothing(message):
    assert say(message, FOR_NOW)
    assert not say(message, FOR_NOW)


def test_an_unknown_message_changes_nothing(message):
    message.pk += 1_000
    assert not say(message)


def test_a_moment_to_come_counts_as_now(message):
    say(message, minutes=60 * 24 * 30)
    assert state(message)[2] == NOW + timedelta(days=1)


def test_a_failure_of_an_earlier_try_is_not_held_against_the_last_one(message):
    Message.objects.filter(pk=message.pk).update(sending_at=NOW + timedelta(hours=5))
    assert not say(message, FOR_NOW)
    assert say(message, FOR_NOW, minutes=60 * 5)


@pytest.mark.parametrize("status", [MessageStatus.TO_PRINT, MessageStatus.PRINTED])
def test_a_letter_is_told_nothing(message, status):
    Message.objects.filter(pk=message.pk).update(status=status)
    assert not say(message)


def test_a_delivery_stops_the_next_try_of_a_message_that_seemed_to_fail(message):
    """The provider took it and its answer was lost."""
    Message.objects.filter(pk=message.pk).update(status=MessageStatus.CREATED, sent_at=None)
    say(message)
    services.send(message_ids=[message.pk], now=NOW)
    assert state(message)[0] == DELIVERED


@pytest.mark.parametrize("status", [DELIVERED, FOR_NOW, FOR_GOOD])
def test_a_receipt_faster_than_our_own_sent_holds(message, status):
    Message.objects.filter(pk=message.pk).update(status=MessageStatus.SENDING, sent_at=None)
    say(message, status)
    message.refresh_from_db()
    assert (message.status, message.sent_at) == (status, message.sending_at)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([DELIVERED, FOR_NOW, FOR_GOOD]),
        st.integers(-60, 60),
        st.sampled_from(["soft_bounce", "error", "hard_bounce"]),
        st.sampled_from(["", "Première raison.", "Seconde raison."]),
    ),
    min_size=1,
    max_size=5,
)


@hypothesis_settings(max_examples=60)
@given(events=EVENTS, data=st.data())
def test_any_order_and_any_repetition_give_the_same_end(events, data, message):
    shuffled = data.draw(st.permutations(events)) + data.draw(st.lists(st.sampled_from(events), max_size=4))
    ends = []
    for order in (events, shuffled):
        Message.objects.filter(pk=message.pk).update(
            status=MessageStatus.SENT, delivery_code="", settled_at=None, failure=""
        )
        RefusedContact.objects.all().delete()
        for status, minutes, code, sentence in order:
            failed = status != DELIVERED
            say(
                message,
                status,
                minutes=minutes,
                code=code if failed else "delivered",
                sentence=sentence if failed else "",
                refuses_contact=status == FOR_GOOD,
            )
        ends.append((state(message), RefusedContact.objects.exists()))
    assert ends[0] == ends[1]
    said = {status for status, *_ in events}
    weightiest = next(one for one in (DELIVERED, FOR_GOOD, FOR_NOW) if one in said)
    assert ends[0][0][0] == weightiest
    assert ends[0][1] == (weightiest == FOR_GOOD)


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_hear_opposite_words_at_once_agree(message, in_threads):
    def hear(status: str) -> bool:
        return say(message, status, refuses_contact=True)

    results = in_threads(*[lambda one=one: hear(one) for one in (DELIVERED, FOR_GOOD, FOR_NOW) * 2])
    assert [one for one in results if isinstance(one, Exception)] == []
    assert state(message)[0] == DELIVERED


class TestRefusedContacts:
    def refuse(self, message: Message, minutes: int = 0) -> None:
        say(message, FOR_GOOD, minutes=minutes, sentence="Ce numéro n'existe pas.", refuses_contact=True)

    def test_a_number_refused_for_good_is_to_be_corrected(self, message):
        self.refuse(message)
        refused = RefusedContact.objects.current().get()
        assert (refused.usager_id, refused.contact) == (message.usager_id, "+33612345678")
        assert (refused.reason, refused.refused_at) == ("Ce numéro n'existe pas.", NOW)
        assert refused.message_id == message.pk

    def test_a_refused_text_says_nothing_of_the_number(self, message):
        say(message, FOR_GOOD, sentence="L'opérateur a refusé le texte.")
        assert not RefusedContact.objects.exists()

    def test_a_later_delivery_there_forgets_it(self, message):
        self.refuse(message)
        again = MessageFactory(
            organisation=message.organisation, usager=message.usager, sending_at=NOW, created_at=NOW
        )
        say(again, minutes=10)
        assert not RefusedContact.objects.exists()

    def test_an_earlier_delivery_there_proves_nothing(self, message):
        self.refuse(message)
        say(MessageFactory(organisation=message.organisation, usager=message.usager), minutes=-50)
        assert RefusedContact.objects.exists()

    def test_a_refusal_told_after_a_later_delivery_is_not_kept(self, message):
        say(MessageFactory(organisation=message.organisation, usager=message.usager), minutes=10)
        self.refuse(message)
        assert not RefusedContact.objects.exists()

    def test_a_corrected_number_is_no_longer_to_be_corrected(self, message):
        self.refuse(message)
        message.usager.phone_number = "+33687654321"
        message.usager.save()
        assert not RefusedContact.objects.current().exists()

    def test_two_messages_refused_at_the_same_number_are_one_thing_to_correct(self, message):
        self.refuse(message)
        other = MessageFactory(organisation=message.organisation, usager=message.usager)
        self.refuse(other, minutes=10)
        assert RefusedContact.objects.get().message_id == other.pk

    def test_agents_see_those_of_their_people(self, message, agent, stranger, colleague_elsewhere):
        self.refuse(message)
        found = RefusedContact.objects.current()
        assert [found.visible_to(one).exists() for one in (agent, colleague_elsewhere, stranger)] == [
            True,
            False,
            False,
        ]
        assert found.of_organisation(message.organisation).exists()
        assert not found.of_organisation(stranger.organisations.get()).exists()

    def test_refused_channels_are_told_in_one_query(self, message, django_assert_num_queries):
        self.refuse(message)
        fine = UsagerFactory(organisation=message.organisation)
        with django_assert_num_queries(1):
            refused = services.refused_channels([message.usager_id, fine.pk])
        assert refused == {(message.usager_id, Channel.SMS)}

    def test_an_agent_is_not_a_person_to_correct(self, organisation, agent):
        message = MessageFactory(
            organisation=organisation, usager=None, agent=agent, channel="email", recipient=agent.email
        )
        services.remember_refusal(message=message, reason="Refusée.", now=NOW)
        assert not RefusedContact.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", [DELIVERED, FOR_GOOD])
def test_the_worker_does_not_overwrite_what_was_heard_before_its_answer(status, draft, providers):
    """The provider tells what became of the message before it acknowledges it."""
    message = next(iter(services.enqueue(drafts=[draft()], now=NOW).values()))

    def tell(_recipient: str) -> None:
        say(message, status)
        connections.close_all()

    providers.sms.script.before_answer = tell
    services.send(message_ids=[message.pk], now=NOW)
    assert len(providers.sms.received()) == 1
    assert state(message)[0] == status
    assert message.sent_at


def test_what_is_heard_is_one_statement(message, django_assert_num_queries):
    with django_assert_num_queries(3):  # the statement between its two savepoints
        say(message, FOR_NOW)
