"""What became of messages: on a person's page, and for a whole organisation."""

from datetime import timedelta
from html import escape
from io import BytesIO
from urllib.parse import quote

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from python_calamine import CalamineWorkbook

from rdv_insertion.messaging.enums import FAILED, STOPPED, Channel, MessageStatus
from rdv_insertion.messaging.models import ChannelPause, Message, RefusedContact
from rdv_insertion.messaging.services import remember_refusal
from tests.factories import (
    AgentFactory,
    FollowUpFactory,
    InvitationFactory,
    MessageFactory,
    OrganisationFactory,
    UsagerFactory,
)

PAGES = ["messages_sent", "messages_to_correct", "messages_stopped", "messages_waiting"]
NEW = "06 12 34 56 78"
SILENT = "Le prestataire SMS ne répond pas."


@pytest.fixture
def usager(organisation):
    return UsagerFactory(
        organisation=organisation,
        first_name="Marina",
        last_name="Foïs",
        phone_number="+33782605941",
        email="marina@example.org",
    )


@pytest.fixture
def write(organisation, usager):
    def one(**fields):
        return MessageFactory(**{"organisation": organisation, "usager": usager, **fields})

    return one


@pytest.fixture
def tab(agent_client, usager):
    def get(**parameters):
        answer = agent_client.get(reverse("usager", args=[usager.pk]), {"onglet": "messages", **parameters})
        assert answer.status_code == 200
        return answer.content.decode()

    return get


@pytest.fixture
def page(agent_client, organisation):
    def get(name, **parameters):
        answer = agent_client.get(reverse(name, args=[organisation.slug]), parameters)
        assert answer.status_code == 200
        return answer

    return get


@pytest.fixture
def post(agent_client):
    def send(name, about, **data):
        return agent_client.post(reverse(name, args=[about]), data, follow=True).content.decode()

    return send


def refuse(message, **fields):
    return RefusedContact.objects.create(
        **{
            "usager": message.usager,
            "channel": message.channel,
            "contact": message.recipient,
            "reason": "Ce numéro de mobile n'existe pas, ou n'est plus attribué.",
            "message": message,
            "refused_at": timezone.now(),
            **fields,
        }
    )


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


# --- The organisation


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_page_says_what_will_come_and_offers_something(page, name):
    text = page(name).content.decode()
    assert '<div class="panel">' in text
    assert 'class="fr-btn' in text.partition('<div class="panel">')[2]


@pytest.mark.parametrize("name", [*PAGES, "messages_table"])
@pytest.mark.parametrize("garbage", ["x", "-1", "9" * 30, "é'\"<>", "²", "٣"])
def test_garbage_in_the_address_is_survived(page, write, name, garbage):
    write(status="technical_failure")
    page(name, jours=garbage, canal=garbage, page=garbage, raison=garbage, cause=garbage, repartis=garbage)


@pytest.mark.parametrize("name", PAGES)
def test_each_page_costs_the_same_whatever_the_number_of_messages(page, organisation, write, name):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            page(name)
        return len(captured)

    def add(count):
        for number in range(count):
            person = UsagerFactory(organisation=organisation)
            refuse(write(usager=person, status="permanent_failure"))
            write(usager=person, status="technical_failure", failure=f"Cause {number}.")
            write(usager=person, status="created", attempts=number)
            write(usager=person, status="to_print", channel="postal")

    page(name)
    add(1)
    few = queries()
    add(6)
    assert queries() == few


def figures(answer):
    return {figure.label: figure.value for figure in answer.context["figures"]}


def test_figures_say_what_left_arrived_failed_and_waits(page, write):
    for status in MessageStatus.values:
        write(status=status, channel="postal" if status == "to_print" else "email")
    write(status="sent", channel="sms", segments=2)
    write(status="sent", created_at=timezone.now() - timedelta(days=40))
    context = page("messages_sent").context
    assert context["by_channel"] == [
        ["SMS", 1, 1, 0, 0, 0, 0, 0],
        ["Mail", len(MessageStatus) - 1, 3, 1, 3, 2, 0, 1],
        ["Courrier", 1, 0, 0, 0, 0, 1, 0],
    ]
    assert figures(page("messages_sent")) == {
        "Envoyés": "4",
        "Reçus": "1",
        "En échec": "3",
        "En attente": "2",
        "À imprimer": "1",
        "SMS facturés": "2",
    }


