"""The waiting list: ask for an earlier rdv, and answer when one is offered."""

from contextlib import suppress
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from rdv_insertion.agenda import services
from rdv_insertion.agenda.models import EarlierSlotOffer, Participation
from rdv_insertion.agenda.services import waiting_list
from rdv_insertion.kernel import throttle
from rdv_insertion.web.usagers.access import CHANGES, is_known, rdv_code_page, rdv_page
from rdv_insertion.web.usagers.appointments import Appointment
from rdv_insertion.web.usagers.views.rdvs import ask_name
from rdv_insertion.web.usagers.waiting import has_accepted, kept_until, moment_of, still_free

TAKE, KEEP, STOP = "prendre", "garder", "arreter"


@rdv_page
def wait(request: HttpRequest, participation: Participation, now: datetime) -> HttpResponse:
    """Ask to be told of an earlier rdv, or ask not to be any more."""
    if request.method == "POST":
        throttle.attempt(CHANGES, participation.code, now=now)
        if request.POST.get("action") == STOP:
            waiting_list.leave(participation=participation)
            messages.success(request, gettext("C'est noté : vous ne serez plus prévenu."))
        else:
            try:
                waiting_list.join(participation=participation, now=now)
                messages.success(
                    request,
                    gettext("C'est noté : nous vous préviendrons si un rendez-vous plus tôt se libère."),
                )
            except services.NotAllowed as refusal:
                messages.warning(request, str(refusal))
    return redirect("rdv", participation.code)


@rdv_code_page
def earlier_slot(request: HttpRequest, participation: Participation, now: datetime) -> HttpResponse:
    """The créneau kept for the person, beside the rdv they have: take it, or keep theirs."""
    appointment = Appointment(participation, now)
    if not is_known(request, participation, now):
        return ask_name(request, appointment, then="earlier_slot")
    if appointment.cancelled or appointment.over:
        return redirect("rdv", participation.code)
    offer = waiting_list.current_offer(participation, now)
    if offer is None:
        return _nothing_kept(request, appointment)
    if request.method == "POST" and request.POST.get("action") in (TAKE, KEEP):
        return _answer(request, appointment, offer)
    if not still_free(offer, participation, now):
        return _gone(request, appointment, offer)
    return _render(request, "earlier", appointment, offer)


def _answer(request: HttpRequest, appointment: Appointment, offer: EarlierSlotOffer) -> HttpResponse:
    participation, now = appointment.participation, appointment.now
    throttle.attempt(CHANGES, participation.code, now=now)
    try:
        if request.POST["action"] == KEEP:
            waiting_list.decline(offer=offer, now=now)
            messages.success(request, gettext("C'est noté : vous gardez votre rendez-vous."))
        else:
            waiting_list.accept(offer=offer, now=now)
            messages.success(request, gettext("C'est fait : votre rendez-vous est avancé."))
    except services.SlotTaken:
        return _gone(request, appointment, offer, status=409)
    except services.NotAllowed:
        return _nothing_kept(request, appointment)
    return redirect("rdv", participation.code)


def _gone(
    request: HttpRequest, appointment: Appointment, offer: EarlierSlotOffer, *, status: int = 200
) -> HttpResponse:
    """An agent took it knowingly: nothing keeps it any more, so that another may be offered."""
    with suppress(services.NotAllowed):
        waiting_list.decline(offer=offer, now=appointment.now)
    return _render(request, "earlier_gone", appointment, None, status=status)


def _nothing_kept(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Too late, answered already, or never offered. Whoever said yes twice sees the rdv they have."""
    if has_accepted(appointment.participation):
        return redirect("rdv", appointment.participation.code)
    return _render(request, "earlier_gone", appointment, None)


def _render(
    request: HttpRequest,
    name: str,
    appointment: Appointment,
    offer: EarlierSlotOffer | None,
    *,
    status: int = 200,
) -> HttpResponse:
    participation = appointment.participation
    context = {
        "appointment": appointment,
        "help_phone": appointment.help_phone,
        "moment": moment_of(offer, participation) if offer else "",
        "kept_until": kept_until(offer, participation) if offer else "",
        "still_waiting": offer is None and waiting_list.is_waiting(participation),
    }
    return render(request, f"usagers/{name}.html", context, status=status)
