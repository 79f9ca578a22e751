"""When there is nothing to choose: the person is told whom to call, and the agents that somebody is stuck."""

from datetime import date, time, timedelta

import pytest
from django.test import Client

from rdv_insertion.agenda.models import Motif, PlageOuverture
from rdv_insertion.messaging.models import Message
from tests.factories import (
    AgentFactory,
    FollowUpFactory,
    InvitationFactory,
    PlageOuvertureFactory,
)
from tests.web.usagers.conftest import NOW, paris, text


@pytest.fixture
def nothing(invitation):
    """All plages are over."""
    PlageOuverture.objects.update(last_day=date(2026, 2, 1))
    return invitation


def _look(client, code="ABCD2345"):
    return text(client.get(f"/r/{code}/lieux", follow=True))


def _mails():
    return Message.objects.filter(purpose="no_slot")


def test_the_page_says_whom_to_call_and_that_the_link_will_serve_again(client, nothing):
    page = _look(client)
    assert "Appelez-nous" in page
    assert 'href="tel:+33475000000"' in page
    assert "Nous avons prévenu <strong>Conseil départemental de la Drôme</strong>" in page
    assert "jusqu'au jeudi 12 mars 2026 à 8" in page


def test_the_organisation_is_told_by_one_mail_a_day_and_category(
    client, nothing, organisation, category, monday_morning
):
    other = InvitationFactory(
        organisation=organisation,
        follow_up=FollowUpFactory(organisation=organisation, motif_category=category),
    )
    for code in ("ABCD2345", other.code, "ABCD2345"):
        _look(client, code)
    mail = _mails().get()
    assert (mail.channel, mail.recipient) == ("email", organisation.email)
    assert "RSA orientation" in mail.subject
    assert "http://testserver/plages/" in mail.text
    monday_morning.shift(timedelta(days=1))
    _look(client)
    assert "2 personnes" in _mails().latest("pk").subject
    assert _mails().count() == 2


def test_an_organisation_without_a_mail_is_not_written_to(client, nothing, organisation):
    type(organisation).objects.update(email="")
    assert "Appelez-nous" in _look(client)
    assert not _mails().exists()


def test_what_was_found_missing_is_forgotten_when_there_is_something_again(client, nothing, lieu, motif):
    _look(client)
    nothing.refresh_from_db()
    assert nothing.no_slot_at == NOW
    PlageOuvertureFactory(motif=motif, lieu=lieu)
    _look(client)
    nothing.refresh_from_db()
    assert nothing.no_slot_at is None


def test_a_place_full_among_others_tells_nobody(client, invitation, motif):
    full = PlageOuvertureFactory(motif=motif, once=True).lieu
    client.get(f"/r/ABCD2345/creneaux/lieu-{full.pk}")
    invitation.refresh_from_db()
    assert invitation.no_slot_at is None
    assert not _mails().exists()


def test_finding_nothing_to_move_to_tells_nobody(marina, participation):
    PlageOuverture.objects.update(last_day=date(2026, 2, 1))
    assert "Votre rendez-vous actuel ne change pas" in text(
        marina.get(f"/rdv/{participation.code}/deplacer", follow=True)
    )
    assert not _mails().exists()


def test_a_robot_that_asks_for_the_headers_only_tells_nobody(client, nothing, lieu):
    assert client.head(f"/r/ABCD2345/creneaux/lieu-{lieu.pk}").status_code == 200
    assert not _mails().exists()


def test_two_people_at_the_same_instant_are_one_mail_and_no_error(
    organisation, category, nothing_committed, in_threads
):
    codes = [
        InvitationFactory(
            organisation=organisation,
            follow_up=FollowUpFactory(organisation=organisation, motif_category=category),
        ).code
        for _ in range(4)
    ]
    answers = in_threads(*[lambda code=code: Client().get(f"/r/{code}/lieux") for code in codes])
    assert [answer.status_code for answer in answers] == [200] * 4
    assert _mails().count() == 1


@pytest.fixture
def nothing_committed(transactional_db):
    """The threads see what the test writes."""


# --- Referents ---