def test_the_channel_and_the_period_are_in_the_address(page, write):
    write(channel="email")
    write(channel="sms", created_at=timezone.now() - timedelta(days=40))
    assert figures(page("messages_sent", canal="sms", jours="90"))["Envoyés"] == "1"
    assert "Aucun message par ce canal" in page("messages_sent", canal="sms").content.decode()
    assert len(page("messages_sent", jours="7").context["chart"].columns) == 7


def test_the_chart_and_the_table_have_the_same_numbers(page, write):
    for channel in ("sms", "email"):
        for days in range(3):
            write(channel=channel, created_at=timezone.now() - timedelta(days=days))
    context = page("messages_sent").context
    assert sum(column.total for column in context["chart"].columns) == 6
    assert sum(row[2] for row in context["rows"]) == 6
    assert [row[:2] for row in context["by_channel"]] == [["SMS", 3], ["Mail", 3]]
    assert context["results"] == [("sent", "Parti, sans accusé de réception")]


def test_the_spreadsheet_has_the_table_and_nobody_in_it(page, write):
    write(status="delivered", channel="sms")
    write(status="permanent_failure", channel="email")
    answer = page("messages_table")
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_name("Messages")
    rows = sheet.to_python()
    assert rows[0][:6] == ["Jour", "Canal", "Écrits", "Envoyés", "Dont reçus", "En échec"]
    assert [row[1:6] for row in rows[1:]] == [["SMS", 1.0, 1.0, 1.0, 0.0], ["Mail", 1.0, 0.0, 0.0, 1.0]]
    assert "Foïs" not in str(rows)
    assert answer["Content-Disposition"].startswith('attachment; filename="messages-cd-drome-')


def test_a_refused_number_is_listed_until_it_is_corrected(page, write, usager):
    refuse(write(status="permanent_failure"))
    text = page("messages_to_correct").content.decode()
    assert "07 82 60 59 41" in text
    assert "n&#x27;est plus attribué" in text
    assert "retour=" in text
    assert "1 contact à corriger" in text
    usager.phone_number = "+33612345678"
    usager.save()
    assert "Rien à corriger" in page("messages_to_correct").content.decode()


def test_phones_and_mails_to_correct_are_told_apart(page, write):
    refuse(write(status="permanent_failure"))
    refuse(write(status="permanent_failure", channel="email"))
    text = page("messages_to_correct", canal="email").content.decode()
    assert "marina@example.org</td>" in text
    assert "07 82 60 59 41</td>" not in text


def test_messages_that_stopped_are_grouped_by_cause(page, write):
    for number in range(3):
        write(status="technical_failure", failure=SILENT, about=f"sujet-{number}")
    write(status="temporary_failure", channel="email", failure="La boîte mail est pleine, ou ne répond pas.")
    causes = page("messages_stopped").context["causes"]
    assert [(one.channel, one.count) for one in causes] == [("sms", 3), ("email", 1)]
    assert [one.action.partition(",")[0] for one in causes] == [
        "Renvoyez-le. Si cela recommence",
        "Renvoyez le mail demain",
    ]


def test_what_is_told_to_agents_and_stops_is_listed_too(page, write, organisation):
    other = AgentFactory(organisation=organisation, first_name="Zoé", last_name="Zen")
    write(status="technical_failure", channel="email", usager=None, agent=other, recipient=other.email)
    cause = page("messages_stopped").context["causes"][0]
    assert "Zoé Zen" in page("messages_stopped", cause=cause.key).content.decode()


def test_a_cause_is_sent_again_at_once_and_progress_is_shown(page, write, post, organisation):
    stopped = [
        write(status="technical_failure", failure=SILENT, about=f"sujet-{number}") for number in range(30)
    ]
    other = write(status="temporary_failure", channel="email")
    causes = page("messages_stopped").context["causes"]
    text = post("messages_send_again", organisation.slug, causes=[causes[0].key])
    assert "30 messages repartent." in text
    assert "<strong>0 message sur 30</strong>" in text
    assert Message.objects.filter(status="created").count() == len(stopped)
    other.refresh_from_db()
    assert other.status == "temporary_failure"
    Message.objects.filter(status="created").update(status="sent")
    text = page("messages_waiting", repartis=30).content.decode()
    assert "30 messages sont repartis." in text


def test_some_messages_of_a_cause_are_sent_again(write, post, organisation):
    one, other = (write(status="technical_failure", about=f"sujet-{number}") for number in range(2))
    post("messages_send_again", organisation.slug, messages=[one.pk])
    assert list(Message.objects.filter(status="created")) == [one]
    other.refresh_from_db()
    assert other.status == "technical_failure"


