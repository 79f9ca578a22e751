"""Letters to print: those asked for, and those of people who answered neither SMS nor mail."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rdv_insertion.agenda.models import PlageOuverture
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import close_follow_up
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.services import invite, postal
from rdv_insertion.messaging.enums import Channel, MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import UsagerOrganisation
from tests.factories import FollowUpFactory, InvitationFactory, ParticipationFactory
from tests.invitations.conftest import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def letters_after_ten_days(configuration: CategoryConfiguration, plage: PlageOuverture) -> None:
    """A letter is due on the tenth day, and there is something to choose."""
    configuration.letter_after_days = 10
    configuration.save()


@pytest.fixture
def invited(organisation: Organisation) -> Callable[..., FollowUp]:
    """Somebody invited by SMS ten days before NOW."""

    def make(follow_up: FollowUp | None = None, **values: Any) -> FollowUp:
        usual = {"organisation": organisation, "created_at": NOW - 10 * DAY}
        if follow_up is not None:
            usual["follow_up"] = follow_up
        return InvitationFactory(**usual | values).follow_up

    return make


def due(configuration: CategoryConfiguration, now: datetime = NOW) -> list[FollowUp]:
    configuration.refresh_from_db()
    return list(postal.due_letters(configuration, now=now))


@pytest.fixture
def print_all(organisation: Organisation, agent: Agent) -> Callable[..., postal.Printed]:
    def click(now: datetime = NOW, **options: Any) -> postal.Printed:
        return postal.print_letters(organisation=organisation, agent=agent, now=now, **options)

    return click


# ---- Who is due one


def test_whoever_did_not_answer_after_so_many_calendar_days(
    configuration: CategoryConfiguration, invited: Any
) -> None:
    follow_up = invited(created_at=datetime(2026, 2, 20, 22, 30, tzinfo=UTC))
    assert due(configuration, datetime(2026, 3, 1, 22, 59, tzinfo=UTC)) == []
    assert due(configuration, datetime(2026, 3, 1, 23, 0, tzinfo=UTC)) == [follow_up]


def test_expired_or_not(configuration: CategoryConfiguration, invited: Any) -> None:
    late = invited(created_at=NOW - 60 * DAY)
    waiting = invited(expires_at=NOW + 30 * DAY)
    assert due(configuration) == [late, waiting]


def _letter(follow_up: FollowUp) -> None:
    InvitationFactory(
        follow_up=follow_up,
        organisation=UsagerOrganisation.objects.get(usager=follow_up.usager).organisation,
        channel=Channel.LETTER,
        created_at=NOW - DAY,
    )


def _again(follow_up: FollowUp) -> None:
    InvitationFactory(
        follow_up=follow_up,
        organisation=UsagerOrganisation.objects.get(usager=follow_up.usager).organisation,
        channel=Channel.EMAIL,
        created_at=NOW - 9 * DAY,
    )


def _book(follow_up: FollowUp) -> None:
    ParticipationFactory(follow_up=follow_up, rdv__starts_at=NOW + DAY, created_at=NOW - DAY)


def _archive(follow_up: FollowUp) -> None:
    UsagerOrganisation.objects.filter(usager=follow_up.usager).update(archived_at=NOW)


def _close(follow_up: FollowUp) -> None:
    close_follow_up(follow_up=follow_up, now=NOW)


def _lose_address(follow_up: FollowUp) -> None:
    follow_up.usager.address = "3 rue des Lilas"
    follow_up.usager.save()


@pytest.mark.parametrize("happens", [_letter, _again, _book, _archive, _close, _lose_address])
def test_nobody_else(configuration: CategoryConfiguration, invited: Any, happens: Any) -> None:
    happens(invited())
    assert due(configuration) == []


def test_a_reminder_does_not_put_it_off(configuration: CategoryConfiguration, invited: Any) -> None:
    follow_up = invited()
    invited(follow_up, created_at=NOW - 7 * DAY, origin=InvitationOrigin.REMINDER)
    assert due(configuration) == [follow_up]


def test_a_second_round_has_its_own_letter(configuration: CategoryConfiguration, invited: Any) -> None:
    follow_up = invited(created_at=NOW - 60 * DAY)
    invited(follow_up, created_at=NOW - 50 * DAY, channel=Channel.LETTER)
    assert due(configuration) == []
    invited(follow_up, created_at=NOW - 11 * DAY)
    assert due(configuration) == [follow_up]


def test_without_the_step_or_without_letters_nobody(
    configuration: CategoryConfiguration, invited: Any, organisation: Organisation
) -> None:
    invited()
    CategoryConfiguration.objects.update(channels=[Channel.SMS])
    assert postal.postal_configurations(organisation) == []
    CategoryConfiguration.objects.update(channels=[Channel.LETTER], letter_after_days=None)
    assert postal.postal_configurations(organisation) == []
    assert due(configuration) == []


# ---- Printing


def test_one_click_writes_the_letters_that_are_due_and_prints_them_with_those_that_wait(
    invited: Any, print_all: Any, organisation: Organisation, configuration: CategoryConfiguration
) -> None:
    follow_up = invited()
    other = FollowUpFactory(organisation=organisation)
    invite(
        follow_ups=[other],
        configuration=configuration,
        channels=[Channel.LETTER],
        origin=InvitationOrigin.USERS_INDEX_PAGE,
        now=NOW - DAY,
        even_without_slots=True,
    )
    assert postal.count_letters(organisation, now=NOW) == 2
    printed = print_all()
    assert (len(printed.messages), printed.written, printed.refused) == (2, 1, {})
    written = Invitation.objects.get(follow_up=follow_up, channel=Channel.LETTER)
    assert written.expires_at == NOW + 10 * DAY
    letters = Message.objects.filter(channel=Channel.LETTER)
    assert {(one.status, one.settled_at) for one in letters} == {(MessageStatus.PRINTED, NOW)}
    assert postal.count_letters(organisation, now=NOW) == 0


def test_a_second_click_prints_nothing_more(invited: Any, print_all: Any) -> None:
    invited()
    print_all()
    assert print_all(NOW + timedelta(minutes=1)).messages == []
    assert Invitation.objects.filter(channel=Channel.LETTER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_agents_at_once_print_each_letter_once(invited: Any, print_all: Any, in_threads: Any) -> None:
    for _ in range(3):
        invited()
    answers = in_threads(print_all, partial(print_all, NOW + timedelta(seconds=1)))
    assert sorted(len(one.messages) for one in answers) == [0, 3]
    assert Invitation.objects.filter(channel=Channel.LETTER).count() == 3


def test_what_cannot_be_written_is_said_and_stays_due(
    invited: Any, print_all: Any, configuration: CategoryConfiguration, plage: PlageOuverture
) -> None:
    follow_up = invited()
    plage.delete()
    printed = print_all()
    assert printed.messages == []
    assert printed.refused == {follow_up.pk: {Channel.LETTER: [Refusal.NO_SLOT_LEFT]}}
    assert due(configuration) == [follow_up]
    assert len(print_all(even_without_slots=True).messages) == 1


def test_letters_that_serve_no_more_are_not_printed(
    invited: Any, print_all: Any, organisation: Organisation
) -> None:
    expired = invited(channel=Channel.LETTER, created_at=NOW - 11 * DAY, message__status="to_print")
    booked = invited(channel=Channel.LETTER, created_at=NOW - DAY, message__status="to_print")
    _book(booked)
    archived = invited(channel=Channel.LETTER, created_at=NOW - DAY, message__status="to_print")
    _archive(archived)
    assert {expired, booked, archived}
    of_no_rdv = Message.objects.filter(invitation__follow_up=expired).get()
    Message.objects.create(
        organisation=organisation,
        usager=of_no_rdv.usager,
        channel=Channel.LETTER,
        purpose=Purpose.CONVOCATION_CREATED,
        unique_key="1:convocation_created:participation-9-20260301T0900-0:postal",
        status=MessageStatus.TO_PRINT,
        created_at=NOW,
    )
    assert postal.waiting_letters(organisation, now=NOW).count() == 0


def test_a_file_holds_so_many_letters_and_the_others_come_next(
    invited: Any, print_all: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postal, "LETTERS_A_FILE", 2)
    for _ in range(3):
        invited()
    assert [len(print_all(NOW + timedelta(minutes=one)).messages) for one in range(3)] == [2, 1, 0]


def test_what_was_printed_at_once_is_found_again(
    invited: Any, print_all: Any, organisation: Organisation
) -> None:
    invited(), invited()
    printed = print_all()
    assert postal.printed_batches(organisation) == [postal.Batch(NOW, 2)]
    again = postal.letters_printed_at(organisation, NOW)
    assert {message.pk for message in again} == set(printed.messages)


def test_letters_of_other_organisations_are_not_there(
    invited: Any, colleague_elsewhere: Agent, organisation: Organisation
) -> None:
    invited(channel=Channel.LETTER, created_at=NOW - DAY, message__status="to_print")
    elsewhere = colleague_elsewhere.organisations.get()
    assert postal.waiting_letters(elsewhere, now=NOW).count() == 0
    assert postal.waiting_letters(organisation, now=NOW).count() == 1


def test_printing_costs_the_same_queries_for_two_and_fifty_letters(invited: Any, print_all: Any) -> None:
    costs = []
    for minutes, count in enumerate((2, 50)):
        for _ in range(count):
            invited()
        with CaptureQueriesContext(connection) as queries:
            assert len(print_all(NOW + timedelta(minutes=minutes)).messages) == count
        costs.append(len(queries))
    assert costs[0] == costs[1]