def test_without_a_referent_the_page_says_that_one_is_needed(client, invitation):
    Motif.objects.update(referent_only=True)
    page = _look(client)
    assert "Ce rendez-vous se prend avec votre référent" in page
    assert "Vous n'avez pas encore de référent." in page
    assert "04 75 00 00 00" in page


def test_with_a_referent_who_has_no_slot_the_page_says_so(client, invitation, organisation):
    Motif.objects.update(referent_only=True)
    invitation.follow_up.usager.referents.add(AgentFactory(organisation=organisation))
    assert "Votre référent n'a plus de créneau libre pour le moment" in _look(client)


def test_with_a_referent_only_their_slots_are_shown(client, invitation, plage, motif, lieu):
    Motif.objects.update(referent_only=True)
    PlageOuvertureFactory(motif=motif, lieu=lieu, start_time="14:00", end_time="15:00")
    invitation.follow_up.usager.referents.add(plage.agent)
    page = text(client.get(f"/r/ABCD2345/creneaux/lieu-{lieu.pk}"))
    assert "lundi 2 mars à </span>9 h</a>" in page
    assert "14 h</a>" not in page


# --- What agents see ---


def test_agents_see_how_many_are_stuck_and_who(client, agent, nothing, organisation, category):
    _look(client)
    FollowUpFactory(organisation=organisation, motif_category=category, usager__last_name="Tranquille")
    client.force_login(agent)
    address = f"/organisations/{organisation.slug}/usagers/?suivi=tous&blocage=1"
    page = text(client.get(f"/organisations/{organisation.slug}/usagers/"))
    assert f'href="{address.replace("&", "&amp;")}">1 personne invitée ne trouve plus de créneau</a>' in page
    for shown in (
        text(client.get(address)),
        text(client.get(f"/organisations/{organisation.slug}/usagers/", {"blocage": "1"})),
    ):
        assert "Foïs".upper() in shown.upper()
        assert "TRANQUILLE" not in shown.upper()
        assert "Sans créneau à choisir ✕" in shown


@pytest.mark.parametrize("change", ["rdv", "expired", "closed", "archived", "invited_again"])
def test_people_who_are_no_longer_stuck_are_not_counted(client, agent, nothing, organisation, rdv_of, change):
    _look(client)
    follow_up = nothing.follow_up
    if change == "rdv":
        rdv_of(paris(12, time(9)))
    elif change == "expired":
        type(nothing).objects.update(expires_at=NOW)
    elif change == "closed":
        type(follow_up).objects.update(closed_at=NOW)
    elif change == "archived":
        follow_up.usager.memberships.update(archived_at=NOW)
    else:
        InvitationFactory(
            organisation=organisation, follow_up=follow_up, created_at=NOW + timedelta(minutes=1)
        )
    client.force_login(agent)
    assert "ne trouve" not in text(client.get(f"/organisations/{organisation.slug}/usagers/"))


def test_the_stuck_of_another_organisation_are_not_counted(client, agent, category):
    other = InvitationFactory(follow_up__motif_category=category)
    _look(client, other.code)
    client.force_login(agent)
    assert "ne trouve" not in text(client.get("/agenda/"))


def test_the_page_and_the_list_ask_no_more_queries_when_many_are_stuck(
    client, agent, nothing, organisation, category, django_assert_max_num_queries
):
    people = f"/organisations/{organisation.slug}/usagers/?suivi=tous&blocage=1"
    agents = Client()
    agents.force_login(agent)
    _look(client)
    with django_assert_max_num_queries(30) as page:
        _look(client)
    with django_assert_max_num_queries(40) as listed:
        agents.get(people)
    for _ in range(12):
        follow_up = FollowUpFactory(organisation=organisation, motif_category=category)
        InvitationFactory(
            organisation=organisation, follow_up=follow_up, created_at=NOW - timedelta(days=1), no_slot_at=NOW
        )
    with django_assert_max_num_queries(len(page)):
        _look(client)
    with django_assert_max_num_queries(len(listed)):
        assert "13 personnes invitées ne trouvent plus de créneau" in text(agents.get(people))
