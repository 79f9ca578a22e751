"""A person's page, and correcting who they are."""

import pytest
from django.urls import reverse

from rdv_insertion.usagers.models import Usager
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    UsagerFactory,
    valid_nir,
)

TABS = ["suivis", "rendez-vous", "messages", "identite"]


@pytest.fixture
def usager(organisation):
    return UsagerFactory(
        organisation=organisation, first_name="Marina", last_name="Foïs", phone_number="+33782605941"
    )


@pytest.fixture
def page(agent_client, usager):
    def get(**parameters):
        return agent_client.get(reverse("usager", args=[usager.pk]), parameters).content.decode()

    return get


def form_of(usager, **changes):
    return {"first_name": usager.first_name, "last_name": usager.last_name, "email": usager.email, **changes}


@pytest.mark.parametrize("tab", [*TABS, "inconnu"])
def test_each_tab_opens(page, tab):
    assert "Marina Foïs" in page(onglet=tab)


def test_the_nir_is_said_to_be_known_and_never_shown(page, usager):
    text = page(onglet="identite")
    assert "Connu" in text
    assert usager.nir not in text
    assert usager.nir[:13] not in text


def test_an_organisation_that_may_not_hold_the_nir_does_not_learn_of_it(
    agent_client, agent, usager, organisation
):
    organisation.organisation_type = "siae"
    organisation.save()
    text = agent_client.get(reverse("usager", args=[usager.pk]), {"onglet": "identite"}).content.decode()
    assert "NIR" not in text
    assert "Identifiant interne" not in text


def test_the_phone_is_shown_as_people_dictate_it(page):
    assert "07 82 60 59 41" in page()


def test_a_person_without_contact_is_pointed_out(agent_client, organisation):
    silent = UsagerFactory(organisation=organisation, unreachable=True)
    text = agent_client.get(reverse("usager", args=[silent.pk])).content.decode()
    assert "seul un courrier peut joindre cette personne" in text


def test_invitations_are_listed_with_their_delivery(page, usager, configuration):
    follow_up = FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    InvitationFactory(
        follow_up=follow_up, organisation=configuration.organisation, message__status="delivered"
    )
    assert "Reçu" in page()


def test_every_tab_costs_the_same_queries_whatever_the_history(agent_client, usager, configuration, agent):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    follow_up = FollowUpFactory(usager=usager, motif_category=configuration.motif_category)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            for tab in TABS:
                agent_client.get(reverse("usager", args=[usager.pk]), {"onglet": tab})
        return len(captured)

    def add(count):
        for _ in range(count):
            InvitationFactory(follow_up=follow_up, organisation=configuration.organisation)
            ParticipationFactory(follow_up=follow_up, rdv__motif=motif, seen=True)

    add(1)
    few = queries()
    add(6)
    assert queries() == few


def test_what_an_agent_types_is_understood_and_kept(agent_client, usager):
    data = form_of(usager, phone_number="06 12 34 56 78", birth_date="3 avril 1985", title="madame")
    answer = agent_client.post(reverse("usager_edit", args=[usager.pk]), data)
    assert answer.status_code == 302
    usager.refresh_from_db()
    assert (usager.phone_number, f"{usager.birth_date}") == ("+33612345678", "1985-04-03")


def test_a_blank_erases_except_the_nir(agent_client, usager):
    before = usager.nir
    agent_client.post(reverse("usager_edit", args=[usager.pk]), form_of(usager, phone_number="", nir=""))
    usager.refresh_from_db()
    assert (usager.phone_number, usager.nir) == (None, before)


def test_a_refused_value_says_why_and_keeps_what_was_typed(agent_client, usager):
    answer = agent_client.post(reverse("usager_edit", args=[usager.pk]), form_of(usager, phone_number="12"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Ce numéro de téléphone n&#x27;existe pas." in text
    assert 'value="12"' in text


def test_the_nir_of_somebody_else_is_refused_in_words(agent_client, usager, organisation):
    other = UsagerFactory(organisation=organisation)
    answer = agent_client.post(reverse("usager_edit", args=[usager.pk]), form_of(usager, nir=other.nir))
    assert "Une personne du département a déjà ce NIR." in answer.content.decode()
    assert other.nir not in answer.content.decode()


def test_a_person_keeps_something_that_identifies_them(agent_client, organisation):
    only_mail = UsagerFactory(organisation=organisation, without_keys=True, email="seule@cle.test")
    data = {"first_name": only_mail.first_name, "last_name": only_mail.last_name, "email": ""}
    answer = agent_client.post(reverse("usager_edit", args=[only_mail.pk]), data)
    assert "Il faut au moins" in answer.content.decode()
    assert Usager.objects.get(pk=only_mail.pk).email == "seule@cle.test"


def test_an_agent_whose_organisation_may_not_hold_the_nir_cannot_write_one(
    agent_client, usager, organisation
):
    organisation.organisation_type = "siae"
    organisation.save()
    before = usager.nir
    agent_client.post(reverse("usager_edit", args=[usager.pk]), form_of(usager, nir=valid_nir(77)))
    usager.refresh_from_db()
    assert usager.nir == before


def test_closing_a_follow_up_can_be_undone(agent_client, usager, configuration):
    follow_up = FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
    text = agent_client.post(reverse("close_follow_up", args=[follow_up.pk]), follow=True).content.decode()
    assert "Le suivi est clos." in text
    assert f'action="{reverse("reopen_follow_up", args=[follow_up.pk])}"' in text
    agent_client.post(reverse("reopen_follow_up", args=[follow_up.pk]))
    follow_up.refresh_from_db()
    assert follow_up.closed_at is None


def test_a_category_that_the_agent_does_not_handle_cannot_be_closed(agent_client, usager):
    OrganisationFactory()
    follow_up = FollowUpFactory(usager=usager)
    assert agent_client.post(reverse("close_follow_up", args=[follow_up.pk])).status_code == 404


def test_an_agent_writes_down_the_language_of_messages(agent_client, usager, page):
    assert "Messages en" not in page()
    answer = agent_client.post(reverse("usager_edit", args=[usager.pk]), form_of(usager, language="fa"))
    assert answer.status_code == 302
    assert "Messages en dari ou persan" in page()


def test_the_form_shows_the_language_of_messages(agent_client, usager):
    Usager.objects.filter(pk=usager.pk).update(language="uk")
    form = agent_client.get(reverse("usager_edit", args=[usager.pk])).content.decode()
    assert '<option value="uk" selected>Ukrainien</option>' in form


def test_an_unknown_language_is_refused_and_nothing_is_written(agent_client, usager):
    data = form_of(usager, first_name="Marine", language="de")
    answer = agent_client.post(reverse("usager_edit", args=[usager.pk]), data)
    usager.refresh_from_db()
    assert (answer.status_code, usager.first_name, usager.language) == (422, "Marina", "fr")
