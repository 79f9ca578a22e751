"""Everything that a person was sent by the organisations the agent works in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest

from rdv_insertion.agents.models import Agent
from rdv_insertion.exchanges.inbound.forwarding import forwarded_answers
from rdv_insertion.invitations.usefulness import with_usefulness
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.messages.showing import ShownMessage, Step, shown

PAGE_SIZE = 20


def messages_of_person(request: HttpRequest, agent: Agent, usager: Usager, now: datetime) -> dict[str, Any]:
    """The context of the tab, a page at a time, newest first. A constant number of queries."""
    messages = Message.objects.visible_to(agent).filter(usager=usager).order_by("-created_at", "-pk")
    sent = with_usefulness(messages.select_related("organisation__department"), now=now)
    page = Paginator(sent, PAGE_SIZE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    for message in found:
        message.usager = usager
    rows = shown(found, now=now)
    _add_answers(rows)
    return {"page": page, "sent": rows}


def _add_answers(rows: Sequence[ShownMessage]) -> None:
    """When the person answered each mail, and who was told, so that colleagues know. One query."""
    answers = forwarded_answers([row.message.pk for row in rows])
    for row in rows:
        for answer in answers.get(row.message.pk, ()):
            told = f"La personne a répondu : réponse transmise à {answer.agent or answer.organisation}"
            row.steps.append(Step(told, answer.created_at))
