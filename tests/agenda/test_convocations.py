"""Convocations: what an agent sets, what the person is told of it, how often, and on paper."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from rdv_insertion.agenda.convocations import TOLD_ENOUGH, motifs_to_summon, untold, worth_posting
from rdv_insertion.agenda.enums import BookableBy
from rdv_insertion.agenda.models import Lieu, Motif, Participation, Rdv
from rdv_insertion.agenda.phones import load_phones, phone_of, phone_to_give
from rdv_insertion.agenda.services import (
    NotAllowed,
    Plan,
    add_participants,
    book_seat,
    cancel_rdv,
    create_rdv,
    record_status,
    remind,
    reschedule,
)
from rdv_insertion.agenda.services.letters import NO_ADDRESS, write_convocation_letter
from rdv_insertion.agenda.services.motifs import save_motif
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import Channel, MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.printing import letters_pdf
from rdv_insertion.messaging.services import mark_printed
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager
from tests.conftest import RunJobs
from tests.factories import FollowUpFactory, LieuFactory, MotifFactory, RdvFactory, UsagerFactory

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 2, 20, 9, tzinfo=UTC)
ADDRESS = "12 rue de l'Église 26150 Die"


def paris(clock: str, day: date = MONDAY) -> datetime:
    return dates.at(day, time.fromisoformat(clock), dates.PARIS).astimezone(UTC)


@pytest.fixture
def motif(organisation: Organisation, configuration: Any) -> Motif:
    return MotifFactory(
        organisation=organisation, motif_category=configuration.motif_category, summoning=True
    )


@pytest.fixture
def lieu(organisation: Organisation) -> Lieu:
    return LieuFactory(organisation=organisation)


@pytest.fixture
def usager(organisation: Organisation) -> Usager:
    return UsagerFactory(
        organisation=organisation,
        phone_number="+33612345678",
        email="marina@example.org",
        address=ADDRESS,
    )


@pytest.fixture
def summon(motif: Motif, lieu: Lieu, agent: Agent, usager: Usager, run_jobs: RunJobs) -> Any:
    """Take a rdv as an agent and have everybody told."""

    def take(**changes: Any) -> Participation:
        notify, at = changes.pop("notify", True), changes.pop("at", NOW)
        values = {
            "motif": motif,
            "lieu": lieu,
            "starts_at": paris("09:00"),
            "ends_at": paris("09:30"),
            "agents": [agent],
            "usagers": [usager],
        }
        plan = Plan(**{**values, **changes})
        rdv = create_rdv(plan=plan, by=agent, notify=notify, acknowledged=True, now=at)
        run_jobs("notifications", at=at)
        return rdv.participations.get()

    return take


@pytest.fixture
def move(agent: Agent, run_jobs: RunJobs) -> Any:
    def move(rdv: Rdv, clock: str, at: datetime) -> Participation:
        reschedule(
            rdv=rdv,
            starts_at=paris(clock),
            ends_at=paris(clock) + timedelta(minutes=30),
            by=agent,
            notify=True,
            acknowledged=True,
            now=at,
        )
        run_jobs("notifications", at=at)
        return Participation.objects.select_related("rdv").get(rdv=rdv)

    return move


def test_what_an_agent_does_in_the_evening_is_told_by_sms_in_the_morning(summon: Any, settings: Any) -> None:
    settings.SMS_QUIET_HOURS = "20-8"
    summon(at=NOW.replace(hour=21))
    assert Message.objects.get(channel="sms").not_before == paris("08:00", date(2026, 2, 21))


def purposes() -> list[tuple[str, str]]:
    """What people were told, agents aside."""
    told = Message.objects.filter(usager__isnull=False).order_by("created_at", "pk")
    return list(told.values_list("purpose", "channel"))


# ---- The motif


def test_a_motif_of_convocation_is_taken_by_agents_only(organisation: Organisation) -> None:
    motif = MotifFactory(organisation=organisation, bookable_by=BookableBy.EVERYONE)
    motif.convocation = True
    with pytest.raises(ValidationError, match="Une convocation est prise par les agents seulement"):
        save_motif(motif=motif)
    with pytest.raises(IntegrityError), transaction.atomic():
        Motif.objects.filter(pk=motif.pk).update(convocation=True)


def test_the_motifs_to_summon_are_those_of_the_category_in_use(motif: Motif) -> None:
    MotifFactory(organisation=motif.organisation, motif_category=motif.motif_category)
    MotifFactory(organisation=motif.organisation, motif_category=None, summoning=True)
    MotifFactory(motif_category=motif.motif_category, summoning=True)
    MotifFactory(
        organisation=motif.organisation,
        motif_category=motif.motif_category,
        summoning=True,
        deleted_at=NOW,
    )
    assert motif.motif_category is not None
    assert motifs_to_summon(motif.organisation, motif.motif_category) == [motif]


# ---- Who is summoned


def test_a_rdv_that_an_agent_takes_for_such_a_motif_summons(summon: Any) -> None:
    assert summon().convocable is True


def test_a_rdv_of_another_motif_does_not(summon: Any, organisation: Organisation) -> None:
    assert summon(motif=MotifFactory(organisation=organisation)).convocable is False


def test_people_added_to_a_collective_rdv_are_summoned_and_those_who_come_by_themselves_are_not(
    organisation: Organisation, agent: Agent, usager: Usager, configuration: Any
) -> None:
    atelier = MotifFactory(
        organisation=organisation,
        motif_category=configuration.motif_category,
        collectif=True,
        summoning=True,
    )
    rdv = RdvFactory(motif=atelier)
    (added,) = add_participants(rdv=rdv, usagers=[usager], by=agent, notify=False, now=rdv.created_at)
    assert added.convocable is True
    # The motif was opened to everybody before, then made one of convocation.
    open_to_all = MotifFactory(
        organisation=organisation, motif_category=configuration.motif_category, collectif=True
    )
    chosen = RdvFactory(motif=open_to_all)
    follow_up = FollowUpFactory(organisation=organisation, motif_category=configuration.motif_category)
    part = book_seat(rdv=chosen, follow_up=follow_up, booking_key="invitation-X", now=chosen.created_at)
    assert part.convocable is False


def test_it_is_said_once_whatever_becomes_of_the_motif(summon: Any, motif: Motif, move: Any) -> None:
    participation = summon()
    Motif.objects.filter(pk=motif.pk).update(convocation=False)
    assert move(participation.rdv, "10:00", NOW + timedelta(hours=1)).convocable is True


# ---- What is told


def test_the_convocation_is_told_by_sms_and_mail_in_its_words(summon: Any) -> None:
    summon()
    assert sorted(purposes()) == [("convocation_created", "email"), ("convocation_created", "sms")]
    for message in Message.objects.filter(usager__isnull=False):
        assert "convoqu" in message.text
        assert message.about == f"participation-{Participation.objects.get().pk}"
    assert "METHOD:" in Message.objects.get(channel="email", usager__isnull=False).calendar


def test_a_rdv_that_is_no_convocation_keeps_its_own_words(summon: Any, organisation: Organisation) -> None:
    summon(motif=MotifFactory(organisation=organisation))
    assert {purpose for purpose, _ in purposes()} == {"rdv_created"}


def test_a_change_is_told_as_a_convocation(summon: Any, move: Any) -> None:
    participation = summon()
    move(participation.rdv, "10:00", NOW + timedelta(hours=2))
    assert purposes().count(("convocation_updated", "sms")) == 1


def test_a_reminder_leaves_48_hours_before(summon: Any) -> None:
    summon()
    assert remind(now=paris("09:00") - timedelta(hours=48)) == 1
    assert purposes().count(("convocation_reminder", "sms")) == 1
    assert remind(now=paris("09:00") - timedelta(hours=47)) == 1
    assert purposes().count(("convocation_reminder", "sms")) == 1


def test_only_the_service_cancels_a_convocation(
    summon: Any, agent: Agent, usager: Usager, run_jobs: RunJobs
) -> None:
    participation = summon()
    cancel_rdv(rdv=participation.rdv, by=agent, notify=True, now=NOW + timedelta(hours=1))
    run_jobs("notifications", at=NOW + timedelta(hours=1))
    assert ("convocation_cancelled", "sms") in purposes()


def test_somebody_who_says_that_they_will_not_come_gets_the_ordinary_confirmation(
    summon: Any, run_jobs: RunJobs
) -> None:
    participation = summon()
    record_status(participation=participation, status="excused", notify=True, now=NOW + timedelta(hours=1))
    run_jobs("notifications", at=NOW + timedelta(hours=1))
    assert ("rdv_cancelled", "sms") in purposes()
    assert "convocation_cancelled" not in {purpose for purpose, _ in purposes()}


def test_each_thing_is_told_once_a_channel_even_when_its_job_runs_twice(summon: Any) -> None:
    from rdv_insertion.agenda.notifications import notify

    participation = summon()
    notify([participation.pk], Purpose.RDV_CREATED, now=NOW + timedelta(minutes=1))
    assert purposes().count(("convocation_created", "sms")) == 1


# ---- Twice an hour


def test_the_third_change_in_an_hour_is_not_told_and_is_kept_with_the_reason(summon: Any, move: Any) -> None:
    participation = summon()
    for minutes, clock in ((5, "10:00"), (10, "11:00")):
        told = move(participation.rdv, clock, NOW + timedelta(minutes=minutes))
        assert untold([told], NOW + timedelta(minutes=minutes)) == set()
    at = NOW + timedelta(minutes=15)
    told = move(participation.rdv, "14:00", at)
    changes = Message.objects.filter(purpose=Purpose.CONVOCATION_UPDATED, channel="sms")
    assert [one.status for one in changes.order_by("pk")][:2] == ["created", "created"]
    third = changes.order_by("pk").last()
    assert third is not None
    assert (third.status, third.failure) == (MessageStatus.PERMANENT_FAILURE, TOLD_ENOUGH)
    assert untold([told], at) == {told.pk}


def test_an_hour_later_changes_are_told_again(summon: Any, move: Any) -> None:
    participation = summon()
    for minutes, clock in ((5, "10:00"), (10, "11:00")):
        move(participation.rdv, clock, NOW + timedelta(minutes=minutes))
    at = NOW + timedelta(minutes=66)
    told = move(participation.rdv, "14:00", at)
    assert Message.objects.filter(failure=TOLD_ENOUGH).count() == 0
    assert untold([told], at) == set()


def test_somebody_who_was_not_told_stays_to_call_until_they_are(summon: Any, move: Any) -> None:
    participation = summon()
    for minutes, clock in ((5, "10:00"), (10, "11:00"), (15, "14:00")):
        told = move(participation.rdv, clock, NOW + timedelta(minutes=minutes))
    assert untold([told], NOW + timedelta(hours=5)) == {told.pk}
    again = move(participation.rdv, "15:00", NOW + timedelta(hours=6))
    assert untold([again], NOW + timedelta(hours=6)) == set()


def test_the_agent_knows_before_the_worker_wrote_about_the_change(
    summon: Any, move: Any, agent: Agent
) -> None:
    participation = summon()
    for minutes, clock in ((5, "10:00"), (10, "11:00")):
        move(participation.rdv, clock, NOW + timedelta(minutes=minutes))
    at = NOW + timedelta(minutes=15)
    reschedule(
        rdv=participation.rdv,
        starts_at=paris("14:00"),
        ends_at=paris("14:30"),
        by=agent,
        notify=True,
        acknowledged=True,
        now=at,
    )
    changed = Participation.objects.select_related("rdv").get(pk=participation.pk)
    assert untold([changed], at) == {participation.pk}


def test_an_ordinary_rdv_may_change_as_often_as_it_must(
    summon: Any, move: Any, organisation: Organisation
) -> None:
    participation = summon(motif=MotifFactory(organisation=organisation))
    for minutes, clock in ((5, "10:00"), (10, "11:00"), (15, "14:00")):
        told = move(participation.rdv, clock, NOW + timedelta(minutes=minutes))
    assert purposes().count(("rdv_updated", "sms")) == 3
    assert untold([told], NOW + timedelta(minutes=15)) == set()


# ---- By post


def test_somebody_with_neither_mobile_nor_mail_gets_a_letter_to_print(
    summon: Any, organisation: Organisation
) -> None:
    by_post = UsagerFactory(organisation=organisation, phone_number=None, email=None, address=ADDRESS)
    summon(usagers=[by_post])
    message = Message.objects.get(usager=by_post)
    assert (message.channel, message.status) == (Channel.LETTER, MessageStatus.TO_PRINT)
    assert message.purpose == Purpose.CONVOCATION_CREATED
    assert message.letter is not None
    assert message.letter["recipient"][-1] == "26150 Die"
    assert message.letter["code"] == message.letter["link"] == ""


def test_changes_and_reminders_are_not_told_by_post_and_cancellations_are(
    summon: Any, move: Any, organisation: Organisation, agent: Agent, run_jobs: RunJobs
) -> None:
    by_post = UsagerFactory(organisation=organisation, phone_number=None, email=None, address=ADDRESS)
    participation = summon(usagers=[by_post])
    move(participation.rdv, "10:00", NOW + timedelta(hours=1))
    remind(now=paris("10:00") - timedelta(hours=48))
    cancel_rdv(rdv=participation.rdv, by=agent, notify=True, now=NOW + timedelta(hours=2))
    run_jobs("notifications", at=NOW + timedelta(hours=2))
    assert purposes() == [("convocation_created", "postal"), ("convocation_cancelled", "postal")]


@pytest.mark.parametrize("happens", ["nothing", "moved", "cancelled", "over", "another part"])
def test_a_letter_is_worth_posting_while_its_rdv_is_to_come_as_it_says(
    summon: Any, move: Any, organisation: Organisation, agent: Agent, usager: Usager, happens: str
) -> None:
    by_post = UsagerFactory(organisation=organisation, phone_number=None, email=None, address=ADDRESS)
    participation = summon(usagers=[by_post])
    at = NOW + timedelta(hours=1)
    if happens == "moved":
        move(participation.rdv, "10:00", at)
    if happens == "cancelled":
        cancel_rdv(rdv=participation.rdv, by=agent, notify=False, now=at)
    if happens == "over":
        at = participation.rdv.starts_at
    if happens == "another part":
        Message.objects.update(
            unique_key=f"1:convocation_created:participation-{participation.pk}1-x-0:postal"
        )
    worth = Message.objects.filter(worth_posting(at), channel=Channel.LETTER)
    assert worth.exists() is (happens == "nothing")


def test_the_letter_that_takes_a_convocation_back_is_worth_posting(
    summon: Any, organisation: Organisation, agent: Agent, run_jobs: RunJobs
) -> None:
    by_post = UsagerFactory(organisation=organisation, phone_number=None, email=None, address=ADDRESS)
    participation = summon(usagers=[by_post])
    cancel_rdv(rdv=participation.rdv, by=agent, notify=True, now=NOW)
    run_jobs("notifications", at=NOW)
    worth = Message.objects.filter(worth_posting(NOW))
    assert [one.purpose for one in worth] == [Purpose.CONVOCATION_CANCELLED]


@pytest.mark.parametrize("address", [None, "", "12 rue de l'Église", "26150 Die"])
def test_without_a_whole_address_no_letter_is_written(
    summon: Any, organisation: Organisation, address: str | None
) -> None:
    summon(usagers=[UsagerFactory(organisation=organisation, phone_number=None, email=None, address=address)])
    assert purposes() == []


def test_a_letter_asked_for_is_written_once_and_printed_again_as_it_was(summon: Any) -> None:
    participation = summon()
    letter = write_convocation_letter(participation_id=participation.pk, now=NOW + timedelta(hours=1))
    assert (letter.purpose, letter.channel) == (Purpose.CONVOCATION_CREATED, Channel.LETTER)
    mark_printed(message_ids=[letter.pk], now=NOW + timedelta(hours=1))
    again = write_convocation_letter(participation_id=participation.pk, now=NOW + timedelta(days=1))
    assert again.pk == letter.pk
    assert again.status == MessageStatus.PRINTED
    assert letters_pdf([again]).startswith(b"%PDF-")


def test_after_a_change_the_letter_is_another_one(summon: Any, move: Any) -> None:
    participation = summon()
    first = write_convocation_letter(participation_id=participation.pk, now=NOW)
    move(participation.rdv, "10:00", NOW + timedelta(hours=1))
    second = write_convocation_letter(participation_id=participation.pk, now=NOW + timedelta(hours=1))
    assert second.pk != first.pk
    assert "10 h" in second.text


def test_a_letter_that_would_not_serve_is_refused_with_what_to_do(
    summon: Any, organisation: Organisation, usager: Usager
) -> None:
    ordinary = summon(
        motif=MotifFactory(organisation=organisation), starts_at=paris("15:00"), ends_at=paris("15:30")
    )
    with pytest.raises(NotAllowed, match="n'est pas convoquée"):
        write_convocation_letter(participation_id=ordinary.pk, now=NOW)
    participation = summon()
    with pytest.raises(NotAllowed, match="a déjà commencé"):
        write_convocation_letter(participation_id=participation.pk, now=paris("09:00"))
    Usager.objects.filter(pk=usager.pk).update(address="")
    with pytest.raises(NotAllowed) as refused:
        write_convocation_letter(participation_id=participation.pk, now=NOW)
    assert str(refused.value) == NO_ADDRESS


# ---- The number to call


def test_the_number_is_that_of_the_place_then_of_the_category_then_of_the_organisation(
    motif: Motif, lieu: Lieu, configuration: Any
) -> None:
    configuration.phone_number = "+33475111111"
    configuration.save()
    assert phone_to_give(motif, lieu) == lieu.phone_number
    lieu.phone_number = ""
    assert phone_to_give(motif, lieu) == "+33475111111"
    assert phone_to_give(motif, None) == "+33475111111"
    configuration.phone_number = ""
    configuration.save()
    assert phone_to_give(motif, lieu) == motif.organisation.phone_number != ""


def test_many_numbers_are_found_in_one_query(
    motif: Motif, configuration: Any, django_assert_num_queries: Any
) -> None:
    configuration.phone_number = "+33475111111"
    configuration.save()
    rdvs = [RdvFactory(motif=motif, lieu__phone_number="") for _ in range(5)]
    with django_assert_num_queries(1):
        load_phones(rdvs)
        assert {phone_of(rdv) for rdv in rdvs} == {"+33475111111"}


def test_without_any_number_nobody_is_summoned_and_the_agent_is_told_what_to_do(
    summon: Any, lieu: Lieu, organisation: Organisation, motif: Motif
) -> None:
    Lieu.objects.filter(pk=lieu.pk).update(phone_number="")
    lieu.refresh_from_db()
    organisation.phone_number = ""
    organisation.save()
    motif.refresh_from_db()
    with pytest.raises(NotAllowed, match="ajoutez-le au lieu, à la catégorie ou à l'organisation"):
        summon()
    assert Rdv.objects.count() == 0


def test_without_any_number_nobody_is_added_to_a_collective_one(
    organisation: Organisation, agent: Agent, usager: Usager
) -> None:
    organisation.phone_number = ""
    organisation.save()
    rdv = RdvFactory(
        motif=MotifFactory(organisation=organisation, collectif=True, summoning=True), lieu__phone_number=""
    )
    with pytest.raises(NotAllowed, match="Il manque un numéro"):
        add_participants(rdv=rdv, usagers=[usager], by=agent, notify=True, now=rdv.created_at)
