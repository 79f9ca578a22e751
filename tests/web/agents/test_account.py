"""What an agent decides for themselves, and the calendar that their own program reads."""

import io
import logging
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from rdv_insertion.agenda.links import account_url, agent_rdv_url
from rdv_insertion.agenda.models import Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.services import create_calendar_link, revoke_calendar_link
from rdv_insertion.web.agents.account.feed import UNKNOWN_SECRETS
from tests.factories import AgentFactory, AgentRoleFactory, MotifFactory, RdvFactory


def shown(client: Client) -> str:
    return unescape(client.get(reverse("account")).content.decode())


def press(client: Client, name: str, **fields: str) -> str:
    answer = client.post(reverse(name), fields, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def read(secret: str, **headers: str):
    return Client().get(reverse("calendar_feed", args=[secret]), headers=headers)


# --- Mails ---


def test_the_account_says_who_one_is_and_where_one_works(agent_client, agent, organisation):
    AgentRoleFactory(agent=agent, organisation__name="Délégataire de Die", organisation__archived_at=None)
    text = shown(agent_client)
    for words in ("Alice Agent", "alice@drome.test", organisation.name, "Délégataire de Die"):
        assert words in text


def test_an_agent_without_organisation_is_told_whom_to_ask(client):
    client.force_login(AgentFactory())
    assert "demandez à un administrateur" in shown(client)


def test_every_page_leads_to_the_account(agent_client):
    assert f'href="{reverse("account")}"' in agent_client.get(reverse("imports")).content.decode()


@pytest.mark.parametrize("level", ["all", "soon", "none"])
def test_an_agent_chooses_which_mails_they_get(agent_client, agent, level):
    text = press(agent_client, "account_notifications", niveau=level)
    agent.refresh_from_db()
    assert agent.notification_level == level
    assert "Mails sur vos rendez-vous" in text
    assert f'value="{level}" checked' in text


def test_a_choice_of_mails_is_undone_in_one_press(agent_client, agent):
    assert agent.notification_level == "soon"
    text = press(agent_client, "account_notifications", niveau="none")
    assert '<input type="hidden" name="niveau" value="soon">' in text
    assert "Annuler" in text


@pytest.mark.parametrize("level", ["", "tout", "ALL", "🙂" * 500])
def test_a_choice_that_is_none_is_said_and_changes_nothing(agent_client, agent, level):
    assert "Choisissez l'une des trois réponses." in press(
        agent_client, "account_notifications", niveau=level
    )
    agent.refresh_from_db()
    assert agent.notification_level == "soon"


def test_the_account_costs_the_same_queries_however_many_organisations(agent_client, agent):
    counts = []
    for more in (1, 8):
        for _ in range(more):
            AgentRoleFactory(agent=agent)
        agent_client.get(reverse("account"))
        with CaptureQueriesContext(connection) as queries:
            agent_client.get(reverse("account"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- The link of the calendar ---


def test_one_has_no_link_before_asking_for_it(agent_client, agent):
    assert agent.calendar_secret is None
    text = shown(agent_client)
    assert "Créer mon lien de calendrier" in text
    assert ".ics" not in text


def test_a_link_is_created_shown_in_two_forms_and_opens_the_calendar(agent_client, agent, settings):
    settings.PUBLIC_URL = "https://rdv.drome.test"
    text = press(agent_client, "account_calendar_create")
    agent.refresh_from_db()
    secret = agent.calendar_secret
    assert len(secret) >= 43
    assert f'value="https://rdv.drome.test/calendrier/{secret}.ics"' in text
    assert f'href="webcal://rdv.drome.test/calendrier/{secret}.ics"' in text
    for program in ("Outlook", "Zimbra", "Google Agenda", "iPhone"):
        assert program in text
    assert read(secret).status_code == 200


def test_pressing_create_twice_keeps_the_first_link(agent_client, agent):
    press(agent_client, "account_calendar_create")
    first = Agent.objects.get(pk=agent.pk).calendar_secret
    press(agent_client, "account_calendar_create")
    assert Agent.objects.get(pk=agent.pk).calendar_secret == first


def test_what_a_change_touches_is_said_before(agent_client, agent):
    create_calendar_link(agent=agent)
    assert "le lien actuel cesse de marcher aussitôt" in shown(agent_client)


def test_changing_the_link_closes_the_old_one_and_opens_a_new_one(agent_client, agent):
    old = create_calendar_link(agent=agent)
    press(agent_client, "account_calendar_change")
    agent.refresh_from_db()
    assert agent.calendar_secret != old
    assert (read(old).status_code, read(agent.calendar_secret).status_code) == (404, 200)


def test_deleting_the_link_closes_it(agent_client, agent):
    old = create_calendar_link(agent=agent)
    assert "Créer mon lien de calendrier" in press(agent_client, "account_calendar_delete")
    assert read(old).status_code == 404


def test_deleting_what_does_not_exist_is_not_an_error(agent_client):
    assert "supprimé" in press(agent_client, "account_calendar_delete")


def test_the_page_that_shows_the_secret_is_kept_by_no_cache(agent_client):
    assert "no-store" in agent_client.get(reverse("account"))["Cache-Control"]


def test_the_secret_is_unreadable_in_the_database(agent):
    secret = create_calendar_link(agent=agent)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM agents_agent WHERE id = %s", [agent.pk])
        row = cursor.fetchone()
    for value in row:
        text = bytes(value).decode("latin-1") if isinstance(value, memoryview | bytes) else str(value)
        assert secret not in text


def test_two_agents_never_share_a_secret(agent, admin):
    assert create_calendar_link(agent=agent) != create_calendar_link(agent=admin)
    assert create_calendar_link(agent=agent) == agent.calendar_secret


# --- The feed ---


@pytest.fixture
def rdv(organisation, agent):
    return RdvFactory(motif=MotifFactory(organisation=organisation), agents=[agent])


def test_the_feed_is_a_calendar_that_only_its_reader_keeps(rdv, agent):
    answer = read(create_calendar_link(agent=agent))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["X-Robots-Tag"] == "noindex"
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event.decoded("dtstart") == rdv.starts_at


def test_the_addresses_that_are_sent_to_agents_open_their_pages(rdv, agent_client):
    for address in (agent_rdv_url(rdv), account_url()):
        assert agent_client.get(urlsplit(address).path).status_code == 200


def test_the_feed_sets_no_cookie(rdv, agent):
    assert not read(create_calendar_link(agent=agent)).cookies


def test_a_moved_rdv_is_read_with_its_new_time_and_a_higher_version(rdv, agent):
    secret = create_calendar_link(agent=agent)
    first = Calendar.from_ical(read(secret).content).walk("VEVENT")[0]
    later = rdv.starts_at + timedelta(hours=2)
    Rdv.objects.filter(pk=rdv.pk).update(
        starts_at=later, ends_at=later + timedelta(minutes=30), sequence=rdv.sequence + 1
    )
    second = Calendar.from_ical(read(secret).content).walk("VEVENT")[0]
    assert str(first["uid"]) == str(second["uid"])
    assert int(second["sequence"]) > int(first["sequence"])
    assert second.decoded("dtstart") == later


def test_what_has_not_changed_is_not_sent_again(rdv, agent):
    secret = create_calendar_link(agent=agent)
    version = read(secret)["ETag"]
    again = read(secret, if_none_match=version)
    assert (again.status_code, again.content) == (304, b"")
    Rdv.objects.filter(pk=rdv.pk).update(sequence=1)
    assert read(secret, if_none_match=version).status_code == 200


def test_a_head_is_answered_without_a_body(rdv, agent):
    answer = Client().head(reverse("calendar_feed", args=[create_calendar_link(agent=agent)]))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["ETag"]


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_a_feed_is_only_read(agent, method):
    address = reverse("calendar_feed", args=[create_calendar_link(agent=agent)])
    assert getattr(Client(), method)(address).status_code == 405


def test_the_calendar_of_somebody_who_may_not_log_in_any_more_is_closed(rdv, agent):
    secret = create_calendar_link(agent=agent)
    agent.is_active = False
    agent.save()
    assert read(secret).status_code == 404


@pytest.mark.parametrize("secret", ["x", "a" * 43, "é", "%", "🙂" * 100, "' OR 1=1 --"])
def test_an_unknown_secret_opens_nothing(db, secret):
    assert read(secret).status_code == 404


def test_who_tries_secrets_is_made_to_wait_and_a_right_one_is_still_answered(rdv, agent):
    secret = create_calendar_link(agent=agent)
    for number in range(UNKNOWN_SECRETS.attempts):
        assert read(f"faux-{number}").status_code == 404
    refused = read("faux-encore")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert read(secret).status_code == 200


def test_the_feed_costs_three_queries_whatever_its_length(organisation, agent, django_assert_num_queries):
    secret = create_calendar_link(agent=agent)
    motif = MotifFactory(organisation=organisation)
    for count in (1, 15):
        for number in range(count):
            RdvFactory(
                motif=motif, agents=[agent], starts_at=timezone.now() + timedelta(days=count, hours=number)
            )
        with django_assert_num_queries(3):
            read(secret)


def test_the_secret_is_written_in_no_log(rdv, agent):
    written = io.StringIO()
    handler = next(one for one in logging.getLogger().handlers if isinstance(one, logging.StreamHandler))
    before = handler.setStream(written)
    try:
        secret = create_calendar_link(agent=agent)
        read(secret)
        revoke_calendar_link(agent=agent)
        read(secret)
    finally:
        handler.setStream(before)
    assert "calendar_feed" in written.getvalue()
    assert secret not in written.getvalue()
