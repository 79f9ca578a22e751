"""Lists of people: tabs, filters in the address, 25 a page, constant queries."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.followups.enums import FollowUpStatus
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    TagFactory,
    UsagerFactory,
)


@pytest.fixture
def people_page(agent_client, configuration):
    """The text of the list of the organisation, with these parameters."""

    def get(**parameters):
        address = reverse("usagers", args=[configuration.organisation.slug])
        answer = agent_client.get(address, parameters)
        assert answer.status_code == 200
        return answer

    return get


def follow(configuration, **fields):
    return FollowUpFactory(
        organisation=configuration.organisation, motif_category=configuration.motif_category, **fields
    )


def names(answer):
    return [row.usager.last_name for row in answer.context["rows"]]


def test_an_empty_list_says_what_will_appear_and_gives_the_first_action(people_page):
    text = people_page().content.decode()
    assert "Personne pour l'instant" in text or "Personne pour l&#x27;instant" in text
    assert reverse("import_new") in text


def test_the_first_category_is_shown_when_nothing_is_asked(people_page, configuration):
    follow(configuration, usager__last_name="Vivier")
    assert names(people_page()) == ["Vivier"]


def test_people_of_another_organisation_are_not_shown(people_page, configuration, colleague_elsewhere):
    elsewhere = colleague_elsewhere.organisations.get()
    FollowUpFactory(organisation=elsewhere, motif_category=configuration.motif_category)
    assert names(people_page()) == []


def test_closed_follow_ups_leave_the_list_of_the_category(people_page, configuration):
    follow(configuration, closed=True)
    assert names(people_page()) == []


def test_archived_people_have_a_tab_of_their_own(people_page, configuration):
    UsagerFactory(organisation=configuration.organisation, archived=True, last_name="Ancien")
    assert names(people_page(suivi="tous")) == []
    assert names(people_page(suivi="archives")) == ["Ancien"]


def test_each_row_shows_status_last_invitation_and_next_rdv(people_page, configuration):
    follow_up = follow(configuration)
    sent = timezone.now() - timedelta(days=1)
    InvitationFactory(follow_up=follow_up, organisation=configuration.organisation, created_at=sent)
    ParticipationFactory(follow_up=follow_up)
    answer = people_page()
    (row,) = answer.context["rows"]
    assert row.follow_ups[0].status == FollowUpStatus.RDV_PENDING
    assert [one.channel for one in row.last_invitations] == ["sms"]
    assert row.next_rdv is not None
    assert "RDV à venir le" in answer.content.decode()


def test_the_status_filter_keeps_only_these_people(people_page, configuration):
    follow(configuration, usager__last_name="Non-Invitée")
    InvitationFactory(
        follow_up=follow(configuration, usager__last_name="Invitée"), organisation=configuration.organisation
    )
    assert names(people_page(statut="invitation_pending")) == ["Invitée"]


def test_what_waits_for_an_agent_is_one_filter(people_page, configuration):
    follow(configuration, usager__last_name="Calme")
    ParticipationFactory(follow_up=follow(configuration, usager__last_name="Absente"), noshow=True)
    assert names(people_page(statut="a-traiter")) == ["Absente"]


def test_an_unknown_status_in_the_address_filters_nothing(people_page, configuration):
    follow(configuration)
    assert len(names(people_page(statut="n-importe-quoi"))) == 1


@pytest.mark.parametrize(
    "typed", ["barthel", "BARTHÉLÉMY Mau", "07 82 60 59 41", "782605", "marina@", "1234567", "n° 1234567"]
)
def test_people_are_found_by_name_phone_mail_or_number(people_page, configuration, typed):
    follow(
        configuration,
        usager__last_name="Barthélémy",
        usager__first_name="Maurice",
        usager__phone_number="+33782605941",
        usager__email="marina@robin.test",
        usager__affiliation_number="1234567",
    )
    follow(
        configuration,
        usager__last_name="Autre",
        usager__first_name="Paul",
        usager__email="paul@autre.test",
        usager__affiliation_number="7654321",
    )
    found = names(people_page(q=typed))
    assert found == (["Barthélémy"] if typed not in ("782605", "n° 1234567") else found)


def test_a_search_made_of_anything_is_answered(people_page, configuration):
    for typed in ("'", "a & b | !c", "\\", "(((", ":*", "%", "é" * 500):
        people_page(q=typed)


def test_tags_and_referents_filter(people_page, configuration, agent):
    tagged, referred = (
        follow(configuration, usager__last_name="A"),
        follow(configuration, usager__last_name="B"),
    )
    tagged.usager.tags.add(TagFactory(value="Prioritaire"))
    referred.usager.referents.add(agent)
    assert names(people_page(tag="Prioritaire")) == ["A"]
    assert names(people_page(referent="moi")) == ["B"]


def test_active_filters_can_be_removed_one_by_one(people_page, configuration):
    text = people_page(q="dupont", statut="not_invited").content.decode()
    assert "Retirer le filtre : dupont" in text
    assert "Retirer le filtre de statut" in text


def test_25_people_a_page_and_a_page_too_far_is_the_last_one(people_page, configuration):
    for _ in range(26):
        follow(configuration)
    assert len(names(people_page())) == 25
    assert len(names(people_page(page=2))) == 1
    assert len(names(people_page(page="9999"))) == 1


def test_a_list_costs_the_same_queries_whatever_its_length(people_page, configuration, agent):
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(motif=motif, agent=agent)

    def add(count):
        for _ in range(count):
            follow_up = follow(configuration)
            follow_up.usager.referents.add(agent)
            InvitationFactory(follow_up=follow_up, organisation=configuration.organisation)
            ParticipationFactory(follow_up=follow_up, rdv__motif=motif)

    def queries():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            people_page()
            people_page(suivi="tous")
        return len(captured)

    people_page()
    add(2)
    few = queries()
    add(12)
    assert queries() == few
