"""The made-up Drôme: complete, coherent, the same each time, and quick to load."""

import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.db.models import Count, Max
from procrastinate.contrib.django.models import ProcrastinateJob

from demo.department.correspondence import leave_some_unsent
from demo.department.load import load_department
from rdv_insertion.agenda import facts
from rdv_insertion.agenda.convocations import about
from rdv_insertion.agenda.models import Motif, Participation, Rdv, RdvAgent
from rdv_insertion.agents.models import Agent, AgentRole
from rdv_insertion.followups.enums import FollowUpStatus, ParticipationStatus
from rdv_insertion.followups.models import FollowUp, MotifCategory, Wording
from rdv_insertion.followups.services import RDV_FACTS
from rdv_insertion.followups.words import words_for
from rdv_insertion.invitations import results
from rdv_insertion.invitations.enums import Refusal, RunStage
from rdv_insertion.invitations.links import offers_for
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation, InvitationRun
from rdv_insertion.invitations.results import Kind
from rdv_insertion.invitations.services import free_slots, postal
from rdv_insertion.kernel import dates, nir, phone
from rdv_insertion.messaging.enums import CONVOCATIONS, Channel, MessageStatus, Purpose
from rdv_insertion.messaging.identity import identity_of
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services import budget
from rdv_insertion.territory.enums import OrganisationType
from rdv_insertion.territory.models import Department, Organisation
from rdv_insertion.usagers.models import Tag, Usager, UsagerOrganisation

# A Thursday, in the middle of the afternoon.
NOW = datetime(2026, 3, 12, 15, 20, tzinfo=dates.PARIS)
TABLES = (Usager, FollowUp, Invitation, Message, Rdv, RdvAgent, Participation, UsagerOrganisation)


@pytest.fixture(scope="module")
def department(django_db_setup: None, django_db_blocker: Any) -> Iterable[float]:
    """The department, loaded once for this file; gives the seconds of processor that it took."""
    with django_db_blocker.unblock(), transaction.atomic():
        start = time.process_time()
        assert load_department(now=NOW)
        yield time.process_time() - start
        transaction.set_rollback(True)


@pytest.fixture
def base(department: float, db: None) -> float:
    return department


def test_it_loads_in_a_few_seconds_of_processor(base: float) -> None:
    assert base < 8


def test_a_base_that_has_something_is_left_alone(base: float) -> None:
    before = {model: model.objects.count() for model in TABLES}
    assert not load_department(now=NOW)
    assert {model: model.objects.count() for model in TABLES} == before


def test_there_are_some_three_hundred_people_and_an_organisation_of_each_type(base: float) -> None:
    assert 280 <= Usager.objects.count() <= 330
    assert set(Organisation.objects.values_list("organisation_type", flat=True)) == set(
        OrganisationType.values
    ) - {OrganisationType.AUTRE}
    followed = dict(Organisation.objects.annotate(n=Count("memberships")).order_by().values_list("slug", "n"))
    assert min(followed.values()) >= 30


def test_every_status_is_met_and_the_first_category_of_each_organisation_has_them_all(base: float) -> None:
    by_category: dict[str, set[str]] = {}
    rows = FollowUp.objects.with_status(NOW).values_list("motif_category__short_name", "status")
    for category, status in rows:
        by_category.setdefault(category, set()).add(status)
    for category in ("rsa_orientation", "rsa_accompagnement", "siae_interview"):
        assert by_category[category] == set(FollowUpStatus.values), category


def test_every_status_of_message_and_of_participation_is_met_by_every_channel(base: float) -> None:
    assert set(Message.objects.values_list("status", flat=True)) == set(MessageStatus.values)
    assert set(Message.objects.values_list("channel", flat=True)) == set(Channel.values)
    assert set(Participation.objects.values_list("status", flat=True)) == set(ParticipationStatus.values)


