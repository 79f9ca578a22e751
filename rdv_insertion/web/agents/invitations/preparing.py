"""Whom to invite of a list, checked person by person before anything leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from rdv_insertion.agenda.models import Lieu
from rdv_insertion.agents.perms import administers, get_organisation_for
from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.invitations import previews, results, services
from rdv_insertion.invitations.enums import InvitationOrigin, Refusal, RunStage
from rdv_insertion.invitations.models import CategoryConfiguration, InvitationRun, InvitationTarget
from rdv_insertion.invitations.results import Foreseen, Kind
from rdv_insertion.invitations.services import runs
from rdv_insertion.invitations.services.slot_requests import requests_about
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.usagers.models import UsagerOrganisation
from rdv_insertion.web.agents import asking, people
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.asking import Shortage
from rdv_insertion.web.agents.invitations.access import of_run
from rdv_insertion.web.agents.invitations.one import chosen_lieu
from rdv_insertion.web.agents.invitations.remedies import Remedies, Remedy

PER_PAGE = 50
_LONGEST_ID = 18
# Everybody of the list with its filters, or those who never were invited, whatever the filters.
FILTERED, NEVER_INVITED = "filtres", "non-invites"
_KINDS = (Kind.ALL, Kind.LEAVING, Kind.PARTLY, Kind.REFUSED)
_KIND_LABELS = {Kind.LEAVING: "Seront invitées", Kind.REFUSED: "Ne le seront pas"}


# ---- From a list to a run


@require_POST
def prepare(request: HttpRequest, slug: str) -> HttpResponse:
    """Put together the people checked in a category's list, or all those that its filters keep."""
    agent = agent_of(request)
    organisation = get_organisation_for(agent, slug)
    configuration = get_object_or_404(
        CategoryConfiguration.objects.select_related("organisation__department", "motif_category"),
        organisation=organisation,
        motif_category__short_name=request.POST.get("suivi", ""),
    )
    chosen = _chosen(request, configuration)
    if not chosen:
        messages.warning(request, "Choisissez au moins une personne à inviter.")
        back = f"{reverse('usagers', args=[slug])}?suivi={configuration.motif_category.short_name}"
        return redirect(page_to_return_to(request, back))
    run = runs.prepare(
        configuration=configuration,
        follow_ups=chosen,
        origin=InvitationOrigin.USERS_INDEX_PAGE,
        agent=agent,
        now=timezone.now(),
    )
    return redirect("invitation_run", run.pk)


def _chosen(request: HttpRequest, configuration: CategoryConfiguration) -> list[int]:
    """The follow-ups asked for, by id, in the order of the list; without those of other organisations."""
    who, now = request.POST.get("qui", ""), timezone.now()
    if who == FILTERED:
        listed = people.listed_follow_ups(request, configuration, now)
        return list(listed.values_list("pk", flat=True))
    followed = UsagerOrganisation.objects.filter(organisation=configuration.organisation, archived_at=None)
    theirs = FollowUp.objects.filter(
        motif_category=configuration.motif_category, usager__in=followed.values("usager")
    )
    if who == NEVER_INVITED:
        waiting = theirs.filter(closed_at=None).in_status([FollowUpStatus.NOT_INVITED], now)
        return list(waiting.order_by("-created_at", "-pk").values_list("pk", flat=True))
    checked = [one for one in request.POST.getlist("suivis") if one.isdecimal() and len(one) <= _LONGEST_ID]
    return list(theirs.filter(pk__in=checked).order_by("-created_at", "-pk").values_list("pk", flat=True))


# ---- The page of what will leave


@dataclass(frozen=True)
class Cell:
    """One channel for one person: it reaches them, or why it does not."""

    channel: Channel
    refused: bool
    remedies: list[Remedy]


@dataclass(frozen=True)
class Line:
    """One person of a run, channel by channel."""

    target: InvitationTarget
    # What holds for every channel, said once.
    common: list[Remedy]
    cells: list[Cell]


def preparation(request: HttpRequest, run: InvitationRun, *, errors: Sequence[str] = ()) -> HttpResponse:
    """What will leave by each channel, who is refused and why, the words, and the button."""
    now = timezone.now()
    if runs.is_to_check(run, now=now):
        runs.check(run=run, now=now)
    figures = results.foreseen(run)
    context = {
        "run": run,
        "errors": errors,
        "foreseen": figures,
        "reasons": _reasons(request, run),
        "lieux": Lieu.objects.open().filter(organisation=run.configuration.organisation),
        "previews": previews.texts_for(run, now=now),
        **slots_context(request, run, figures.leaving, now=now),
        **_people(request, run),
    }
    status = 400 if errors else 200
    return render(request, "agents/invitations/preparation.html", context, status=status)


def slots_context(request: HttpRequest, run: InvitationRun, people: int, *, now: datetime) -> dict[str, Any]:
    """Créneaux against the people who are to choose, who was asked for more, and whom to ask."""
    slots = services.free_slots(run.configuration, now=now, with_referents=run.with_referents)
    shortage = Shortage(run.configuration, people, slots)
    return {
        "run": run,
        "slots": slots,
        "choosing": people,
        "too_few": slots < people,
        "requests": requests_about(_about(run)),
        "colleagues": asking.colleagues_of([shortage], about=_about(run), but=agent_of(request)),
        "several_places": False,
        "ask_url": reverse("invitation_run_ask", args=[run.pk]),
        "asked_for": "cet envoi",
        "zone": run.configuration.organisation.time_zone,
        "done": "",
        "error": "",
    }


