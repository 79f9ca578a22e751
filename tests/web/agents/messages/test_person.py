"""What became of the messages of one person, on their page."""

from datetime import timedelta
from html import escape
from urllib.parse import quote

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from rdv_insertion.messaging.enums import FAILED, STOPPED, Channel, MessageStatus
from rdv_insertion.messaging.models import ChannelPause, Message
from rdv_insertion.messaging.services import remember_refusal
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    MessageFactory,
    OrganisationFactory,
)

NEW = "06 12 34 56 78"
SILENT = "Le prestataire SMS ne répond pas."


# --- Words


@pytest.mark.parametrize("status", MessageStatus.values)
@pytest.mark.parametrize("channel", Channel.values)
def test_every_status_has_a_badge_a_sentence_and_no_code(tab, write, status, channel):
    write(status=status, channel=channel, delivery_code="hard_bounce", provider_reference="ref-1")
    text = tab()
    badge = render_to_string("components/message_status.html", {"message": Message(status=status)})
    assert escape(MessageStatus(status).label) in badge
    assert badge.strip() in text
    assert status == "delivered" or 'class="message-card__sentence">' in text
    assert "hard_bounce" not in text
    assert "ref-1" not in text


@pytest.mark.parametrize("status", [*FAILED, "to_print"])
def test_what_an_agent_can_act_upon_says_how(tab, write, status):
    write(status=status, channel="postal" if status == "to_print" else "sms")
    sentence = tab().partition('class="message-card__sentence">')[2].partition("</p>")[0]
    assert sentence.count(".") >= 2


# --- The person


def test_a_message_says_what_to_whom_and_when(tab, write):
    moment = timezone.now().replace(year=2026, month=3, day=3, hour=8, minute=30)
    write(
        status="delivered",
        text="Votre code est ABCD.",
        created_at=moment,
        sent_at=moment + timedelta(minutes=1),
        settled_at=moment + timedelta(minutes=2),
    )
    text = tab()
    assert "SMS : invitation à choisir un créneau" in text
    assert "Au 07 82 60 59 41" in text
    assert "Votre code est ABCD." in text
    for step in (
        "Écrit le 03/03/2026 à 9 h 30",
        "Remis au prestataire le 03/03/2026 à 9 h 31",
        "Reçu le 03/03/2026 à 9 h 32",
    ):
        assert step in text


def test_a_message_in_another_language_is_shown_with_its_french(tab, write):
    write(language="ar", text="مرحبا", french_text="Bonjour, choisissez votre date.")
    text = tab()
    assert 'lang="ar" dir="rtl">مرحبا' in text
    assert "(en arabe)" in text
    assert "Bonjour, choisissez votre date." in text


def test_what_people_typed_is_never_html(tab, write):
    write(text="<script>alert(1)</script>", recipient="<b>x</b>")
    assert "<script>alert" not in tab()
    assert "<b>x</b>" not in tab()


def test_a_person_without_message_is_told_what_will_come(tab):
    assert "Aucun message" in tab()


def test_the_messages_of_an_organisation_where_the_agent_does_not_work_are_not_shown(
    tab, write, organisation
):
    write(organisation=OrganisationFactory(department=organisation.department), text="Secret d'ailleurs")
    assert "Secret d&#x27;ailleurs" not in tab()


def test_a_long_history_is_cut_in_pages_at_a_constant_cost(tab, write):
    def queries(**parameters):
        with CaptureQueriesContext(connection) as captured:
            tab(**parameters)
        return len(captured)

    for status in MessageStatus.values:
        write(status=status)
    few = queries()
    for number in range(46 - len(MessageStatus)):
        write(status=MessageStatus.values[number % len(MessageStatus)], about=f"participation-{number}")
    assert queries() == queries(page=2) == few
    assert [tab(page=number).count("<article") for number in (1, 2, 3)] == [20, 20, 6]


def test_an_answer_to_a_mail_says_to_whom_it_was_given(tab, write, organisation):
    answered, other = write(channel="email"), write(channel="email")
    reply = {"purpose": "reply", "usager": None, "recipient": "cd@example.org", "channel": "email"}
    MessageFactory(organisation=organisation, about=f"reply-{answered.pk}", **reply)
    content = tab()
    assert content.count(f"La personne a répondu : réponse transmise à {organisation} le ") == 1
    assert content.count("<article") == 2
    assert content.index(f'id="message-{other.pk}"') < content.index("a répondu")


@pytest.mark.parametrize("garbage", ["0", "-1", "x", "9" * 30, "é"])
def test_a_strange_page_is_some_page(tab, write, garbage):
    write()
    assert "message-card" in tab(page=garbage)


# --- Waiting


def test_a_message_of_the_night_says_when_it_leaves(tab, write):
    write(status="created", not_before=timezone.now() + timedelta(hours=9))
    assert "Aucun SMS ne part la nuit" in tab()


def test_a_channel_that_is_stopped_is_said(tab, write, organisation):
    ChannelPause.objects.create(organisation=organisation, channel="sms", paused_at=timezone.now())
    write(status="created")
    assert "Un administrateur a arrêté les envois par ce canal" in tab()


