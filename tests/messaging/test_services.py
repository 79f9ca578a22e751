import io
import logging
from datetime import timedelta
from typing import Any

import pytest
import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.messaging import services
from rdv_insertion.messaging.enums import TRANSITIONS, Channel, MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.claiming import claim
from rdv_insertion.messaging.services.recording import Outcome, record
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager
from tests.factories import UsagerFactory
from tests.messaging.conftest import DraftOf
from tests.messaging.contents import rdv
from tests.providers import Behaviour, Providers

pytestmark = pytest.mark.django_db


def enqueue_one(draft: services.Draft) -> Message:
    [message] = services.enqueue(drafts=[draft], now=timezone.now()).values()
    return message


def send(message: Message) -> Message:
    """At its time, when it has one."""
    services.send(message_ids=[message.pk], now=message.not_before or timezone.now())
    message.refresh_from_db()
    return message


def live_a_day(run_jobs: Any) -> int:
    """Run the jobs of a day, each when its time has come; how many ran."""
    end, ran = timezone.now() + timedelta(days=1), 0
    while (
        job := ProcrastinateJob.objects.filter(status="todo")
        .order_by(F("scheduled_at").asc(nulls_first=True))
        .first()
    ):
        now = job.scheduled_at or timezone.now()
        if now > end:
            break
        ran += run_jobs(at=now, until=now)
    return ran


def jobs_of(message: Message) -> list[ProcrastinateJob]:
    waiting = ProcrastinateJob.objects.filter(status="todo", task_name="deliver").order_by("id")
    return [job for job in waiting if message.pk in job.args["message_ids"]]


# --- Writing


def test_a_message_is_written_with_its_job_in_the_queue_of_its_channel(draft: DraftOf) -> None:
    for channel in (Channel.SMS, Channel.EMAIL):
        message = enqueue_one(draft(channel=channel))
        [job] = jobs_of(message)
        assert job.queue_name == channel
        assert message.status == MessageStatus.CREATED


def test_a_transaction_rolled_back_leaves_neither_message_nor_job(draft: DraftOf) -> None:
    class Undo(Exception):
        pass

    with pytest.raises(Undo), transaction.atomic():
        enqueue_one(draft())
        raise Undo
    assert not Message.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_the_same_thing_is_never_written_twice(draft: DraftOf) -> None:
    first = enqueue_one(draft())
    again = enqueue_one(draft())
    both = services.enqueue(drafts=[draft(), draft()], now=timezone.now())
    assert first.pk == again.pk == next(iter(both.values())).pk
    assert Message.objects.count() == 1
    assert len(jobs_of(first)) == 1


@pytest.mark.parametrize(
    "difference",
    [
        {"channel": Channel.EMAIL},
        {"about": "other"},
        {"purpose": Purpose.RDV_CREATED, "content": rdv()},
    ],
)
def test_another_channel_subject_or_purpose_is_another_message(
    draft: DraftOf, difference: dict[str, Any]
) -> None:
    assert enqueue_one(draft()).pk != enqueue_one(draft(**difference)).pk


def test_ten_thousand_messages_are_written_in_as_many_queries_as_ten(
    organisation: Organisation, draft: DraftOf, django_assert_num_queries: Any
) -> None:
    people = [UsagerFactory(organisation=organisation) for _ in range(60)]
    for some in (people[:2], people[2:]):
        drafts = [draft(to=one) for one in some]
        # savepoint, known, allowance, ids, messages, jobs, budgets, release
        with django_assert_num_queries(8):
            services.enqueue(drafts=drafts, now=timezone.now())


def test_a_letter_waits_to_be_printed_and_has_no_job(draft: DraftOf) -> None:
    message = enqueue_one(draft(channel=Channel.LETTER))
    assert message.status == MessageStatus.TO_PRINT
    assert not ProcrastinateJob.objects.exists()


def test_a_person_gets_ten_messages_a_day_and_no_more(draft: DraftOf) -> None:
    now = timezone.now()
    drafts = [draft(about=f"n-{number}") for number in range(12)]
    services.enqueue(drafts=drafts[:9], now=now - timedelta(hours=23))
    messages = list(services.enqueue(drafts=drafts[9:], now=now).values())
    assert [message.status for message in messages] == [MessageStatus.CREATED] + 2 * [
        MessageStatus.PERMANENT_FAILURE
    ]
    assert messages[-1].failure == "Cette personne a déjà reçu dix messages aujourd'hui."
    assert not jobs_of(messages[-1])


def test_the_next_day_the_person_is_told_again(draft: DraftOf) -> None:
    now = timezone.now()
    yesterday = [draft(about=f"n-{number}") for number in range(12)]
    services.enqueue(drafts=yesterday, now=now - timedelta(hours=24, minutes=1))
    assert enqueue_one(draft(about="today")).status == MessageStatus.CREATED


