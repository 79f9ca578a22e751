"""One person: where they stand, their rdvs, what they were sent, who they are."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from rdv_insertion.agenda.models import Lieu, Participation
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import administers, organisations_of
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.services import foreseen_reasons
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.enums import FAILED, Channel
from rdv_insertion.messaging.models import Message, RefusedContact
from rdv_insertion.messaging.outcomes import sentence_of
from rdv_insertion.messaging.services.resending import current_contact
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.identity import LABELS
from rdv_insertion.usagers.models import Usager, UsagerOrganisation
from rdv_insertion.usagers.perms import get_usager_for, hidden_attributes
from rdv_insertion.usagers.services import MissingIdentity, edit_usager
from rdv_insertion.web.agents.access import agent_of, page_asked_for
from rdv_insertion.web.agents.identity_form import IdentityForm
from rdv_insertion.web.agents.invitations.remedies import Remedies
from rdv_insertion.web.agents.messages.of_person import messages_of_person
from rdv_insertion.web.agents.rdvs.questions import next_rdv_url
from rdv_insertion.web.shell import current_organisation

TABS = {"suivis": "Suivis", "rendez-vous": "Rendez-vous", "messages": "Messages", "identite": "Identité"}
_INVITABLE = frozenset(FollowUpStatus) - {FollowUpStatus.RDV_PENDING, FollowUpStatus.CLOSED}
_TO_INVITE = (FollowUpStatus.NOT_INVITED, FollowUpStatus.INVITATION_EXPIRED)


@require_safe
def show(request: HttpRequest, usager_id: int) -> HttpResponse:
    """The person's page; `?onglet=` is one of TABS."""
    agent, now = agent_of(request), timezone.now()
    usager = get_usager_for(agent, usager_id)
    organisation = current_organisation(request)
    tab = request.GET.get("onglet", "")
    follow_ups, memberships = _follow_ups(request, usager), _memberships(agent, usager)
    context: dict[str, Any] = {
        "usager": usager,
        "main_action": _main_action(usager, follow_ups, organisation),
        "age": usager.age(dates.today(now)),
        "warnings": _warnings(usager),
        "memberships": memberships,
        "archived_here": next(
            (one for one in memberships if one.archived_at and one.organisation == organisation), None
        ),
        "tags": usager.tags.all(),
        "referents": usager.referents.all(),
        "tabs": TABS,
        "tab": tab if tab in TABS else "suivis",
        "now": now,
        "zone": usager.department.time_zone,
        "follow_ups": follow_ups,
        "participations": Participation.objects.visible_to(agent)
        .filter(usager=usager)
        .with_details()
        .distinct()
        .order_by("-rdv__starts_at"),
        "identity": _identity(usager, hidden_attributes(agent, usager)),
    }
    if tab == "messages":
        context |= messages_of_person(request, agent, usager, now)
    return render(request, "agents/person/show.html", context)


def _memberships(agent: Agent, usager: Usager) -> list[UsagerOrganisation]:
    """The agent's organisations that follow the person, actively or as an archive. One query."""
    memberships = usager.memberships.filter(organisation__in=organisations_of(agent))
    return list(memberships.select_related("organisation__department").order_by("organisation__name", "pk"))


def _follow_ups(request: HttpRequest, usager: Usager) -> list[dict[str, Any]]:
    """Each follow-up with its status, its invitations by date, and how it may be invited now."""
    now, organisation = timezone.now(), current_organisation(request)
    follow_ups = list(
        FollowUp.objects.filter(usager=usager)
        .with_status(now)
        .select_related("motif_category")
        .order_by("motif_category__position", "pk")
    )
    invitations = Invitation.objects.filter(follow_up__in=follow_ups).select_related(
        "message", "created_by_agent"
    )
    configurations = {
        one.motif_category_id: one
        for one in CategoryConfiguration.objects.filter(organisation=organisation).select_related(
            "organisation__department", "motif_category"
        )
    }
    lieux = _lieux(organisation)
    return [
        {
            "follow_up": follow_up,
            "invitations": [one for one in invitations if one.follow_up_id == follow_up.pk],
            "next_rdv": _next_rdv(follow_up, usager),
            "channels": _channels(
                request, usager, follow_up, configurations.get(follow_up.motif_category_id)
            ),
            "configuration": configurations.get(follow_up.motif_category_id),
            "lieux": lieux,
            "can_close": follow_up.motif_category_id in configurations,
        }
        for follow_up in follow_ups
    ]


def _lieux(organisation: Organisation | None) -> list[Lieu]:
    """The places among which an agent may choose for the person; none when there is no choice."""
    lieux = list(Lieu.objects.open().filter(organisation=organisation))
    return lieux if len(lieux) > 1 else []


