"""Providers of a department, and the second one when the first fails again and again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from rdv_insertion.messaging import services
from rdv_insertion.messaging.enums import Channel, MessageStatus, Provider
from rdv_insertion.messaging.models import Message, ProviderHealth, SendingConfiguration
from rdv_insertion.messaging.services import health
from rdv_insertion.messaging.services.claiming import claim
from rdv_insertion.messaging.services.recording import Outcome, record
from rdv_insertion.territory.models import Organisation
from tests.factories import UsagerFactory
from tests.messaging.conftest import DraftOf
from tests.providers import Behaviour, Providers

pytestmark = pytest.mark.django_db

Enqueue = Callable[..., list[Message]]


@pytest.fixture
def enqueue(organisation: Organisation, draft: DraftOf) -> Enqueue:
    def write(count: int, **changes: Any) -> list[Message]:
        people = [UsagerFactory(organisation=organisation) for _ in range(count)]
        drafts = [draft(to=one, **changes) for one in people]
        return list(services.enqueue(drafts=drafts, now=timezone.now()).values())

    return write


@pytest.fixture
def both(settings: LazySettings) -> None:
    """Brevo first, OVH second."""
    settings.SMS_PROVIDER, settings.SECOND_SMS_PROVIDER = Provider.BREVO_SMS, Provider.OVH_SMS


def send(messages: list[Message], now: datetime | None = None) -> list[Message]:
    services.send(message_ids=[one.pk for one in messages], now=now or timezone.now())
    for one in messages:
        one.refresh_from_db()
    return messages


def test_messages_go_to_the_provider_of_the_settings(enqueue: Enqueue, providers: Providers) -> None:
    [message] = send(enqueue(1))
    assert (message.status, message.provider) == (MessageStatus.SENT, Provider.BREVO_SMS)


def test_a_department_chooses_its_own_providers(
    organisation: Organisation, enqueue: Enqueue, providers: Providers
) -> None:
    SendingConfiguration.objects.create(
        department=organisation.department,
        sms_provider=Provider.OVH_SMS,
        email_provider=Provider.BREVO_EMAIL,
    )
    [sms] = send(enqueue(1))
    [mail] = send(enqueue(1, channel=Channel.EMAIL))
    assert (sms.provider, len(providers.ovh.taken)) == (Provider.OVH_SMS, 1)
    assert (mail.provider, len(providers.brevo_mail.taken)) == (Provider.BREVO_EMAIL, 1)
    assert not providers.sms.taken


def test_after_failures_in_a_row_messages_go_to_the_second(
    both: None, enqueue: Enqueue, providers: Providers
) -> None:
    providers.sms.script.always(Behaviour.SERVER_ERROR)
    failing = [send(enqueue(1))[0] for _ in range(health.FAILURES_BEFORE_SECOND)]
    assert {one.status for one in failing} == {MessageStatus.CREATED}
    [message] = send(enqueue(1))
    assert (message.status, message.provider) == (MessageStatus.SENT, Provider.OVH_SMS)
    later = timezone.now() + timedelta(minutes=2)
    assert {one.provider for one in send(failing, later)} == {Provider.OVH_SMS}
    assert {one.status for one in failing} == {MessageStatus.SENT}


def test_one_failure_less_and_the_first_still_has_them(
    both: None, enqueue: Enqueue, providers: Providers
) -> None:
    providers.sms.script.next(*[Behaviour.SERVER_ERROR] * (health.FAILURES_BEFORE_SECOND - 1))
    for _ in range(health.FAILURES_BEFORE_SECOND - 1):
        send(enqueue(1))
    assert send(enqueue(1))[0].provider == Provider.BREVO_SMS
    assert not ProviderHealth.objects.exists()


def test_a_while_later_the_first_is_tried_again_by_one_batch_only(
    both: None, enqueue: Enqueue, providers: Providers
) -> None:
    health.failed(Provider.BREVO_SMS, times=9, resting_until=None, now=timezone.now())
    later = timezone.now() + health.SET_ASIDE_FOR + timedelta(seconds=1)
    probing, next_one = health.current(later), health.current(later)
    assert Provider.BREVO_SMS not in probing.set_aside
    assert Provider.BREVO_SMS in next_one.set_aside


def test_a_first_provider_that_is_well_again_has_its_messages_back(
    both: None, enqueue: Enqueue, providers: Providers
) -> None:
    health.failed(Provider.BREVO_SMS, times=9, resting_until=None, now=timezone.now())
    later = timezone.now() + health.SET_ASIDE_FOR + timedelta(seconds=1)
    [message] = send(enqueue(1), later)
    assert message.provider == Provider.BREVO_SMS
    assert not ProviderHealth.objects.exists()


def test_a_first_provider_that_still_fails_is_set_aside_again(
    both: None, enqueue: Enqueue, providers: Providers
) -> None:
    health.failed(Provider.BREVO_SMS, times=9, resting_until=None, now=timezone.now())
    providers.sms.script.always(Behaviour.SERVER_ERROR)
    later = timezone.now() + health.SET_ASIDE_FOR + timedelta(seconds=1)
    send(enqueue(1), later)
    assert send(enqueue(1), later)[0].provider == Provider.OVH_SMS


def test_a_message_that_may_have_been_taken_is_not_given_to_the_other_provider(
    both: None, enqueue: Enqueue, providers: Providers
) -> None:
    providers.sms.script.next(Behaviour.TAKE_THEN_DISCONNECT)
    [message] = send(enqueue(1))
    assert (message.status, message.in_doubt) == (MessageStatus.CREATED, True)
    health.failed(Provider.BREVO_SMS, times=9, resting_until=None, now=timezone.now())
    send([message], timezone.now() + timedelta(minutes=3))
    assert (message.status, message.provider) == (MessageStatus.SENT, Provider.BREVO_SMS)
    assert message.provider_reference == providers.sms.taken[0].reference
    assert (len(providers.sms.taken), len(providers.ovh.taken)) == (1, 0)


@pytest.mark.parametrize("behaviour", [Behaviour.BAD_GATEWAY, Behaviour.DISCONNECT])
def test_a_message_in_doubt_that_was_not_taken_is_sent(
    enqueue: Enqueue, providers: Providers, behaviour: Behaviour
) -> None:
    providers.sms.script.next(behaviour)
    [message] = send(enqueue(1))
    assert message.in_doubt
    send([message], message.not_before)
    assert (message.status, message.in_doubt) == (MessageStatus.SENT, False)
    assert len(providers.sms.taken) == 1


def test_while_the_provider_does_not_say_a_message_in_doubt_is_not_sent(
    enqueue: Enqueue, providers: Providers
) -> None:
    providers.sms.script.next(Behaviour.TAKE_THEN_DISCONNECT, Behaviour.SERVER_ERROR, Behaviour.GARBAGE)
    [message] = send(enqueue(1))
    send([message], message.not_before)
    send([message], message.not_before)
    assert (message.status, message.in_doubt, len(providers.sms.taken)) == (MessageStatus.CREATED, True, 1)


def test_a_message_given_up_in_doubt_says_that_the_person_may_have_it(
    enqueue: Enqueue, providers: Providers
) -> None:
    [message] = enqueue(1)
    Message.objects.update(attempts=services.MAX_ATTEMPTS - 1)
    providers.sms.script.next(Behaviour.DISCONNECT)
    send([message])
    assert message.status == MessageStatus.TECHNICAL_FAILURE
    assert "a peut-être reçu" in message.failure


def test_a_provider_that_asks_for_peace_gets_it_from_everybody(
    enqueue: Enqueue, providers: Providers
) -> None:
    providers.sms.script.retry_after = 90
    providers.sms.script.next(Behaviour.TOO_MANY_REQUESTS)
    now = timezone.now()
    messages = send(enqueue(3), now)
    assert [one.attempts for one in messages] == [1, 0, 0]
    assert all(one.not_before >= now + timedelta(seconds=90) for one in messages)
    [other] = send(enqueue(1), now)
    assert (other.attempts, other.status) == (0, MessageStatus.CREATED)
    assert not providers.sms.taken
    assert {one.status for one in send([*messages, other], now + timedelta(seconds=200))} == {"sent"}


def test_a_batch_leaves_a_provider_that_refuses_everything_alone(
    enqueue: Enqueue, providers: Providers
) -> None:
    providers.sms.script.always(Behaviour.SERVER_ERROR)
    messages = send(enqueue(8))
    assert [one.attempts for one in messages] == [1, 1, 1, 0, 0, 0, 0, 0]
    assert {one.status for one in messages} == {MessageStatus.CREATED}


def test_a_batch_that_goes_well_costs_three_statements(
    enqueue: Enqueue, providers: Providers, django_assert_num_queries: Any
) -> None:
    for count in (2, 20):
        messages = enqueue(count)
        with django_assert_num_queries(3):  # health, claim, outcomes
            services.send(message_ids=[one.pk for one in messages], now=timezone.now())


def test_a_worker_that_wakes_up_late_writes_nothing_over_the_next_one(
    enqueue: Enqueue, providers: Providers
) -> None:
    [message] = enqueue(1)
    now = timezone.now()
    [late] = claim([message.pk], set_aside=(), now=now)
    services.resume_stuck(now=now + timedelta(minutes=6))
    [next_one] = claim([message.pk], set_aside=(), now=now + timedelta(minutes=6))
    record([Outcome(late.message, MessageStatus.PERMANENT_FAILURE, failure="Non.")], now=now)
    message.refresh_from_db()
    assert (message.status, message.failure) == (MessageStatus.SENDING, "")
    record([Outcome(next_one.message, MessageStatus.SENT, reference="1", sent_at=now)], now=now)
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
