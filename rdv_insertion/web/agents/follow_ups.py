"""Closing and reopening a person's follow-up."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups import services
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.undo import offer_undo


@require_POST
def close(request: HttpRequest, follow_up_id: int) -> HttpResponse:
    """The path ends in this category."""
    follow_up = _get_for(agent_of(request), follow_up_id)
    services.close_follow_up(follow_up=follow_up, now=timezone.now())
    messages.success(request, "Le suivi est clos.")
    offer_undo(request, reverse("reopen_follow_up", args=[follow_up.pk]))
    return redirect(page_to_return_to(request, reverse("usager", args=[follow_up.usager_id])))


@require_POST
def reopen(request: HttpRequest, follow_up_id: int) -> HttpResponse:
    """The path goes on."""
    follow_up = _get_for(agent_of(request), follow_up_id)
    services.reopen_follow_up(follow_up=follow_up)
    messages.success(request, "Le suivi est rouvert.")
    return redirect(page_to_return_to(request, reverse("usager", args=[follow_up.usager_id])))


def _get_for(agent: Agent, follow_up_id: int) -> FollowUp:
    """The follow-up of a person the agent sees, in a category that one of their organisations handles."""
    handled = CategoryConfiguration.objects.filter(organisation__roles__agent=agent).values("motif_category")
    follow_up = FollowUp.objects.visible_to(agent).filter(pk=follow_up_id, motif_category__in=handled).first()
    if follow_up is None:
        raise Http404
    return follow_up
