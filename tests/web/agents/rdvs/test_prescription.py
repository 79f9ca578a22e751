"""Sending a person to a partner organisation of the department."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from rdv_insertion.agenda.models import Participation
from rdv_insertion.web.agents.rdvs.grid import read_moment
from tests.factories import (
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

GARBAGE = ["", "abc", "-1", "9" * 30, "2026-99-99", "é'\"<"]


@pytest.fixture
def partner(department):
    return OrganisationFactory(department=department, name="Mission locale", slug="mission-locale")


@pytest.fixture
def partner_motif(partner, category):
    return MotifFactory(organisation=partner, motif_category=category, name="Accueil jeunes")


@pytest.fixture
def partner_plage(partner_motif):
    return PlageOuvertureFactory(motif=partner_motif)


@pytest.fixture
def link(get, partner_plage, usager):
    """The address of the first free slot of the partner."""
    page = get("find_partner_slot", usager=usager.pk, motif=partner_plage.motifs.get().pk)
    return unescape(re.search(r'class="first-slot" href="([^"]+)"', page).group(1))


@pytest.fixture
def send(agent_client, link):
    """Confirm what the page of the link asks."""

    def post(**changes):
        page = agent_client.get(link).content.decode()
        fields = dict(re.findall(r'type="hidden" name="(motif|lieu|debut|usager|rdv)" value="([^"]*)"', page))
        return agent_client.post(reverse("prescribe"), {**fields, **changes})

    return post


def test_the_motifs_of_partners_are_offered_and_no_others(get, partner_motif, department):
    closed = MotifFactory(organisation=partner_motif.organisation, name="Interne", agents_only=True)
    text = get("find_partner_slot")
    assert partner_motif.name in text
    assert closed.name not in text


def test_without_partner_the_page_says_why(get, organisation):
    assert "Aucune organisation partenaire" in get("find_partner_slot")


def test_the_person_is_followed_there_and_the_agent_gets_a_confirmation(agent_client, send, usager, partner):
    response = send()
    participation = Participation.objects.get()
    assert response.url == reverse("prescription_done", args=[participation.pk])
    assert "Mission locale" in agent_client.get(response.url).content.decode()
    assert usager.organisations.filter(pk=partner.pk).exists()


def test_the_agent_does_not_see_the_rdv_of_the_partner(agent_client, send):
    send()
    rdv_id = Participation.objects.get().rdv_id
    assert agent_client.get(reverse("rdv_show", args=[rdv_id])).status_code == 404


def test_the_delays_of_the_public_hold(get, partner_plage, partner_motif, usager):
    partner_motif.min_public_booking_delay = timedelta(days=80)
    partner_motif.max_public_booking_delay = timedelta(days=80, minutes=1)
    partner_motif.save()
    text = get("find_partner_slot", usager=usager.pk, motif=partner_motif.pk)
    assert "Aucun créneau libre" in text


def test_a_second_rdv_of_the_category_is_refused_in_words(send, usager, partner_motif):
    send()
    response = send()
    assert response.status_code in (409, 422)
    assert Participation.objects.count() == 1


def test_a_slot_gone_leads_to_others(send, link, partner_plage, partner_motif):
    moment = re.search(r"debut=(\w+)", link).group(1)
    RdvFactory(motif=partner_motif, agents=[partner_plage.agent], starts_at=read_moment(moment))
    response = send()
    assert response.status_code == 409
    assert len(response.context["others"]) == 3


def test_a_seat_of_a_partners_atelier_is_taken(agent_client, get, partner, category, usager):
    motif = MotifFactory(organisation=partner, motif_category=category, collectif=True)
    rdv = RdvFactory(motif=motif, max_participants_count=3)
    text = get("find_partner_slot", usager=usager.pk, motif=motif.pk)
    assert f"rdv={rdv.pk}" in text
    agent_client.post(reverse("prescribe"), {"usager": usager.pk, "rdv": rdv.pk})
    rdv.refresh_from_db()
    assert rdv.seats_taken == 1


def test_a_motif_kept_for_the_agents_of_others_is_not_found(agent_client, usager, partner):
    motif = MotifFactory(organisation=partner, agents_only=True)
    form = {"usager": usager.pk, "motif": motif.pk, "lieu": "phone", "debut": "20270302T0900"}
    assert agent_client.post(reverse("prescribe"), form).status_code == 404


def test_the_confirmation_of_a_colleague_is_not_found(agent_client, admin):
    theirs = ParticipationFactory(created_by="prescripteur", created_by_agent=admin)
    assert agent_client.get(reverse("prescription_done", args=[theirs.pk])).status_code == 404


@pytest.mark.parametrize("name", ["usager", "motif", "semaine", "q"])
def test_garbage_in_the_search_is_left_out(agent_client, partner_plage, partner_motif, usager, name):
    asked = {"usager": usager.pk, "motif": partner_motif.pk}
    answers = {
        agent_client.get(reverse("find_partner_slot"), {**asked, name: value}).status_code
        for value in GARBAGE
    }
    assert answers == {200}


@pytest.mark.parametrize("name", ["usager", "motif", "lieu", "debut", "rdv"])
def test_garbage_in_the_confirmation_never_breaks(send, name):
    assert [value for value in GARBAGE if send(**{name: value}).status_code >= 500] == []


def test_the_confirmation_does_not_unmask_somebody_whom_the_agent_does_not_follow(
    agent_client, agent, masked_person
):
    theirs = ParticipationFactory(
        created_by="prescripteur", created_by_agent=agent, follow_up__usager=masked_person
    )
    text = agent_client.get(reverse("prescription_done", args=[theirs.pk])).content.decode()
    assert "Oriane V." in text
    assert "Valmont" not in text
