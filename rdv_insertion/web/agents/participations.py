"""Saying what became of a rdv."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from rdv_insertion.agenda import services
from rdv_insertion.agenda.models import Participation
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.undo import offer_undo


@require_POST
def record(request: HttpRequest, participation_id: int) -> HttpResponse:
    """Mark a participation seen, absent, excused, revoked, or back to unknown."""
    participation = Participation.objects.visible_to(agent_of(request)).filter(pk=participation_id).first()
    if participation is None:
        raise Http404
    before = participation.status
    try:
        changed = services.record_status(
            participation=participation,
            status=request.POST.get("statut", ""),
            notify=request.POST.get("prevenir", "oui") == "oui",
            now=timezone.now(),
        )
    except services.NotAllowed as refusal:
        messages.error(request, str(refusal))
    except services.SlotTaken:
        messages.error(
            request, "L'agent a pris un autre rendez-vous à ce moment : ce rendez-vous reste annulé."
        )
    else:
        messages.success(request, f"Statut enregistré : {changed.get_status_display().lower()}.")
        url = reverse("record_participation", args=[participation.pk])
        offer_undo(request, url, statut=before, next=page_to_return_to(request, ""))
    return redirect(page_to_return_to(request, reverse("usager", args=[participation.usager_id])))