def test_nothing_is_to_be_sent(base: float) -> None:
    assert not ProcrastinateJob.objects.exists()
    assert not Message.objects.stuck(NOW + timedelta(days=30)).exists()


def test_the_facts_of_follow_ups_are_those_of_their_rdvs_and_invitations(base: float) -> None:
    for follow_up in FollowUp.objects.prefetch_related("participations__rdv").annotate(
        invited_at=Max("invitations__created_at"), valid_until=Max("invitations__expires_at")
    ):
        history = sorted(follow_up.participations.all(), key=lambda one: (one.created_at, one.pk))
        expected = facts.facts_of(history)
        assert {name: getattr(follow_up, name) for name in RDV_FACTS} == {
            name: getattr(expected, name) for name in RDV_FACTS
        }
        assert follow_up.last_invited_at == follow_up.invited_at
        assert follow_up.invitations_expire_at == follow_up.valid_until


def test_nothing_written_happens_after_now_or_before_what_caused_it(base: float) -> None:
    assert not Message.objects.filter(created_at__gt=NOW).exists()
    assert not Invitation.objects.filter(clicked_at__gt=NOW).exists()
    for participation in Participation.objects.select_related("rdv", "follow_up"):
        follow_up, rdv = participation.follow_up, participation.rdv
        assert follow_up is not None
        assert follow_up.created_at < participation.created_at < min(rdv.starts_at, NOW)
        if rdv.starts_at > NOW:
            assert participation.status not in (ParticipationStatus.SEEN, ParticipationStatus.NOSHOW)


def test_no_agent_is_in_two_rdvs_at_once_even_cancelled_ones(base: float) -> None:
    last_end: dict[int, datetime] = {}
    parts = RdvAgent.objects.order_by("agent_id", "starts_at")
    assert parts.count() >= 200
    for part in parts:
        assert last_end.get(part.agent_id, part.starts_at) <= part.starts_at
        last_end[part.agent_id] = part.ends_at


def test_rdvs_are_on_days_worked_except_those_of_today(base: float) -> None:
    days = {
        moment.astimezone(dates.PARIS).date() for moment in Rdv.objects.values_list("starts_at", flat=True)
    }
    assert not [day for day in days - {NOW.date()} if day.weekday() > 4]


def test_people_in_valence_have_two_hundred_slots_to_choose_from_in_several_places(base: float) -> None:
    configuration = CategoryConfiguration.objects.select_related("organisation__department").get(
        organisation__slug="valence", motif_category__short_name="rsa_orientation"
    )
    offers = offers_for(configuration.organisation, configuration.motif_category)
    assert len([offer for offer in offers if offer.lieu]) >= 4
    assert "phone" in [offer.key for offer in offers]
    assert free_slots(configuration, now=NOW) >= 200


def test_each_way_of_meeting_is_there_and_one_workshop_has_seats_left(base: float) -> None:
    assert set(Motif.objects.values_list("location_type", flat=True)) == {"public_office", "phone", "visio"}
    workshop = Rdv.objects.filter(motif__collective=True, starts_at__gt=NOW).annotate(
        n=Count("participations")
    )
    assert all(0 < rdv.n < (rdv.max_participants_count or 0) for rdv in workshop)
    assert workshop


@pytest.mark.parametrize(
    ("email", "roles"),
    [
        ("admin@demo.test", dict.fromkeys(("valence", "die", "montelimar", "romans"), "admin")),
        ("agent@demo.test", {"valence": "basic"}),
        ("partenaire@demo.test", {"die": "basic"}),
    ],
)
def test_the_accounts_of_the_tour_have_their_rights_and_password(
    base: float, email: str, roles: dict[str, str]
) -> None:
    agent = Agent.objects.get(email=email)
    assert check_password("demo", agent.password)
    assert (
        dict(AgentRole.objects.filter(agent=agent).values_list("organisation__slug", "access_level")) == roles
    )