# --- Sending one again


@pytest.mark.parametrize("status", ["technical_failure", "temporary_failure"])
def test_a_message_that_stopped_is_sent_again(tab, write, post, status):
    message = write(status=status, failure=SILENT)
    assert "Renvoyer" in tab()
    assert "Le message repart : 07 82 60 59 41." in post("message_send_again", message.pk)
    message.refresh_from_db()
    assert (message.status, message.failure) == ("created", "")
    assert ProcrastinateJob.objects.get().args == {"message_ids": [message.pk]}


def test_a_wrong_number_is_corrected_then_the_message_leaves_to_the_new_one(
    agent_client, tab, write, post, usager
):
    message = write(status="permanent_failure")
    back = f"{reverse('usager', args=[usager.pk])}?onglet=messages"
    address = f"{reverse('usager_edit', args=[usager.pk])}?retour={quote(back)}"
    assert "Corriger le numéro" in tab()
    assert address in tab()
    form = {"first_name": "Marina", "last_name": "Foïs", "email": usager.email, "phone_number": NEW}
    assert agent_client.post(address, form).url == back
    assert f"Renvoyer au {NEW}" in tab()
    assert f"Le message part au nouveau contact : {NEW}." in post("message_send_again", message.pk)
    assert Message.objects.filter(recipient="+33612345678", status="created").count() == 1


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "evil.example", "letters"])
def test_a_form_of_identity_never_leads_to_another_site(agent_client, usager, elsewhere):
    address = f"{reverse('usager_edit', args=[usager.pk])}?retour={elsewhere}"
    form = {"first_name": "Marina", "last_name": "Foïs", "email": usager.email}
    assert agent_client.post(address, form).url == reverse("usager", args=[usager.pk])
    assert "evil.example" not in agent_client.get(address).content.decode().partition("<h1>")[2]


def test_what_nobody_needs_any_more_is_not_sent_again(tab, organisation, usager, post):
    invitation = InvitationFactory(
        follow_up=FollowUpFactory(usager=usager),
        organisation=organisation,
        expired=True,
        message__status="technical_failure",
    )
    assert "invitez de nouveau la personne" in tab()
    assert "message_send_again" not in tab()
    assert "invitez de nouveau" in post("message_send_again", invitation.message_id)
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.parametrize("status", sorted(set(MessageStatus.values) - set(STOPPED)))
def test_what_is_not_to_be_sent_again_is_not(write, post, status):
    message = write(status=status)
    assert "n&#x27;est pas à renvoyer" in post("message_send_again", message.pk)
    assert not ProcrastinateJob.objects.exists()


# --- One mail, one letter


def test_a_mail_is_shown_shut_in_and_without_the_links_of_the_person(agent_client, write):
    html = '<html><body><p>Bonjour</p><a href="https://site.test/r/ABCDEFGH">Choisir</a></body></html>'
    message = write(channel="email", html=html)
    answer = agent_client.get(reverse("message_mail", args=[message.pk]))
    text = answer.content.decode()
    assert "Choisir" in text
    assert "href" not in text
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("sandbox")


def test_an_sms_has_no_mail_and_no_letter(agent_client, write):
    message = write()
    for name in ("message_mail", "message_letter"):
        assert agent_client.get(reverse(name, args=[message.pk])).status_code == 404


def test_a_letter_opens_as_it_was_written(agent_client, write):
    message = write(channel="postal", recipient="12 rue Magnard, 26100 Romans", text="Bonjour.\n\nVenez.")
    answer = agent_client.get(reverse("message_letter", args=[message.pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_a_letter_that_nobody_needs_any_more_does_not_ask_to_be_printed(agent_client, letter):
    useful, expired = letter(), letter(expires_at=timezone.now() - timedelta(minutes=1))
    address = reverse("usager", args=[expired.usager_id])
    text = agent_client.get(address, {"onglet": "messages"}).content.decode()
    assert escape("Ce courrier n'a pas été imprimé, et n'est plus utile.") in text
    assert "est à imprimer" not in text
    address = reverse("usager", args=[useful.usager_id])
    assert "est à imprimer" in agent_client.get(address, {"onglet": "messages"}).content.decode()


def test_a_warning_of_the_person_goes_once_the_number_is_corrected(tab, write, usager):
    write(status="permanent_failure")
    assert "Dernier envoi par SMS" in tab()
    usager.phone_number = "+33612345678"
    usager.save()
    assert "Dernier envoi par SMS" not in tab()


def test_a_number_that_is_refused_stays_to_correct_on_the_person_whatever_leaves_after(tab, write, usager):
    usager.phone_number = "+33612345678"
    usager.save()
    refused = write(status="permanent_failure", recipient="+33612345678", failure="Ce numéro n'existe pas.")
    remember_refusal(message=refused, reason="Ce numéro n'existe pas.", now=timezone.now())
    write(status="sent", recipient="+33612345678", created_at=timezone.now() + timedelta(seconds=1))
    assert tab().count("Mobile à corriger : Ce numéro n&#x27;existe pas.") == 1
    usager.phone_number = "+33687654321"
    usager.save()
    assert "Mobile à corriger" not in tab()
