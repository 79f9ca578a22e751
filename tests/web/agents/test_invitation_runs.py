"""Inviting a list: prepared on a page, launched, watched, and what came of it."""

import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from rdv_insertion.invitations.models import Invitation, InvitationRun, InvitationTarget
from rdv_insertion.invitations.services import runs
from rdv_insertion.messaging.enums import Channel, MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from tests.factories import (
    AgentFactory,
    FollowUpFactory,
    InvitationFactory,
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
)


@pytest.fixture
def open_slots(configuration, agent):
    """Free créneaux in the category."""
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    return PlageOuvertureFactory(motif=motif, agent=agent)


@pytest.fixture
def person(configuration):
    def make(**values):
        return FollowUpFactory(
            organisation=configuration.organisation, motif_category=configuration.motif_category, **values
        )

    return make


@pytest.fixture
def prepare(agent_client, configuration):
    """Send the form of the list; the answer."""

    def post(*follow_ups, query="", **fields):
        data = {
            "suivi": configuration.motif_category.short_name,
            "suivis": [one.pk for one in follow_ups],
            **fields,
        }
        address = reverse("invite_usagers", args=[configuration.organisation.slug])
        return agent_client.post(f"{address}?{query}", data, follow=True)

    return post


def the_run():
    return InvitationRun.objects.with_details().get()


@pytest.fixture
def page(agent_client):
    """The text of the page of the only run."""

    def get(query=""):
        address = reverse("invitation_run", args=[the_run().pk])
        return agent_client.get(f"{address}?{query}").content.decode()

    return get


@pytest.fixture
def launch(agent_client):
    def post(**fields):
        address = reverse("invitation_run_launch", args=[the_run().pk])
        return agent_client.post(address, {"canaux": ["sms", "email"], **fields}, follow=True)

    return post


def targeted():
    return set(InvitationTarget.objects.values_list("follow_up_id", flat=True))


# ---- From the list


def test_the_people_checked_are_put_together_and_nobody_is_invited_yet(prepare, person, open_slots):
    one, two, _ = person(), person(), person()
    answer = prepare(one, two)
    assert answer.redirect_chain == [(reverse("invitation_run", args=[the_run().pk]), 302)]
    assert targeted() == {one.pk, two.pk}
    assert not Invitation.objects.exists()


def test_all_those_whom_the_filters_keep(prepare, person, open_slots):
    kept = [person(usager__last_name="Garance") for _ in range(30)]
    person(usager__last_name="Autre")
    prepare(query="q=garance", qui="filtres")
    assert targeted() == {one.pk for one in kept}


def test_filters_on_the_status_count_too(prepare, person, configuration, open_slots):
    invited = InvitationFactory(organisation=configuration.organisation, follow_up=person()).follow_up
    person()
    prepare(query="statut=invitation_pending", qui="filtres")
    assert targeted() == {invited.pk}


def test_all_those_who_never_were_invited_whatever_the_filters(prepare, person, configuration, open_slots):
    new = person()
    InvitationFactory(organisation=configuration.organisation, follow_up=person())
    person(closed=True)
    prepare(query="q=nobody", qui="non-invites")
    assert targeted() == {new.pk}


def test_nobody_chosen_is_said(prepare):
    assert "Choisissez au moins une personne" in prepare().content.decode()
    assert not InvitationRun.objects.exists()


def test_forged_values_choose_nobody(prepare, person, open_slots):
    prepare(person(), suivis=["abc", "-1", "9" * 40, "999999999999"], qui="tout")
    assert not InvitationRun.objects.exists()


def test_people_of_another_organisation_are_not_chosen(prepare, configuration, colleague_elsewhere):
    elsewhere = FollowUpFactory(
        organisation=colleague_elsewhere.organisations.get(), motif_category=configuration.motif_category
    )
    prepare(elsewhere)
    assert not InvitationRun.objects.exists()


