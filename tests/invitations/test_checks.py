"""What forbids to invite somebody: every reason, each with what to do."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rdv_insertion.agenda.models import Motif, PlageOuverture
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.followups.services import close_follow_up
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal
from rdv_insertion.invitations.links import offers_of
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.proposals import NothingBecause, nothing_because
from rdv_insertion.invitations.services import Report, foreseen_reasons, free_slots, invite
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Message, RefusedContact, SmsBudget
from rdv_insertion.territory.models import Organisation
from tests.factories import AgentFactory, FollowUpFactory, MotifFactory, PlageOuvertureFactory
from tests.invitations.conftest import NOW

pytestmark = pytest.mark.django_db

ALL = [channel.value for channel in Channel]


@pytest.fixture
def ask(configuration: CategoryConfiguration, plage: PlageOuverture) -> Any:
    """Invite as a page does."""

    def run(*follow_ups: FollowUp, channels: Any = ALL, **options: Any) -> Report:
        return invite(
            follow_ups=follow_ups,
            configuration=CategoryConfiguration.objects.get(pk=configuration.pk),
            channels=channels,
            origin=InvitationOrigin.USERS_INDEX_PAGE,
            now=NOW,
            **options,
        )

    return run


def test_all_the_reasons_are_said_not_only_the_first(
    ask: Any, organisation: Organisation, plage: PlageOuverture
) -> None:
    follow_up = FollowUpFactory(organisation=organisation, usager__unreachable=True)
    close_follow_up(follow_up=follow_up, now=NOW)
    plage.delete()
    assert ask(follow_up).reasons == {
        follow_up.pk: {
            Channel.SMS: [Refusal.CLOSED, Refusal.NO_SLOT_LEFT, Refusal.NO_PHONE],
            Channel.EMAIL: [Refusal.CLOSED, Refusal.NO_SLOT_LEFT, Refusal.NO_EMAIL],
            Channel.LETTER: [Refusal.CLOSED, Refusal.NO_SLOT_LEFT, Refusal.NO_ADDRESS],
        }
    }


def test_a_number_that_the_provider_refused_is_not_written_to(ask: Any, follow_up: FollowUp) -> None:
    RefusedContact.objects.create(
        usager=follow_up.usager,
        channel=Channel.SMS,
        contact=follow_up.usager.phone_number,
        reason="Ce numéro n'existe pas.",
        refused_at=NOW,
    )
    assert ask(follow_up).reasons == {follow_up.pk: {Channel.SMS: [Refusal.CONTACT_REFUSED]}}


def test_once_corrected_the_number_is_written_to(ask: Any, follow_up: FollowUp) -> None:
    RefusedContact.objects.create(
        usager=follow_up.usager, channel=Channel.SMS, contact="+33600000000", reason="Faux.", refused_at=NOW
    )
    assert ask(follow_up).reasons == {}


def test_beyond_the_budget_of_the_month_sms_are_refused_and_mails_leave(
    ask: Any, organisation: Organisation, people: Any
) -> None:
    SmsBudget.objects.create(organisation=organisation, segments_a_month=1)
    first, second = people(2)
    assert ask(first, channels=[Channel.SMS]).count(Channel.SMS) == 1
    report = ask(second, channels=[Channel.SMS, Channel.EMAIL])
    assert report.reasons == {second.pk: {Channel.SMS: [Refusal.SMS_BUDGET_SPENT]}}
    assert report.count(Channel.EMAIL) == 1


def test_what_is_foreseen_is_what_happens(
    ask: Any, configuration: CategoryConfiguration, people: Any
) -> None:
    several = [*people(2), *people(2, usager__phone_number=None), *people(1, usager__unreachable=True)]
    foreseen = foreseen_reasons(follow_ups=several, configuration=configuration, now=NOW)
    assert ask(*several).reasons == foreseen
    assert len(foreseen) == 3


def test_foreseeing_costs_the_same_queries_for_two_and_two_hundred_people(
    configuration: CategoryConfiguration, people: Any
) -> None:
    costs = []
    for count in (2, 200):
        several = people(count)
        with CaptureQueriesContext(connection) as queries:
            foreseen_reasons(follow_ups=several, configuration=configuration, now=NOW, with_referents=True)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 8


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_an_action(refusal: Refusal) -> None:
    assert refusal.action.label
    assert refusal.action.where.value


# ---- With the referents


@pytest.fixture
def referent(organisation: Organisation) -> Agent:
    return AgentFactory(organisation=organisation, first_name="Rose", last_name="Référente")


@pytest.fixture
def referent_plage(configuration: CategoryConfiguration, referent: Agent) -> PlageOuverture:
    motif = MotifFactory(
        organisation=configuration.organisation,
        motif_category=configuration.motif_category,
        referent_only=True,
    )
    return PlageOuvertureFactory(motif=motif, agent=referent, first_day=date(2026, 3, 3))


def test_with_referents_whoever_has_none_is_refused(
    ask: Any, follow_up: FollowUp, referent_plage: PlageOuverture
) -> None:
    reasons = ask(follow_up, with_referents=True).reasons
    assert reasons == {follow_up.pk: dict.fromkeys(ALL, [Refusal.NO_REFERENT])}


def test_a_referent_of_another_organisation_cannot_receive(
    ask: Any, follow_up: FollowUp, referent_plage: PlageOuverture
) -> None:
    follow_up.usager.referents.add(AgentFactory())
    assert Refusal.NO_REFERENT in ask(follow_up, with_referents=True).reasons[follow_up.pk][Channel.SMS]


def test_without_a_motif_for_referents_nobody_is_invited_so(
    ask: Any, follow_up: FollowUp, referent: Agent
) -> None:
    follow_up.usager.referents.add(referent)
    reasons = ask(follow_up, with_referents=True).reasons
    assert reasons == {follow_up.pk: dict.fromkeys(ALL, [Refusal.NO_REFERENT_MOTIF])}


def test_the_link_offers_only_what_the_referents_do(
    ask: Any, follow_up: FollowUp, referent: Agent, referent_plage: PlageOuverture, motif: Motif
) -> None:
    follow_up.usager.referents.add(referent)
    ask(follow_up, channels=[Channel.SMS], with_referents=True)
    invitation = Invitation.objects.get()
    (offer,) = offers_of(invitation, now=NOW)
    assert [one.pk for one in offer.motifs] == [referent_plage.motifs.get().pk]
    assert offer.lieu == referent_plage.lieu


def test_the_texts_name_the_referents(
    ask: Any, follow_up: FollowUp, referent: Agent, referent_plage: PlageOuverture
) -> None:
    follow_up.usager.referents.add(referent)
    ask(follow_up, channels=[Channel.EMAIL], with_referents=True)
    assert "Rose Référente" in Message.objects.get().text


def test_the_category_may_be_set_so(
    ask: Any,
    follow_up: FollowUp,
    referent: Agent,
    referent_plage: PlageOuverture,
    configuration: CategoryConfiguration,
) -> None:
    configuration.with_referents = True
    configuration.save()
    follow_up.usager.referents.add(referent)
    ask(follow_up, channels=[Channel.SMS])
    assert Invitation.objects.get().with_referents
    ask(follow_up, channels=[Channel.EMAIL], with_referents=False)
    assert not Invitation.objects.get(channel=Channel.EMAIL).with_referents


def test_free_slots_with_referents_are_theirs_only(
    configuration: CategoryConfiguration, plage: PlageOuverture, referent: Agent
) -> None:
    assert free_slots(configuration, now=NOW) == 30
    assert free_slots(configuration, now=NOW, with_referents=True) == 0


def test_whose_referents_have_no_motif_any_more_is_told_to_call(
    configuration: CategoryConfiguration, follow_up: FollowUp, plage: PlageOuverture
) -> None:
    because = nothing_because(
        configuration.organisation, configuration.motif_category, follow_up.usager, with_referents=True
    )
    assert because == NothingBecause.NO_REFERENT


def test_a_letter_must_have_time_to_arrive_before_its_own_expiry(
    ask: Any, follow_up: FollowUp, configuration: CategoryConfiguration
) -> None:
    configuration.number_of_days_before_invitations_expire = 5
    configuration.save()
    ask(follow_up, channels=[Channel.SMS])
    assert ask(follow_up, channels=[Channel.LETTER]).reasons == {
        follow_up.pk: {Channel.LETTER: [Refusal.POSTAL_TOO_LATE]}
    }
    assert timedelta(days=5) == Invitation.objects.get().expires_at - NOW
