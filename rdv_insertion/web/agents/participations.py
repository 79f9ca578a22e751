"""Saying what became of a rdv."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from rdv_insertion.agenda import services
from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.rdvs.questions import next_category, next_rdv_url
from rdv_insertion.web.agents.undo import offer_undo


@require_POST
def record(request: HttpRequest, participation_id: int) -> HttpResponse:
    """Mark a participation seen, absent, excused, revoked, or back to unknown.

    `choix` says that the form let one choose whether the person is told (`prevenir`); otherwise they are.
    """
    agent = agent_of(request)
    participation = Participation.objects.visible_to(agent).filter(pk=participation_id).first()
    if participation is None:
        raise Http404
    before = participation.status
    notify = request.POST.get("prevenir", "" if "choix" in request.POST else "oui") == "oui"
    try:
        changed = services.record_status(
            participation=participation,
            status=request.POST.get("statut", ""),
            notify=notify,
            by=agent,
            now=timezone.now(),
        )
    except services.NotAllowed as refusal:
        messages.error(request, str(refusal))
    except services.SlotTaken:
        messages.error(
            request,
            "L'agent a pris un autre rendez-vous à ce moment, ou il n'y a plus de place : "
            "ce rendez-vous reste annulé.",
        )
    else:
        messages.success(request, _said(changed))
        url = reverse("record_participation", args=[participation.pk])
        offer_undo(
            request,
            url,
            statut=before,
            prevenir="oui" if notify else "non",
            next=page_to_return_to(request, ""),
        )
    return redirect(page_to_return_to(request, reverse("usager", args=[participation.usager_id])))


def _said(participation: Participation) -> str:
    if participation.status == ParticipationStatus.UNKNOWN:
        if participation.rdv.has_begun(timezone.now()):
            return "Statut enregistré : à renseigner."
        return "Le rendez-vous est rétabli."
    said = f"Statut enregistré : {participation.get_status_display()}."
    if participation.status != ParticipationStatus.SEEN:
        return said
    return format_html("{} {}", said, next_rdv_link(participation))


def next_rdv_link(participation: Participation) -> SafeString:
    """The next rdv is taken before the interview ends: where, for this person."""
    rdv = participation.rdv
    category = next_category(rdv.motif.motif_category, rdv.organisation)
    url = next_rdv_url(participation.usager_id, category, rdv.organisation)
    words = f"Prendre le prochain rendez-vous de {participation.usager.first_name}"
    return format_html('<a class="fr-link" href="{}">{}</a>', url, words)
