"""The lieux of an organisation: list, create, edit, close, delete."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rdv_insertion.agenda.enums import LieuAvailability
from rdv_insertion.agenda.models import Lieu
from rdv_insertion.agenda.services import lieux as services
from rdv_insertion.kernel.text import plural
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.undo import offer_undo
from rdv_insertion.web.configuration.access import administered
from rdv_insertion.web.configuration.lieu_form import LieuForm


@require_safe
def list_lieux(request: HttpRequest, slug: str) -> HttpResponse:
    """The places, open and closed; those made for a single rdv aside."""
    organisation = administered(request, slug)
    coming = Q(plages__last_day__isnull=True) | Q(plages__last_day__gte=timezone.localdate())
    lieux = _lieux(organisation).annotate(
        plage_count=Count("plages", filter=coming & Q(plages__isnull=False), distinct=True)
    )
    context = {"organisation": organisation, "lieux": lieux}
    return render(request, "configuration/lieux.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """A new place, on the clocks of the department."""
    organisation = administered(request, slug)
    lieu = Lieu(organisation=organisation, time_zone_name=organisation.time_zone.key)
    return _form_page(request, organisation, lieu)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, lieu_id: int) -> HttpResponse:
    """Change a place."""
    organisation = administered(request, slug)
    return _form_page(request, organisation, _lieu(organisation, lieu_id))


def _form_page(request: HttpRequest, organisation: Organisation, lieu: Lieu) -> HttpResponse:
    title = lieu.name
    form = LieuForm(request.POST or None, instance=lieu)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_lieu(lieu=form.instance)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, f"Le lieu « {lieu.name} » est enregistré.")
            return redirect("lieux", organisation.slug)
    context = {"organisation": organisation, "lieu": lieu, "title": title, "form": form}
    return render(request, "configuration/lieu_form.html", context, status=form.status)


@require_POST
def set_open(request: HttpRequest, slug: str, lieu_id: int) -> HttpResponse:
    """Open a place (`ouvert=oui`), or close it."""
    organisation = administered(request, slug)
    lieu = _lieu(organisation, lieu_id)
    is_open = request.POST.get("ouvert") == "oui"
    services.set_open(lieu=lieu, is_open=is_open)
    messages.success(request, _said(lieu, is_open=is_open))
    address = reverse("lieu_open", args=[organisation.slug, lieu.pk])
    offer_undo(request, address, ouvert="non" if is_open else "oui")
    return redirect("lieux", organisation.slug)


def _said(lieu: Lieu, *, is_open: bool) -> str:
    plages = services.plages_to_come(lieu, now=timezone.now())
    if is_open:
        return f"Le lieu « {lieu.name} » est ouvert."
    effect = "Les rendez-vous déjà pris restent."
    if plages:
        verb = "propose" if plages == 1 else "proposent"
        effect = f"{plural(plages, 'plage')} n'y {verb} plus de créneau. {effect}"
    return f"Le lieu « {lieu.name} » est fermé. {effect}"


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, slug: str, lieu_id: int) -> HttpResponse:
    """Delete a place that nothing uses; else say what does, and offer to close it."""
    organisation = administered(request, slug)
    lieu = _lieu(organisation, lieu_id)
    if request.method == "POST":
        try:
            services.delete_lieu(lieu=lieu)
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            messages.success(request, f"Le lieu « {lieu.name} » est supprimé.")
        return redirect("lieux", organisation.slug)
    context = {"organisation": organisation, "lieu": lieu, "uses": services.uses_of(lieu)}
    return render(request, "configuration/lieu_delete.html", context)


def _lieux(organisation: Organisation) -> QuerySet[Lieu]:
    return Lieu.objects.filter(organisation=organisation).exclude(availability=LieuAvailability.SINGLE_USE)


def _lieu(organisation: Organisation, lieu_id: int) -> Lieu:
    lieu = _lieux(organisation).filter(pk=lieu_id).first()
    if lieu is None:
        raise Http404
    return lieu
