"""What agents decide for themselves, and how they join an organisation."""

import secrets

from django.db import transaction

from rdv_insertion.agents.enums import AccessLevel, NotificationLevel
from rdv_insertion.agents.models import Agent, AgentRole
from rdv_insertion.kernel.crypto import blind_index
from rdv_insertion.territory.models import Organisation

_SECRET_BYTES = 32


class UnknownLevel(ValueError):
    """No such level of notification. Its message is a French sentence."""


@transaction.atomic
def set_notification_level(*, agent: Agent, level: str) -> None:
    """Choose of which changes to their rdvs `agent` is told by mail. Raises UnknownLevel."""
    if level not in NotificationLevel.values:
        raise UnknownLevel("Choisissez l'une des trois réponses.")
    agent.notification_level = level
    agent.save(update_fields=["notification_level"])


@transaction.atomic
def join(*, email: str, organisation: Organisation, access_level: str = AccessLevel.BASIC) -> Agent:
    """Give the agent of this address a role in `organisation`; one whom nobody knows is created, without a
    password: they log in by the code that they receive. Who has a role there keeps it.
    """
    agent = Agent.objects.filter(email__iexact=email).first()
    if agent is None:
        agent = Agent.objects.create_user(email=email.lower())
    AgentRole.objects.get_or_create(
        agent=agent, organisation=organisation, defaults={"access_level": access_level}
    )
    return agent


@transaction.atomic
def create_calendar_link(*, agent: Agent, replace: bool = False) -> str:
    """Give `agent` the secret of the address of their calendar (43 letters, digits, `-` and `_`).

    One who has a secret keeps it: a form sent twice breaks nothing. With `replace` a new one takes its
    place, and the address that was known stops working at once.
    """
    known = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    secret = known.calendar_secret
    if secret is None or replace:
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        _keep(agent, secret)
    return str(secret)


@transaction.atomic
def revoke_calendar_link(*, agent: Agent) -> None:
    """Take the calendar of `agent` off the web: its address stops working at once."""
    _keep(agent, None)


def _keep(agent: Agent, secret: str | None) -> None:
    agent.calendar_secret = secret
    agent.calendar_index = calendar_index(secret) if secret else None
    agent.save(update_fields=["calendar_secret", "calendar_index"])


def calendar_index(secret: str) -> str:
    """What an agent is looked up by (`Agent.calendar_index`), without reading anybody's secret."""
    return blind_index(f"calendar:{secret}")
