"""Inviting: who is, who is not and why, and never twice."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.agenda.eligibility import location_of
from rdv_insertion.agenda.models import Motif, PlageOuverture
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import close_follow_up
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.services import Report, free_slots, invite, mark_clicked
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from tests.factories import (
    FollowUpFactory,
    MotifCategoryFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    UsagerFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = [Channel.SMS, Channel.EMAIL, Channel.LETTER]


@pytest.fixture
def motif(configuration: CategoryConfiguration) -> Motif:
    return MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)


@pytest.fixture
def plage(motif: Motif) -> PlageOuverture:
    """Six slots on Tuesday the 3rd of March, and every week after."""
    return PlageOuvertureFactory(motif=motif, first_day=date(2026, 3, 3), recurrence="FREQ=WEEKLY")


@pytest.fixture
def follow_up(organisation: Organisation) -> FollowUp:
    return FollowUpFactory(organisation=organisation)


@pytest.fixture
def ask(configuration: CategoryConfiguration, plage: PlageOuverture, agent: Agent) -> Any:
    """Invite as an agent does from the list."""

    def run(*follow_ups: FollowUp, channels: Any = ALL, now: datetime = NOW, **options: Any) -> Report:
        return invite(
            follow_ups=follow_ups,
            configuration=CategoryConfiguration.objects.get(pk=configuration.pk),
            channels=channels,
            origin=InvitationOrigin.USERS_INDEX_PAGE,
            now=now,
            agent=agent,
            **options,
        )

    return run


def test_one_invitation_a_channel_each_with_its_own_code_and_message(
    ask: Any, follow_up: FollowUp, agent: Agent
) -> None:
    report = ask(follow_up)
    written = Invitation.objects.order_by("id")
    assert [one.channel for one in written] == ALL
    assert report.invitations == {follow_up.pk: list(written)}
    assert report.refusals == {}
    assert len({one.code for one in written}) == 3
    for one in written:
        # A letter shows its code beside its text (letters.py).
        assert one.channel == Channel.LETTER or f"/r/{one.code}" in one.message.text
        assert (one.created_by_agent, one.created_at, one.expires_at) == (agent, NOW, NOW + 10 * DAY)
        assert one.help_phone_number == one.organisation.phone_number
    assert [report.count(channel) for channel in ALL] == [1, 1, 1]


def test_each_message_waits_in_the_queue_of_its_channel_and_letters_wait_for_a_printer(
    ask: Any, follow_up: FollowUp
) -> None:
    ask(follow_up)
    sms, mail, letter = Message.objects.order_by("id")
    jobs = ProcrastinateJob.objects.order_by("id").values_list("task_name", "queue_name", "args")
    assert list(jobs) == [
        ("deliver", "sms", {"message_ids": [sms.pk]}),
        ("deliver", "email", {"message_ids": [mail.pk]}),
    ]
    assert letter.status == MessageStatus.TO_PRINT


def test_the_follow_up_is_told(ask: Any, follow_up: FollowUp) -> None:
    ask(follow_up)
    follow_up.refresh_from_db()
    assert (follow_up.last_invited_at, follow_up.invitations_expire_at) == (NOW, NOW + 10 * DAY)
    assert follow_up.status_at(NOW) == FollowUpStatus.INVITATION_PENDING


def test_invitations_may_never_expire(
    ask: Any, follow_up: FollowUp, configuration: CategoryConfiguration
) -> None:
    configuration.number_of_days_before_invitations_expire = None
    configuration.save()
    ask(follow_up)
    assert set(Invitation.objects.values_list("expires_at", flat=True)) == {dates.NEVER}
    follow_up.refresh_from_db()
    assert follow_up.status_at(NOW + 3_650 * DAY) == FollowUpStatus.INVITATION_PENDING


# ---- Refusals


def refusals(report: Report, follow_up: FollowUp) -> dict[str, Refusal]:
    assert not report.invitations
    assert not Message.objects.exists()
    return dict(report.refusals[follow_up.pk])


@pytest.mark.parametrize(
    ("lost", "channel", "refusal"),
    [
        ({"phone_number": None}, Channel.SMS, Refusal.NO_PHONE),
        ({"phone_number": "+33475792626"}, Channel.SMS, Refusal.NO_PHONE),
        ({"phone_number": "+32470123456"}, Channel.SMS, Refusal.NO_PHONE),
        ({"email": None}, Channel.EMAIL, Refusal.NO_EMAIL),
        ({"address": None}, Channel.LETTER, Refusal.NO_ADDRESS),
        ({"address": "3 rue des Lilas"}, Channel.LETTER, Refusal.NO_ADDRESS),
    ],
)
def test_a_channel_that_cannot_reach_the_person_is_refused_and_the_others_leave(
    ask: Any, organisation: Organisation, lost: dict[str, Any], channel: str, refusal: Refusal
) -> None:
    follow_up = FollowUpFactory(usager=UsagerFactory(organisation=organisation, **lost))
    report = ask(follow_up)
    assert report.refusals == {follow_up.pk: {channel: refusal}}
    assert {one.channel for one in report.invitations[follow_up.pk]} == set(ALL) - {channel}


def test_somebody_archived_in_the_organisation_is_not_invited(ask: Any, organisation: Organisation) -> None:
    follow_up = FollowUpFactory(usager=UsagerFactory(organisation=organisation, archived=True))
    assert refusals(ask(follow_up), follow_up) == dict.fromkeys(ALL, Refusal.ARCHIVED)


def test_somebody_whom_the_organisation_does_not_follow_is_not_invited(ask: Any) -> None:
    follow_up = FollowUpFactory()
    assert refusals(ask(follow_up), follow_up) == dict.fromkeys(ALL, Refusal.NOT_FOLLOWED)


def test_a_closed_follow_up_is_not_invited(ask: Any, follow_up: FollowUp) -> None:
    close_follow_up(follow_up=follow_up, now=NOW)
    assert refusals(ask(follow_up), follow_up) == dict.fromkeys(ALL, Refusal.CLOSED)


def test_somebody_with_a_coming_rdv_is_not_invited_until_it_begins(ask: Any, follow_up: FollowUp) -> None:
    ParticipationFactory(follow_up=follow_up, rdv__starts_at=NOW + DAY)
    assert refusals(ask(follow_up), follow_up) == dict.fromkeys(ALL, Refusal.RDV_PENDING)
    assert ask(follow_up, now=NOW + DAY).invitations


def test_a_channel_that_the_category_does_not_use_is_refused(
    ask: Any, follow_up: FollowUp, configuration: CategoryConfiguration
) -> None:
    configuration.channels = [Channel.EMAIL]
    configuration.save()
    report = ask(follow_up)
    assert report.refusals[follow_up.pk] == dict.fromkeys([Channel.SMS, Channel.LETTER], Refusal.CHANNEL_OFF)


def test_without_a_phone_to_give_nobody_is_invited(
    ask: Any, follow_up: FollowUp, organisation: Organisation
) -> None:
    Organisation.objects.filter(pk=organisation.pk).update(phone_number="")
    assert refusals(ask(follow_up), follow_up) == dict.fromkeys(ALL, Refusal.NO_HELP_PHONE)


def test_the_phone_of_the_category_is_given_before_that_of_the_organisation(
    ask: Any, follow_up: FollowUp, configuration: CategoryConfiguration
) -> None:
    configuration.phone_number = "3949"
    configuration.save()
    ask(follow_up, channels=[Channel.SMS])
    assert "3949" in Message.objects.get().text


def test_without_a_free_slot_nobody_is_invited_unless_the_agent_insists(
    ask: Any, follow_up: FollowUp, plage: PlageOuverture
) -> None:
    plage.delete()
    assert refusals(ask(follow_up), follow_up) == dict.fromkeys(ALL, Refusal.NO_SLOT_LEFT)
    assert ask(follow_up, even_without_slots=True).invitations


@pytest.mark.parametrize(("days", "refused"), [(4, True), (5, True), (6, False), (None, False)])
def test_a_letter_that_would_arrive_too_late_is_refused(
    ask: Any, follow_up: FollowUp, configuration: CategoryConfiguration, days: int | None, refused: bool
) -> None:
    configuration.number_of_days_before_invitations_expire = days
    configuration.save()
    report = ask(follow_up, channels=[Channel.LETTER])
    assert (report.refusals.get(follow_up.pk) == {Channel.LETTER: Refusal.POSTAL_TOO_LATE}) is refused


def test_one_invitation_a_channel_in_24_hours_letters_aside(ask: Any, follow_up: FollowUp) -> None:
    ask(follow_up, channels=[Channel.SMS])
    soon = ask(follow_up, now=NOW + DAY - timedelta(microseconds=1))
    assert soon.refusals == {follow_up.pk: {Channel.SMS: Refusal.INVITED_TODAY}}
    assert [one.channel for one in soon.invitations[follow_up.pk]] == [Channel.EMAIL, Channel.LETTER]
    again = ask(follow_up, now=NOW + DAY)
    assert again.refusals == {follow_up.pk: {Channel.EMAIL: Refusal.INVITED_TODAY}}
    assert [one.channel for one in again.invitations[follow_up.pk]] == [Channel.SMS, Channel.LETTER]


@pytest.mark.parametrize("status", [MessageStatus.PERMANENT_FAILURE, MessageStatus.TECHNICAL_FAILURE])
def test_an_invitation_that_failed_may_be_sent_again_at_once(
    ask: Any, follow_up: FollowUp, status: str
) -> None:
    ask(follow_up, channels=[Channel.SMS])
    Message.objects.update(status=status)
    assert ask(follow_up, channels=[Channel.SMS], now=NOW + timedelta(hours=1)).count(Channel.SMS) == 1


def test_an_invitation_in_another_category_does_not_count(ask: Any, follow_up: FollowUp) -> None:
    other = FollowUpFactory(usager=follow_up.usager, motif_category__accompagnement=True)
    ask(other, channels=[Channel.SMS])
    assert ask(follow_up, channels=[Channel.SMS]).count(Channel.SMS) == 1


def test_a_channel_asked_twice_sends_once(ask: Any, follow_up: FollowUp) -> None:
    assert ask(follow_up, channels=[Channel.SMS, Channel.SMS]).count(Channel.SMS) == 1
    assert Message.objects.count() == 1


def test_every_refusal_says_what_to_do() -> None:
    for refusal in Refusal:
        assert str(refusal.label).endswith(".")
        assert len(str(refusal.label)) > 30


# ---- Many people, and two agents at once


def test_inviting_costs_the_same_queries_for_two_and_two_hundred_people(
    ask: Any, organisation: Organisation
) -> None:
    costs = []
    for count in (2, 200):
        people = [FollowUpFactory(organisation=organisation) for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            report = ask(*people)
        assert [report.count(channel) for channel in ALL] == [count] * 3
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 36


def test_nothing_is_asked_of_the_database_twice_when_nobody_is_chosen(ask: Any) -> None:
    assert ask().invitations == {}


@pytest.mark.django_db(transaction=True)
def test_two_agents_who_invite_the_same_list_at_once_send_one_invitation_each_way(
    ask: Any, organisation: Organisation, in_threads: Any
) -> None:
    people = [FollowUpFactory(organisation=organisation) for _ in range(10)]
    reports = in_threads(
        *[partial(ask, *people, channels=[Channel.SMS])] * 2,
        *[partial(ask, *reversed(people), channels=[Channel.SMS])] * 2,
    )
    assert sum(report.count(Channel.SMS) for report in reports) == 10
    assert Invitation.objects.count() == Message.objects.count() == 10
    jobs = ProcrastinateJob.objects.values_list("args", flat=True)
    assert sorted(pk for args in jobs for pk in args["message_ids"]) == sorted(
        Message.objects.values_list("pk", flat=True)
    )


# ---- Slots in view


def test_the_slots_counted_are_those_of_invited_people_over_30_days(
    configuration: CategoryConfiguration, plage: PlageOuverture, organisation: Organisation
) -> None:
    assert free_slots(configuration, now=NOW) == 5 * 6
    category = configuration.motif_category
    for unsuitable in (
        {"agents_only": True},
        {"collectif": True},
        {"referent_only": True},
        {"deleted_at": NOW},
        {"motif_category": MotifCategoryFactory(accompagnement=True)},
    ):
        plage.motifs.set(
            [MotifFactory(**{"organisation": organisation, "motif_category": category} | unsuitable)]
        )
        assert free_slots(configuration, now=NOW) == 0, unsuitable


def test_the_first_click_is_remembered(ask: Any, follow_up: FollowUp) -> None:
    ask(follow_up, channels=[Channel.SMS])
    invitation = Invitation.objects.get()
    mark_clicked(invitation=invitation, now=NOW + DAY)
    mark_clicked(invitation=invitation, now=NOW + 2 * DAY)
    invitation.refresh_from_db()
    assert invitation.clicked_at == NOW + DAY


def test_messages_announce_the_real_number_of_days_left(
    ask: Any, follow_up: FollowUp, configuration: Any
) -> None:
    configuration.number_of_days_before_invitations_expire = 6
    configuration.save()
    ask(follow_up, channels=[Channel.EMAIL])
    text = Message.objects.get().text
    assert "6 jours" in text or "8 mars" in text
    assert "10 jours" not in text


def test_the_times_of_the_plage_matter_not_to_who_is_invited(
    ask: Any, plage: PlageOuverture, follow_up: FollowUp
) -> None:
    """One slot left is enough, and it is counted on the clocks of the place."""
    PlageOuverture.objects.update(end_time=time(9, 30), last_day=date(2026, 3, 3), recurrence="")
    assert ask(follow_up, channels=[Channel.SMS]).count(Channel.SMS) == 1


@pytest.mark.parametrize(("level", "asked"), [("departement", 0), ("organisation", 1), ("agent", 1)])
def test_addresses_are_looked_up_before_the_links_are_opened_when_the_choice_depends_on_them(
    configuration, motif, address_base, run_jobs, level, asked
):
    Motif.objects.filter(pk=motif.pk).update(sectorisation_level=level)
    PlageOuvertureFactory(motif=motif)
    usager = UsagerFactory(organisation=configuration.organisation, address="12 rue Pasteur 26000 Valence")
    follow_up = FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    invite(
        follow_ups=[follow_up],
        configuration=configuration,
        channels=[Channel.SMS],
        origin=InvitationOrigin.USERS_INDEX_PAGE,
        now=timezone.now(),
    )
    run_jobs("addresses")
    assert len(address_base.asked) == asked
    known = location_of(usager, [Motif.objects.get()], now=timezone.now())
    assert (known.street_code if known else None) == ("26362_0020" if asked else None)
