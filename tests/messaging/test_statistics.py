"""How many messages, and what became of them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.statistics import RESULTS, MessageStatistics, Result, Tally, message_statistics
from tests.factories import AgentFactory, MessageFactory, OrganisationFactory, UsagerFactory

TODAY = date(2026, 3, 12)
NOON = datetime(2026, 3, 12, 11, tzinfo=UTC)


@pytest.fixture
def usager(organisation):
    return UsagerFactory(organisation=organisation)


@pytest.fixture
def write(organisation, usager):
    def one(status="sent", channel="sms", created_at=NOON, **fields):
        return MessageFactory(
            organisation=organisation,
            usager=usager,
            status=status,
            channel=channel,
            created_at=created_at,
            **fields,
        )

    return one


def test_every_status_has_a_result():
    assert set(RESULTS) == set(MessageStatus.values)
    assert {*RESULTS.values(), Result.USELESS} == set(Result)


def test_each_message_counts_once_in_its_result(organisation, write):
    for status in MessageStatus.values:
        write(status)
    statistics = message_statistics(organisation, TODAY, TODAY)
    found = Counter({result: statistics.count([result]) for result in Result})
    assert found == Counter(RESULTS.values())
    assert statistics.count() == len(MessageStatus)


def test_a_letter_that_is_not_worth_printing_any_more_is_not_to_print(organisation, write):
    kept, _dropped = write("to_print", "postal"), write("to_print", "postal")
    write("printed", "postal")
    letters = Message.objects.filter(pk=kept.pk)
    statistics = message_statistics(organisation, TODAY, TODAY, letters=letters)
    assert statistics.by_day() == {TODAY: {Result.TO_PRINT: 1, Result.USELESS: 1, Result.SENT: 1}}


def test_all_figures_cost_one_query(organisation, write, django_assert_num_queries):
    for number in range(4):
        write(created_at=NOON - timedelta(days=number), channel=Channel.values[number % 3])
    with django_assert_num_queries(1):
        statistics = message_statistics(
            organisation, TODAY - timedelta(days=6), TODAY, letters=Message.objects.all()
        )
    assert len(statistics.rows()) == 4


def test_a_day_begins_at_midnight_on_the_clocks_of_the_organisation(organisation, write):
    write(created_at=datetime(2026, 3, 11, 22, 59, tzinfo=UTC))
    write(created_at=datetime(2026, 3, 11, 23, 0, tzinfo=UTC))
    write(created_at=datetime(2026, 3, 12, 23, 0, tzinfo=UTC))
    assert message_statistics(organisation, TODAY, TODAY).by_day() == {TODAY: {Result.SENT: 1}}


def test_other_organisations_and_agents_are_not_counted(organisation, write):
    MessageFactory(created_at=NOON, organisation=OrganisationFactory(department=organisation.department))
    MessageFactory(
        created_at=NOON,
        organisation=organisation,
        usager=None,
        channel="email",
        agent=AgentFactory(organisation=organisation),
        recipient="alice@drome.test",
    )
    assert message_statistics(organisation, TODAY, TODAY).count() == 0


def test_sms_paid_for_are_those_that_left(organisation, write):
    write("delivered", segments=2)
    write("sent", segments=1)
    write("technical_failure", segments=3)
    assert message_statistics(organisation, TODAY, TODAY).segments == 3


TALLIES = st.lists(
    st.builds(
        Tally,
        day=st.dates(TODAY - timedelta(days=6), TODAY),
        channel=st.sampled_from(Channel.values),
        result=st.sampled_from(list(Result)),
        count=st.integers(1, 50),
        segments=st.integers(0, 100),
    ),
    max_size=40,
)


@given(TALLIES)
def test_days_channels_and_totals_agree_with_one_another(tallies):
    statistics = MessageStatistics(TODAY - timedelta(days=6), TODAY, tallies)
    total = sum(tally.count for tally in tallies)
    assert statistics.count() == total
    assert sum(sum(counts.values()) for counts in statistics.by_day().values()) == total
    assert sum(sum(counts.values()) for _, _, counts in statistics.rows()) == total
    assert sum(statistics.of_channel(channel).count() for channel in Channel.values) == total
    assert len(statistics.days) == 7
