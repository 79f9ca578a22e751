"""Why a message has not left yet: the same answer in Python, in SQL and in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import ChannelPause, Message
from rdv_insertion.messaging.waiting import (
    NOT_LEFT,
    Reason,
    by_reason,
    paused_channels,
    reason_of,
    sentence_of_waiting,
)
from tests.factories import MessageFactory, OrganisationFactory

NOW = datetime(2026, 3, 12, 21, 30, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def message(**fields):
    return Message(**{"channel": "sms", "status": "created", **fields})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.QUEUED),
        ({"not_before": NOW}, Reason.QUEUED),
        ({"not_before": NOW + timedelta(hours=9)}, Reason.NIGHT),
        ({"not_before": NOW + timedelta(hours=9), "attempts": 2}, Reason.RETRY),
        ({"status": "sending"}, Reason.SENDING),
        ({"status": "to_print", "channel": "postal"}, Reason.TO_PRINT),
        ({"channel": "email", "not_before": NOW + timedelta(hours=1), "attempts": 2}, Reason.PAUSED),
    ],
)
def test_each_wait_has_its_reason(fields, reason):
    assert reason_of(message(**fields), paused={"email"}, now=NOW) == reason


@pytest.mark.parametrize("status", sorted(set(MessageStatus.values) - set(NOT_LEFT)))
def test_what_has_left_waits_for_nothing(status):
    assert reason_of(message(status=status), paused={"sms"}, now=NOW) is None


@pytest.mark.django_db
@settings(max_examples=60)
@given(
    status=st.sampled_from(NOT_LEFT),
    channel=st.sampled_from(["sms", "email", "postal"]),
    attempts=st.integers(0, 2),
    minutes=st.none() | st.integers(-2, 2),
    paused=st.sets(st.sampled_from(["sms", "email"])),
)
def test_the_database_gives_the_same_reason(status, channel, attempts, minutes, paused):
    organisation = OrganisationFactory()
    row = MessageFactory(
        organisation=organisation,
        status=status,
        channel=channel,
        attempts=attempts,
        not_before=None if minutes is None else NOW + timedelta(minutes=minutes),
    )
    found = Message.objects.annotate(reason=by_reason(paused=paused, now=NOW)).get(pk=row.pk)
    assert found.reason == reason_of(row, paused=paused, now=NOW)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_sentence(reason):
    sentence = sentence_of_waiting(message(not_before=NOW), reason, zone=PARIS, now=NOW)
    assert sentence.endswith(".")


def test_the_hour_is_that_of_the_organisation_and_the_day_is_said_when_it_is_another():
    soon = message(not_before=NOW + timedelta(minutes=10), attempts=1)
    morning = message(not_before=datetime(2026, 3, 13, 7, tzinfo=UTC))
    assert "nouvel essai à 22 h 40." in sentence_of_waiting(soon, Reason.RETRY, zone=PARIS, now=NOW)
    assert "le 13/03/2026 à 8 h." in sentence_of_waiting(morning, Reason.NIGHT, zone=PARIS, now=NOW)


def test_the_channels_stopped_are_those_of_the_organisation(organisation):
    ChannelPause.objects.create(organisation=organisation, channel="sms", paused_at=NOW)
    ChannelPause.objects.create(
        organisation=OrganisationFactory(department=organisation.department), channel="email", paused_at=NOW
    )
    assert paused_channels(organisation) == {"sms"}