def test_ids_from_elsewhere_choose_nothing(post, organisation):
    elsewhere = MessageFactory(status="technical_failure")
    garbage = ["x", "-1", "9" * 40, "²"]
    text = post("messages_send_again", organisation.slug, messages=[elsewhere.pk, *garbage], causes=garbage)
    assert "aucun n&#x27;est reparti" in text
    elsewhere.refresh_from_db()
    assert elsewhere.status == "technical_failure"


def test_what_waits_is_grouped_by_reason(page, write, organisation):
    ChannelPause.objects.create(organisation=organisation, channel="email", paused_at=timezone.now())
    later = timezone.now() + timedelta(hours=2)
    write(status="created")
    write(status="created", not_before=later)
    write(status="created", not_before=later, attempts=1)
    write(status="created", channel="email")
    write(status="to_print", channel="postal")
    groups = page("messages_waiting").context["groups"]
    assert {one.reason.value: one.count for one in groups} == {
        "file": 1,
        "matin": 1,
        "nouvel-essai": 1,
        "pause": 1,
        "a-imprimer": 1,
    }
    assert len(page("messages_waiting", raison="pause").context["rows"]) == 1


@pytest.fixture
def letter(organisation):
    def written(closed_at=None, **invitation):
        follow_up = FollowUpFactory(organisation=organisation, closed_at=closed_at)
        return InvitationFactory(
            organisation=organisation,
            follow_up=follow_up,
            channel="postal",
            message__status="to_print",
            **invitation,
        ).message

    return written


def test_the_letters_that_wait_are_those_of_the_page_that_prints_them(page, letter):
    now = timezone.now()
    useful = letter()
    expired = letter(expires_at=now - timedelta(minutes=1))
    closed = letter(closed_at=now)
    assert [one.pk for one in page("letters").context["waiting"]] == [useful.pk]
    waiting = page("messages_waiting", raison="a-imprimer").context
    assert [row.message.pk for row in waiting["rows"]] == [useful.pk]
    assert {one.reason.value: one.count for one in waiting["groups"]} == {"a-imprimer": 1}
    assert {tab.name: tab.count for tab in waiting["tabs"]}["messages_waiting"] == 1
    assert figures(page("messages_sent"))["À imprimer"] == "1"
    assert {expired, closed}


def test_figures_keep_count_of_the_letters_that_nobody_printed(page, letter):
    letter(expires_at=timezone.now() - timedelta(minutes=1))
    context = page("messages_sent").context
    assert context["columns"][-1] == "Jamais partis"
    assert context["rows"][0][2:] == [1, 0, 0, 0, 0, 0, 1]


def test_a_letter_that_nobody_needs_any_more_does_not_ask_to_be_printed(agent_client, letter):
    useful, expired = letter(), letter(expires_at=timezone.now() - timedelta(minutes=1))
    address = reverse("usager", args=[expired.usager_id])
    text = agent_client.get(address, {"onglet": "messages"}).content.decode()
    assert escape("Ce courrier n'a pas été imprimé, et n'est plus utile.") in text
    assert "est à imprimer" not in text
    address = reverse("usager", args=[useful.usager_id])
    assert "est à imprimer" in agent_client.get(address, {"onglet": "messages"}).content.decode()


def test_figures_refresh_themselves_while_something_leaves(page, agent_client, organisation, write):
    message = write(status="created")
    assert 'hx-trigger="every 3s"' in page("messages_waiting").content.decode()
    address = reverse("messages_waiting", args=[organisation.slug])
    fragment = agent_client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<div id="waiting-figures"')
    message.status = "sent"
    message.save()
    assert "hx-trigger" not in page("messages_waiting").content.decode()


def test_the_header_tells_what_stopped_and_leads_there(agent_client, write, organisation):
    write(status="technical_failure")
    text = agent_client.get(reverse("usagers", args=[organisation.slug])).content.decode()
    assert "1 message en panne" in text
    assert reverse("messages_stopped", args=[organisation.slug]) in text
    assert reverse("messages_sent", args=[organisation.slug]) in text


def test_an_administrator_may_resume_what_is_stopped_and_a_colleague_is_not_sent_to_a_closed_door(
    page, client, admin, write, organisation
):
    ChannelPause.objects.create(organisation=organisation, channel="sms", paused_at=timezone.now())
    write(status="created")
    assert "Reprendre" not in page("messages_waiting").content.decode()
    client.force_login(admin)
    text = client.get(reverse("messages_waiting", args=[organisation.slug])).content.decode()
    assert "Reprendre" in text


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
