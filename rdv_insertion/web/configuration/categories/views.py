"""The categories of an organisation: list, create, settings, order, delete."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rdv_insertion.followups.models import MotifCategory, Wording
from rdv_insertion.followups.words import OWN_WORDS
from rdv_insertion.imports.models import WatchedFolder
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.invitations.services import categories as services
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.configuration.access import administered
from rdv_insertion.web.configuration.categories.forms import CategoryForm

_DIRECTIONS = {"haut": -1, "bas": 1}


@dataclass(frozen=True)
class Line:
    """A category of the list, in words."""

    configuration: CategoryConfiguration
    channels: str
    validity: str
    after: str
    own_words: str


@require_safe
def list_categories(request: HttpRequest, slug: str) -> HttpResponse:
    """The categories that the organisation runs, in the order of its tabs."""
    organisation = administered(request, slug)
    configurations = list(_configurations(organisation))
    own = _own_words(organisation)
    context = {
        "organisation": organisation,
        "lines": [_line(one, own.get(one.motif_category_id, 0)) for one in configurations],
        "remaining": _to_choose(organisation).count(),
    }
    return render(request, "configuration/categories/list.html", context)


def _line(configuration: CategoryConfiguration, own: int) -> Line:
    days = configuration.number_of_days_before_invitations_expire
    after = ["relance le troisième jour"] if configuration.reminders and days is not None else []
    if configuration.letter_after_days:
        after.append(f"courrier après {plural(configuration.letter_after_days, 'jour')}")
    return Line(
        configuration,
        channels=", ".join(str(Channel(one).label) for one in Channel if one in configuration.channels),
        validity=plural(days, "jour") if days is not None else "sans limite",
        after=", ".join(after) or "rien",
        own_words=plural(own, "texte modifié", "textes modifiés") if own else "textes nationaux",
    )


def _own_words(organisation: Organisation) -> dict[int, int]:
    """How many words are the organisation's own, by category id."""
    last = {
        one.motif_category_id: one
        for one in Wording.objects.filter(organisation=organisation).order_by("version")
    }
    return {key: sum(bool(getattr(one, name)) for name in OWN_WORDS) for key, one in last.items()}


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Run one more national category."""
    organisation = administered(request, slug)
    to_choose = _to_choose(organisation)
    form = CategoryForm(
        request.POST or None,
        instance=CategoryConfiguration(organisation=organisation),
        to_choose=to_choose,
    )
    if request.method == "POST" and (saved := _saved(form)):
        messages.success(request, f"La catégorie « {saved.motif_category.name} » est ajoutée.")
        return redirect("configuration_category_words", slug, saved.pk)
    context = {"organisation": organisation, "form": form, "nothing_left": not to_choose.exists()}
    return render(request, "configuration/categories/new.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, configuration_id: int) -> HttpResponse:
    """How a category invites."""
    organisation = administered(request, slug)
    configuration = configuration_of(organisation, configuration_id)
    form = CategoryForm(request.POST or None, instance=configuration)
    if request.method == "POST" and (saved := _saved(form)):
        messages.success(request, f"Les réglages de « {saved.motif_category.name} » sont enregistrés.")
        return redirect("configuration_category", slug, configuration.pk)
    context = {"organisation": organisation, "configuration": configuration, "form": form}
    return render(request, "configuration/categories/edit.html", context, status=form.status)


def _saved(form: CategoryForm) -> CategoryConfiguration | None:
    if not form.is_valid():
        return None
    try:
        return services.save_configuration(configuration=form.instance)
    except ValidationError as error:
        form.refuse(error)
        return None


@require_POST
def move(request: HttpRequest, slug: str, configuration_id: int) -> HttpResponse:
    """One place earlier (`sens=haut`) or later (`sens=bas`)."""
    organisation = administered(request, slug)
    configuration = configuration_of(organisation, configuration_id)
    places = _DIRECTIONS.get(request.POST.get("sens", ""), 0)
    if services.move_configuration(configuration=configuration, places=places):
        messages.success(request, f"« {configuration.motif_category.name} » a changé de place.")
    return redirect("configuration_categories", slug)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, slug: str, configuration_id: int) -> HttpResponse:
    """Delete a category that nobody relies on; else say what does."""
    organisation = administered(request, slug)
    configuration = configuration_of(organisation, configuration_id)
    uses = _uses(configuration)
    if request.method == "POST":
        if uses:
            messages.error(request, f"La catégorie sert : {' et '.join(uses)}. Elle n'est pas supprimée.")
            return redirect("configuration_category_delete", slug, configuration_id)
        try:
            services.delete_configuration(configuration=configuration)
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            messages.success(request, f"La catégorie « {configuration.motif_category.name} » est supprimée.")
        return redirect("configuration_categories", slug)
    context = {"organisation": organisation, "configuration": configuration, "uses": uses}
    return render(request, "configuration/categories/delete.html", context)


def _uses(configuration: CategoryConfiguration) -> list[str]:
    """What relies on it, in words and numbers."""
    use = services.use_of(configuration)
    uses = []
    if use.follow_up_count:
        uses.append(plural(use.follow_up_count, "personne y est suivie", "personnes y sont suivies"))
    if use.invitation_count:
        uses.append(plural(use.invitation_count, "invitation est partie", "invitations sont parties"))
    folder = WatchedFolder.objects.filter(
        organisation=configuration.organisation_id, motif_category=configuration.motif_category_id
    )
    if folder.exists():
        uses.append("le dépôt de fichiers l'utilise")
    return uses


def configuration_of(organisation: Organisation, configuration_id: int) -> CategoryConfiguration:
    """The configuration of this id, if it is the organisation's. Raises Http404."""
    found = _configurations(organisation).filter(pk=configuration_id).first()
    if found is None:
        raise Http404
    found.organisation = organisation
    return found


def _configurations(organisation: Organisation) -> QuerySet[CategoryConfiguration]:
    return CategoryConfiguration.objects.filter(organisation=organisation).select_related("motif_category")


def _to_choose(organisation: Organisation) -> QuerySet[MotifCategory]:
    others = MotifCategory.objects.exclude(configurations__organisation=organisation)
    return others.order_by("position", "name", "pk")
