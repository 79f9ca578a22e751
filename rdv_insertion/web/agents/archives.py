"""An organisation keeps somebody as an archive, then takes them back."""

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from dsfr.forms import DsfrBaseForm

from rdv_insertion.agenda.models import Participation
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import get_organisation_for
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.invitations.services import archiving
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import UsagerOrganisation
from rdv_insertion.usagers.perms import get_usager_for
from rdv_insertion.web.agents.access import agent_of, page_asked_for, page_to_return_to
from rdv_insertion.web.agents.undo import offer_undo

_REASON_LENGTH = 255
_WITHDRAWN = "invitation qui attendait ne partira pas"
_WITHDRAWN_SEVERAL = "invitations qui attendaient ne partiront pas"
_LEAVING = "invitation partira finalement"
_LEAVING_SEVERAL = "invitations partiront finalement"


class ArchiveForm(DsfrBaseForm):
    """Why, in the words of the agent; nothing is asked for."""

    reason = forms.CharField(
        label="Pourquoi ?",
        help_text="Par exemple : a déménagé hors du département. Vos collègues le liront.",
        required=False,
        max_length=_REASON_LENGTH,
        error_messages={"max_length": f"Écrivez {_REASON_LENGTH} caractères au plus."},
    )


@dataclass(frozen=True)
class Consequences:
    """What archiving touches, in numbers."""

    # Invitations without a rdv, whose links let one choose until then.
    links: int
    # Invitations that no worker has taken yet: they do not leave.
    withdrawn: int
    # The other messages that have not left: they leave.
    leaving: int
    # Nothing cancels them.
    coming_rdvs: int


def consequences(membership: UsagerOrganisation, now: datetime) -> Consequences:
    """What archiving this person would touch in this organisation at `now`. Four queries."""
    usager, organisation = membership.usager_id, membership.organisation_id
    waiting = Message.objects.waiting().filter(usager=usager, organisation=organisation)
    withdrawn = waiting.filter(
        archiving.inviting(membership.usager, membership.organisation),
        status=MessageStatus.CREATED,
        in_doubt=False,
    ).count()
    answered = Q(follow_up__latest_unknown_rdv_at__gt=now)
    invitations = Invitation.objects.valid_at(now).filter(
        ~answered, follow_up__usager=usager, organisation=organisation, follow_up__closed_at=None
    )
    rdvs = Participation.objects.pending(now).filter(usager=usager, rdv__organisation=organisation)
    return Consequences(
        links=invitations.count(),
        withdrawn=withdrawn,
        leaving=waiting.count() - withdrawn,
        coming_rdvs=rdvs.count(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: HttpRequest, usager_id: int, slug: str) -> HttpResponse:
    """Say what it does and ask why, then archive the person in one organisation."""
    now, membership = timezone.now(), _membership(agent_of(request), usager_id, slug)
    form = ArchiveForm(request.POST if request.method == "POST" else None)
    page = reverse("usager", args=[usager_id])
    if request.method == "POST" and form.is_valid():
        return _archive(request, membership, form.cleaned_data["reason"], now)
    if membership.archived_at is not None:
        return redirect(page)
    context = {
        "usager": membership.usager,
        "organisation": membership.organisation,
        "form": form,
        "consequences": consequences(membership, now),
        "back": page_asked_for(request, page),
    }
    return render(request, "agents/person/archive.html", context, status=422 if form.errors else 200)


def _archive(
    request: HttpRequest, membership: UsagerOrganisation, reason: str, now: datetime
) -> HttpResponse:
    usager, organisation = membership.usager, membership.organisation
    try:
        withdrawn = archiving.archive(usager=usager, organisation=organisation, reason=reason, now=now)
    except UsagerOrganisation.DoesNotExist as error:
        raise Http404 from error
    if withdrawn is None:
        messages.info(request, f"{usager} : dossier déjà archivé dans {organisation}.")
    else:
        said = f"{plural(withdrawn, _WITHDRAWN, _WITHDRAWN_SEVERAL)}." if withdrawn else ""
        messages.success(request, f"{usager} : dossier archivé dans {organisation}. {said}".strip())
        offer_undo(request, reverse("unarchive_usager", args=[usager.pk, organisation.slug]))
    return redirect(page_to_return_to(request, reverse("usager", args=[usager.pk])))


@require_POST
def unarchive(request: HttpRequest, usager_id: int, slug: str) -> HttpResponse:
    """The organisation follows the person again."""
    membership = _membership(agent_of(request), usager_id, slug)
    usager, organisation = membership.usager, membership.organisation
    try:
        back = archiving.unarchive(usager=usager, organisation=organisation, now=timezone.now())
    except UsagerOrganisation.DoesNotExist as error:
        raise Http404 from error
    if back is None:
        messages.info(request, f"{usager} : dossier déjà actif dans {organisation}.")
    else:
        said = f"{plural(back.leaving, _LEAVING, _LEAVING_SEVERAL)}." if back.leaving else ""
        messages.success(request, f"{usager} : dossier de nouveau actif dans {organisation}. {said}".strip())
        offer_undo(
            request, reverse("archive_usager", args=[usager.pk, organisation.slug]), reason=back.reason
        )
    return redirect(page_to_return_to(request, reverse("usager", args=[usager.pk])))


def _membership(agent: Agent, usager_id: int, slug: str) -> UsagerOrganisation:
    """The person in one of the agent's organisations. Raises Http404 otherwise."""
    usager, organisation = get_usager_for(agent, usager_id), get_organisation_for(agent, slug)
    membership = UsagerOrganisation.objects.filter(usager=usager, organisation=organisation).first()
    if membership is None:
        raise Http404
    membership.usager, membership.organisation = usager, organisation
    return membership
