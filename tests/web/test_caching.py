"""Nothing of people stays in a browser that somebody else takes over."""

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_the_pages_of_agents_are_asked_for_again_each_time(agent_client: Client) -> None:
    assert agent_client.get(reverse("organisations")).headers["Cache-Control"] == "private, no-cache"


def test_a_page_that_says_how_it_is_kept_is_believed(agent_client: Client) -> None:
    assert "no-store" in agent_client.get(reverse("account")).headers["Cache-Control"]


def test_logging_out_forgets_what_was_seen(agent_client: Client) -> None:
    assert "Clear-Site-Data" not in agent_client.get(reverse("organisations")).headers
    assert agent_client.post(reverse("account_logout")).headers["Clear-Site-Data"] == '"cache"'


def test_who_is_not_logged_in_has_nothing_to_forget(client: Client) -> None:
    assert "Cache-Control" not in client.get(reverse("home")).headers