def test_the_list_offers_all_the_ways_and_the_runs(agent_client, configuration, person, open_slots):
    person(), person()
    address = reverse("usagers", args=[configuration.organisation.slug])
    text = agent_client.get(address).content.decode()
    assert "Inviter les 2 personnes non invitées" in text
    assert "Inviter les 2 personnes de cette liste" in text
    assert reverse("invitation_runs", args=[configuration.organisation.slug]) in text
    assert reverse("letters", args=[configuration.organisation.slug]) in text


# ---- What will leave


def test_the_page_says_what_leaves_who_does_not_why_and_what_to_do(prepare, person, open_slots):
    refused = person(usager__unreachable=True)
    text = prepare(person(), refused).content.decode()
    assert "Inviter 1 personne" in text
    assert "Pas de téléphone mobile : ajoutez un numéro" in text
    assert re.search(
        f'<a href="{reverse("usager_edit", args=[refused.usager_id])}[^"]*">Ajouter un mobile', text
    )


def test_the_words_are_shown_with_a_real_person(prepare, person, open_slots):
    text = prepare(person(usager__first_name="Marguerite")).content.decode()
    assert "Lire ce que Marguerite" in text
    assert "/r/ABCDEFGH" in text
    assert not Invitation.objects.exists()


def test_fewer_slots_than_people_is_said_with_both_numbers(prepare, person, open_slots):
    open_slots.last_day = open_slots.first_day
    open_slots.recurrence = ""
    open_slots.save()
    text = prepare(person(), person()).content.decode()
    assert "Aucun créneau libre : les personnes invitées ne pourraient pas choisir" in text
    assert "Demander des créneaux à des collègues" in text


def test_both_numbers_are_said_when_there_are_some(prepare, person, open_slots, monkeypatch):
    monkeypatch.setattr("rdv_insertion.invitations.services.free_slots", lambda *_, **__: 1)
    text = prepare(person(), person()).content.decode()
    assert "Il y a 1 créneau libre pour 2 personnes" in text


def test_colleagues_are_asked_for_slots_once(agent_client, prepare, person, configuration):
    colleague = AgentFactory(organisation=configuration.organisation)
    prepare(person())
    address = reverse("invitation_run_ask", args=[the_run().pk])
    for _ in range(2):
        agent_client.post(address, {"collegues": [colleague.pk]})
    mail = Message.objects.get(purpose=Purpose.SLOT_REQUEST)
    assert mail.agent == colleague
    text = agent_client.get(address).content.decode()
    assert "Mail envoyé le" in text
    runs.launch(run=the_run(), agent=colleague, now=timezone.now())
    runs.advance(run_id=the_run().pk, now=timezone.now())
    over = agent_client.get(reverse("invitation_run", args=[the_run().pk])).content.decode()
    assert "Créneaux demandés à 1 collègue</h2>" in over and escape(str(colleague)) in over


def test_asking_nobody_is_said(agent_client, prepare, person, configuration):
    AgentFactory(organisation=configuration.organisation)
    prepare(person())
    answer = agent_client.post(reverse("invitation_run_ask", args=[the_run().pk]), {"collegues": ["x"]})
    assert "Choisissez au moins un collègue" in answer.content.decode()


def test_the_choices_are_kept_and_change_the_figures(agent_client, prepare, person, open_slots, page):
    prepare(person(usager__email=None), person())
    address = reverse("invitation_run_choices", args=[the_run().pk])
    lieu = LieuFactory(organisation=the_run().configuration.organisation)
    chosen = {"canaux": ["email"], "lieu": lieu.pk}
    answer = agent_client.post(address, chosen, headers={"HX-Request": "true"})
    assert "Inviter 1 personne" in answer.content.decode()
    assert (the_run().channels, the_run().lieu) == ([Channel.EMAIL], lieu)
    assert "Inviter 1 personne" in page()


def test_only_those_of_one_reason_are_shown(prepare, person, open_slots, page):
    reachable, unreachable = person(), person(usager__phone_number=None)
    prepare(reachable, unreachable)
    text = page("raison=no_phone")
    assert reverse("usager", args=[unreachable.usager_id]) in text
    assert reverse("usager", args=[reachable.usager_id]) not in text


