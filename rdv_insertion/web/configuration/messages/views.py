"""The messages of an organisation: who they come from, how many leave, when they wait."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import plural
from rdv_insertion.kernel.versions import SavedMeanwhile
from rdv_insertion.messaging.enums import Channel, MessageStatus, Provider
from rdv_insertion.messaging.models import (
    ChannelPause,
    Message,
    MessagesConfiguration,
    Picture,
    SendingConfiguration,
)
from rdv_insertion.messaging.services import budget, pauses
from rdv_insertion.messaging.services.identity import (
    current_configuration,
    presentation_of,
    save_presentation,
    set_sms_sender,
    versions_of,
)
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.undo import offer_undo
from rdv_insertion.web.configuration.access import administered
from rdv_insertion.web.configuration.messages.forms import (
    BudgetForm,
    PresentationForm,
    SmsSenderForm,
    picture_signer,
)
from rdv_insertion.web.configuration.messages.letterhead import letterhead_pdf, letterhead_preview
from rdv_insertion.web.configuration.versions import SHOWN, seen_version, told

_UNPROCESSABLE, _CONFLICT = 422, 409
_PAUSABLE = (Channel.SMS, Channel.EMAIL)
_LABELS = {Channel.SMS: "SMS", Channel.EMAIL: "Mails"}
_MONTH_IN_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class Sending:
    """Whether the messages of a channel leave, and how many wait."""

    channel: str
    label: str
    pause: ChannelPause | None
    waiting: int


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything about messages; by POST, a new version of the presentation."""
    organisation = administered(request, slug)
    if request.method != "POST":
        return _page(request, organisation)
    form = _presentation_form(request, organisation)
    if request.headers.get("HX-Target") == "letterhead":
        letterhead = letterhead_preview(organisation, form.presentation, now=timezone.now())
        context = {"organisation": organisation, "letterhead": letterhead}
        return render(request, "configuration/messages/letterhead.html", context)
    return _save(request, organisation, form)


def _presentation_form(request: HttpRequest, organisation: Organisation) -> PresentationForm:
    known = current_configuration(organisation)
    return PresentationForm(request.POST, request.FILES, organisation=organisation, configuration=known)


def _save(request: HttpRequest, organisation: Organisation, form: PresentationForm) -> HttpResponse:
    presentation = form.presentation
    if not form.is_valid():
        return _page(request, organisation, status=_UNPROCESSABLE, form=form)
    seen = form.cleaned_data["version"]
    try:
        saved = save_presentation(
            organisation=organisation,
            presentation=presentation,
            seen_version=seen,
            agent=agent_of(request),
            now=timezone.now(),
        )
    except SavedMeanwhile as meanwhile:
        return _conflict(request, organisation, form, meanwhile.latest)
    except ValidationError as error:
        form.refuse(error)
        return _page(request, organisation, status=_UNPROCESSABLE, form=form)
    if saved.version == seen:
        messages.info(request, "Rien n'a changé : c'était déjà votre présentation.")
    else:
        messages.success(request, "La présentation est enregistrée. Elle vaut pour les prochains messages.")
        _offer_to_come_back(request, organisation, saved.version)
    return redirect("configuration_messages", organisation.slug)


def _conflict(
    request: HttpRequest, organisation: Organisation, form: PresentationForm, latest: MessagesConfiguration
) -> HttpResponse:
    """Keep what was typed, pictures included; saving again replaces what the other one saved."""
    form.take_version(latest.version)
    conflict = {
        "by": str(latest.created_by) if latest.created_by else "Quelqu'un",
        "at": dates.short_moment(latest.created_at, organisation.time_zone),
    }
    return _page(request, organisation, status=_CONFLICT, form=form, conflict=conflict)


def _offer_to_come_back(request: HttpRequest, organisation: Organisation, version: int) -> None:
    address = reverse("configuration_messages_restore", args=[organisation.slug, version - 1])
    offer_undo(request, address, version=version)


