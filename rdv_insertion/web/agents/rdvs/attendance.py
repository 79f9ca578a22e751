"""Who takes part in a collective rdv, and who came."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from rdv_insertion.agenda import services
from rdv_insertion.agenda.enums import CANCELLED
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import FollowUpStatus, ParticipationStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.kernel.text import plural
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.rdvs import days, people
from rdv_insertion.web.agents.rdvs.collective import get_collective_for
from rdv_insertion.web.agents.rdvs.effects import said_told, told_by
from rdv_insertion.web.agents.rdvs.people import Person

# Those of a category who wait for something to be done, in the order in which they are offered.
_WAITING = (
    FollowUpStatus.NOT_INVITED,
    FollowUpStatus.INVITATION_EXPIRED,
    FollowUpStatus.INVITATION_PENDING,
    FollowUpStatus.RDV_NOSHOW,
    FollowUpStatus.RDV_EXCUSED,
    FollowUpStatus.RDV_REVOKED,
)
_OFFERED = 50
_CHOICES = (
    (ParticipationStatus.SEEN, "Présent"),
    (ParticipationStatus.NOSHOW, "Absent"),
    (ParticipationStatus.EXCUSED, "Excusé"),
)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, collective_id: int) -> HttpResponse:
    """Give seats: to people searched (`?q=`), named (`?usager=`), or taken from the category's list."""
    agent, now = agent_of(request), timezone.now()
    rdv = get_collective_for(agent, collective_id)
    if rdv.status in CANCELLED:
        messages.error(request, "Cet atelier est annulé : personne ne peut y être inscrit.")
        return redirect("rdv_show", rdv.pk)
    refusal = ""
    if request.method == "POST":
        chosen = people.chosen(agent, request.POST.getlist("usagers"))
        if chosen:
            refusal = _add(request, rdv, chosen, now)
            if not refusal:
                return redirect("rdv_show", rdv.pk)
        else:
            refusal = "Cochez au moins une personne."
    present = [one.usager_id for one in rdv.participations.all() if one.status not in CANCELLED]
    most = rdv.max_participants_count
    context: dict[str, Any] = {
        "rdv": rdv,
        "refusal": refusal,
        "left": None if most is None else max(0, most - rdv.seats_taken),
        "past": rdv.has_begun(now),
        "named": _named(agent, request, present),
        "found": people.search(agent, request.GET.get("q", ""), excluded=present),
        "waiting": _waiting(agent, rdv, present, now),
        "checked": set(request.POST.getlist("usagers")) | {request.GET.get("usager", "")},
    }
    return render(request, "agents/rdvs/collective_people.html", context, status=422 if refusal else 200)


def _named(agent: Agent, request: HttpRequest, present: Sequence[int]) -> Person | None:
    named = people.chosen_one(agent, request.GET.get("usager", ""))
    return named if named and named.usager.pk not in present else None


def _waiting(agent: Agent, rdv: Rdv, present: Sequence[int], now: datetime) -> list[FollowUp]:
    """People of the motif's category, followed by its organisation, who wait for a rdv."""
    if rdv.motif.motif_category is None:
        return []
    followed = Usager.objects.of_organisation(rdv.organisation).values("pk")
    follow_ups = FollowUp.objects.visible_to(agent).filter(
        motif_category=rdv.motif.motif_category, closed_at=None, usager__in=followed
    )
    waiting = follow_ups.exclude(usager__in=list(present)).in_status(_WAITING, now)
    return list(waiting.select_related("usager").order_by("created_at", "pk")[:_OFFERED])


def _add(request: HttpRequest, rdv: Rdv, chosen: Sequence[Person], now: datetime) -> str:
    """Why nobody was added; empty when everybody was."""
    notify = request.POST.get("prevenir") == "oui"
    try:
        added = services.add_participants(
            rdv=rdv, usagers=[one.usager for one in chosen], by=agent_of(request), notify=notify, now=now
        )
    except services.NotAllowed as refusal:
        return str(refusal)
    told = [one for one in added if notify and rdv.starts_at > now and told_by(one.usager)]
    said = plural(len(added), "personne inscrite", "personnes inscrites")
    messages.success(request, f"{said}. {said_told(len(told))}")
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
def fill_in(request: HttpRequest, collective_id: int) -> HttpResponse:
    """Present, absent or excused, for all those expected, saved at once."""
    agent, now = agent_of(request), timezone.now()
    rdv = get_collective_for(agent, collective_id)
    if rdv.status in CANCELLED or not rdv.has_begun(now):
        messages.error(
            request, "Les présences se renseignent à partir du début de l'atelier, s'il n'est pas annulé."
        )
        return redirect("rdv_show", rdv.pk)
    expected = [one for one in rdv.participations.all() if one.status != ParticipationStatus.REVOKED]
    expected.sort(key=lambda one: (one.usager.last_name, one.usager.first_name, one.pk))
    if request.method == "POST":
        _record(request, rdv, expected, agent, now)
        return redirect("rdv_show", rdv.pk)
    context = {"rdv": rdv, "expected": expected, "choices": _CHOICES, "now": now}
    return render(request, "agents/rdvs/attendance.html", context)


def _record(
    request: HttpRequest, rdv: Rdv, expected: Sequence[Participation], agent: Agent, now: datetime
) -> None:
    """One call a status, for those whose status changes."""
    before = {one.pk: one.status for one in expected}
    everything = services.Recorded()
    counts: dict[str, int] = {}
    for status, _ in _CHOICES:
        asked = [
            one.pk
            for one in expected
            if request.POST.get(f"presence-{one.pk}") == status and one.status != status
        ]
        if not asked:
            continue
        recorded = services.record_statuses(
            participation_ids=asked, status=status, notify=False, by=agent, now=now
        )
        counts[status] = len(recorded.changed)
        everything.changed.extend(recorded.changed)
        everything.refused.extend(recorded.refused)
    back = reverse("rdv_show", args=[rdv.pk])
    days.tell(request, everything, counts, before, notify=False, back=back)
