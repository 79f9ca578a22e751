"""Taking a rdv at any moment, and changing one."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from rdv_insertion.agenda import services
from rdv_insertion.agenda.enums import CANCELLED
from rdv_insertion.agenda.models import Motif, Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.choices import organisation_asked
from rdv_insertion.web.agents.rdvs import people_part
from rdv_insertion.web.agents.rdvs.convocations import people_to_call, said_to_call
from rdv_insertion.web.agents.rdvs.effects import said_told, told_by
from rdv_insertion.web.agents.rdvs.people_part import PeoplePart
from rdv_insertion.web.agents.rdvs.plan_form import PlanForm, initial_of, prefilled, refuse

_CONFLICT = 409


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A rdv of one or several people, prefilled by `?usager=&motif=&agent=&jour=&debut=&fin=&lieu=`."""
    viewer, now = agent_of(request), timezone.now()
    organisation = _organisation(request, viewer)
    if organisation is None:
        return redirect("organisations")
    part = people_part.read(request, organisation, now)
    initial = prefilled(request.GET, viewer, organisation.time_zone, now)
    if people_part.is_asked(request):
        form = PlanForm(None, organisation=organisation, initial=_kept(request))
        return _page(request, form, part, organisation)
    form = PlanForm(request.POST or None, organisation=organisation, initial=initial)
    if request.method == "POST":
        if not part.chosen:
            refuse(form, "Choisissez la personne qui a ce rendez-vous.")
        if form.is_valid():
            return _create(request, form, part, organisation, now)
    return _page(request, form, part, organisation)


def _organisation(request: HttpRequest, viewer: Agent) -> Organisation | None:
    """That of the motif asked for, else the one asked for or current."""
    motif_id = request.GET.get("motif", "")
    if motif_id.isdecimal() and len(motif_id) < 19:
        motifs = Motif.objects.visible_to(viewer).select_related("organisation__department")
        motif = motifs.filter(pk=int(motif_id)).first()
        if motif:
            return motif.organisation
    return organisation_asked(request)


def _kept(request: HttpRequest) -> dict[str, Any]:
    """What was typed so far, as first values: a button of the people's part is no reason to complain."""
    return {
        **{name: request.POST.get(name, "") for name in ("motif", "name", "day", "start_time", "minutes")},
        **{name: request.POST.get(name, "") for name in ("lieu", "other_lieu", "other_address")},
        **{name: request.POST.get(name, "") for name in ("context", "seats")},
        "agents": [value for value in request.POST.getlist("agents") if value.isdecimal()],
    }


def _create(
    request: HttpRequest, form: PlanForm, part: PeoplePart, organisation: Organisation, now: datetime
) -> HttpResponse:
    (plan,) = form.plans([one.usager for one in part.chosen])
    notify = request.POST.get("prevenir") == "oui"
    try:
        rdv = services.create_rdv(
            plan=plan,
            by=agent_of(request),
            notify=notify,
            acknowledged=request.POST.get("lu", ""),
            now=now,
        )
    except services.NotAllowed as refusal:
        refuse(form, str(refusal))
        return _page(request, form, part, organisation)
    except services.Unconfirmed as unread:
        return _page(request, form, part, organisation, unread=unread)
    told = [one for one in plan.usagers if notify and plan.starts_at > now and told_by(one)]
    moment = dates.long_moment(plan.starts_at, plan.time_zone)
    messages.success(request, f"Le rendez-vous est pris : {moment}. {said_told(len(told))}")
    return redirect("rdv_show", rdv.pk)


def _page(
    request: HttpRequest,
    form: PlanForm,
    part: PeoplePart,
    organisation: Organisation,
    *,
    rdv: Rdv | None = None,
    unread: services.Unconfirmed | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "organisation": organisation,
        "rdv": rdv,
        "people": part,
        "warnings": unread.warnings if unread else (),
        "fingerprint": unread.fingerprint if unread else "",
        "notify": request.method != "POST" or request.POST.get("prevenir") == "oui",
        "back": reverse("rdv_show", args=[rdv.pk]) if rdv else reverse("agenda"),
    }
    return render(request, "agents/rdvs/plan.html", context, status=_CONFLICT if unread else form.status)


def get_rdv_for(agent: Agent, rdv_id: int) -> Rdv:
    """The rdv with all that pages show of it, if the agent works where it is held. Raises Http404."""
    found = Rdv.objects.visible_to(agent).select_related(
        "motif__motif_category", "lieu", "organisation__department", "created_by_agent"
    )
    rdv = found.prefetch_related("agents", "participations__usager__department").filter(pk=rdv_id).first()
    if rdv is None:
        raise Http404
    return rdv


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, rdv_id: int) -> HttpResponse:
    """Change the motif, the moment, the place or the agents of a live rdv; its people stay."""
    viewer, now = agent_of(request), timezone.now()
    rdv = get_rdv_for(viewer, rdv_id)
    if rdv.status in CANCELLED:
        messages.error(request, "Ce rendez-vous est annulé : il ne peut plus être modifié.")
        return redirect("rdv_show", rdv.pk)
    form = PlanForm(
        request.POST or None,
        organisation=rdv.organisation,
        collective=rdv.motif.collective,
        rdv=rdv,
        initial=initial_of(rdv),
    )
    unread = None
    if request.method == "POST" and form.is_valid():
        try:
            return _change(request, form, rdv, viewer, now)
        except services.NotAllowed as refusal:
            refuse(form, str(refusal))
        except services.Unconfirmed as unconfirmed:
            unread = unconfirmed
    return _page(request, form, PeoplePart(), rdv.organisation, rdv=rdv, unread=unread)


def _change(request: HttpRequest, form: PlanForm, rdv: Rdv, viewer: Agent, now: datetime) -> HttpResponse:
    (plan,) = form.plans()
    former, former_lieu = rdv.starts_at, rdv.lieu_id
    notify = request.POST.get("prevenir") == "oui"
    changed = services.change_rdv(
        rdv=rdv,
        plan=plan,
        by=viewer,
        notify=notify,
        acknowledged=request.POST.get("lu", ""),
        now=now,
    )
    elsewhere = changed.starts_at != former or changed.lieu_id != former_lieu
    said = "Le rendez-vous est modifié."
    if elsewhere and changed.starts_at > now:
        live = [one.usager for one in rdv.participations.all() if one.status not in CANCELLED]
        to_call = people_to_call(changed, now) if notify else []
        told = [one for one in live if notify and told_by(one) and one not in to_call]
        moment = dates.long_moment(changed.starts_at, plan.time_zone)
        said = (
            f"Le rendez-vous est modifié : {moment}. {said_told(len(told))} {said_to_call(to_call)}".strip()
        )
    messages.success(request, said)
    return redirect("rdv_show", rdv.pk)
