"""Moving a rdv to another moment, at the same place or elsewhere."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from rdv_insertion.agenda import services
from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.models import Participation
from rdv_insertion.invitations.proposals import offers_of_person
from rdv_insertion.kernel import throttle
from rdv_insertion.web.usagers.access import CHANGES, View, rdv_page
from rdv_insertion.web.usagers.appointments import Appointment
from rdv_insertion.web.usagers.choice import Choice
from rdv_insertion.web.usagers.views import choosing
from rdv_insertion.web.usagers.weeks import Half

Parameters = ParamSpec("Parameters")
ChoiceView = Callable[Concatenate[HttpRequest, Choice, Parameters], HttpResponse]


def moving_page(view: ChoiceView[Parameters]) -> View[...]:
    """A step of a move, for a rdv that may be moved now; the page of the rdv says why when it may not."""

    @rdv_page
    @wraps(view)
    def allowed(
        request: HttpRequest, participation: Participation, now: datetime, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if not services.may_move(participation, now):
            return redirect("rdv", participation.code)
        return view(request, _choice(request, participation, now), *args, **kwargs)

    return allowed


def _choice(request: HttpRequest, participation: Participation, now: datetime) -> Choice:
    """A rdv of one's own is moved to another: a seat among others is given back, then another is taken."""
    rdv = participation.rdv
    category = rdv.motif.motif_category
    found = offers_of_person(rdv.organisation, category, participation.usager, now=now) if category else []
    return Choice(
        participation.code,
        [offer for offer in found if not offer.collective],
        Appointment(participation, now).help_phone,
        now,
        replaced=participation,
        half=Half.asked(request.GET.get("moment", "")),
    )


@moving_page
def start(request: HttpRequest, choice: Choice) -> HttpResponse:
    """Begin at the place of the rdv, when people still choose it."""
    offer = choice.current_offer
    return redirect(choice.slots_url(offer) if offer else choice.places_url)


@moving_page
def places(request: HttpRequest, choice: Choice) -> HttpResponse:
    """Choose another place."""
    return choosing.places_page(request, choice)


@moving_page
def slots(request: HttpRequest, choice: Choice, key: str) -> HttpResponse:
    """The free starts of a week at one place."""
    return choosing.slots_page(request, choice, key)


@moving_page
def confirm(request: HttpRequest, choice: Choice, key: str, moment: str) -> HttpResponse:
    """Confirm the new start, and have it instead of the old one."""

    def take(offer: Offer, starts_at: datetime) -> HttpResponse:
        participation = choice.replaced
        if participation is None or choice.already_has(offer, starts_at):
            return redirect("rdv", choice.code)
        throttle.attempt(CHANGES, choice.code, now=choice.now)
        try:
            services.move(participation=participation, offer=offer, starts_at=starts_at, now=choice.now)
        except services.NotAllowed as refusal:
            messages.warning(request, str(refusal))
            return redirect("rdv", choice.code)
        messages.success(request, gettext("C'est fait : votre rendez-vous est déplacé."))
        return redirect("rdv", choice.code)

    return choosing.confirm_page(request, choice, key, moment, take)
