"""Messages that stopped on their way, by cause, and sending them again together."""

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import WAITING, Channel
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.outcomes import action_of, sentence_of
from rdv_insertion.messaging.services import send_again
from rdv_insertion.pilotage.stopped_messages import SHOWN_FOR, stopped_messages
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.access import page_to_return_to
from rdv_insertion.web.agents.messages.showing import shown
from rdv_insertion.web.agents.messages.tabs import asked, not_left

PAGE_SIZE = 50
_CAUSE = ("channel", "status", "failure", "delivery_code")
# What a page can hold, and more than any has.
_MOST_CHOSEN = 1_000
_ID = re.compile("[0-9]{1,18}")


@dataclass
class Cause:
    """Messages that stopped for one reason, as agents read it."""

    key: str
    channel: Channel
    sentence: str
    action: str
    count: int
    first: datetime
    last: datetime
    # Which rows these are.
    rows: Q


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The causes, each with its number of messages; `?cause=` lists those of one, a page at a time."""
    about = asked(request, slug)
    stopped = stopped_messages(about.organisation, now=about.now)
    causes = _causes(stopped)
    chosen = next((one for one in causes if one.key == request.GET.get("cause")), None)
    context: dict[str, Any] = {
        **about.context("messages_stopped"),
        "causes": causes,
        "total": sum(one.count for one in causes),
        "chosen": chosen,
        "days": SHOWN_FOR.days,
    }
    if chosen:
        context |= _listed(request, stopped.filter(chosen.rows), about.agent, about.now)
    return render(request, "agents/messages/stopped.html", context)


def _listed(request: HttpRequest, stopped: QuerySet[Message], agent: Agent, now: datetime) -> dict[str, Any]:
    newest_first = stopped.select_related("organisation__department", "usager", "agent").order_by(
        "-created_at", "-pk"
    )
    page = Paginator(newest_first, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = shown(page.object_list, now=now)
    return {"page": page, "rows": rows, "known": visible_people(agent, (row.message for row in rows))}


def visible_people(agent: Agent, listed: Iterable[Message]) -> set[int]:
    """Those of the people of these messages whose page the agent may open."""
    ids = {message.usager_id for message in listed if message.usager_id}
    return set(Usager.objects.visible_to(agent).filter(pk__in=ids).values_list("pk", flat=True))


@require_POST
def send_several(request: HttpRequest, slug: str) -> HttpResponse:
    """Send again the messages checked, or all those of the causes checked, then show how far it is."""
    about = asked(request, slug)
    stopped = stopped_messages(about.organisation, now=about.now)
    ids = _chosen(stopped, request.POST.getlist("messages"), request.POST.getlist("causes"))
    before = not_left(about.organisation, now=about.now).filter(status__in=WAITING).count()
    count = send_again(message_ids=ids, now=about.now) if ids else 0
    if not count:
        messages.info(request, "Choisissez au moins un message : aucun n'est reparti.")
        back = reverse("messages_stopped", args=[about.organisation.slug])
        return redirect(page_to_return_to(request, back))
    messages.success(request, f"{plural(count, 'message repart', 'messages repartent')}.")
    waiting = reverse("messages_waiting", args=[about.organisation.slug])
    return redirect(f"{waiting}?{urlencode({'repartis': count, 'avant': before})}")


def _chosen(stopped: QuerySet[Message], ids: Collection[str], keys: Collection[str]) -> list[int]:
    """Read again from what the organisation may send: an id from elsewhere chooses nothing."""
    numbers = [int(one) for one in list(ids)[:_MOST_CHOSEN] if _ID.fullmatch(one)]
    rows = Q(pk__in=numbers)
    for cause in _causes(stopped) if keys else ():
        if cause.key in keys:
            rows |= cause.rows
    return list(stopped.filter(rows).values_list("pk", flat=True))


def _causes(stopped: QuerySet[Message]) -> list[Cause]:
    """What stopped them, the most frequent first. One query."""
    grouped = (
        stopped.order_by()
        .values(*_CAUSE)
        .annotate(count=Count("pk"), first=Min("created_at"), last=Max("created_at"))
    )
    found: dict[str, Cause] = {}
    for row in grouped:
        values = {name: row[name] for name in _CAUSE}
        cause = _cause(Message(**values), row, Q(**values))
        known = found.get(cause.key)
        found[cause.key] = cause if known is None else _together(known, cause)
    return sorted(found.values(), key=lambda one: (-one.count, one.key))


def _cause(example: Message, row: dict[str, Any], rows: Q) -> Cause:
    sentence = sentence_of(example)
    key = hashlib.sha256(f"{example.channel} {sentence}".encode()).hexdigest()[:12]
    return Cause(
        key,
        Channel(example.channel),
        sentence,
        action_of(example),
        row["count"],
        row["first"],
        row["last"],
        rows,
    )


def _together(one: Cause, other: Cause) -> Cause:
    """Two causes that agents read as one."""
    return Cause(
        one.key,
        one.channel,
        one.sentence,
        one.action,
        one.count + other.count,
        min(one.first, other.first),
        max(one.last, other.last),
        one.rows | other.rows,
    )