def test_messages_that_failed_do_not_count_among_the_ten(draft: DraftOf) -> None:
    services.enqueue(drafts=[draft(about=f"n-{n}") for n in range(10)], now=timezone.now())
    Message.objects.update(status=MessageStatus.TECHNICAL_FAILURE)
    assert enqueue_one(draft(about="new")).status == MessageStatus.CREATED


@pytest.mark.parametrize(
    "number", ["+33475792626", "+41791234567", "+447911123456", "+33892700000", "", None]
)
def test_no_sms_leaves_for_what_is_not_a_french_mobile(
    organisation: Organisation, draft: DraftOf, providers: Providers, run_jobs: Any, number: str | None
) -> None:
    usager = UsagerFactory(organisation=organisation, phone_number=number)
    message = enqueue_one(draft(to=usager))
    run_jobs()
    assert message.status == MessageStatus.PERMANENT_FAILURE
    assert not providers.sms.received()
    assert Channel.SMS not in services.channels_for(usager)


@pytest.mark.parametrize(
    "number", ["+33612345678", "+33781234567", "+590690123456", "+262692123456", "+687751234", "+68987123456"]
)
def test_mobiles_of_all_french_territories_get_sms(
    organisation: Organisation, draft: DraftOf, providers: Providers, run_jobs: Any, number: str
) -> None:
    enqueue_one(draft(to=UsagerFactory(organisation=organisation, phone_number=number)))
    run_jobs("sms")
    assert [f"+{body['recipient']}" for body in providers.sms.received()] == [number]


def test_a_very_long_organisation_name_does_not_prevent_sending(
    organisation: Organisation, draft: DraftOf, providers: Providers, run_jobs: Any
) -> None:
    organisation.name = "Communauté d'agglomération Valence Romans " * 4 + "Insertion"
    for channel in Channel.values:
        assert len(enqueue_one(draft(channel=channel)).sender) <= 100
    run_jobs()
    assert len(providers.mail.received()) == 1


# --- Sending


def test_a_message_sent_keeps_the_reference_of_the_provider(draft: DraftOf, providers: Providers) -> None:
    message = send(enqueue_one(draft()))
    assert message.status == MessageStatus.SENT
    assert message.provider_reference.isdigit()
    assert message.attempts == 1
    assert message.sent_at is not None


@pytest.mark.parametrize("status", sorted(set(MessageStatus.values) - {MessageStatus.CREATED}))
def test_only_a_message_still_to_be_sent_is_sent(draft: DraftOf, providers: Providers, status: str) -> None:
    message = enqueue_one(draft())
    Message.objects.update(status=status)
    assert send(message).status == status
    assert not providers.sms.received()


def test_a_job_that_runs_twice_sends_once(draft: DraftOf, providers: Providers) -> None:
    message = enqueue_one(draft())
    send(message)
    send(message)
    assert len(providers.sms.received()) == 1


@pytest.mark.parametrize(
    "behaviour", [Behaviour.SERVER_ERROR, Behaviour.TOO_MANY_REQUESTS, Behaviour.NO_CREDIT, Behaviour.GARBAGE]
)
def test_a_passing_failure_is_tried_again_later(
    draft: DraftOf, providers: Providers, behaviour: Behaviour
) -> None:
    providers.sms.script.next(behaviour)
    message = enqueue_one(draft())
    ProcrastinateJob.objects.all()._raw_delete("default")
    before = timezone.now()
    send(message)
    assert message.status == MessageStatus.CREATED
    assert message.failure
    [job] = jobs_of(message)
    assert before + timedelta(seconds=29) < job.scheduled_at < timezone.now() + timedelta(seconds=38)
    assert message.not_before < job.scheduled_at
    assert send(message).status == MessageStatus.SENT
    assert message.failure == ""


def test_delays_grow_and_last_more_than_four_hours() -> None:
    delays = [services.delay_before_attempt(attempt) for attempt in range(2, services.MAX_ATTEMPTS + 1)]
    shortest = [timedelta(seconds=30) * 2**n for n in range(7)] + [timedelta(hours=1)] * 4
    for delay, least in zip(delays, shortest, strict=True):
        assert least <= delay <= least * 1.2
    assert sum(shortest, timedelta()) > timedelta(hours=4)


def test_a_provider_that_never_comes_back_ends_in_a_technical_failure(
    draft: DraftOf, providers: Providers, run_jobs: Any
) -> None:
    providers.sms.script.always(Behaviour.SERVER_ERROR)
    message = enqueue_one(draft())
    ran = live_a_day(run_jobs)
    message.refresh_from_db()
    assert message.status == MessageStatus.TECHNICAL_FAILURE
    assert message.attempts == ran == services.MAX_ATTEMPTS
    assert message.failure == "Le prestataire SMS est momentanément saturé ou en panne."


