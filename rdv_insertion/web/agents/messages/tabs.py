"""What the pages of an organisation's messages have in common: tabs and their counts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import get_organisation_for
from rdv_insertion.invitations.services.postal import waiting_letters
from rdv_insertion.messaging.enums import WAITING
from rdv_insertion.messaging.models import Message, RefusedContact
from rdv_insertion.messaging.waiting import NOT_LEFT
from rdv_insertion.pilotage.stopped_messages import stopped_messages
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.shell import remember_organisation


@dataclass(frozen=True)
class Tab:
    """A page about the messages of the organisation; `count` is None when there is nothing to count."""

    name: str
    label: str
    url: str
    count: int | None
    current: bool


@dataclass(frozen=True)
class Asked:
    """Who asks, about which organisation, when."""

    agent: Agent
    organisation: Organisation
    now: datetime

    def context(self, current: str) -> dict[str, Any]:
        """What every page shows: three queries."""
        counts = {
            "messages_sent": None,
            "messages_to_correct": to_correct(self.organisation).count(),
            "messages_stopped": stopped_messages(self.organisation, now=self.now).count(),
            "messages_waiting": not_left(self.organisation, now=self.now).count(),
        }
        tabs = [
            Tab(name, _LABELS[name], reverse(name, args=[self.organisation.slug]), count, name == current)
            for name, count in counts.items()
        ]
        return {
            "organisation": self.organisation,
            "zone": self.organisation.time_zone,
            "now": self.now,
            "tabs": tabs,
        }


_LABELS = {
    "messages_sent": "Chiffres",
    "messages_to_correct": "À corriger",
    "messages_stopped": "En panne",
    "messages_waiting": "En attente, à imprimer",
}


def asked(request: HttpRequest, slug: str) -> Asked:
    """Read the address; the organisation becomes the current one. Raises Http404 for one not theirs."""
    agent = agent_of(request)
    organisation = get_organisation_for(agent, slug)
    remember_organisation(request, organisation)
    return Asked(agent, organisation, timezone.now())


def to_correct(organisation: Organisation) -> QuerySet[RefusedContact]:
    """The numbers and addresses that are refused, of people whom the organisation follows."""
    return RefusedContact.objects.current().of_organisation(organisation)


def not_left(organisation: Organisation, *, now: datetime) -> QuerySet[Message]:
    """What people have not been sent yet, for whatever reason; of letters, those that *Courriers* prints."""
    letters = waiting_letters(organisation, now=now).order_by().values("pk")
    return Message.objects.filter(
        Q(status__in=WAITING) | Q(pk__in=letters),
        organisation=organisation,
        status__in=NOT_LEFT,
        usager__isnull=False,
    )
