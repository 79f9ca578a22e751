"""Collective rdvs: the list with its seats, creating several at once, duplicating."""

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from rdv_insertion.agenda import services
from rdv_insertion.agenda.models import Rdv
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import plural
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.rdvs.people_part import PeoplePart
from rdv_insertion.web.agents.rdvs.plan_form import PlanForm, initial_of, prefilled, refuse
from rdv_insertion.web.agents.rdvs.planning import get_rdv_for
from rdv_insertion.web.shell import current_organisation

PAGE_SIZE = 25
PAST = "passes"
_CONFLICT = 409


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """`?onglet=passes&motif=&lieu=`: the collective rdvs of the current organisation."""
    viewer, now = agent_of(request), timezone.now()
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    past = request.GET.get("onglet") == PAST
    every = Rdv.objects.visible_to(viewer).filter(organisation=organisation, motif__collective=True)
    motifs = list(organisation.motifs.filter(collective=True).order_by("name", "pk"))
    lieux = list(organisation.lieux.exclude(availability="single_use").order_by("name", "pk"))
    motif = next((one for one in motifs if str(one.pk) == request.GET.get("motif")), None)
    lieu = next((one for one in lieux if str(one.pk) == request.GET.get("lieu")), None)
    found = every.filter(motif=motif) if motif else every
    found = found.filter(lieu=lieu) if lieu else found
    coming, over = found.filter(ends_at__gte=_midnight(now, organisation)), None
    over = found.filter(ends_at__lt=_midnight(now, organisation))
    counts = coming.count(), over.count()
    page = Paginator(_detailed(over if past else coming, past=past), PAGE_SIZE)
    context: dict[str, Any] = {
        "organisation": organisation,
        "past": past,
        "tabs": [("", "À venir", counts[0], not past), (PAST, "Passés", counts[1], past)],
        "motifs": motifs,
        "lieux": lieux,
        "motif": motif,
        "lieu": lieu,
        "page": page.get_page(request.GET.get("page")),
    }
    return render(request, "agents/rdvs/collective.html", context)


def _midnight(now: datetime, organisation: Any) -> datetime:
    """Those of today stay among those to come: that is where their attendance is filled in."""
    zone = organisation.time_zone
    return dates.at(now.astimezone(zone).date(), time(), zone)


def _detailed(rdvs: QuerySet[Rdv], *, past: bool) -> QuerySet[Rdv]:
    order = ("-starts_at", "-pk") if past else ("starts_at", "pk")
    found = rdvs.select_related("motif", "lieu", "organisation__department").prefetch_related("agents")
    return found.order_by(*order)


def get_collective_for(agent: Agent, rdv_id: int) -> Rdv:
    """The collective rdv, with its people. Raises Http404."""
    rdv = get_rdv_for(agent, rdv_id)
    if not rdv.motif.collective:
        raise Http404
    return rdv


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """One collective rdv, or the same on several dates."""
    viewer, now = agent_of(request), timezone.now()
    organisation = current_organisation(request)
    if organisation is None:
        return redirect("organisations")
    form = PlanForm(
        request.POST or None,
        organisation=organisation,
        collective=True,
        initial=prefilled(request.GET, viewer, organisation.time_zone, now),
    )
    return _form_page(request, form, now)


@require_http_methods(["GET", "HEAD", "POST"])
def duplicate(request: HttpRequest, collective_id: int) -> HttpResponse:
    """The same on other dates, with nobody in it yet."""
    rdv, now = get_collective_for(agent_of(request), collective_id), timezone.now()
    initial = {**initial_of(rdv), "day": None}
    form = PlanForm(request.POST or None, organisation=rdv.organisation, collective=True, initial=initial)
    return _form_page(request, form, now)


def _form_page(request: HttpRequest, form: PlanForm, now: datetime) -> HttpResponse:
    unread = None
    if request.method == "POST" and form.is_valid():
        try:
            rdvs = services.create_rdvs(
                plans=form.plans(),
                by=agent_of(request),
                notify=False,
                acknowledged=request.POST.get("lu", ""),
                now=now,
            )
        except services.NotAllowed as refusal:
            refuse(form, str(refusal))
        except services.Unconfirmed as unconfirmed:
            unread = unconfirmed
        else:
            return _created(request, rdvs)
    context = {
        "form": form,
        "organisation": form.organisation,
        "rdv": None,
        "people": PeoplePart(),
        "warnings": unread.warnings if unread else (),
        "fingerprint": unread.fingerprint if unread else "",
        "notify": True,
        "back": reverse("collective_rdvs"),
    }
    return render(request, "agents/rdvs/plan.html", context, status=_CONFLICT if unread else form.status)


def _created(request: HttpRequest, rdvs: list[Rdv]) -> HttpResponse:
    if len(rdvs) == 1:
        messages.success(request, "L'atelier est créé. Inscrivez-y des personnes.")
        return redirect("rdv_show", rdvs[0].pk)
    messages.success(request, f"{plural(len(rdvs), 'atelier')} sont créés.")
    return redirect("collective_rdvs")