def test_a_refusal_of_the_number_fails_at_once_and_for_good(
    draft: DraftOf, providers: Providers, run_jobs: Any
) -> None:
    providers.sms.script.next(Behaviour.INVALID_PARAMETER)
    message = enqueue_one(draft())
    assert live_a_day(run_jobs) == 1
    message.refresh_from_db()
    assert message.status == MessageStatus.PERMANENT_FAILURE
    assert message.failure == "Le prestataire SMS refuse ce numéro de téléphone."


def test_one_bad_message_does_not_stop_the_others_of_its_job(
    organisation: Organisation, draft: DraftOf, providers: Providers, run_jobs: Any
) -> None:
    people = [UsagerFactory(organisation=organisation) for _ in range(4)]
    services.enqueue(drafts=[draft(to=one) for one in people], now=timezone.now())
    providers.sms.script.next(Behaviour.TAKE, Behaviour.INVALID_PARAMETER, Behaviour.SERVER_ERROR)
    run_jobs("sms")
    statuses = list(Message.objects.order_by("id").values_list("status", flat=True))
    assert statuses == ["sent", "permanent_failure", "created", "sent"]


def test_a_fault_of_ours_is_tried_again_and_never_loops(
    draft: DraftOf, providers: Providers, run_jobs: Any
) -> None:
    message = enqueue_one(draft(channel=Channel.EMAIL))
    Message.objects.update(sender="a@")
    live_a_day(run_jobs)
    message.refresh_from_db()
    assert message.status == MessageStatus.TECHNICAL_FAILURE
    assert message.failure == "Une erreur technique a empêché l'envoi."


def test_a_message_left_by_a_dead_worker_is_sent_again(
    draft: DraftOf, providers: Providers, run_jobs: Any
) -> None:
    now = timezone.now()
    message = enqueue_one(draft())
    ProcrastinateJob.objects.all()._raw_delete("default")
    Message.objects.update(status=MessageStatus.SENDING, sending_at=now, attempts=1)
    assert services.resume_stuck(now=now + timedelta(minutes=4)) == 0
    assert services.resume_stuck(now=now + timedelta(minutes=6)) == 1
    run_jobs("sms")
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT


def test_a_message_that_kills_its_workers_is_given_up(draft: DraftOf) -> None:
    message = enqueue_one(draft())
    now = timezone.now()
    Message.objects.update(status=MessageStatus.SENDING, sending_at=now, attempts=services.MAX_ATTEMPTS)
    assert services.resume_stuck(now=now + timedelta(minutes=6)) == 0
    message.refresh_from_db()
    assert message.status == MessageStatus.TECHNICAL_FAILURE


def test_a_receipt_faster_than_the_answer_is_not_undone(draft: DraftOf, providers: Providers) -> None:
    message = enqueue_one(draft())
    now = timezone.now()
    [taken] = claim([message.pk], set_aside=(), now=now)
    Message.objects.update(status=MessageStatus.DELIVERED)
    record([Outcome(taken.message, MessageStatus.SENT, reference="42", sent_at=now)], now=now)
    message.refresh_from_db()
    assert message.status == MessageStatus.DELIVERED
    assert message.provider_reference
    assert message.sent_at


def test_delivered_is_final_and_every_status_has_its_moves() -> None:
    assert TRANSITIONS.keys() == set(MessageStatus.values)
    assert TRANSITIONS[MessageStatus.DELIVERED] == frozenset()


def test_logs_hold_nothing_of_the_person_whether_it_succeeds_or_fails(
    usager: Usager, draft: DraftOf, providers: Providers
) -> None:
    lines = io.StringIO()
    root = logging.getLogger()
    [ours] = [one for one in root.handlers if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter)]
    handler = logging.StreamHandler(lines)
    handler.setFormatter(ours.formatter)
    handler.filters = ours.filters
    root.addHandler(handler)
    try:
        for channel, provider in ((Channel.SMS, providers.sms), (Channel.EMAIL, providers.mail)):
            failures = [Behaviour.SERVER_ERROR, Behaviour.INVALID_PARAMETER]
            if channel == Channel.EMAIL:
                failures = [Behaviour.TRY_LATER, Behaviour.REFUSE_RECIPIENT]
            for number, behaviour in enumerate([Behaviour.TAKE, *failures]):
                provider.script.next(behaviour)
                send(enqueue_one(draft(channel=channel, about=f"secret-{number}")))
        message = enqueue_one(draft(channel=Channel.EMAIL, about="broken"))
        Message.objects.filter(pk=message.pk).update(sender=f"{usager.email} <a@b@c>")
        send(message)
    finally:
        root.removeHandler(handler)
    written = lines.getvalue()
    assert written.count("message_not_taken") == 5
    assert written.count("message_not_sendable") == 1
    digits = str(usager.phone_number).removeprefix("+33")
    for secret in (
        usager.last_name,
        usager.first_name,
        usager.email,
        digits,
        "ABCDEFGH",
        "N'DIAYE",
        "secret-",
    ):
        assert str(secret).lower() not in written.lower()
