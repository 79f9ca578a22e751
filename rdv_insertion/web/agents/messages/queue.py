"""What has not left yet, why, and how far what was sent again is."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rdv_insertion.agents.perms import administers
from rdv_insertion.invitations.usefulness import with_usefulness
from rdv_insertion.messaging.waiting import Reason, by_reason, paused_channels
from rdv_insertion.web.agents.messages.showing import shown
from rdv_insertion.web.agents.messages.stopped import visible_people
from rdv_insertion.web.agents.messages.tabs import asked, not_left

PAGE_SIZE = 50
# Those that leave by themselves within minutes: worth watching.
_LEAVING = (Reason.QUEUED, Reason.SENDING)
# Those whose hour is known.
_ON_TIME = (Reason.RETRY, Reason.NIGHT)
_NUMBER = re.compile("[0-9]{1,8}")


@dataclass(frozen=True)
class Group:
    """The messages that wait for one reason."""

    reason: Reason
    count: int
    # The first that leaves, when it is known.
    next_at: datetime | None
    current: bool


@dataclass(frozen=True)
class Progress:
    """How many of the messages sent again have left."""

    total: int
    left: int

    @property
    def done(self) -> int:
        """Those that no longer wait."""
        return self.total - self.left


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """What waits, by reason; `?raison=` keeps one. `?repartis=` says how many were just sent again.

    By htmx, only the figures, which refresh themselves as long as something is leaving.
    """
    about = asked(request, slug)
    paused = paused_channels(about.organisation)
    reason = by_reason(paused=paused, now=about.now)
    reasoned = not_left(about.organisation, now=about.now).annotate(reason=reason)
    groups = _groups(reasoned, request.GET.get("raison", ""))
    chosen = next((one for one in groups if one.current), None)
    context: dict[str, Any] = {
        "organisation": about.organisation,
        "zone": about.organisation.time_zone,
        "groups": groups,
        "chosen": chosen,
        "progress": _progress(request.GET, groups),
        "may_resume": bool(paused) and administers(about.agent, about.organisation),
        "leaving": any(one.reason in _LEAVING for one in groups),
    }
    if request.headers.get("HX-Request"):
        return render(request, "agents/messages/waiting_figures.html", context)
    listed = reasoned.filter(reason=chosen.reason) if chosen else reasoned
    full = with_usefulness(listed, now=about.now).select_related("organisation__department", "usager")
    page = Paginator(full.order_by("created_at", "pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = shown(page.object_list, now=about.now)
    context |= about.context("messages_waiting")
    context |= {
        "page": page,
        "rows": rows,
        "known": visible_people(about.agent, (row.message for row in rows)),
    }
    return render(request, "agents/messages/waiting.html", context)


def _groups(reasoned: Any, asked_for: str) -> list[Group]:
    counted = reasoned.order_by().values_list("reason").annotate(Count("pk"), Min("not_before"))
    found = {reason: (count, next_at) for reason, count, next_at in counted}
    return [
        Group(one, found[one][0], found[one][1] if one in _ON_TIME else None, current=one == asked_for)
        for one in Reason
        if one in found
    ]


def _progress(parameters: QueryDict, groups: list[Group]) -> Progress | None:
    """None unless the address says how many were sent again (`repartis`); `avant` is how many waited then."""
    total, before = (_number(parameters.get(name, "")) for name in ("repartis", "avant"))
    if not total:
        return None
    waiting = sum(one.count for one in groups if one.reason != Reason.TO_PRINT)
    return Progress(total, left=max(0, min(total, waiting - before)))


def _number(typed: str) -> int:
    """A number from an address, 0 when it is none."""
    return int(typed) if _NUMBER.fullmatch(typed) else 0