def _main_action(
    usager: Usager, follow_ups: list[dict[str, Any]], organisation: Organisation | None
) -> dict[str, str] | None:
    """What an agent most likely does next: say who came, else invite, else take the next rdv."""
    by_status = {one["follow_up"].status: one["follow_up"] for one in reversed(follow_ups)}
    if FollowUpStatus.RDV_NEEDS_STATUS_UPDATE in by_status:
        return {"label": "Renseigner la présence", "url": "?onglet=rendez-vous"}
    if invitable := [one for one in follow_ups if one["channels"] and one["follow_up"].status in _TO_INVITE]:
        return {"label": "Inviter", "url": f"?onglet=suivis#follow-up-{invitable[0]['follow_up'].pk}"}
    waiting = [status for status in by_status if status in _INVITABLE]
    if not waiting or organisation is None:
        return None
    category = by_status[waiting[-1]].motif_category
    return {
        "label": "Prendre le prochain rendez-vous",
        "url": next_rdv_url(usager.pk, category, organisation),
    }


def _next_rdv(follow_up: FollowUp, usager: Usager) -> Participation | None:
    now = timezone.now()
    coming = [
        one for one in _pending_of(usager) if one.follow_up_id == follow_up.pk and one.rdv.starts_at > now
    ]
    return next(iter(coming), None)


def _pending_of(usager: Usager) -> list[Participation]:
    """Asked once a page."""
    if not hasattr(usager, "_pending"):
        pending = Participation.objects.pending(timezone.now()).filter(usager=usager)
        usager._pending = list(pending.with_details().order_by("rdv__starts_at"))  # type: ignore[attr-defined]
    known: list[Participation] = usager._pending  # type: ignore[attr-defined]
    return known


def _channels(
    request: HttpRequest, usager: Usager, follow_up: FollowUp, configuration: CategoryConfiguration | None
) -> list[dict[str, Any]]:
    """The channels of the category, with what prevents each and what to do; none when not invitable."""
    if configuration is None or follow_up.status not in _INVITABLE:
        return []
    follow_up.usager = usager
    found = foreseen_reasons(follow_ups=[follow_up], configuration=configuration, now=timezone.now())
    reasons = found.get(follow_up.pk, {})
    remedies = Remedies(configuration, administers(agent_of(request), configuration.organisation))
    return [
        {"channel": channel, "remedies": [remedies.of(one, usager.pk) for one in reasons.get(channel, [])]}
        for channel in Channel
        if channel in configuration.channels
    ]


_REFUSED = {Channel.SMS: "Mobile à corriger", Channel.EMAIL: "Adresse mail à corriger"}
_BY = {Channel.SMS: "SMS", Channel.EMAIL: "mail", Channel.LETTER: "courrier"}


def _warnings(usager: Usager) -> list[str]:
    """What stands in the way of reaching this person."""
    warnings = []
    if not usager.email and not usager.can_receive_sms:
        warnings.append("Aucun mobile ni adresse mail : seul un courrier peut joindre cette personne.")
    # As in the list *À corriger*, whatever was sent there since.
    refused = {one.channel: one.reason for one in RefusedContact.objects.current().filter(usager=usager)}
    warnings += [f"{_REFUSED[Channel(channel)]} : {reason}" for channel, reason in refused.items()]
    last_by_channel = Message.objects.filter(usager=usager).order_by("channel", "-created_at", "-pk")
    for message in last_by_channel.exclude(channel__in=list(refused)).distinct("channel"):
        message.usager = usager
        # Since then the number or the address may have been corrected.
        if message.status in FAILED and current_contact(message) in ("", message.recipient):
            warnings.append(f"Dernier envoi par {_BY[Channel(message.channel)]} : {sentence_of(message)}")
    return warnings


def _identity(usager: Usager, hidden: frozenset[str]) -> list[tuple[str, Any]]:
    """Each attribute with its label, as it is shown. The NIR is said to be known, never shown."""
    shown: dict[str, Any] = {
        **usager.identity.known(),
        "title": usager.get_title_display(),
        "role": usager.get_role_display(),
        "nir": "Connu" if usager.nir else None,
    }
    return [(label, shown.get(name)) for name, label in LABELS.items() if name not in hidden]


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, usager_id: int) -> HttpResponse:
    """Correct who the person is, then go back to `?retour=`. A blank erases, except the NIR, never shown."""
    agent, now = agent_of(request), timezone.now()
    usager = get_usager_for(agent, usager_id)
    hidden = hidden_attributes(agent, usager)
    back = page_asked_for(request, reverse("usager", args=[usager.pk]))
    form = IdentityForm(request.POST or None, usager=usager, hidden=hidden, today=dates.today(now))
    if request.method == "POST" and form.is_valid():
        try:
            edit_usager(
                usager=usager,
                identity=form.identity,
                attributes=form.touched,
                language=form.language,
                now=now,
            )
        except Usager.DoesNotExist as error:
            raise Http404 from error
        except MissingIdentity as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            messages.success(request, "Les informations sont enregistrées.")
            return redirect(back)
    context = {"usager": usager, "form": form, "back": back}
    return render(request, "agents/person/edit.html", context, status=form.status)
