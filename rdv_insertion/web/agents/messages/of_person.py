"""Everything that a person was sent by the organisations the agent works in."""

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest

from rdv_insertion.agents.models import Agent
from rdv_insertion.messaging.models import Message
from rdv_insertion.pilotage.stopped_messages import with_usefulness
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.messages.showing import shown

PAGE_SIZE = 20


def messages_of_person(request: HttpRequest, agent: Agent, usager: Usager, now: datetime) -> dict[str, Any]:
    """The context of the tab, a page at a time, newest first. Three queries whatever the history."""
    messages = Message.objects.visible_to(agent).filter(usager=usager).order_by("-created_at", "-pk")
    sent = with_usefulness(messages.select_related("organisation__department"), now=now)
    page = Paginator(sent, PAGE_SIZE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    for message in found:
        message.usager = usager
    return {"page": page, "sent": shown(found, now=now)}
