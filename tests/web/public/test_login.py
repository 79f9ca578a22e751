"""Mail and password, or a six-digit code by mail."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from tests.factories import PASSWORD

LOGIN, REQUEST, CONFIRM = "account_login", "account_request_login_code", "account_confirm_login_code"


def test_the_password_opens_the_door(client, agent):
    answer = client.post(reverse(LOGIN), {"login": agent.email, "password": PASSWORD})
    assert answer.url == reverse("organisations")


def test_the_mail_address_is_read_whatever_its_case(client, agent):
    answer = client.post(reverse(LOGIN), {"login": agent.email.upper(), "password": PASSWORD})
    assert answer.status_code == 302


def test_a_wrong_password_says_so_without_saying_which_is_wrong(client, agent):
    answer = client.post(reverse(LOGIN), {"login": agent.email, "password": "autre"})
    assert "incorrects" in answer.content.decode()


def test_a_six_digit_code_comes_by_mail_and_opens_the_door(client, agent):
    client.post(reverse(REQUEST), {"email": agent.email})
    code = re.search(r"^\d{6}$", mail.outbox[0].body, re.MULTILINE).group()
    answer = client.post(reverse(CONFIRM), {"code": code})
    assert answer.url == reverse("organisations")
    assert client.get(reverse("agenda")).status_code == 200


def test_a_wrong_code_opens_nothing(client, agent):
    client.post(reverse(REQUEST), {"email": agent.email})
    right = re.search(r"\d{6}", mail.outbox[0].body).group()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    client.post(reverse(CONFIRM), {"code": wrong})
    assert client.get(reverse("agenda")).status_code == 302


def test_an_unknown_address_gets_the_same_page_and_no_code(client, db):
    answer = client.post(reverse(REQUEST), {"email": "personne@nulle-part.test"})
    assert answer.url == reverse(CONFIRM)
    assert mail.outbox == []


def test_somebody_who_tries_many_passwords_is_stopped(client, agent):
    for _ in range(5):
        client.post(reverse(LOGIN), {"login": agent.email, "password": "autre"})
    answer = client.post(reverse(LOGIN), {"login": agent.email, "password": PASSWORD})
    assert answer.status_code != 302


@pytest.mark.parametrize("name", [LOGIN, REQUEST])
def test_after_login_one_returns_to_the_page_one_wanted(client, agent, name):
    page = client.get(f"{reverse(name)}?next=/agenda/").content.decode()
    assert '<input type="hidden" name="next" value="/agenda/">' in page


def test_a_deactivated_agent_is_told(client, agent):
    agent.is_active = False
    agent.save()
    answer = client.post(reverse(LOGIN), {"login": agent.email, "password": PASSWORD}, follow=True)
    assert "désactivé" in answer.content.decode()
