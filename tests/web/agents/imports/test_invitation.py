"""The last step: whom to invite and how, and colleagues asked for créneaux."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.messaging.enums import MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager
from tests.factories import (
    AgentFactory,
    CategoryConfigurationFactory,
    InvitationFactory,
    LieuFactory,
    MembershipFactory,
    MotifFactory,
    OrganisationFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    UsagerFactory,
)
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page

HTMX = {"HX-Request": "true"}


def shown(client: Client, run: ImportRun, **parameters: str) -> str:
    return client.get(page(run, "import_invitation"), parameters).content.decode()


def row_id(run: ImportRun, number: int) -> int:
    return run.rows.get(number=number).pk


def invite(client: Client, run: ImportRun, **data: object) -> str:
    """Everybody by mail, unless said otherwise."""
    choice = {"email": [row.pk for row in run.rows.all()]} | data
    return client.post(page(run, "import_invitation"), choice, follow=True).content.decode()


def checked_boxes(content: str) -> list[str]:
    """The channel of each box that is checked."""
    boxes = [tag.split(">")[0] for tag in content.split('<input type="checkbox" name="')[1:]]
    return [box.split('"')[0] for box in boxes if box.endswith(" checked") and "aria-labelledby" in box]


def test_each_channel_that_reaches_somebody_has_a_box_and_sms_and_mail_are_proposed(
    agent_client: Client, written: AtStep, slots
):
    content = shown(agent_client, written())
    assert "<strong data-chosen>1</strong> à inviter, sur 3 personnes" in content
    assert "créneaux libres dans les 30 prochains jours" in content
    assert checked_boxes(content) == ["sms", "email"]
    assert content.count("<span>pas de mobile</span>") == 2
    assert content.count("<span>pas de mail</span>") == 2
    assert content.count('name="postal" value="') == 3


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("sms,email", ["sms", "email"]),
        ("postal", ["postal"] * 3),
        ("aucun", []),
        ("fax", ["sms", "email"]),
        ("'; --", ["sms", "email"]),
    ],
)
def test_a_whole_channel_is_checked_without_javascript(
    agent_client: Client, written: AtStep, slots, asked: str, expected: list[str]
):
    assert checked_boxes(shown(agent_client, written(), choix=asked)) == expected


def test_who_already_has_a_rdv_is_shown_and_cannot_be_chosen(
    agent_client, written, slots, organisation, configuration
):
    known = UsagerFactory(
        organisation=organisation, department_internal_id="ID0", last_name="Nom0", first_name="Prenom0"
    )
    ParticipationFactory(follow_up__usager=known, follow_up__motif_category=configuration.motif_category)
    content = shown(agent_client, written(files.people(1)))
    assert "Un rendez-vous est déjà prévu" in content
    assert 'name="email"' not in content


def test_who_was_invited_less_than_a_day_ago_is_said(agent_client, written, slots):
    run = written(files.people(2))
    follow_up = run.rows.get(number=2).usager.follow_ups.get()
    recent = InvitationFactory(follow_up=follow_up, organisation=run.organisation, channel="email")
    Invitation.objects.filter(pk=recent.pk).update(created_at=timezone.now() - timedelta(hours=23))
    content = shown(agent_client, run)
    assert "1 personne a déjà été invitée il y a moins de 24 heures" in content
    assert "<span>invité il y a moins de 24 h</span>" in content
    assert checked_boxes(content) == ["email"]


def test_those_whose_rights_ended_are_never_proposed(agent_client, written, slots):
    run = written(files.people(2))
    run.rows.filter(number=2).update(rights_ended=True)
    content = shown(agent_client, run)
    assert "NOM0" not in content
    assert "NOM1" in content
    assert "n&#x27;est plus à inviter" in invite(agent_client, run, email=[row_id(run, 2)])


def test_fewer_slots_than_people_is_warned_with_both_numbers(
    agent_client: Client, written: AtStep, configuration
):
    motif = MotifFactory(organisation=configuration.organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(
        motif=motif,
        lieu=LieuFactory(organisation=configuration.organisation),
        once=True,
        first_day=timezone.localdate() + timezone.timedelta(days=10),
    )
    content = shown(agent_client, written(files.people(12)))
    assert "Il y a 6 créneaux libres pour <span data-chosen-people>12 personnes</span>" in content
    assert '<details class="import-ask" data-ask>' in content
    assert '<details class="import-ask" data-ask hidden>' in shown(
        agent_client, ImportRun.objects.latest("pk"), choix="aucun"
    )


def test_without_a_slot_nobody_is_invited_unless_the_agent_insists(
    agent_client: Client, written: AtStep, run_jobs
):
    run = written(files.people(2))
    assert "Aucun créneau libre" in shown(agent_client, run)
    content = invite(agent_client, run)
    assert "Aucun créneau n&#x27;est libre dans les 30 prochains jours" in content
    assert checked_boxes(content) == ["email", "email"]
    run.refresh_from_db()
    assert run.stage == Stage.WRITTEN
    invite(agent_client, run, sans_creneau="oui")
    run_jobs("imports")
    assert Invitation.objects.count() == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"email": []}, "Choisissez au moins une personne à inviter, et par quel canal."),
        ({"email": [], "fax": [2]}, "Choisissez au moins une personne à inviter, et par quel canal."),
        ({"email": [999_999]}, "Une des personnes choisies n&#x27;est plus à inviter."),
        ({"email": ["é"], "sms": ["-1"]}, "Une des personnes choisies n&#x27;est plus à inviter."),
        ({"email": ["9" * 5_000]}, "Une des personnes choisies n&#x27;est plus à inviter."),
    ],
)
def test_a_choice_that_cannot_be_followed_is_explained(
    agent_client: Client, written: AtStep, slots, data: dict[str, object], sentence: str
):
    run = written(files.people(2))
    content = invite(agent_client, run, **data)
    assert "Personne n'a été invité" in content
    assert sentence in content
    run.refresh_from_db()
    assert run.stage == Stage.WRITTEN


def test_a_choice_that_is_refused_is_kept_as_it_was(agent_client: Client, written: AtStep):
    run = written(files.people(3))
    content = invite(agent_client, run, email=[row_id(run, 3)])
    assert "Personne n'a été invité" in content
    assert f'value="{row_id(run, 3)}" aria-labelledby="h-email r{row_id(run, 3)}" checked' in content
    assert checked_boxes(content) == ["email"]


def test_each_person_is_invited_by_their_own_channels(agent_client: Client, written, slots, run_jobs):
    content = files.csv(
        ("Nom", "Prénom", "Mail", "Téléphone"),
        ("Un", "A", "a@x.test", "0601020304"),
        ("Deux", "B", "b@x.test", "0601020305"),
        ("Trois", "C", "c@x.test", "0601020306"),
    )
    run = written(content)
    first, second = row_id(run, 2), row_id(run, 3)
    invite(agent_client, run, sms=[first, second], email=[second])
    run_jobs("imports")
    sent = Invitation.objects.values_list("follow_up__usager__last_name", "channel")
    assert sorted(sent) == [("Deux", "email"), ("Deux", "sms"), ("Un", "sms")]


def test_two_clicks_invite_once(agent_client: Client, written: AtStep, slots, run_jobs):
    run = written(files.people(1))
    for _ in range(2):
        invite(agent_client, run)
    run_jobs("imports")
    assert Invitation.objects.count() == 1


def test_an_import_may_end_without_inviting(agent_client: Client, written: AtStep):
    run = written(files.people(1))
    response = agent_client.post(page(run, "import_skip_invitation"), follow=True)
    assert "Personne n&#x27;a été invité." in response.content.decode()
    run.refresh_from_db()
    assert (run.stage, Invitation.objects.count()) == (Stage.DONE, 0)


def test_a_colleague_may_invite_what_another_imported(client: Client, written: AtStep, slots, run_jobs):
    run = written(files.people(1))
    client.force_login(AgentFactory(organisation=run.organisation))
    invite(client, run)
    run_jobs("imports")
    assert Invitation.objects.count() == 1


def test_beyond_two_thousand_channels_are_chosen_for_all_with_how_many_each_reaches(
    agent_client: Client, written: AtStep, slots, run_jobs
):
    run = written(files.people(2_001))
    content = shown(agent_client, run)
    assert 'aria-labelledby="h-' not in content
    assert "2\u00a0001 personnes peuvent être jointes ainsi" in content
    assert "0 personne peut être jointe ainsi" in content
    assert "Choisissez au moins un canal" in invite(agent_client, run, canaux=["fax"])
    agent_client.post(page(run, "import_invitation"), {"canaux": ["email"]})
    assert run.rows.filter(to_invite=True, channels=["email"]).count() == 2_001


def test_two_thousand_boxes_stay_light(agent_client: Client, written: AtStep, slots):
    run = written(files.people(2_000))
    content = shown(agent_client, run)
    assert content.count('name="email" value="') == 2_000
    assert len(content) < 1_000_000


# Several organisations


@pytest.fixture
def two_places(written: AtStep, configuration: CategoryConfiguration, slots) -> ImportRun:
    """Two people here, one in an organisation of the department that does not use the category."""
    run = written(files.people(3))
    elsewhere = OrganisationFactory(department=run.organisation.department, name="Plateforme de Die")
    row = run.rows.get(number=4)
    MembershipFactory(usager=row.usager, organisation=elsewhere)
    run.rows.filter(pk=row.pk).update(organisation=elsewhere)
    return run


def test_an_organisation_without_the_category_is_said(agent_client: Client, two_places: ImportRun):
    content = shown(agent_client, two_places)
    assert "Cette organisation n'utilise pas la catégorie « RSA orientation »" in content
    assert "Son organisation n&#x27;utilise pas cette catégorie." in content
    assert checked_boxes(content) == ["email", "email"]


def test_each_organisation_says_its_own_slots(agent_client: Client, two_places: ImportRun, run_jobs):
    elsewhere = two_places.rows.get(number=4).organisation
    CategoryConfigurationFactory(organisation=elsewhere, motif_category=two_places.motif_category)
    content = shown(agent_client, two_places)
    assert "Plateforme de Die" in content
    assert content.count("<strong data-chosen>") == 2
    refused = invite(agent_client, two_places)
    assert "30 prochains jours (Plateforme de Die)" in refused
    invite(agent_client, two_places, sans_creneau="oui")
    run_jobs("imports")
    assert {one.organisation for one in Invitation.objects.all()} == {two_places.organisation, elsewhere}


# Créneaux: how many, and asking colleagues for more


def ask(client: Client, run: ImportRun, *agents, **headers: str) -> str:
    answer = client.post(
        page(run, "import_ask_slots"),
        {"collegues": [getattr(one, "pk", one) for one in agents]},
        follow=True,
        headers=headers,
    )
    return answer.content.decode()


def test_slots_are_counted_again_without_the_whole_page(agent_client: Client, written: AtStep, slots):
    content = agent_client.get(page(written(files.people(2)), "import_slots")).content.decode()
    assert "créneaux libres" in content
    assert "<html" not in content


def test_a_colleague_asked_for_slots_gets_one_mail_that_says_how_many_wait(
    agent_client: Client, written: AtStep, run_jobs, mailoutbox
):
    run = written(files.people(2))
    colleague = AgentFactory(organisation=run.organisation, email="colette@drome.test")
    assert "1 collègue est prévenu par mail." in ask(agent_client, run, colleague)
    assert "Choisissez au moins un collègue" in ask(agent_client, run, colleague)
    (message,) = Message.objects.filter(purpose=Purpose.SLOT_REQUEST)
    assert message.recipient == "colette@drome.test"
    assert "2 personnes attendent une invitation. Aucun créneau" in message.text
    assert "/plages/" in message.text


def test_who_was_asked_is_marked_and_cannot_be_asked_again(agent_client: Client, written: AtStep):
    run = written(files.people(1))
    colleague = AgentFactory(organisation=run.organisation)
    part = ask(agent_client, run, colleague, **HTMX)
    assert "<html" not in part
    assert f'value="{colleague.pk}" disabled checked' in part
    assert "Mail envoyé le" in part


@pytest.mark.parametrize("wanted", [[], ["zzz"], ["-1"], ["9" * 50]])
def test_asking_nobody_is_explained(agent_client: Client, written: AtStep, wanted: list[str]):
    run = written(files.people(1))
    AgentFactory(organisation=run.organisation)
    assert "Choisissez au moins un collègue à qui demander des créneaux." in ask(agent_client, run, *wanted)


def test_only_colleagues_who_may_open_plages_there_are_asked(
    agent_client: Client, written: AtStep, colleague_elsewhere, agent
):
    run = written(files.people(1))
    gone = AgentFactory(organisation=run.organisation, is_active=False)
    ask(agent_client, run, colleague_elsewhere, agent, gone)
    assert not Message.objects.filter(purpose=Purpose.SLOT_REQUEST).exists()


def test_alone_in_the_organisation_one_is_sent_to_the_plages(agent_client: Client, written: AtStep):
    content = agent_client.get(page(written(files.people(1)), "import_ask_slots")).content.decode()
    assert "Ouvrez vous-même des plages" in content


@pytest.mark.parametrize("name", ["import_invitation", "import_slots", "import_ask_slots"])
def test_pages_ask_as_many_questions_for_thirty_people_as_for_three(
    agent_client: Client, written: AtStep, slots, name: str
):
    def asked(count: int, first: int) -> int:
        run = written(files.people(count, first=first))
        AgentFactory.create_batch(count, organisation=run.organisation)
        agent_client.get(page(run, name))
        with CaptureQueriesContext(connection) as queries:
            assert agent_client.get(page(run, name)).status_code == 200
        return len(queries)

    assert asked(3, 0) == asked(30, 100)


# What came of it


def test_only_the_chosen_are_invited_and_each_result_is_told(
    agent_client: Client, written: AtStep, slots, run_jobs
):
    run = written(files.people(2))
    second = row_id(run, 3)
    invite(agent_client, run, email=[second], sms=[second])
    run_jobs("imports")
    content = shown(agent_client, run)
    assert "Prenom1 Nom1" in content
    assert "Prenom0 Nom0" not in content
    assert "En attente d&#x27;envoi" in content
    assert "Pas de SMS" in content
    assert "Pas de téléphone mobile : ajoutez un numéro en 06 ou 07." in content


@pytest.mark.parametrize(
    ("status", "failure", "words"),
    [
        (MessageStatus.SENT, "", "Envoyé</span>"),
        (MessageStatus.DELIVERED, "", "Reçu</span>"),
        (
            MessageStatus.PERMANENT_FAILURE,
            "La boîte n'existe pas.",
            "La boîte n&#x27;existe pas.",
        ),
    ],
)
def test_what_became_of_each_message_is_told(
    agent_client: Client, written: AtStep, slots, run_jobs, status: str, failure: str, words: str
):
    run = written(files.people(1))
    invite(agent_client, run)
    run_jobs("imports")
    Message.objects.update(status=status, failure=failure)
    assert words in shown(agent_client, run)


@pytest.fixture
def invited(agent_client: Client, written: AtStep, slots, run_jobs) -> ImportRun:
    """Three people: a mail that left, a mail that failed, and nobody reached."""
    run = written(files.people(3))
    invite(agent_client, run, email=[row_id(run, 2), row_id(run, 3)], sms=[row_id(run, 4)])
    run_jobs("imports")
    Message.objects.update(status=MessageStatus.SENT)
    Message.objects.filter(usager__last_name="Nom1").update(
        status=MessageStatus.TECHNICAL_FAILURE, failure="Le serveur ne répond pas."
    )
    run.refresh_from_db()
    return run


def test_messages_are_counted_by_channel(agent_client: Client, invited: ImportRun):
    content = shown(agent_client, invited)
    assert (
        '<th scope="row">Mail</th><td data-label="En attente">0</td><td data-label="Envoyés">1</td>'
        '<td data-label="dont reçus">0</td><td data-label="En échec">1</td>'
    ) in content


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("", ["Nom0", "Nom1", "Nom2"]),
        ("echecs", ["Nom1"]),
        ("refus", ["Nom2"]),
        ("zzz", ["Nom0", "Nom1", "Nom2"]),
    ],
)
def test_those_who_were_not_reached_are_found_apart(
    agent_client: Client, invited: ImportRun, asked: str, names: list[str]
):
    content = shown(agent_client, invited, voir=asked, page="zzz")
    assert [name for name in ("Nom0", "Nom1", "Nom2") if f" {name}</a>" in content] == names


def test_what_a_breakdown_stopped_is_sent_again(agent_client: Client, invited: ImportRun):
    assert "1 message n&#x27;est pas parti" in shown(agent_client, invited).replace("n'est", "n&#x27;est")
    response = agent_client.post(page(invited, "import_send_again"), follow=True)
    assert "1 message repart." in response.content.decode()
    assert Message.objects.get(usager__last_name="Nom1").status == MessageStatus.CREATED
    again = agent_client.post(page(invited, "import_send_again"), follow=True)
    assert "Aucun message n&#x27;est à envoyer de nouveau." in again.content.decode()


def test_somebody_deleted_since_is_still_named(agent_client: Client, invited: ImportRun):
    invited.rows.filter(number=4).update(usager=None)
    Usager.objects.filter(last_name="Nom2").delete()
    assert "Prenom2 Nom2" in shown(agent_client, invited)


def test_letters_are_printed_in_one_pdf(agent_client: Client, written: AtStep, slots, run_jobs):
    run = written()
    invite(agent_client, run, email=[], postal=[row.pk for row in run.rows.all()])
    run_jobs("imports")
    assert "Imprimer 3 courriers (PDF)" in shown(agent_client, run)
    response = agent_client.post(page(run, "import_letters"))
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    assert "Réimprimer 3 courriers (PDF)" in shown(agent_client, run)
    assert not Message.objects.filter(status=MessageStatus.TO_PRINT).exists(), "they would be printed twice"


def test_without_letters_there_is_nothing_to_print(agent_client: Client, invited: ImportRun):
    assert agent_client.post(page(invited, "import_letters")).status_code == 404


def test_the_result_asks_as_many_questions_for_thirty_people_as_for_three(
    agent_client: Client, written: AtStep, slots, run_jobs
):
    def asked(count: int, first: int) -> int:
        run = written(files.people(count, first=first))
        invite(agent_client, run)
        run_jobs("imports")
        shown(agent_client, run)
        with CaptureQueriesContext(connection) as queries:
            shown(agent_client, run)
        return len(queries)

    assert asked(3, 0) == asked(30, 100)