def _about(run: InvitationRun) -> str:
    return f"invitation-run-{run.pk}"


def remedies_for(request: HttpRequest, run: InvitationRun) -> Remedies:
    """The remedies of a run, for whoever looks at it. One query."""
    organisation = run.configuration.organisation
    page = request.get_full_path() if request.method == "GET" else reverse("invitation_run", args=[run.pk])
    return Remedies(run.configuration, administers(agent_of(request), organisation), back=page)


def _reasons(request: HttpRequest, run: InvitationRun) -> list[tuple[results.Reason, Remedy]]:
    remedies = remedies_for(request, run)
    return [(reason, remedies.of(reason.refusal)) for reason in results.reasons(run)]


def asked_kind(request: HttpRequest, among: Iterable[Kind]) -> Kind:
    """`?voir=`; what is not known is everybody."""
    asked = request.GET.get("voir", "")
    return next((kind for kind in among if kind.value == asked), Kind.ALL)


def asked_reason(request: HttpRequest) -> str:
    """`?raison=`, a Refusal; what is not known is no reason."""
    asked = request.GET.get("raison", "")
    return asked if asked in Refusal.values else ""


def _people(request: HttpRequest, run: InvitationRun) -> dict[str, Any]:
    kind, reason = asked_kind(request, _KINDS), asked_reason(request)
    found = results.targets(run, kind=kind, reason=reason)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    remedies = remedies_for(request, run)
    channels = [channel for channel in Channel if channel in run.channels]
    return {
        "page": page,
        "lines": [line_of(target, channels, remedies) for target in page],
        "channels": channels,
        "kinds": [(one, _KIND_LABELS.get(one, one.label), one == kind and not reason) for one in _KINDS],
        "reason": Refusal(reason) if reason else None,
    }


def line_of(target: InvitationTarget, channels: Sequence[Channel], remedies: Remedies) -> Line:
    """A person of a run, with the remedies of each channel refused."""
    usager_id = target.follow_up.usager_id
    reasons = {
        channel: [one for one in target.refusals.get(channel, []) if one in Refusal.values]
        for channel in channels
    }
    everywhere = set.intersection(*map(set, reasons.values())) if len(reasons) > 1 else set()
    common = [one for one in next(iter(reasons.values()), []) if one in everywhere]
    return Line(
        target,
        [remedies.of(one, usager_id) for one in common],
        [
            Cell(
                channel,
                refused=bool(several),
                remedies=[remedies.of(one, usager_id) for one in several if one not in everywhere],
            )
            for channel, several in reasons.items()
        ],
    )


# ---- Choosing, asking, launching


def _choose(request: HttpRequest, run: InvitationRun) -> None:
    runs.choose(
        run=run,
        channels=request.POST.getlist("canaux"),
        lieu=chosen_lieu(request, run.configuration),
        with_referents=request.POST.get("avec-referents") == "oui",
        even_without_slots=request.POST.get("sans-creneau") == "oui",
        now=timezone.now(),
    )


@require_POST
@of_run
def choices(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """Keep the channels, the place and the rest, and show what they change."""
    _choose(request, run)
    if request.headers.get("HX-Request"):
        return preparation(request, run)
    return redirect("invitation_run", run.pk)


@require_POST
@of_run
def launch(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """Invite those whom nothing refuses, with the choices sent."""
    _choose(request, run)
    figures = results.foreseen(run)
    if errors := _errors(run, figures):
        return preparation(request, run, errors=errors)
    runs.launch(run=run, agent=agent_of(request), now=timezone.now())
    return redirect("invitation_run", run.pk)


def _errors(run: InvitationRun, figures: Foreseen) -> list[str]:
    if not run.channels:
        return ["Choisissez au moins un canal : SMS, mail ou courrier."]
    if not figures.leaving:
        return ["Aucune des personnes ne peut être invitée ainsi. Les raisons sont dites plus bas."]
    if run.even_without_slots:
        return []
    now = timezone.now()
    if not services.free_slots(run.configuration, now=now, with_referents=run.with_referents):
        return [
            "Aucun créneau n'est libre dans les 30 prochains jours. "
            "Ouvrez des plages, ou cochez « Inviter même sans créneau libre »."
        ]
    return []


@require_http_methods(["GET", "HEAD", "POST"])
@of_run
def ask(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """Ask colleagues to open plages: whom, then the mails leave. Nobody is asked twice for one run."""
    now = timezone.now()
    to_invite = run.stage == RunStage.PREPARING
    people = results.foreseen(run).leaving if to_invite else results.still_to_choose(run, now)
    context = slots_context(request, run, people, now=now)
    if request.method == "POST":
        told = asking.ask(request, context["colleagues"], about=_about(run), now=now)
        if told:
            context = slots_context(request, run, people, now=now)
            context["done"] = f"{plural(told, 'collègue est prévenu', 'collègues sont prévenus')} par mail."
        else:
            context["error"] = "Choisissez au moins un collègue à qui demander des créneaux."
    if request.headers.get("HX-Request"):
        return render(request, "components/ask_colleagues.html", context)
    if context["done"]:
        messages.success(request, context["done"])
        return redirect("invitation_run", run.pk)
    return render(request, "agents/invitations/ask.html", context)


@require_POST
@of_run
def abandon(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """Forget the run: nobody is invited."""
    organisation, category = run.configuration.organisation, run.configuration.motif_category
    runs.abandon(run=run)
    messages.success(request, "L'envoi est abandonné. Personne n'a été invité.")
    return redirect(f"{reverse('usagers', args=[organisation.slug])}?suivi={category.short_name}")
