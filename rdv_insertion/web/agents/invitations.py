"""Inviting from a list or from a person's page, and printing a letter."""

from collections import Counter
from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agenda.models import Lieu
from rdv_insertion.agents.perms import get_organisation_for, organisations_of
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations import services
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal
from rdv_insertion.invitations.letters import letters_pdf
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.usagers.models import UsagerOrganisation
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.shell import current_organisation

_WORDS = {Channel.SMS: "SMS", Channel.EMAIL: "mail", Channel.LETTER: "courrier"}


@require_POST
def invite_several(request: HttpRequest, slug: str) -> HttpResponse:
    """Invite the people checked in a category's list."""
    agent = agent_of(request)
    organisation = get_organisation_for(agent, slug)
    configuration = get_object_or_404(
        CategoryConfiguration.objects.select_related("organisation__department", "motif_category"),
        organisation=organisation,
        motif_category__short_name=request.POST.get("suivi", ""),
    )
    followed = UsagerOrganisation.objects.filter(organisation=organisation).values("usager")
    chosen = [value for value in request.POST.getlist("suivis") if value.isdecimal()]
    follow_ups = FollowUp.objects.filter(
        pk__in=chosen, motif_category=configuration.motif_category, usager__in=followed
    )
    _invite(request, list(follow_ups), configuration, InvitationOrigin.USERS_INDEX_PAGE)
    back = f"{reverse('usagers', args=[slug])}?suivi={configuration.motif_category.short_name}"
    return redirect(page_to_return_to(request, back))


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
    _invite(request, [follow_up], configuration, InvitationOrigin.USER_FOLLOW_UPS_PAGE)
    return redirect(page_to_return_to(request, reverse("usager", args=[follow_up.usager_id])))


def _invite(
    request: HttpRequest, follow_ups: Sequence[FollowUp], configuration: CategoryConfiguration, origin: str
) -> None:
    channels = [channel for channel in Channel if channel in request.POST.getlist("canaux")]
    if not follow_ups or not channels:
        messages.warning(request, "Choisissez au moins une personne et un canal : personne n'a été invité.")
        return
    report = services.invite(
        follow_ups=follow_ups,
        configuration=configuration,
        channels=channels,
        origin=origin,
        now=timezone.now(),
        agent=agent_of(request),
        lieu=_lieu(request, configuration),
        even_without_slots=request.POST.get("sans-creneau") == "oui",
    )
    _tell(request, report)


def _lieu(request: HttpRequest, configuration: CategoryConfiguration) -> Lieu | None:
    """The place that the agent chose for the people invited, None when they choose it themselves."""
    lieux = Lieu.objects.open().filter(organisation=configuration.organisation)
    return next((lieu for lieu in lieux if str(lieu.pk) == request.POST.get("lieu", "")), None)


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


def _tell(request: HttpRequest, report: services.Report) -> None:
    """Say what leaves and what does not, with what to do about it."""
    sent = [
        f"{plural(report.count(channel), 'invitation')} par {_WORDS[channel]}"
        for channel in Channel
        if report.count(channel)
    ]
    if sent:
        messages.success(request, f"{', '.join(sent)} : l'envoi est en cours.")
    refusals = Counter(
        refusal for by_channel in report.refusals.values() for refusal in set(by_channel.values())
    )
    for refusal, count in refusals.most_common():
        messages.warning(request, f"{plural(count, 'personne')} : {Refusal(refusal).label}")


@require_safe
def letter(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """One invitation letter, to print."""
    invitation = get_object_or_404(
        Invitation.objects.select_related(
            "organisation__department", "follow_up__usager", "follow_up__motif_category", "message"
        ),
        pk=invitation_id,
        channel=Channel.LETTER,
        organisation__in=organisations_of(agent_of(request)),
    )
    response = HttpResponse(letters_pdf([invitation]), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="invitation-{invitation.pk}.pdf"'
    return response
