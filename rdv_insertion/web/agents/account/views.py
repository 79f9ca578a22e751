"""The agent's own choices: mails about their rdvs, and the address of their calendar."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agents import services
from rdv_insertion.agents.enums import NotificationLevel
from rdv_insertion.agents.models import AgentRole
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.undo import offer_undo

# What each level means, in the order in which they are offered.
_EXPLANATIONS = {
    NotificationLevel.ALL: "Un mail à chaque rendez-vous pris, déplacé, modifié ou annulé.",
    NotificationLevel.SOON: (
        "Un mail seulement si le rendez-vous a lieu, ou devait avoir lieu, aujourd'hui ou demain : "
        "ce que vous pourriez découvrir trop tard."
    ),
    NotificationLevel.NONE: "Aucun mail. Vous suivez vos rendez-vous dans l'agenda.",
}


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """Who the agent is here, and what they chose."""
    agent = agent_of(request)
    roles = AgentRole.objects.filter(agent=agent, organisation__archived_at=None)
    address = _calendar_address(agent.calendar_secret)
    context = {
        "agent": agent,
        "roles": roles.select_related("organisation").order_by("organisation__name"),
        "levels": list(_EXPLANATIONS.items()),
        "calendar_address": address,
        "webcal_address": f"webcal{address[address.index(':') :]}" if address else "",
    }
    return render(request, "agents/account/show.html", context)


def _calendar_address(secret: str | None) -> str:
    return f"{settings.PUBLIC_URL}{reverse('calendar_feed', args=[secret])}" if secret else ""


@require_POST
def choose_notifications(request: HttpRequest) -> HttpResponse:
    """Which mails the agent wants about their rdvs."""
    agent = agent_of(request)
    before = agent.notification_level
    try:
        services.set_notification_level(agent=agent, level=request.POST.get("niveau", ""))
    except services.UnknownLevel as refusal:
        messages.error(request, str(refusal))
    else:
        label = agent.get_notification_level_display()
        messages.success(request, f"Mails sur vos rendez-vous : {label[0].lower()}{label[1:]}.")
        if before != agent.notification_level:
            offer_undo(request, reverse("account_notifications"), niveau=before)
    return redirect("account")


@require_POST
def create_calendar(request: HttpRequest) -> HttpResponse:
    """Put the agent's calendar on the web, at a secret address."""
    services.create_calendar_link(agent=agent_of(request))
    messages.success(request, "Votre lien de calendrier est prêt : copiez-le dans votre agenda.")
    return redirect("account")


@require_POST
def change_calendar(request: HttpRequest) -> HttpResponse:
    """Another address instead of the one that was known."""
    services.create_calendar_link(agent=agent_of(request), replace=True)
    messages.success(request, "Votre lien a changé. L'ancien ne marche plus : copiez le nouveau.")
    return redirect("account")


@require_POST
def delete_calendar(request: HttpRequest) -> HttpResponse:
    """No address any more."""
    services.revoke_calendar_link(agent=agent_of(request))
    messages.success(request, "Votre lien de calendrier est supprimé : il ne marche plus.")
    return redirect("account")