@pytest.mark.parametrize("query", ["voir=%00", "raison=x", "voir=echecs&page=-1", "page=abc", "page=999"])
def test_nonsense_in_the_address_is_survived(prepare, person, open_slots, agent_client, query):
    prepare(person())
    address = reverse("invitation_run", args=[the_run().pk])
    assert agent_client.get(f"{address}?{query}").status_code in (200, 400)


def test_a_colleague_corrects_and_comes_back(prepare, person, open_slots, page):
    follow_up = person(usager__phone_number=None)
    prepare(follow_up)
    InvitationRun.objects.update(checked_at=None)
    follow_up.usager.phone_number = "+33612345678"
    follow_up.usager.save()
    assert "Pas de téléphone mobile" not in page()


def test_what_an_agent_corrects_from_the_page_counts_when_they_come_back(
    agent_client, prepare, person, open_slots, page
):
    follow_up = person(usager__phone_number=None)
    prepare(follow_up)
    run_page = f"{reverse('invitation_run', args=[the_run().pk])}?voir=en-partie"
    correct = f"{reverse('usager_edit', args=[follow_up.usager_id])}?{urlencode({'retour': run_page})}"
    assert correct in page("voir=en-partie")
    typed = {"last_name": "Foïs", "first_name": "Marina", "phone_number": "06 12 34 56 78"}
    typed |= {"email": "marina@courriel.test"}
    answer = agent_client.post(correct, typed, follow=True)
    assert answer.redirect_chain[-1][0] == run_page
    assert "Pas de téléphone mobile" not in answer.content.decode()


def test_the_page_that_changes_with_the_choices_leads_back_to_the_run(
    agent_client, prepare, person, open_slots
):
    follow_up = person(usager__phone_number=None)
    prepare(follow_up)
    answer = agent_client.post(
        reverse("invitation_run_choices", args=[the_run().pk]),
        {"canaux": "sms"},
        headers={"HX-Request": "true"},
    )
    run_page = reverse("invitation_run", args=[the_run().pk])
    assert urlencode({"retour": run_page}) in answer.content.decode()


def test_abandoning_comes_back_to_the_list(agent_client, prepare, person, open_slots):
    prepare(person())
    answer = agent_client.post(reverse("invitation_run_abandon", args=[the_run().pk]), follow=True)
    assert "Personne n&#x27;a été invité" in answer.content.decode()
    assert not InvitationRun.objects.exists()


# ---- Launching


def test_launched_the_page_shows_the_progress_then_the_result(
    prepare, launch, person, open_slots, page, run_jobs
):
    prepare(person(), person(usager__unreachable=True))
    text = launch().content.decode()
    assert "0 sur 2 personnes" in text
    assert "Vous pouvez quitter cette page" in text
    run_jobs("imports")
    text = page()
    assert Invitation.objects.count() == 2
    assert "Ce qui a empêché d&#x27;inviter" in text or "Ce qui a empêché d'inviter" in text
    assert "En attente d&#x27;envoi" in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"canaux": []}, "Choisissez au moins un canal"),
        ({"canaux": ["pigeon"]}, "Choisissez au moins un canal"),
        ({"avec-referents": "oui"}, "Aucune des personnes ne peut être invitée ainsi"),
    ],
)
def test_what_is_missing_is_said_and_nobody_is_invited(prepare, launch, person, open_slots, fields, said):
    prepare(person())
    answer = launch(**fields)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert the_run().stage == "preparing"


def test_without_a_free_slot_the_agent_must_insist(prepare, launch, person):
    prepare(person())
    assert "Ouvrez des plages, ou cochez" in launch().content.decode()
    launch(**{"sans-creneau": "oui"})
    assert the_run().stage == "inviting"


def test_launching_twice_leads_to_the_progress(prepare, launch, person, open_slots):
    prepare(person())
    launch()
    assert "a avancé entre-temps" in launch().content.decode()


