"""A person of the organisation, messages to them, and the pages that show these."""

import pytest
from django.urls import reverse

from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    MessageFactory,
    UsagerFactory,
)


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
