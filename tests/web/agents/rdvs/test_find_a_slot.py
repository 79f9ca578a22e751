"""Finding a slot with a person in front of the agent, and taking it with two clicks."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.messaging.models import Message
from rdv_insertion.web.agents.rdvs import people
from tests.factories import (
    AgentFactory,
    FollowUpFactory,
    LieuFactory,
    MotifCategoryFactory,
    MotifFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

GARBAGE = [
    "",
    "abc",
    "-1",
    "0",
    "9" * 30,
    "2026-99-99",
    "é'\"<",
    "lieu-",
    "lieu-99999999999999999999",
]


def test_the_first_slot_of_each_place_is_shown_with_its_agent(get, plage, first_slot):
    text = get("find_slot")
    assert "Maison de Die" in text
    assert re.search(r"first-slot__words\">[^<]* · Karim Benali<", text)


def test_two_clicks_take_the_rdv_and_tell_the_person(agent_client, get, plage, usager, run_jobs):
    page = get("find_slot", usager=usager.pk)
    link = unescape(re.search(r'class="first-slot" href="([^"]+)"', page).group(1))
    form = agent_client.get(link).content.decode()
    fields = dict(re.findall(r'type="hidden" name="(motif|lieu|agent|debut|usager)" value="([^"]*)"', form))
    response = agent_client.post(reverse("find_slot_confirm"), {**fields, "prevenir": "oui"})
    rdv = Rdv.objects.get()
    assert response.url == reverse("rdv_show", args=[rdv.pk])
    run_jobs("notifications")
    assert set(Message.objects.filter(usager=usager).values_list("channel", flat=True)) == {"sms", "email"}


def test_the_person_is_not_told_when_the_agent_unticks_it(agent_client, slot, usager, run_jobs):
    del slot["prevenir"]
    agent_client.post(reverse("find_slot_confirm"), slot)
    run_jobs("notifications")
    assert Participation.objects.get().usager == usager
    assert not Message.objects.filter(usager=usager).exists()


def test_public_delays_do_not_hold_agents(get, motif, plage):
    motif.min_public_booking_delay = timedelta(days=60)
    motif.save()
    assert "first-slot__words" in get("find_slot")


def test_past_starts_are_refused_without_an_error_page(agent_client, slot):
    slot["debut"] = "20200106T0800"
    response = agent_client.post(reverse("find_slot_confirm"), slot)
    assert response.status_code == 409
    assert "Ce créneau est passé" in response.content.decode()


def test_a_slot_taken_meanwhile_leads_to_the_nearest_others(agent_client, slot, first_slot, motif, karim):
    RdvFactory(motif=motif, agents=[karim], starts_at=first_slot.starts_at)
    response = agent_client.post(reverse("find_slot_confirm"), slot)
    assert response.status_code == 409
    assert len(response.context["others"]) == 3
    assert Rdv.objects.count() == 1


def test_a_second_rdv_of_the_same_kind_must_be_confirmed(agent_client, read_and_confirm, slot, usager, motif):
    RdvFactory(motif=motif)
    follow_up = FollowUpFactory(usager=usager, motif_category=motif.motif_category)
    known = RdvFactory(motif=motif, starts_at=timezone.now() + timedelta(days=40))
    Participation.objects.create(
        rdv=known, usager=usager, follow_up=follow_up, created_by="agent", created_at=timezone.now()
    )
    assert agent_client.post(reverse("find_slot_confirm"), {**slot, "lu": "autre"}).status_code == 422
    assert read_and_confirm(reverse("find_slot_confirm"), slot).status_code == 302


def test_the_warnings_are_shown_before_the_second_click(get, slot, usager, motif):
    rdv = RdvFactory(motif=motif, starts_at=timezone.now() + timedelta(days=40))
    Participation.objects.create(rdv=rdv, usager=usager, created_by="agent", created_at=timezone.now())
    assert "Marina Foïs a déjà un rendez-vous" in get("find_slot_confirm", **slot)


def test_the_person_may_be_chosen_after_the_slot(agent_client, get, slot, usager):
    del slot["usager"]
    text = get("find_slot_confirm", **slot, q="foïs")
    assert f"usager={usager.pk}" in text
    asked_again = agent_client.post(reverse("find_slot_confirm"), slot, follow=True)
    assert "Choisir la personne" in asked_again.content.decode()
    assert not Rdv.objects.exists()


def test_a_place_without_a_slot_this_week_keeps_its_first_one(get, motif, lieu, plage, karim):
    later = timezone.localdate() + timedelta(days=60)
    far = LieuFactory(organisation=motif.organisation, name="Antenne de Nyons")
    PlageOuvertureFactory(
        motif=motif, lieu=far, agent=karim, once=True, first_day=later - timedelta(days=later.weekday())
    )
    assert re.search(r"Antenne de Nyons</span> <span class=\"first-slot__words", get("find_slot"))


def test_the_week_asked_for_is_shown(get, plage):
    day = timezone.localdate() + timedelta(days=30)
    monday = day - timedelta(days=day.weekday())
    assert f"semaine={monday - timedelta(days=7):%Y-%m-%d}" in get("find_slot", semaine=day.isoformat())


def test_one_agent_alone_may_be_asked_for(get, plage, motif, lieu):
    other = AgentFactory(organisation=motif.organisation, first_name="Odile", last_name="Autre")
    PlageOuvertureFactory(motif=motif, lieu=lieu, agent=other)
    assert "Karim Benali</p>" not in get("find_slot", agent=other.pk)
    assert "Odile Autre</p>" in get("find_slot", agent=other.pk)


def test_the_category_is_that_of_the_persons_follow_up(get, plage, usager, organisation):
    suivi = MotifCategoryFactory(accompagnement=True)
    MotifFactory(organisation=organisation, motif_category=suivi, name="Point d'étape")
    FollowUpFactory(usager=usager, motif_category=suivi)
    assert 'value="rsa_accompagnement" selected' in get("find_slot", usager=usager.pk)


def test_an_empty_organisation_says_what_to_do(get, organisation):
    assert "Aucun motif" in get("find_slot")


def test_without_a_free_slot_other_ways_are_offered(get, motif):
    assert "Aucun créneau libre d'ici six mois" in get("find_slot")


def test_collective_rdvs_are_listed_with_their_seats(get, atelier):
    text = get("find_slot", motif=atelier.motif_id)
    assert "0 / 2" in text
    assert reverse("collective_people", args=[atelier.pk]) in text


def test_a_motif_of_others_is_not_found(agent_client, slot):
    assert (
        agent_client.get(reverse("find_slot_confirm"), {**slot, "motif": MotifFactory().pk}).status_code
        == 404
    )


def test_a_place_of_others_is_not_found(agent_client, slot):
    foreign = f"lieu-{LieuFactory().pk}"
    assert agent_client.get(reverse("find_slot_confirm"), {**slot, "lieu": foreign}).status_code == 404


@pytest.mark.parametrize(
    "name", ["usager", "categorie", "motif", "lieu", "agent", "depuis", "semaine", "q", "organisation"]
)
def test_garbage_in_the_address_is_left_out(agent_client, plage, name):
    answers = {value: agent_client.get(reverse("find_slot"), {name: value}).status_code for value in GARBAGE}
    assert answers == dict.fromkeys(GARBAGE, 200)


@pytest.mark.parametrize("name", ["usager", "motif", "lieu", "agent", "debut", "lu", "prevenir"])
def test_garbage_in_the_confirmation_never_breaks(agent_client, slot, name):
    for value in GARBAGE:
        for call in (agent_client.get, agent_client.post):
            assert call(reverse("find_slot_confirm"), {**slot, name: value}).status_code < 500


def queries_of(client, **parameters):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(reverse("find_slot"), parameters).status_code == 200
    return len(queries)


def test_the_number_of_queries_does_not_depend_on_agents_and_places(
    agent_client, plage, motif, organisation, usager
):
    agent_client.get(reverse("find_slot"))
    few = queries_of(agent_client, usager=usager.pk)
    for _ in range(8):
        PlageOuvertureFactory(motif=motif, lieu=LieuFactory(organisation=organisation))
    assert queries_of(agent_client, usager=usager.pk) == few


def test_a_masked_person_shows_little_and_is_attached_by_the_rdv(
    agent_client, get, slot, masked_person, organisation
):
    del slot["usager"]
    page = get("find_slot_confirm", **slot, q="Valmont")
    assert "Oriane V." in page
    assert "Valmont," not in page
    assert str(masked_person.phone_number) not in page
    link = unescape(re.search(r'href="\?([^"]*usager=[^"]+)"', page).group(1))
    token = re.search(r"usager=([^&]+)", link).group(1).replace("%3A", ":")
    agent_client.post(reverse("find_slot_confirm"), {**slot, "usager": token})
    assert masked_person.organisations.filter(pk=organisation.pk).exists()


def test_a_person_of_others_is_not_reached_by_their_number(agent_client, slot, masked_person):
    agent_client.post(reverse("find_slot_confirm"), {**slot, "usager": masked_person.pk})
    assert not Rdv.objects.exists()


def test_the_value_of_a_masked_person_is_worth_nothing_to_another_agent(client, slot, masked_person, admin):
    (found,) = people.search(admin, "Valmont").others
    client.force_login(AgentFactory(organisation=admin.organisations.get()))
    client.post(reverse("find_slot_confirm"), {**slot, "usager": found.value})
    assert not Rdv.objects.exists()