def _page(
    request: HttpRequest, organisation: Organisation, *, status: int = 200, **more: Any
) -> HttpResponse:
    now = timezone.now()
    known = current_configuration(organisation)
    form = more.get("form") or PresentationForm(None, organisation=organisation, configuration=known)
    presentation = form.presentation if form.is_bound else presentation_of(known)
    standing = budget.standing(organisation, now)
    limit = standing.budget if standing else None
    context = {
        "organisation": organisation,
        "form": form,
        "sender_form": SmsSenderForm(None, organisation=organisation),
        "budget_form": BudgetForm(None, initial={"segments_a_month": limit}),
        "standing": standing,
        "spent": standing.spent if standing else budget.spent(organisation, now),
        "sendings": _sendings(organisation),
        "providers": _providers(organisation),
        "letterhead": letterhead_preview(organisation, presentation, now=now),
        "zone": organisation.time_zone,
        "conflict": None,
        **more,
    }
    return render(request, "configuration/messages/show.html", context | {"form": form}, status=status)


def _sendings(organisation: Organisation) -> list[Sending]:
    """Two queries."""
    paused = {
        one.channel: one
        for one in ChannelPause.objects.filter(organisation=organisation).select_related("paused_by")
    }
    kept = Message.objects.filter(organisation=organisation, status=MessageStatus.CREATED)
    waiting = dict(kept.order_by().values_list("channel").annotate(Count("pk")))
    return [
        Sending(one.value, _LABELS[one], paused.get(one.value), waiting.get(one.value, 0))
        for one in _PAUSABLE
    ]


def _providers(organisation: Organisation) -> str:
    """By whom messages leave, in a sentence."""
    known = SendingConfiguration.objects.filter(department=organisation.department_id).first()
    if known is None:
        return "Vos SMS et vos mails partent par les prestataires du service."
    sms = _one_or_two(known.sms_provider, known.second_sms_provider)
    email = _one_or_two(known.email_provider, known.second_email_provider)
    return f"Vos SMS partent par {sms}. Vos mails partent par {email}."


def _one_or_two(first: str, second: str) -> str:
    label = str(Provider(first).label)
    return f"{label}, et par {Provider(second).label} s'il ne répond plus" if second else label


@require_POST
def save_sender(request: HttpRequest, slug: str) -> HttpResponse:
    """Who SMS say they come from."""
    organisation = administered(request, slug)
    form = SmsSenderForm(request.POST, organisation=organisation)
    before = organisation.sms_sender_name
    if form.is_valid():
        try:
            set_sms_sender(organisation=organisation, name=form.cleaned_data["sms_sender_name"])
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Vos prochains SMS viendront de « {organisation.sms_sender} ».")
            if before != organisation.sms_sender_name:
                address = reverse("configuration_messages_sender", args=[slug])
                offer_undo(request, address, sms_sender_name=before)
            return redirect("configuration_messages", slug)
    return _page(request, organisation, status=_UNPROCESSABLE, sender_form=form)


@require_POST
def save_budget(request: HttpRequest, slug: str) -> HttpResponse:
    """How many SMS are paid for in a month; empty, no limit."""
    organisation = administered(request, slug)
    form = BudgetForm(request.POST)
    if not form.is_valid():
        return _page(request, organisation, status=_UNPROCESSABLE, budget_form=form)
    limit: int | None = form.cleaned_data["segments_a_month"]
    budget.set_budget(organisation=organisation, segments_a_month=limit)
    said = (
        f"Le budget est de {plural(limit, 'SMS', 'SMS')} par mois."
        if limit
        else "Les SMS n'ont plus de limite."
    )
    messages.success(request, said)
    return redirect("configuration_messages", slug)


