"""What became of the messages of an organisation: figures, what to correct, what stopped, what waits."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import ChannelPause, Message, RefusedContact
from tests.factories import (
    AgentFactory,
    MessageFactory,
    UsagerFactory,
)

PAGES = ["messages_sent", "messages_to_correct", "messages_stopped", "messages_waiting"]
SILENT = "Le prestataire SMS ne répond pas."


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