def test_an_interrupted_run_offers_to_go_on(agent_client, prepare, person, open_slots, page, run_jobs, agent):
    prepare(person())
    run = the_run()
    InvitationRun.objects.update(stage="inviting")
    assert "Le travail s&#x27;est interrompu" in page() or "Le travail s'est interrompu" in page()
    agent_client.post(reverse("invitation_run_resume", args=[run.pk]))
    run_jobs("imports")
    assert the_run().stage == "done"


def test_a_run_is_stopped(agent_client, prepare, launch, person, open_slots, page):
    prepare(person(usager__last_name="Attend"), person())
    launch()
    answer = agent_client.post(reverse("invitation_run_stop", args=[the_run().pk]), follow=True)
    text = answer.content.decode()
    assert "2 personnes n&#x27;ont pas été traitées" in text
    assert "Reprendre l'envoi" in text
    assert ">Attend " not in text
    assert ">Attend " in page("voir=restent")


# ---- The result


@pytest.fixture
def over(prepare, launch, person, open_slots, run_jobs):
    """Two people invited by SMS and letter."""
    prepare(person(), person())
    launch(canaux=["sms", "postal"])
    run_jobs("imports")
    return the_run()


def test_technical_failures_are_sent_again(agent_client, over, page):
    Message.objects.filter(channel="sms").update(status=MessageStatus.TECHNICAL_FAILURE)
    assert "2 messages ne sont pas partis" in page()
    address = reverse("invitation_run_send_again", args=[over.pk])
    assert "2 messages repartent" in agent_client.post(address, follow=True).content.decode()
    assert "Aucun message" in agent_client.post(address, follow=True).content.decode()


def test_the_letters_of_the_run_are_one_pdf_and_are_marked_printed(agent_client, over, page):
    assert "Imprimer 2 courriers (PDF)" in page()
    answer = agent_client.post(reverse("invitation_run_letters", args=[over.pk]))
    assert answer.content.startswith(b"%PDF")
    assert set(Message.objects.filter(channel="postal").values_list("status", flat=True)) == {"printed"}
    assert "Réimprimer 2 courriers (PDF)" in page()


def test_failures_alone_may_be_shown(over, page):
    message = Message.objects.filter(channel="sms").first()
    Message.objects.filter(pk=message.pk).update(status="permanent_failure", failure="Numéro inconnu.")
    text = page("voir=echecs")
    assert "Numéro inconnu." in text
    assert f"?onglet=messages#message-{message.pk}" in text
    assert text.count("<tr>") - text.count("<thead><tr>") >= 1
    assert text.count('<th scope="row"><a href="/usagers/') == 1


@pytest.mark.parametrize("stage", ["preparing", "inviting", "done"])
def test_the_page_costs_the_same_queries_for_two_and_forty_people(
    agent_client, configuration, agent, person, open_slots, stage
):
    costs = []
    for count in (2, 40):
        run = runs.prepare(
            configuration=configuration,
            follow_ups=[person(usager__email=None).pk for _ in range(count)],
            origin="users_index_page",
            agent=agent,
            now=timezone.now(),
        )
        if stage != "preparing":
            runs.launch(run=run, agent=agent, now=run.created_at)
        if stage == "done":
            runs.advance(run_id=run.pk, now=run.created_at)
        agent_client.get(reverse("invitation_run", args=[run.pk]))
        with CaptureQueriesContext(connection) as queries:
            assert agent_client.get(reverse("invitation_run", args=[run.pk])).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]


# ---- The list of runs


def test_the_runs_of_an_organisation_are_listed_with_how_far_they_are(agent_client, over, configuration):
    address = reverse("invitation_runs", args=[configuration.organisation.slug])
    text = agent_client.get(address).content.decode()
    assert "Terminé" in text
    assert reverse("invitation_run", args=[over.pk]) in text


def test_an_empty_list_gives_the_first_action(agent_client, configuration):
    address = reverse("invitation_runs", args=[configuration.organisation.slug])
    text = agent_client.get(address).content.decode()
    assert "Choisir qui inviter" in text


def test_an_agent_of_another_organisation_does_not_see_the_run(client, over, colleague_elsewhere):
    client.force_login(colleague_elsewhere)
    assert client.get(reverse("invitation_run", args=[over.pk])).status_code == 404
