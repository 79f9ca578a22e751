"""The words of a category: edit them, see what people will read, come back to an older version."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rdv_insertion.followups.models import Wording
from rdv_insertion.followups.wording import current_wording, save_wording, versions_of
from rdv_insertion.followups.words import OWN_WORDS
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import plural
from rdv_insertion.kernel.versions import SavedMeanwhile
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.undo import offer_undo
from rdv_insertion.web.configuration.access import administered
from rdv_insertion.web.configuration.categories.forms import WORD_LABELS, WordingForm
from rdv_insertion.web.configuration.categories.previews import Trial, shown, try_message
from rdv_insertion.web.configuration.categories.views import configuration_of
from rdv_insertion.web.configuration.versions import SHOWN, seen_version, told

_CONFLICT = 409
# What htmx asks for again, by the id of its place on the page.
_FRAGMENTS = {"preview": "preview.html", "trial": "trial.html"}
_LARGEST_VERSION = 2**31 - 1


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, configuration_id: int) -> HttpResponse:
    """The words of a category. One form, several buttons: save, show, try, take the national text."""
    configuration = configuration_of(administered(request, slug), configuration_id)
    wording = current_wording(configuration.organisation, configuration.motif_category)
    if request.method != "POST":
        return _page(request, configuration, _form(None, configuration, wording))
    typed = request.POST.copy()
    wants = next((button for button in ("essai", "national", "voir") if button in typed), "")
    if (field := request.POST.get("national", "")) in OWN_WORDS:
        typed[field] = ""
    form = _form(typed, configuration, wording)
    if wants == "essai":
        return _trial(request, configuration, form)
    if wants:
        return _page(request, configuration, form)
    return _save(request, configuration, form)


def _form(data: QueryDict | None, configuration: CategoryConfiguration, wording: Wording) -> WordingForm:
    return WordingForm(data, category=configuration.motif_category, wording=wording)


def _save(request: HttpRequest, configuration: CategoryConfiguration, form: WordingForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, configuration, form, status=form.status)
    seen = form.cleaned_data["version"]
    try:
        saved = save_wording(
            organisation=configuration.organisation,
            motif_category=configuration.motif_category,
            words=form.words,
            seen_version=seen,
            agent=agent_of(request),
            now=timezone.now(),
        )
    except SavedMeanwhile as meanwhile:
        return _conflict(request, configuration, form, meanwhile.latest)
    return _saved(request, configuration, saved, seen)


def _saved(
    request: HttpRequest, configuration: CategoryConfiguration, saved: Wording, seen: int
) -> HttpResponse:
    if saved.version == seen:
        messages.info(request, "Rien n'a changé : ces textes étaient déjà les vôtres.")
    else:
        own = sum(bool(getattr(saved, name)) for name in OWN_WORDS)
        said = plural(own, "texte à vous", "textes à vous") if own else "tous nationaux"
        messages.success(
            request, f"Les textes sont enregistrés ({said}). Ils valent pour les prochains messages."
        )
        back = reverse(
            "configuration_category_restore",
            args=[configuration.organisation.slug, configuration.pk, seen],
        )
        offer_undo(request, back, version=saved.version)
    return redirect("configuration_category_words", configuration.organisation.slug, configuration.pk)


def _conflict(
    request: HttpRequest, configuration: CategoryConfiguration, form: WordingForm, latest: Wording
) -> HttpResponse:
    """Keep what was typed; the next click on the same button is said to replace what the other one saved."""
    typed = request.POST.copy()
    typed["version"] = str(latest.version)
    again = _form(typed, configuration, latest)
    again.compare_with(latest)
    zone = configuration.organisation.time_zone
    conflict = {
        "by": str(latest.created_by) if latest.created_by else "Quelqu'un",
        "at": dates.short_moment(latest.created_at, zone),
    }
    return _page(request, configuration, again, status=_CONFLICT, conflict=conflict)


def _trial(request: HttpRequest, configuration: CategoryConfiguration, form: WordingForm) -> HttpResponse:
    """Send what is typed, saved or not, to the agent; nothing of the page is lost."""
    trial = try_message(request, configuration, form.words)
    return _page(request, configuration, form, status=trial.status, trial=trial)


def _page(
    request: HttpRequest,
    configuration: CategoryConfiguration,
    form: WordingForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "organisation": configuration.organisation,
        "configuration": configuration,
        "form": form,
        "conflict": None,
        "trial": Trial(),
        "agent_email": agent_of(request).email,
        **shown(request, configuration, form.words),
        **more,
    }
    fragment = _FRAGMENTS.get(request.headers.get("HX-Target", ""))
    template = f"configuration/categories/{fragment or 'words.html'}"
    return render(request, template, context, status=200 if fragment else status)


@require_safe
def history(request: HttpRequest, slug: str, configuration_id: int) -> HttpResponse:
    """Who changed which words, and when."""
    configuration = configuration_of(administered(request, slug), configuration_id)
    rows = list(versions_of(configuration.organisation, configuration.motif_category)[: SHOWN + 1])
    context = {
        "organisation": configuration.organisation,
        "configuration": configuration,
        "versions": told(rows, _said, Wording()),
        "current": rows[0].version if rows else 0,
        "zone": configuration.organisation.time_zone,
        "shown": SHOWN,
        "more": len(rows) > SHOWN,
    }
    return render(request, "configuration/categories/history.html", context)


def _said(wording: Wording) -> dict[str, str]:
    return {label: getattr(wording, name) or "texte national" for name, (label, _) in WORD_LABELS.items()}


@require_POST
def restore(request: HttpRequest, slug: str, configuration_id: int, version: int) -> HttpResponse:
    """Say again what a version said; 0 is before the first. `version` of the form is the last one seen."""
    configuration = configuration_of(administered(request, slug), configuration_id)
    organisation, category = configuration.organisation, configuration.motif_category
    old = _version(configuration, version)
    try:
        saved = save_wording(
            organisation=organisation,
            motif_category=category,
            words={name: getattr(old, name) for name in OWN_WORDS},
            seen_version=seen_version(request),
            agent=agent_of(request),
            now=timezone.now(),
        )
    except ValidationError as error:
        reasons = " ".join(dict.fromkeys(error.messages))
        todo = "Recopiez dans l'onglet Textes ce que vous voulez en garder."
        messages.error(request, f"La version {version} n'est pas reprise. {reasons} {todo}")
        return redirect("configuration_category_history", slug, configuration_id)
    except SavedMeanwhile as meanwhile:
        by = str(meanwhile.latest.created_by or "Quelqu'un")
        messages.error(
            request, f"{by} vient d'enregistrer d'autres textes : relisez-les avant de reprendre ceux-ci."
        )
        return redirect("configuration_category_history", slug, configuration_id)
    words = "Les textes nationaux sont repris." if version == 0 else f"La version {version} est reprise."
    messages.success(request, words)
    if saved.version:
        back = reverse("configuration_category_restore", args=[slug, configuration_id, saved.version - 1])
        offer_undo(request, back, version=saved.version)
    return redirect("configuration_category_words", slug, configuration_id)


def _version(configuration: CategoryConfiguration, version: int) -> Wording:
    if version == 0:
        return Wording()
    known = versions_of(configuration.organisation, configuration.motif_category)
    old = known.filter(version=version).first() if version <= _LARGEST_VERSION else None
    if old is None:
        raise Http404
    return old