def test_the_agent_of_the_tour_has_rdvs_today_of_which_two_wait_for_a_status(base: float) -> None:
    today = Participation.objects.filter(
        rdv__agents__email="agent@demo.test", rdv__starts_at__date=NOW.date()
    )
    begun = today.filter(rdv__starts_at__lte=NOW)
    assert today.count() >= 5
    assert begun.filter(status=ParticipationStatus.UNKNOWN).count() == 2
    assert today.pending(NOW).exists()


def test_households_share_a_number_and_nobody_shares_a_nir_a_phone_or_a_mail(base: float) -> None:
    sharing = Counter(Usager.objects.values_list("affiliation_number", flat=True))
    assert len([number for number, people in sharing.items() if people == 2]) >= 15
    assert max(sharing.values()) == 2
    assert Usager.objects.filter(role="conjoint").count() >= 15
    for name in ("nir_index", "phone_number", "email"):
        known = [value for value in Usager.objects.values_list(name, flat=True) if value]
        assert len(set(known)) == len(known) > 100


def test_nirs_are_right_and_agree_with_the_person(base: float) -> None:
    known = list(Usager.objects.exclude(nir=None))
    assert len(known) >= 150
    for usager in known:
        year = usager.birth_date.year if usager.birth_date else None
        assert nir.normalise(usager.nir or "") == usager.nir
        assert nir.contradictions(usager.nir or "", title=usager.title, birth_year=year) == []


def test_phones_and_mails_reach_nobody(base: float) -> None:
    for number in Usager.objects.exclude(phone_number=None).values_list("phone_number", flat=True):
        assert phone.normalise(number) == number
        assert number.startswith(("+3363998", "+3346571"))
    assert not Usager.objects.exclude(email=None).exclude(email__endswith="@example.org").exists()


def test_nobody_is_mistaken_for_the_people_of_the_test_file(base: float) -> None:
    assert not Usager.objects.filter(affiliation_number__in=["ASXASA", "JSCSASS"]).exists()
    assert not Usager.objects.filter(last_name__in=["Fois", "Barthélémy", "Rouve"]).exists()


def test_some_people_are_archived_tagged_or_have_a_referent(base: float) -> None:
    assert UsagerOrganisation.objects.exclude(archived_at=None).exclude(archiving_reason="").count() >= 10
    assert Tag.objects.annotate(n=Count("usagers")).filter(n__gte=5).count() >= 6
    assert Usager.objects.exclude(referents=None).count() >= 60


def test_the_words_of_each_category_are_all_there(base: float) -> None:
    for category in MotifCategory.objects.all():
        assert all(
            getattr(category, name)
            for name in (
                "rdv_title",
                "rdv_title_by_phone",
                "rdv_subject",
                "rdv_purpose",
                "user_designation",
                "what_to_bring",
            )
        )


# --- Messages


def test_one_motif_summons_people_and_agents_alone_take_it(base: float) -> None:
    motif = Motif.objects.get(convocation=True)
    assert (motif.organisation.slug, motif.bookable_by) == ("valence", "agents")


def test_people_were_summoned_to_come_and_one_was_told_that_it_is_called_off(base: float) -> None:
    summoned = list(Participation.objects.filter(convocable=True).select_related("rdv").order_by("pk"))
    assert {one.status for one in summoned} == {"unknown", "noshow", "revoked"}
    told = {(message.about, message.purpose) for message in Message.objects.filter(purpose__in=CONVOCATIONS)}
    for one in summoned:
        assert (about(one.pk), Purpose.CONVOCATION_CREATED) in told
        if one.status == ParticipationStatus.REVOKED:
            assert (about(one.pk), Purpose.CONVOCATION_CANCELLED) in told
    assert {subject for subject, _ in told} == {about(one.pk) for one in summoned}


