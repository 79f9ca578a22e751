"""/demo: every stop of the tour opens, with its account."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from demo import outbox, tour
from demo.department.load import load_department
from rdv_insertion.agents.models import Agent
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def department(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock(), transaction.atomic():
        load_department(now=timezone.now())
        yield
        transaction.set_rollback(True)


@pytest.fixture
def stops(department: None, db: None) -> list[tour.Stop]:
    return [stop for chapter in tour.chapters(now=timezone.now()) for stop in chapter.stops]


def test_each_stop_opens_with_its_account(client: Client, stops: list[tour.Stop]) -> None:
    page = client.get("/demo/").text
    titles = {stop.title for stop in stops}
    assert len(titles) == len(stops) == 24
    for stop in stops:
        assert escape(stop.title) in page
        if stop.account:
            went = client.post("/demo/aller", {"compte": stop.account, "page": stop.address}, follow=True)
        else:
            went = client.get(stop.address, follow=True)
        assert went.status_code == 200, stop.title


@pytest.mark.parametrize("page", ["https://example.org/", "//example.org", ""])
def test_nobody_is_sent_elsewhere(client: Client, stops: list[tour.Stop], page: str) -> None:
    assert client.post("/demo/aller", {"compte": tour.AGENT, "page": page}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_only_the_agents_of_the_demonstration_log_in(client: Client, stops: list[tour.Stop]) -> None:
    assert client.post("/demo/aller", {"compte": "nobody@demo.test", "page": "/"}).status_code == 404


def test_an_answer_typed_under_a_mail_reaches_an_agent(
    client: Client, stops: list[tour.Stop], settings: LazySettings, tmp_path: Any, run_jobs: Any
) -> None:
    settings.REPLY_DOMAIN, settings.DEMO_OUTBOX = "reponses.demo.test", tmp_path
    told = Message.objects.filter(
        provider_reference__startswith=outbox.TOLD, purpose=Purpose.RDV_CREATED, channel="email"
    )
    message = told.filter(status="delivered").latest("created_at")
    page = client.get("/demo/messages", {"destinataire": message.recipient, "canal": "email"}).text
    assert f"/demo/messages/told-{message.pk}/reponse" in page
    response = client.post(f"/demo/messages/told-{message.pk}/reponse", {"reponse": "Je serai en retard."})
    assert response.status_code == 302
    run_jobs("exchanges", "email")
    reply = Message.objects.get(purpose=Purpose.REPLY)
    assert "Je serai en retard." in reply.text
    assert isinstance(reply.agent, Agent)