@require_POST
def set_sending(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop the messages of a channel (`canal`), or let them leave (`envoi=oui`)."""
    organisation = administered(request, slug)
    channel = request.POST.get("canal", "")
    if channel not in _PAUSABLE:
        messages.error(request, "Choisissez les SMS ou les mails.")
        return redirect("configuration_messages", slug)
    label = "SMS" if channel == Channel.SMS else "mails"
    address = reverse("configuration_messages_sending", args=[slug])
    now = timezone.now()
    if request.POST.get("envoi") == "oui":
        left = pauses.resume(organisation=organisation, channel=channel, now=now)
        said = (
            plural(left, "message en attente part", "messages en attente partent")
            if left
            else "Rien n'attendait"
        )
        messages.success(request, f"Les {label} repartent. {said}.")
        offer_undo(request, address, canal=channel, envoi="non")
    else:
        pauses.pause(organisation=organisation, channel=channel, by=agent_of(request), now=now)
        messages.success(request, f"Les {label} sont arrêtés. Ils attendent : aucun n'est perdu.")
        offer_undo(request, address, canal=channel, envoi="oui")
    return redirect("configuration_messages", slug)


@require_POST
def show_letterhead(request: HttpRequest, slug: str) -> HttpResponse:
    """A real letter with the presentation as it is typed now. Nothing is saved."""
    organisation = administered(request, slug)
    form = _presentation_form(request, organisation)
    return letterhead_pdf(organisation, form.presentation, now=timezone.now())


@require_safe
def show_picture(request: HttpRequest, slug: str, picture_key: str) -> HttpResponse:
    """A logo or a signature that one of our pages shows; its digest is signed for this organisation."""
    organisation = administered(request, slug)
    try:
        digest = picture_signer(organisation).unsign(picture_key)
    except signing.BadSignature as error:
        raise Http404 from error
    picture = Picture.objects.filter(pk=digest).first()
    if picture is None:
        raise Http404
    headers = {"Cache-Control": f"private, max-age={_MONTH_IN_SECONDS}, immutable"}
    return HttpResponse(bytes(picture.content), content_type=picture.media_type, headers=headers)


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Who changed the presentation, and when."""
    organisation = administered(request, slug)
    rows = list(versions_of(organisation)[: SHOWN + 1])
    context = {
        "organisation": organisation,
        "versions": told(rows, _said, MessagesConfiguration(organisation=organisation)),
        "current": rows[0].version if rows else 0,
        "zone": organisation.time_zone,
        "shown": SHOWN,
        "more": len(rows) > SHOWN,
    }
    return render(request, "configuration/messages/history.html", context)


def _said(configuration: MessagesConfiguration) -> dict[str, str]:
    default = "par défaut"
    pictures = configuration.signature_picture_id
    return {
        "Nom de l'expéditeur": configuration.letter_sender_name or default,
        "Direction et service": " / ".join(configuration.direction_names) or default,
        "Ville": configuration.sender_city or default,
        "Signature": " / ".join(configuration.signature_lines) or default,
        "Adresse où se faire aider": configuration.help_address or "aucune",
        "Image de la signature": f"image {pictures[:6]}" if pictures else "aucune",
        "Logos": ", ".join(f"{logo['name']} (image {logo['digest'][:6]})" for logo in configuration.logos)
        or "aucun",
    }


@require_POST
def restore(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Present oneself again as in a version; 0 is before the first. The form says the last one seen."""
    organisation = administered(request, slug)
    old = MessagesConfiguration(organisation=organisation)
    if version:
        found = versions_of(organisation).filter(version=min(version, 2**31 - 1)).first()
        if found is None:
            raise Http404
        old = found
    try:
        saved = save_presentation(
            organisation=organisation,
            presentation=presentation_of(old),
            seen_version=seen_version(request),
            agent=agent_of(request),
            now=timezone.now(),
        )
    except SavedMeanwhile as meanwhile:
        by = str(meanwhile.latest.created_by or "Quelqu'un")
        messages.error(
            request, f"{by} vient d'enregistrer autre chose : relisez-le avant de revenir en arrière."
        )
        return redirect("configuration_messages_history", slug)
    said = f"La version {version} est reprise." if version else "La présentation par défaut est reprise."
    messages.success(request, said)
    if saved.version:
        _offer_to_come_back(request, organisation, saved.version)
    return redirect("configuration_messages", slug)
