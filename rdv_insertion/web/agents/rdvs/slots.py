"""*Trouver un créneau*: the next free slots by place, agent and week, for a person in front of the agent."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.agenda import creneaux
from rdv_insertion.agenda.models import Rdv
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.choices import organisation_asked
from rdv_insertion.web.agents.rdvs import people
from rdv_insertion.web.agents.rdvs.grid import Grid, place_name
from rdv_insertion.web.agents.rdvs.questions import OTHER_MOTIFS, Question, question_of

_ATELIERS_SHOWN = 12


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """`?usager=&categorie=&motif=&lieu=&agent=&depuis=&semaine=`; agents are not held by public delays."""
    agent, now = agent_of(request), timezone.now()
    organisation = organisation_asked(request)
    if organisation is None:
        return redirect("organisations")
    question = question_of(request, organisation, now)
    offers = creneaux.offers(question.motifs)
    chosen = [one for one in offers if one.key == _key(request.GET.get("lieu", ""))]
    grid = Grid(question, chosen or offers, now)
    context: dict[str, Any] = {
        "organisation": organisation,
        "question": question,
        "tab": "organisation",
        "other_motifs": OTHER_MOTIFS,
        "offers": [(one.key, place_name(one)) for one in offers],
        "key": chosen[0].key if chosen else "",
        "grid": grid,
        "ateliers": _ateliers(question, now),
        "zone": organisation.time_zone,
        "found": people.search(agent, request.GET.get("q", "")),
    }
    return render(request, "agents/rdvs/find_slot.html", context)


def _key(typed: str) -> str:
    """Addresses may name a place by its number alone."""
    return f"lieu-{typed}" if typed.isdecimal() else typed


def _ateliers(question: Question, now: datetime) -> list[Rdv]:
    """The collective rdvs of these motifs to come, full ones too: they explain why there is no seat."""
    motifs = [one for one in question.motifs if one.collective]
    if not motifs:
        return []
    rdvs = Rdv.objects.filter(
        motif__in=motifs, status=ParticipationStatus.UNKNOWN, starts_at__gt=max(now, question.since)
    )
    if question.agent:
        rdvs = rdvs.filter(agents=question.agent)
    found = rdvs.select_related("motif", "lieu", "organisation__department").prefetch_related("agents")
    return list(found.order_by("starts_at", "pk")[:_ATELIERS_SHOWN])
