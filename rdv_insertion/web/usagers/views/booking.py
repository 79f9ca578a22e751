"""Taking a rdv with an invitation."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from rdv_insertion.agenda import services
from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.invitations.links import booking_key
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.invitations.proposals import offers_of, preselected
from rdv_insertion.invitations.services import no_slot
from rdv_insertion.kernel import throttle
from rdv_insertion.web.usagers.access import CHANGES, invitation_page, remember
from rdv_insertion.web.usagers.choice import Choice
from rdv_insertion.web.usagers.views import choosing
from rdv_insertion.web.usagers.weeks import Half


def choice_of(request: HttpRequest, invitation: Invitation, now: datetime) -> Choice:
    """What this invitation lets the person choose from at `now`."""
    offers = offers_of(invitation, now=now)
    return Choice(
        invitation.code,
        offers,
        invitation.help_phone_number,
        now,
        invitation=invitation,
        preferred=preselected(invitation, offers),
        half=Half.asked(request.GET.get("moment", "")),
    )


@invitation_page
def places(request: HttpRequest, invitation: Invitation, now: datetime) -> HttpResponse:
    """Where to be received."""
    return choosing.places_page(request, choice_of(request, invitation, now))


@invitation_page
def slots(request: HttpRequest, invitation: Invitation, now: datetime, key: str) -> HttpResponse:
    """The free starts of a week at one place, or the dates of its collective rdvs."""
    return choosing.slots_page(request, choice_of(request, invitation, now), key)


@invitation_page
def confirm(
    request: HttpRequest, invitation: Invitation, now: datetime, key: str, moment: str
) -> HttpResponse:
    """Confirm a start, and have it. Whoever has just booked is not asked their name."""

    def take(offer: Offer, starts_at: datetime) -> HttpResponse:
        throttle.attempt(CHANGES, invitation.code, now=now)
        try:
            participation = services.book(
                offer=offer,
                starts_at=starts_at,
                follow_up=invitation.follow_up,
                booking_key=booking_key(invitation),
                now=now,
            )
        except services.AlreadyBooked as error:
            return redirect("rdv", error.participation.code)
        return _done(request, invitation, participation, now)

    return choosing.confirm_page(request, choice_of(request, invitation, now), key, moment, take)


@invitation_page
def seat(request: HttpRequest, invitation: Invitation, now: datetime, rdv_id: int) -> HttpResponse:
    """Confirm a seat of a collective rdv, and have it."""

    def take(rdv: Rdv) -> HttpResponse:
        throttle.attempt(CHANGES, invitation.code, now=now)
        try:
            participation = services.book_seat(
                rdv=rdv, follow_up=invitation.follow_up, booking_key=booking_key(invitation), now=now
            )
        except services.AlreadyBooked as error:
            return redirect("rdv", error.participation.code)
        return _done(request, invitation, participation, now)

    return choosing.seat_page(request, choice_of(request, invitation, now), rdv_id, take)


def _done(
    request: HttpRequest, invitation: Invitation, participation: Participation, now: datetime
) -> HttpResponse:
    no_slot.found_something(invitation=invitation)
    remember(request, participation, now)
    return redirect("rdv", participation.code)
