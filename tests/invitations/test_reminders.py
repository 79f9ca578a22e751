"""The reminder of the third day, at 11:00 on the clocks of the organisation."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.agenda.models import Lieu, PlageOuverture
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import close_follow_up
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.services.reminders import remind
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import Channel, MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import UsagerOrganisation
from tests.factories import (
    CategoryConfigurationFactory,
    DepartmentFactory,
    FollowUpFactory,
    InvitationFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
)

pytestmark = pytest.mark.django_db

PARIS = dates.PARIS
INVITED = datetime(2026, 3, 2, 9, tzinfo=UTC)
# The third day after, a Thursday, at 11:00 in Paris.
DUE = datetime(2026, 3, 5, 10, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def open_slots(plage: PlageOuverture) -> PlageOuverture:
    """There is something to choose."""
    return plage


@pytest.fixture
def invited(organisation: Organisation) -> Callable[..., Invitation]:
    """Somebody invited on Monday, by SMS."""

    def make(**values: Any) -> Invitation:
        return InvitationFactory(**{"organisation": organisation, "created_at": INVITED} | values)

    return make


def reminders() -> list[Invitation]:
    return list(Invitation.objects.filter(origin=InvitationOrigin.REMINDER).order_by("id"))


def test_on_the_third_day_they_are_reminded_by_sms_and_mail_with_the_same_end(invited: Any) -> None:
    first = invited()
    assert remind(now=DUE) == 1
    assert [(one.channel, one.expires_at, one.created_at) for one in reminders()] == [
        (Channel.SMS, first.expires_at, DUE),
        (Channel.EMAIL, first.expires_at, DUE),
    ]
    messages = Message.objects.filter(purpose=Purpose.INVITATION_REMINDER)
    assert {message.invitation for message in messages} == set(reminders())


def test_the_texts_of_the_reminder_say_the_days_that_are_really_left(invited: Any) -> None:
    invited()
    remind(now=DUE)
    mail = Message.objects.get(purpose=Purpose.INVITATION_REMINDER, channel=Channel.EMAIL)
    # From Thursday 11:00 to Thursday 12th, 10:00.
    assert "6 jours" in mail.text


def test_running_again_reminds_nobody_twice(invited: Any) -> None:
    invited()
    assert remind(now=DUE) == 1
    for later in (DUE, DUE + 10 * MINUTE, DUE + DAY, DUE + 2 * DAY):
        assert remind(now=later) == 0
    assert len(reminders()) == 2


def test_somebody_invited_by_two_channels_is_reminded_once(invited: Any) -> None:
    first = invited()
    invited(follow_up=first.follow_up, channel=Channel.EMAIL, created_at=INVITED + MINUTE)
    assert remind(now=DUE) == 1
    assert len(reminders()) == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_remind_once(invited: Any, in_threads: Any) -> None:
    invited()
    answers = in_threads(*[partial(remind, now=DUE)] * 3)
    assert sorted(answers) == [0, 0, 1]
    assert len(reminders()) == 2


@pytest.mark.parametrize(
    ("moment", "reminded"),
    [
        # The day before, and too early in the morning
        (DUE - DAY, 0),
        (DUE - MINUTE, 0),
        # The worker was down: later in the day, never in the evening nor at night
        (DUE + timedelta(hours=7, minutes=59), 1),
        (DUE + timedelta(hours=8), 0),
        (DUE + timedelta(hours=14), 0),
        # It was down for a day or two; after that it is not a reminder any more
        (DUE + DAY, 1),
        (DUE + 2 * DAY, 1),
        (DUE + 3 * DAY, 0),
    ],
)
def test_only_in_the_day_and_at_most_two_days_late(invited: Any, moment: datetime, reminded: int) -> None:
    invited()
    assert remind(now=moment) == reminded


@pytest.mark.parametrize(
    "values",
    [
        {"expires_at": dates.NEVER},
        {"expires_at": DUE + 2 * DAY - MINUTE},
        {"channel": Channel.LETTER},
        {"origin": InvitationOrigin.REMINDER},
    ],
    ids=["never expires", "nearly over", "by letter", "a reminder itself"],
)
def test_invitations_that_are_not_reminded_of(invited: Any, values: dict[str, Any]) -> None:
    invited(**values)
    assert remind(now=DUE) == 0


def test_an_invitation_still_valid_two_days_is_reminded_of(invited: Any) -> None:
    invited(expires_at=DUE + 2 * DAY)
    assert remind(now=DUE) == 1


@pytest.mark.parametrize("origin", [InvitationOrigin.API, InvitationOrigin.USER_LIST_UPLOAD])
def test_whoever_was_invited_by_an_import_or_the_api_is_reminded_too(invited: Any, origin: str) -> None:
    invited(origin=origin)
    assert remind(now=DUE) == 1


def test_an_organisation_may_do_without(invited: Any, configuration: CategoryConfiguration) -> None:
    invited()
    configuration.reminders = False
    configuration.save()
    assert remind(now=DUE) == 0


def test_the_days_are_counted_from_the_last_invitation(invited: Any) -> None:
    first = invited()
    invited(follow_up=first.follow_up, created_at=INVITED + DAY)
    assert remind(now=DUE) == 0
    assert remind(now=DUE + DAY) == 1


def test_a_letter_sent_meanwhile_does_not_put_it_off(invited: Any) -> None:
    first = invited()
    invited(follow_up=first.follow_up, created_at=INVITED + DAY, channel=Channel.LETTER)
    assert remind(now=DUE) == 1


def test_an_sms_of_less_than_a_day_ago_leaves_only_the_mail(
    invited: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited()
    # No invitation can be three calendar days old and recent at once: only a longer rule shows it.
    monkeypatch.setattr("rdv_insertion.invitations.services.checks.AGAIN_AFTER", 4 * DAY)
    remind(now=DUE)
    assert [one.channel for one in reminders()] == [Channel.EMAIL]


@pytest.mark.parametrize(
    ("lost", "channels"),
    [
        ({"phone_number": None}, [Channel.EMAIL]),
        ({"email": None}, [Channel.SMS]),
        ({"phone_number": "+33475792626"}, [Channel.EMAIL]),
        ({"phone_number": None, "email": None}, []),
    ],
)
def test_by_what_the_person_has(
    invited: Any, organisation: Organisation, lost: dict[str, Any], channels: list[str]
) -> None:
    values = {f"usager__{name}": value for name, value in lost.items()}
    invited(follow_up=FollowUpFactory(organisation=organisation, **values))
    assert remind(now=DUE) == bool(channels)
    assert [one.channel for one in reminders()] == channels


def _book(follow_up: FollowUp) -> None:
    ParticipationFactory(follow_up=follow_up, rdv__starts_at=DUE + DAY, created_at=INVITED + DAY)


def _archive(follow_up: FollowUp) -> None:
    UsagerOrganisation.objects.filter(usager=follow_up.usager).update(archived_at=INVITED)


@pytest.mark.parametrize(
    "happens", [lambda one: close_follow_up(follow_up=one, now=INVITED), _book, _archive]
)
def test_whoever_chose_is_closed_or_archived_is_not_reminded(invited: Any, happens: Any) -> None:
    happens(invited().follow_up)
    assert remind(now=DUE) == 0


def test_nobody_is_reminded_of_nothing_to_choose_until_a_slot_opens(
    invited: Any, plage: PlageOuverture
) -> None:
    motif = plage.motifs.get()
    invited()
    plage.delete()
    assert remind(now=DUE) == 0
    PlageOuvertureFactory(motif=motif, first_day=date(2026, 3, 6))
    assert remind(now=DUE + 30 * MINUTE) == 1


def test_the_same_place_and_the_same_referents(
    invited: Any, organisation: Organisation, plage: PlageOuverture, agent: Agent
) -> None:
    motif = plage.motifs.get()
    motif.referent_only = True
    motif.save()
    first = invited(lieu=Lieu.objects.get(), with_referents=True)
    first.follow_up.usager.referents.add(agent)
    assert remind(now=DUE) == 1
    assert {(one.lieu, one.with_referents) for one in reminders()} == {(first.lieu, True)}


def test_where_people_stand_does_not_change(invited: Any) -> None:
    first = invited()
    remind(now=DUE)
    first.follow_up.refresh_from_db()
    assert first.follow_up.last_invited_at == INVITED
    assert first.follow_up.status_at(DUE) == "invitation_pending"


def test_a_first_message_that_failed_does_not_prevent_the_reminder(invited: Any) -> None:
    first = invited()
    Message.objects.filter(pk=first.message_id).update(status=MessageStatus.PERMANENT_FAILURE)
    assert remind(now=DUE) == 1


# ---- Clocks


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("26", "Europe/Paris"),
        ("974", "Indian/Reunion"),
        ("972", "America/Martinique"),
        ("976", "Indian/Mayotte"),
    ],
)
def test_each_organisation_reads_its_own_clocks(category: Any, number: str, zone: str) -> None:
    organisation = OrganisationFactory(
        department=DepartmentFactory(number=number, name=f"Département {number}")
    )
    configuration = CategoryConfigurationFactory(organisation=organisation, motif_category=category)
    motif = MotifFactory(organisation=organisation, motif_category=category)
    PlageOuvertureFactory(motif=motif, first_day=date(2026, 3, 3))
    invited_at = dates.at(date(2026, 3, 2), time(23, 30), ZoneInfo(zone))
    InvitationFactory(
        organisation=configuration.organisation,
        follow_up__motif_category=category,
        created_at=invited_at.astimezone(UTC),
    )
    due = dates.at(date(2026, 3, 5), time(11), ZoneInfo(zone)).astimezone(UTC)
    assert remind(now=due - MINUTE) == 0
    assert remind(now=due) == 1


@settings(max_examples=25)
@given(
    day=st.sampled_from(
        [
            # Around both changes of clocks, and an ordinary week
            *(date(2026, 3, 24) + timedelta(days=one) for one in range(7)),
            *(date(2026, 10, 20) + timedelta(days=one) for one in range(7)),
            date(2026, 6, 10),
        ]
    ),
    clock=st.times(),
)
def test_it_is_the_third_calendar_day_whatever_the_hour_and_the_clocks_change(
    day: date, clock: time, organisation: Organisation, configuration: CategoryConfiguration
) -> None:
    Invitation.objects.all().delete()
    invited_at = dates.at(day, clock.replace(tzinfo=None, fold=0), PARIS).astimezone(UTC)
    InvitationFactory(
        organisation=organisation,
        follow_up__motif_category=configuration.motif_category,
        created_at=invited_at,
    )
    due = dates.at(invited_at.astimezone(PARIS).date() + timedelta(days=3), time(11), PARIS)
    due = due.astimezone(UTC)
    assert remind(now=due - MINUTE) == 0
    assert remind(now=due) == 1
    assert remind(now=due + 10 * MINUTE) == 0
