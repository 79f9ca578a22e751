"""Inviting one person from their page, and counting créneaux."""

from collections import Counter

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agenda.models import Lieu
from rdv_insertion.agents.perms import get_organisation_for
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations import services
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.shell import current_organisation


@require_POST
def invite_one(request: HttpRequest, follow_up_id: int) -> HttpResponse:
    """Invite one person from their page, for the organisation the agent works in."""
    agent = agent_of(request)
    follow_up = FollowUp.objects.visible_to(agent).filter(pk=follow_up_id).first()
    if follow_up is None:
        raise Http404
    configuration = get_object_or_404(
        CategoryConfiguration.objects.select_related("organisation__department", "motif_category"),
        organisation=current_organisation(request),
        motif_category=follow_up.motif_category_id,
    )
    channels = [channel for channel in Channel if channel in request.POST.getlist("canaux")]
    if channels:
        report = services.invite(
            follow_ups=[follow_up],
            configuration=configuration,
            channels=channels,
            origin=InvitationOrigin.USER_FOLLOW_UPS_PAGE,
            now=timezone.now(),
            agent=agent,
            lieu=chosen_lieu(request, configuration),
            even_without_slots=request.POST.get("sans-creneau") == "oui",
            with_referents=_with_referents(request),
        )
        _tell(request, report)
    else:
        messages.warning(request, "Choisissez au moins un canal : la personne n'a pas été invitée.")
    return redirect(page_to_return_to(request, reverse("usager", args=[follow_up.usager_id])))


def _with_referents(request: HttpRequest) -> bool | None:
    """What the form says; None when it did not ask."""
    asked = "choix-referents" in request.POST
    return request.POST.get("avec-referents") == "oui" if asked else None


def chosen_lieu(request: HttpRequest, configuration: CategoryConfiguration) -> Lieu | None:
    """The place that the agent chose for the people invited, None when they choose it themselves."""
    lieux = Lieu.objects.open().filter(organisation=configuration.organisation)
    return next((lieu for lieu in lieux if str(lieu.pk) == request.POST.get("lieu", "")), None)


def _tell(request: HttpRequest, report: services.Report) -> None:
    """Say what leaves and what does not, each reason once, with what to do about it."""
    sent = [
        f"{plural(report.count(channel), 'invitation')} par {channel.noun}"
        for channel in Channel
        if report.count(channel)
    ]
    if sent:
        messages.success(request, f"{', '.join(sent)} : l'envoi est en cours.")
    reasons = Counter(
        refusal
        for by_channel in report.reasons.values()
        for several in by_channel.values()
        for refusal in several
    )
    for refusal in reasons:
        messages.warning(request, Refusal(refusal).label)


@require_safe
def free_slots(request: HttpRequest, slug: str) -> HttpResponse:
    """How many créneaux the people of `?suivi=` could take now: a line that refreshes itself by htmx."""
    organisation = get_organisation_for(agent_of(request), slug)
    configuration = get_object_or_404(
        CategoryConfiguration.objects.select_related("organisation__department", "motif_category"),
        organisation=organisation,
        motif_category__short_name=request.GET.get("suivi", ""),
    )
    count = services.free_slots(configuration, now=timezone.now())
    return render(
        request, "components/free_slots.html", {"configuration": configuration, "free_slots": count}
    )
