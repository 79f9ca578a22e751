"""The page of a rdv: prove who you are, see, cancel, add to one's own agenda."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from rdv_insertion.agenda import services
from rdv_insertion.agenda.calendar import event_file
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.presentation import title_of
from rdv_insertion.invitations.links import invitation_to_use_again
from rdv_insertion.kernel import throttle
from rdv_insertion.kernel.throttle import TooManyAttempts
from rdv_insertion.web.throttling import too_many_attempts_page
from rdv_insertion.web.usagers.access import CHANGES, NAMES, is_known, rdv_code_page, rdv_page, remember
from rdv_insertion.web.usagers.appointments import Appointment
from rdv_insertion.web.usagers.forms import NameForm
from rdv_insertion.web.usagers.waiting import waiting_of


@rdv_code_page
def rdv(request: HttpRequest, participation: Participation, now: datetime) -> HttpResponse:
    """The rdv in its present state, once the first letters of the name are given."""
    appointment = Appointment(participation, now)
    if not is_known(request, participation, now):
        return ask_name(request, appointment)
    if request.method == "POST":
        return redirect("rdv", participation.code)
    context = {"appointment": appointment, "help_phone": appointment.help_phone}
    if appointment.cancelled:
        context["invitation"] = invitation_to_use_again(participation, now=now)
        return render(request, "usagers/rdv_cancelled.html", context)
    if appointment.over:
        return render(request, "usagers/rdv_over.html", context)
    return render(request, "usagers/rdv.html", context | {"waiting": waiting_of(participation, now)})


def ask_name(request: HttpRequest, appointment: Appointment, *, then: str = "rdv") -> HttpResponse:
    """Ask the first letters of the name; `then` is the page of the rdv to which they lead."""
    form = NameForm(request.POST or None)
    if form.is_valid():
        try:
            proved = _try_name(form, appointment)
        except TooManyAttempts as error:
            return too_many_attempts_page(request, error, help_phone=appointment.help_phone)
        if proved:
            remember(request, appointment.participation, appointment.now)
            return redirect(then, appointment.participation.code)
    return render(request, "usagers/name.html", {"form": form, "help_phone": appointment.help_phone})


def _try_name(form: NameForm, appointment: Appointment) -> bool:
    """Count a try, whatever it gives; the right name gives all tries back."""
    code, usager = appointment.participation.code, appointment.participation.usager
    left = throttle.attempt(NAMES, code, now=appointment.now)
    if form.names(usager.last_name, usager.birth_name):
        throttle.forget(NAMES, code)
        return True
    if not left:
        throttle.attempt(NAMES, code, now=appointment.now)
    form.refuse(left)
    return False


@rdv_page
def event(request: HttpRequest, participation: Participation, now: datetime) -> HttpResponse:
    """The rdv as a file for the person's own agenda."""
    text = event_file(participation, title=title_of(participation.rdv), now=now)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return response


@rdv_page
def cancel(request: HttpRequest, participation: Participation, now: datetime) -> HttpResponse:
    """Ask to confirm, then cancel. When it can no longer be, the page of the rdv says so."""
    if not services.may_cancel(participation, now):
        return redirect("rdv", participation.code)
    if request.method == "POST":
        throttle.attempt(CHANGES, participation.code, now=now)
        try:
            services.cancel(participation=participation, now=now)
        except services.NotAllowed as refusal:
            messages.warning(request, str(refusal))
        return redirect("rdv", participation.code)
    appointment = Appointment(participation, now)
    context = {"appointment": appointment, "help_phone": appointment.help_phone}
    return render(request, "usagers/cancel.html", context)
