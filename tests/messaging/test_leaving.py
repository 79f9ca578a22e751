"""When messages wait: at night, when an administrator says so; and what a lost job, or a budget, changes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.agents.models import Agent
from rdv_insertion.messaging import quiet_hours, services
from rdv_insertion.messaging.enums import Channel, MessageStatus, Purpose
from rdv_insertion.messaging.models import ChannelPause, Message
from rdv_insertion.messaging.services import budget
from rdv_insertion.territory.models import Organisation
from tests.factories import DepartmentFactory, OrganisationFactory, UsagerFactory
from tests.messaging.conftest import DraftOf
from tests.providers import Behaviour, Providers

PARIS = ZoneInfo("Europe/Paris")
EVENING = datetime(2026, 3, 3, 21, 30, tzinfo=PARIS)
MORNING = datetime(2026, 3, 4, 8, tzinfo=PARIS)


def enqueue_one(draft: services.Draft, now: datetime) -> Message:
    [message] = services.enqueue(drafts=[draft], now=now).values()
    return message


def send(message: Message, now: datetime) -> Message:
    services.send(message_ids=[message.pk], now=now)
    message.refresh_from_db()
    return message


# --- The night


@pytest.fixture
def nights(settings: LazySettings) -> None:
    settings.SMS_QUIET_HOURS = "20-8"


@pytest.mark.django_db
def test_an_sms_written_in_the_evening_leaves_in_the_morning(
    nights: None, draft: DraftOf, providers: Providers
) -> None:
    message = enqueue_one(draft(), EVENING)
    assert message.not_before == MORNING
    [job] = ProcrastinateJob.objects.all()
    assert job.scheduled_at is not None
    assert send(message, EVENING + timedelta(minutes=5)).status == MessageStatus.CREATED
    assert send(message, MORNING).status == MessageStatus.SENT


@pytest.mark.django_db
def test_what_the_person_has_just_asked_for_leaves_at_night_and_mails_too(
    nights: None, draft: DraftOf, providers: Providers
) -> None:
    asked = enqueue_one(draft(even_at_night=True), EVENING)
    mail = enqueue_one(draft(channel=Channel.EMAIL), EVENING)
    assert (asked.not_before, mail.not_before) == (None, None)
    assert send(asked, EVENING).status == send(mail, EVENING).status == MessageStatus.SENT


@pytest.mark.django_db
def test_an_sms_that_is_late_waits_for_the_morning_without_losing_a_try(
    nights: None, draft: DraftOf, providers: Providers
) -> None:
    message = enqueue_one(draft(), EVENING - timedelta(hours=2))
    send(message, EVENING)
    assert (message.status, message.attempts) == (MessageStatus.CREATED, 0)
    assert message.not_before == MORNING
    assert not providers.sms.taken


@pytest.mark.django_db
def test_the_clocks_are_those_of_the_organisation(nights: None, draft: DraftOf, providers: Providers) -> None:
    reunion = OrganisationFactory(department=DepartmentFactory(number="974", name="La Réunion"))
    noon_in_paris = datetime(2026, 3, 3, 19, tzinfo=PARIS)  # 22 h in Saint-Denis
    message = enqueue_one(draft(organisation=reunion), noon_in_paris)
    assert message.not_before == datetime(2026, 3, 4, 8, tzinfo=ZoneInfo("Indian/Reunion"))


@given(
    at=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),
    hours=st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1]),
    zone=st.sampled_from([PARIS, ZoneInfo("America/Miquelon"), ZoneInfo("Indian/Reunion")]),
)
def test_nobody_is_disturbed_and_nobody_waits_longer_than_the_night(
    settings: LazySettings, at: datetime, hours: tuple[int, int], zone: ZoneInfo
) -> None:
    settings.SMS_QUIET_HOURS = f"{hours[0]}-{hours[1]}"
    quiet = {(hours[0] + n) % 24 for n in range((hours[1] - hours[0]) % 24)}
    ready = at.replace(tzinfo=UTC)
    leaves = quiet_hours.leaves_at(ready, zone)
    assert (leaves is None) == (ready.astimezone(zone).hour not in quiet)
    if leaves:
        assert ready < leaves <= ready + timedelta(hours=25)
        assert leaves.astimezone(zone).hour in (hours[1], hours[1] + 1)  # an hour that a clock change skips


@pytest.mark.parametrize("setting", ["20", "8-8", "20-25", "vingt-huit", "-1-8"])
def test_hours_that_are_none_stop_the_start(setting: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SMS_QUIET_HOURS"):
        quiet_hours.configured(setting)


# --- Pauses


@pytest.mark.django_db
def test_a_paused_channel_keeps_its_messages_and_loses_none(
    organisation: Organisation, admin: Agent, draft: DraftOf, providers: Providers, run_jobs: Any
) -> None:
    now = timezone.now()
    services.pause(organisation=organisation, channel=Channel.SMS, by=admin, now=now)
    sms, mail = enqueue_one(draft(), now), enqueue_one(draft(channel=Channel.EMAIL), now)
    run_jobs()
    sms.refresh_from_db()
    mail.refresh_from_db()
    assert (sms.status, sms.attempts) == (MessageStatus.CREATED, 0)
    assert mail.status == MessageStatus.SENT
    assert services.plan_forgotten(now=now + timedelta(days=1)) == 0
    assert services.resume(organisation=organisation, channel=Channel.SMS, now=now) == 1
    run_jobs()
    sms.refresh_from_db()
    assert sms.status == MessageStatus.SENT


@pytest.mark.django_db
def test_a_pause_is_of_one_organisation_and_may_be_asked_twice(
    organisation: Organisation,
    admin: Agent,
    draft: DraftOf,
    providers: Providers,
    django_assert_num_queries: Any,
) -> None:
    now = timezone.now()
    for _ in range(2):
        with django_assert_num_queries(1):  # to look, then write, is to fail when a colleague resumes between
            services.pause(organisation=organisation, channel=Channel.SMS, by=admin, now=now)
    assert ChannelPause.objects.count() == 1
    elsewhere = OrganisationFactory(department=organisation.department, name="Ailleurs", slug="ailleurs")
    assert send(enqueue_one(draft(organisation=elsewhere), now), now).status == MessageStatus.SENT


@pytest.mark.django_db
def test_letters_are_not_paused(organisation: Organisation, admin: Agent) -> None:
    with pytest.raises(ValueError, match="paused"):
        services.pause(organisation=organisation, channel=Channel.LETTER, by=admin, now=timezone.now())


# --- Lost jobs


@pytest.mark.django_db
def test_a_message_whose_job_is_lost_is_planned_again(draft: DraftOf, providers: Providers) -> None:
    now = timezone.now()
    message = enqueue_one(draft(), now)
    assert services.plan_forgotten(now=now + timedelta(hours=1)) == 0
    ProcrastinateJob.objects.all()._raw_delete("default")
    assert services.plan_forgotten(now=now + timedelta(minutes=9)) == 0
    assert services.plan_forgotten(now=now + timedelta(minutes=11)) == 1
    assert send(message, now + timedelta(minutes=11)).status == MessageStatus.SENT


@pytest.mark.django_db
def test_a_message_that_waits_for_its_next_try_is_not_forgotten(draft: DraftOf, providers: Providers) -> None:
    now = timezone.now()
    providers.sms.script.next(Behaviour.SERVER_ERROR)
    message = send(enqueue_one(draft(), now), now)
    ProcrastinateJob.objects.all()._raw_delete("default")
    assert message.not_before
    assert services.plan_forgotten(now=message.not_before + timedelta(minutes=9)) == 0
    assert services.plan_forgotten(now=message.not_before + timedelta(minutes=11)) == 1


@pytest.mark.django_db
def test_what_somebody_asked_for_leaves_before_the_invitations_that_wait(draft: DraftOf) -> None:
    now = timezone.now()
    enqueue_one(draft(), now)
    enqueue_one(draft(about="asked", even_at_night=True), now)
    priorities = ProcrastinateJob.objects.order_by("id").values_list("priority", flat=True)
    assert list(priorities) == [0, 10]


# --- Budget

MARCH = datetime(2026, 3, 10, 12, tzinfo=PARIS)


def spend(organisation: Organisation, draft: DraftOf, segments: int, now: datetime = MARCH) -> None:
    for _ in range(segments):
        usager = UsagerFactory(organisation=organisation)
        [message] = services.enqueue(drafts=[draft(to=usager)], now=now).values()
        assert message.segments == 1, message.text


@pytest.fixture
def short(draft: DraftOf) -> DraftOf:
    """An SMS of one segment."""

    class Short:
        def render(self, channel: str, language: str) -> Any:
            from rdv_insertion.messaging.texts import Text

            return Text("Bonjour")

    return lambda **changes: draft(content=Short(), **changes)


@pytest.mark.django_db
def test_without_a_budget_nothing_is_counted(organisation: Organisation, short: DraftOf) -> None:
    spend(organisation, short, 2)
    assert budget.remaining(organisation, MARCH) is None
    assert not budget.is_spent(organisation, MARCH)


@pytest.mark.django_db
def test_the_sms_of_the_month_are_taken_from_the_budget(organisation: Organisation, short: DraftOf) -> None:
    budget.set_budget(organisation=organisation, segments_a_month=10)
    spend(organisation, short, 3)
    spend(organisation, short, 2, datetime(2026, 2, 28, 23, 59, tzinfo=PARIS))
    spend(organisation, short, 1, datetime(2026, 4, 1, 0, 0, tzinfo=PARIS))
    assert budget.remaining(organisation, MARCH) == 7


@pytest.mark.django_db
def test_what_never_left_costs_nothing(organisation: Organisation, short: DraftOf) -> None:
    budget.set_budget(organisation=organisation, segments_a_month=10)
    spend(organisation, short, 2)
    Message.objects.filter(pk=Message.objects.earliest("pk").pk).update(
        status=MessageStatus.PERMANENT_FAILURE
    )
    assert budget.spent(organisation, MARCH) == 1
    Message.objects.update(status=MessageStatus.PERMANENT_FAILURE, sent_at=MARCH)
    assert budget.spent(organisation, MARCH) == 2


@pytest.mark.django_db
def test_the_organisation_is_told_once_at_80_percent_and_once_when_all_is_spent(
    organisation: Organisation, short: DraftOf
) -> None:
    Organisation.objects.update(email="contact@drome.test")
    organisation.refresh_from_db()
    budget.set_budget(organisation=organisation, segments_a_month=10)

    def told() -> list[str]:
        mails = Message.objects.filter(purpose=Purpose.SMS_BUDGET).order_by("id")
        return [f"{one.recipient} : {one.subject}" for one in mails]

    spend(organisation, short, 7)
    assert told() == []
    spend(organisation, short, 2)
    almost = "contact@drome.test : Budget SMS de mars 2026 bientôt dépensé"
    assert told() == [almost]
    assert not budget.is_spent(organisation, MARCH)
    spend(organisation, short, 3)
    assert told() == [almost, "contact@drome.test : Budget SMS de mars 2026 dépensé"]
    assert budget.is_spent(organisation, MARCH)
    assert budget.remaining(organisation, MARCH) == 0
    mail = Message.objects.get(purpose=Purpose.SMS_BUDGET, about="sms-budget-100")
    assert "Jusqu'au 1er avril 2026" in mail.text
    assert "10 SMS sur 10" in mail.text.replace("\n", " ")
    spend(organisation, short, 1, datetime(2026, 4, 1, 12, tzinfo=PARIS))
    assert len(told()) == 2
