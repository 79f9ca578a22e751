"""The motifs of an organisation: list, create, edit, duplicate, delete."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rdv_insertion.agenda.models import Motif
from rdv_insertion.agenda.services import motifs as services
from rdv_insertion.agents.enums import AccessLevel
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.undo import offer_undo
from rdv_insertion.web.configuration.access import administered
from rdv_insertion.web.configuration.fields import minutes_words
from rdv_insertion.web.configuration.motif_form import DuplicateForm, MotifForm, preview

DELETED = "supprimes"


@require_safe
def list_motifs(request: HttpRequest, slug: str) -> HttpResponse:
    """The motifs by category: in use, or deleted (`?onglet=supprimes`)."""
    organisation = administered(request, slug)
    deleted = request.GET.get("onglet") == DELETED
    motifs = Motif.objects.filter(organisation=organisation)
    counts = motifs.aggregate(
        used=Count("pk", filter=Q(deleted_at=None)), deleted=Count("pk", filter=Q(deleted_at__isnull=False))
    )
    shown = motifs.filter(deleted_at__isnull=not deleted).select_related("motif_category")
    coming = Q(plages__last_day__isnull=True) | Q(plages__last_day__gte=timezone.localdate())
    shown = shown.annotate(
        plage_count=Count("plages", filter=coming & Q(plages__isnull=False), distinct=True)
    )
    context = {
        "organisation": organisation,
        "deleted": deleted,
        "tabs": [
            ("", "En service", counts["used"], not deleted),
            (DELETED, "Supprimés", counts["deleted"], deleted),
        ],
        "groups": _by_category(shown),
    }
    return render(request, "configuration/motifs.html", context)


def _by_category(motifs: QuerySet[Motif]) -> list[dict[str, Any]]:
    """Categories in their order, those without a category last."""
    ordered = sorted(
        motifs,
        key=lambda motif: (
            motif.motif_category is None,
            motif.motif_category.position if motif.motif_category else 0,
            motif.motif_category_id or 0,
            motif.name,
            motif.pk,
        ),
    )
    return [
        {
            "category": category.name if category else "Sans catégorie",
            "motifs": [{"motif": motif, "duration": minutes_words(motif.duration)} for motif in several],
        }
        for category, several in groupby(ordered, key=lambda motif: motif.motif_category)
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """A new motif."""
    organisation = administered(request, slug)
    return _form_page(request, organisation, Motif(organisation=organisation))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, motif_id: int) -> HttpResponse:
    """Change a motif."""
    organisation = administered(request, slug)
    return _form_page(request, organisation, _motif(organisation, motif_id))


def _form_page(request: HttpRequest, organisation: Organisation, motif: Motif) -> HttpResponse:
    title = motif.name
    form = MotifForm(request.POST or None, instance=motif)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_motif(motif=form.instance)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Le motif « {motif.name} » est enregistré.")
            return redirect("motifs", organisation.slug)
    context = {"organisation": organisation, "motif": motif, "title": title, "form": form}
    return render(request, "configuration/motif_form.html", context, status=form.status)


@require_POST
def show_preview(request: HttpRequest, slug: str) -> HttpResponse:
    """What the person would read with the form as it is now. Nothing is written."""
    organisation = administered(request, slug)
    asked = request.POST.get("motif", "")
    known = Motif.objects.filter(organisation=organisation, pk=asked).first() if asked.isdecimal() else None
    form = MotifForm(request.POST, instance=known or Motif(organisation=organisation))
    return render(request, "configuration/motif_preview.html", {"preview": preview(form)})


@require_http_methods(["GET", "HEAD", "POST"])
def duplicate(request: HttpRequest, slug: str, motif_id: int) -> HttpResponse:
    """Copy a motif to an organisation that the agent administers."""
    organisation = administered(request, slug)
    motif = _motif(organisation, motif_id)
    form = DuplicateForm(request.POST or None, motif=motif, organisations=_administered_by(agent_of(request)))
    if request.method == "POST" and form.is_valid():
        where = form.cleaned_data["organisation"]
        try:
            copy = services.duplicate_motif(motif=motif, organisation=where, name=form.cleaned_data["name"])
        except ValidationError as error:
            form.add_error("name", error.messages[0])
        else:
            messages.success(request, f"Le motif « {copy.name} » est créé dans {where}. Adaptez-le ici.")
            return redirect("motif_edit", where.slug, copy.pk)
    context = {"organisation": organisation, "motif": motif, "form": form}
    return render(request, "configuration/motif_duplicate.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, slug: str, motif_id: int) -> HttpResponse:
    """What deleting touches, then the deletion."""
    organisation = administered(request, slug)
    motif, now = _motif(organisation, motif_id), timezone.now()
    if request.method == "POST":
        kept = services.delete_motif(motif=motif, now=now)
        messages.success(request, f"Le motif « {motif.name} » est supprimé.")
        if kept:
            offer_undo(request, reverse("motif_restore", args=[organisation.slug, motif.pk]))
        return redirect("motifs", organisation.slug)
    context = {"organisation": organisation, "motif": motif, "use": services.use_of(motif, now=now)}
    return render(request, "configuration/motif_delete.html", context)


@require_POST
def restore(request: HttpRequest, slug: str, motif_id: int) -> HttpResponse:
    """Put a deleted motif back in use."""
    organisation = administered(request, slug)
    motif = _motif(organisation, motif_id)
    try:
        services.restore_motif(motif=motif)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, f"Le motif « {motif.name} » est de nouveau en service.")
    return redirect("motifs", organisation.slug)


def _motif(organisation: Organisation, motif_id: int) -> Motif:
    motif = Motif.objects.filter(organisation=organisation, pk=motif_id).first()
    if motif is None:
        raise Http404
    return motif


def _administered_by(agent: Agent) -> QuerySet[Organisation]:
    return (
        organisations_of(agent).filter(roles__agent=agent, roles__access_level=AccessLevel.ADMIN).distinct()
    )
