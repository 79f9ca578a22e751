"""The page of a rdv, and its cancellation."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from rdv_insertion.agenda import services
from rdv_insertion.agenda.enums import CANCELLED, LocationType
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.agenda.presentation import visio_url
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.states import state_of
from rdv_insertion.web.agents.rdvs.convocations import summons_of
from rdv_insertion.web.agents.rdvs.effects import effects_of, said_told, told_by
from rdv_insertion.web.agents.rdvs.planning import get_rdv_for
from rdv_insertion.web.agents.rdvs.questions import next_category, next_rdv_url


@require_safe
def show(request: HttpRequest, rdv_id: int) -> HttpResponse:
    """When, where, who, with whom, what was said about it, and what may be done."""
    agent, now = agent_of(request), timezone.now()
    rdv = get_rdv_for(agent, rdv_id)
    participations = list(rdv.participations.all())
    followed = set(
        Usager.objects.visible_to(agent)
        .filter(participations__in=participations)
        .values_list("pk", flat=True)
    )
    following = next_category(rdv.motif.motif_category, rdv.organisation)
    for participation in participations:
        participation.rdv = rdv
    summons = summons_of(rdv, participations, now)
    context = {
        "rdv": rdv,
        "zone": rdv.time_zone,
        "room": visio_url(rdv) if rdv.motif.location_type == LocationType.VISIO else "",
        "state": state_of(rdv, participations, now),
        "begun": rdv.has_begun(now),
        "cancelled": rdv.status in CANCELLED,
        "now": now,
        "people": [
            {
                **_person(one, rdv, now, one.usager_id in followed),
                "summons": summons.get(one.pk),
            }
            for one in participations
        ],
        "expected": [one for one in participations if one.status not in CANCELLED],
        "next_category": following,
        "next_url": (
            next_rdv_url(participations[0].usager_id, following, rdv.organisation)
            if len(participations) == 1
            else ""
        ),
        "sent": _messages_about(participations),
    }
    return render(request, "agents/rdvs/show.html", context)


def _person(participation: Participation, rdv: Rdv, now: datetime, visible: bool) -> dict[str, Any]:
    """A line of the people, whose page opens when the agent may see it."""
    collective = rdv.motif.collective
    cancelled_whole = collective and rdv.status in CANCELLED
    return {
        "participation": participation,
        "usager": participation.usager,
        "visible": visible,
        "effects": [] if cancelled_whole else effects_of(participation, rdv, now),
    }


def _messages_about(participations: list[Participation]) -> QuerySet[Message]:
    """What people were sent about their part in this rdv."""
    about = Q(pk__in=[])
    for one in participations:
        about |= Q(usager=one.usager_id, unique_key__contains=f":participation-{one.pk}-")
    return Message.objects.filter(about).select_related("usager").order_by("-created_at", "-pk")


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, rdv_id: int) -> HttpResponse:
    """The service will not hold this rdv: say whom it touches, then do it."""
    agent, now = agent_of(request), timezone.now()
    rdv = get_rdv_for(agent, rdv_id)
    if rdv.status != ParticipationStatus.UNKNOWN:
        messages.error(request, "Ce rendez-vous est déjà annulé ou terminé.")
        return redirect("rdv_show", rdv.pk)
    live = [one for one in rdv.participations.all() if one.status == ParticipationStatus.UNKNOWN]
    told = [one for one in live if told_by(one.usager)] if not rdv.has_begun(now) else []
    if request.method == "POST":
        return _cancel(request, rdv, len(told), now)
    context = {
        "rdv": rdv,
        "live": live,
        "told": len(told),
        "untold": [one.usager for one in live if one not in told],
        "begun": rdv.has_begun(now),
        "agents": list(rdv.agents.all()),
        "back": reverse("rdv_show", args=[rdv.pk]),
    }
    return render(request, "agents/rdvs/cancel.html", context)


def _cancel(request: HttpRequest, rdv: Rdv, told: int, now: datetime) -> HttpResponse:
    notify = request.POST.get("prevenir") == "oui"
    try:
        services.cancel_rdv(rdv=rdv, by=agent_of(request), notify=notify, now=now)
    except services.NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Le rendez-vous est annulé. {said_told(told if notify else 0)}")
    return redirect("rdv_show", rdv.pk)
