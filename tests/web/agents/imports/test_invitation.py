"""The last step: whom to invite, and what came of it."""

import pytest
from django.test import Client
from django.utils import timezone

from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from tests.factories import (
    LieuFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    UsagerFactory,
)
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page


def shown(client: Client, run: ImportRun) -> str:
    return client.get(page(run, "import_invitation")).content.decode()


def invite(client: Client, run: ImportRun, **data: object) -> str:
    everybody = [row.pk for row in run.rows.all()]
    choice = {"canaux": ["email"], "lignes": everybody} | data
    return client.post(page(run, "import_invitation"), choice, follow=True).content.decode()


def test_those_who_can_be_reached_are_proposed_with_the_slots_in_view(
    agent_client: Client, written: AtStep, slots
):
    content = shown(agent_client, written())
    assert "<strong data-selected-count>1</strong> à inviter, sur 3 personnes" in content
    assert "créneaux libres</span>" not in content
    assert "créneaux libres dans les 30 prochains jours" in content
    assert content.count("data-select-row checked") == 1
    assert "<td>SMS, Mail, Courrier</td>" in content


def test_who_already_has_a_rdv_is_shown_and_not_proposed(
    agent_client, written, slots, organisation, configuration
):
    known = UsagerFactory(
        organisation=organisation, department_internal_id="ID0", last_name="Nom0", first_name="Prenom0"
    )
    ParticipationFactory(follow_up__usager=known, follow_up__motif_category=configuration.motif_category)
    content = shown(agent_client, written(files.people(1)))
    assert "RDV à venir" in content
    assert "data-select-row checked" not in content


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
    assert "Il y a 6 créneaux libres pour 12 personnes" in content


def test_without_a_slot_nobody_is_invited_unless_the_agent_insists(
    agent_client: Client, written: AtStep, run_jobs
):
    run = written(files.people(2))
    assert "Aucun créneau libre" in shown(agent_client, run)
    content = invite(agent_client, run)
    assert "Aucun créneau n&#x27;est libre dans les 30 prochains jours." in content
    run.refresh_from_db()
    assert run.stage == Stage.WRITTEN
    invite(agent_client, run, sans_creneau="oui")
    run_jobs("imports")
    assert Invitation.objects.count() == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"lignes": []}, "Choisissez au moins une personne à inviter."),
        ({"canaux": []}, "Choisissez au moins un canal d&#x27;invitation."),
        ({"canaux": ["fax"]}, "Ce canal n&#x27;existe pas."),
        ({"lignes": [999_999]}, "Une des personnes choisies n&#x27;est plus à inviter."),
    ],
)
def test_a_choice_that_cannot_be_followed_is_explained_and_kept(
    agent_client: Client, written: AtStep, slots, data: dict[str, object], sentence: str
):
    run = written(files.people(2))
    content = invite(agent_client, run, **data)
    assert "Personne n'a été invité" in content
    assert sentence in content
    run.refresh_from_db()
    assert run.stage == Stage.WRITTEN


def test_only_the_chosen_are_invited_and_each_result_is_told(
    agent_client: Client, written: AtStep, slots, run_jobs
):
    run = written(files.people(2))
    invite(agent_client, run, lignes=[run.rows.get(number=3).pk], canaux=["sms", "email"])
    run_jobs("imports")
    content = shown(agent_client, run)
    assert "Prenom1 Nom1" in content
    assert "Prenom0 Nom0" not in content
    assert "Mail en attente d&#x27;envoi" in content
    assert "Pas de SMS" in content
    assert "Pas de téléphone mobile : ajoutez un numéro en 06 ou 07." in content


@pytest.mark.parametrize(
    ("status", "failure", "words"),
    [
        (MessageStatus.SENT, "", "Mail envoyé"),
        (MessageStatus.DELIVERED, "", "Mail reçu"),
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


def test_letters_are_printed_in_one_pdf(agent_client: Client, written: AtStep, slots, run_jobs):
    run = written()
    invite(agent_client, run, canaux=["postal"])
    run_jobs("imports")
    assert "Imprimer 3 courriers (PDF)" in shown(agent_client, run)
    response = agent_client.get(page(run, "import_letters"))
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")


def test_without_letters_there_is_nothing_to_print(agent_client: Client, written: AtStep, slots, run_jobs):
    run = written(files.people(1))
    invite(agent_client, run)
    run_jobs("imports")
    assert agent_client.get(page(run, "import_letters")).status_code == 404


def test_an_import_may_end_without_inviting(agent_client: Client, written: AtStep):
    run = written(files.people(1))
    response = agent_client.post(page(run, "import_skip_invitation"), follow=True)
    assert "Personne n&#x27;a été invité." in response.content.decode()
    run.refresh_from_db()
    assert (run.stage, Invitation.objects.count()) == (Stage.DONE, 0)


def test_two_clicks_invite_once(agent_client: Client, written: AtStep, slots, run_jobs):
    run = written(files.people(1))
    for _ in range(2):
        invite(agent_client, run)
    run_jobs("imports")
    assert Invitation.objects.count() == 1


def test_thousands_of_people_stay_light_and_ask_a_constant_number_of_questions(
    agent_client: Client, written: AtStep, slots, django_assert_max_num_queries
):
    """Up to 2 000 each person has a box; beyond, they are invited all together."""
    run = written(files.people(2_001))
    assert "data-select-row" not in shown(agent_client, run)
    run.rows.filter(number=2).update(invited_at=timezone.now())
    with django_assert_max_num_queries(20):
        content = shown(agent_client, run)
    assert content.count("data-select-row") == 2_000
    assert len(content) < 600_000
    agent_client.post(page(run, "import_invitation"), {"canaux": ["email"], "tous": "oui"})
    assert run.rows.filter(to_invite=True).count() == 2_000