def test_a_run_is_done_with_people_invited_partly_invited_and_refused(base: float) -> None:
    done = InvitationRun.objects.filter(stage=RunStage.DONE).exclude(targets__done_at=None)
    run = max(done, key=lambda one: results.targets(one, kind=Kind.LEAVING).count())
    assert results.targets(run, kind=Kind.LEAVING).count() >= 8
    for kind in (Kind.PARTLY, Kind.REFUSED):
        assert results.targets(run, kind=kind).exists(), kind
    reached = set(results.targets(run, kind=Kind.LEAVING).values_list("follow_up", flat=True))
    assert set(Invitation.objects.filter(run=run).values_list("follow_up", flat=True)) == reached
    assert Refusal.RDV_PENDING in {reason.refusal for reason in results.reasons(run)}


def test_a_run_was_stopped_and_others_wait_to_be_launched(base: float) -> None:
    stopped = InvitationRun.objects.filter(stage=RunStage.DONE, targets__done_at=None).distinct().get()
    assert stopped.targets.exclude(done_at=None).exists()
    here = InvitationRun.objects.get(stage=RunStage.PREPARING, configuration__organisation__slug="valence")
    assert results.foreseen(here).leaving >= 5
    assert {Refusal.RDV_PENDING, Refusal.ARCHIVED} <= {one.refusal for one in results.reasons(here)}


def test_people_of_the_partner_find_no_slot(base: float) -> None:
    run = InvitationRun.objects.get(stage=RunStage.PREPARING, configuration__organisation__slug="die")
    assert free_slots(run.configuration, now=NOW) == 0
    blocked = Invitation.objects.without_slot(NOW)
    assert {one.organisation.slug for one in blocked.select_related("organisation")} == {"die"}
    assert blocked.values("follow_up").distinct().count() >= 2


def test_letters_are_to_be_printed_and_written(base: float) -> None:
    organisation = Organisation.objects.get(slug="valence")
    assert [
        postal.due_letters(one, now=NOW).count() >= 5 for one in postal.postal_configurations(organisation)
    ] == [True]
    assert postal.waiting_letters(organisation, now=NOW).exists()


def test_an_organisation_has_its_own_words_letterhead_and_budget(base: float) -> None:
    organisation = Organisation.objects.get(slug="valence")
    category = MotifCategory.objects.get(short_name="rsa_orientation")
    assert list(Wording.objects.values_list("version", flat=True).order_by("version")) == [1, 2]
    assert words_for(organisation.pk, category).title == "premier rendez-vous RSA"
    invitations = Message.objects.filter(
        invitation__follow_up__motif_category=category,
        invitation__organisation=organisation,
        channel=Channel.SMS,
        language="fr",
    )
    assert invitations
    assert all("premier rendez-vous RSA" in message.text for message in invitations)
    assert identity_of(organisation).letter_sender_name == "Conseil départemental de la Drôme"
    standing = budget.standing(organisation, NOW)
    assert standing is not None
    assert 5 <= standing.share < 80


_VALENCE = Organisation(department=Department(number="26"))


@pytest.mark.parametrize(("hours", "waits"), [("", False), ("20-8", True)])
def test_sms_wait_for_the_morning_only_where_they_do_not_leave_at_night(
    settings: Any, hours: str, waits: bool
) -> None:
    settings.SMS_QUIET_HOURS = hours
    night = datetime(2026, 3, 12, 23, 30, tzinfo=dates.PARIS)
    evening = Message(
        organisation=_VALENCE,
        channel=Channel.SMS,
        status=MessageStatus.DELIVERED,
        created_at=night - timedelta(minutes=90),
    )
    leave_some_unsent([evening, *_mails(night)], now=night)
    assert (evening.status == MessageStatus.CREATED) == (evening.not_before is not None) == waits
    assert evening.not_before in (None, datetime(2026, 3, 13, 8, tzinfo=dates.PARIS))


def _mails(now: datetime) -> list[Message]:
    return [Message(channel=Channel.EMAIL, created_at=now, organisation=_VALENCE) for _ in range(2)]
