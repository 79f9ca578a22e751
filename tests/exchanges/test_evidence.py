"""The proof of what a person was sent about a rdv: the page and the PDF say the same."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse
from pypdf import PdfReader

from rdv_insertion.agenda.models import Participation
from rdv_insertion.exchanges.enums import Outcome
from rdv_insertion.exchanges.evidence import Sent, evidence_of, evidence_pdf
from rdv_insertion.exchanges.models import Receipt
from rdv_insertion.messaging.enums import Channel, MessageStatus, Provider, Purpose
from rdv_insertion.messaging.models import Message
from tests.factories import MessageFactory, ParticipationFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 25, 9, tzinfo=UTC)
LEFT = datetime(2026, 2, 20, 8, 30, tzinfo=UTC)


@pytest.fixture
def participation(organisation, configuration, agent) -> Participation:
    made = ParticipationFactory(
        convocable=True,
        created_by="agent",
        created_by_agent=agent,
        created_at=LEFT,
        rdv__starts_at=datetime(2026, 3, 2, 8, tzinfo=UTC),
        rdv__motif__organisation=organisation,
        rdv__motif__summoning=True,
        follow_up__organisation=organisation,
        follow_up__motif_category=configuration.motif_category,
    )
    return Participation.objects.with_details().select_related("created_by_agent").get(pk=made.pk)


def told(participation: Participation, **options: Any) -> Message:
    values = {
        "organisation": participation.rdv.organisation,
        "usager": participation.usager,
        "purpose": Purpose.CONVOCATION_CREATED,
        "about": f"participation-{participation.pk}",
        "text": "Bonjour, vous êtes convoquée.",
        "created_at": LEFT,
        "sent_at": LEFT + timedelta(minutes=1),
        "provider": Provider.BREVO_SMS,
        "provider_reference": "17-abc",
    }
    return MessageFactory(**{**values, **options})


def answered(message: Message, status: str, at: datetime, **options: Any) -> Receipt:
    body = json.dumps({"message": message.pk, "status": status, "at": at.isoformat()})
    values = {"source": "generic", "body": body, "message_id": message.pk, "received_at": at}
    return Receipt.objects.create(**{**values, "outcome": Outcome.APPLIED, **options})


def the_only(participation: Participation) -> Sent:
    (sent,) = evidence_of(participation, now=NOW).sent
    return sent


def test_it_says_who_is_summoned_to_what_and_by_whom(participation, agent) -> None:
    evidence = evidence_of(participation, now=NOW)
    facts = dict(evidence.facts)
    assert evidence.title == "Preuve d'envoi de la convocation"
    assert facts["Personne"] == participation.usager.polite_name
    assert facts["Date"] == "lundi 2 mars 2026 à 9 h"
    assert facts["Convocation décidée par"] == f"{agent}, le vendredi 20 février 2026 à 9 h 30"
    assert facts["Statut"] == "à venir"


def test_each_message_is_there_with_its_text_its_hours_and_its_provider(participation) -> None:
    told(participation)
    sent = the_only(participation)
    facts = dict(sent.facts)
    assert sent.title == "Convocation, par SMS"
    assert sent.text == "Bonjour, vous êtes convoquée."
    assert facts["Remis au prestataire le"] == "vendredi 20 février 2026 à 9 h 31"
    assert facts["Prestataire"] == "Brevo (SMS)"
    assert facts["Référence du prestataire"] == "17-abc"
    assert facts["Destinataire"].startswith("0")


def test_the_answers_of_the_provider_are_said_in_words_in_their_order(participation) -> None:
    message = told(participation, status=MessageStatus.DELIVERED, settled_at=LEFT + timedelta(minutes=9))
    answered(message, "temporary_failure", LEFT + timedelta(minutes=5))
    answered(message, "delivered", LEFT + timedelta(minutes=9))
    answered(message, "delivered", LEFT, source="generic", body="{", outcome=Outcome.UNREADABLE)
    sent = the_only(participation)
    first, second = sent.answers
    assert first.startswith("Non distribué pour l'instant")
    assert second == "Reçu, le vendredi 20 février 2026 à 9 h 39"
    assert dict(sent.facts)["Reçu le"] == "vendredi 20 février 2026 à 9 h 39"
    assert "temporary_failure" not in str(sent)


@pytest.mark.parametrize("body", ["", "[]", "null", "{}", '{"message": 1}', "\ufffd", '[{"a": 1}, 2]'])
def test_an_answer_that_says_nothing_changes_nothing(participation, body: str) -> None:
    answered(told(participation), "delivered", LEFT, body=body)
    assert the_only(participation).answers == []


def test_a_failure_is_said_with_its_reason(participation) -> None:
    told(participation, status=MessageStatus.PERMANENT_FAILURE, failure="Ce numéro n'existe pas.")
    assert dict(the_only(participation).facts)["État"] == "Ce numéro n'existe pas."


def test_a_letter_says_when_it_was_printed(participation) -> None:
    told(
        participation,
        channel=Channel.LETTER,
        status=MessageStatus.PRINTED,
        settled_at=LEFT + timedelta(hours=1),
        sent_at=None,
        provider="",
        provider_reference="",
    )
    facts = dict(the_only(participation).facts)
    assert facts["Imprimé le"] == "vendredi 20 février 2026 à 10 h 30"
    assert "Prestataire" not in facts


def test_a_message_in_another_language_comes_with_its_french(participation) -> None:
    told(participation, language="uk", text="Вас викликають.", french_text="Vous êtes convoquée.")
    sent = the_only(participation)
    assert (sent.language, sent.french) == ("ukrainien", "Vous êtes convoquée.")


def test_the_messages_of_others_and_about_other_rdvs_are_not_there(participation) -> None:
    told(participation, about="participation-0")
    told(participation, usager=ParticipationFactory().usager)
    assert evidence_of(participation, now=NOW).sent == []


def test_a_message_of_before_is_known_by_its_key(participation) -> None:
    told(
        participation,
        about="",
        unique_key=f"1:rdv_created:participation-{participation.pk}-20260302T0800-0:sms",
    )
    assert len(evidence_of(participation, now=NOW).sent) == 1


def test_it_costs_the_same_queries_whatever_the_number_of_messages(
    participation, django_assert_num_queries
) -> None:
    message = told(participation)
    with django_assert_num_queries(3):
        evidence_of(participation, now=NOW)
    for number in range(5):
        answered(message, "delivered", LEFT)
        told(participation, purpose=Purpose.CONVOCATION_UPDATED, unique_key=f"again-{number}")
    with django_assert_num_queries(3):
        evidence_of(participation, now=NOW)


def test_the_pdf_says_the_same_and_can_be_read_aloud(participation) -> None:
    message = told(participation, status=MessageStatus.DELIVERED, settled_at=LEFT)
    answered(message, "delivered", LEFT)
    told(participation, channel=Channel.EMAIL, language="ar", text="أنتم", french_text="Vous êtes convoquée.")
    reader = PdfReader(BytesIO(evidence_pdf(evidence_of(participation, now=NOW))))
    text = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    for words in (
        "Établie le mercredi 25 février 2026 à 10 h",
        "1. Convocation, par SMS",
        "Brevo (SMS)",
        "17-abc",
        "Reçu, le vendredi 20 février 2026 à 9 h 30",
        "2. Convocation, par mail",
        "Le même texte en français",
    ):
        assert words in text
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()
    assert reader.metadata is not None
    assert reader.metadata.title == f"Preuve d'envoi de la convocation : {participation.usager.polite_name}"


def test_without_any_message_the_page_and_the_pdf_say_so(participation, agent_client) -> None:
    page = agent_client.get(reverse("evidence", args=[participation.pk]))
    assert "Rien n'a encore été envoyé" in page.content.decode()
    pdf = agent_client.get(reverse("evidence_pdf", args=[participation.pk]))
    text = PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    assert "Aucun message n'a été envoyé" in " ".join(text.split()).replace("’", "'")


def test_the_page_shows_what_was_sent_and_leads_to_the_pdf(participation, agent_client) -> None:
    told(participation, text="<b>Bonjour</b>")
    page = agent_client.get(reverse("evidence", args=[participation.pk])).content.decode()
    assert "&lt;b&gt;Bonjour&lt;/b&gt;" in page
    assert reverse("evidence_pdf", args=[participation.pk]) in page
