"""Taking a rdv with an invitation."""

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from rdv_insertion.agenda import services
from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.invitations.links import booking_key, offers_of
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel import throttle
from rdv_insertion.web.usagers.access import CHANGES, invitation_page, remember
from rdv_insertion.web.usagers.choice import Choice
from rdv_insertion.web.usagers.views import choosing


def choice_of(invitation: Invitation, offers: Sequence[Offer], now: datetime) -> Choice:
    """What this invitation lets the person choose from at `now`."""
    return Choice(invitation.code, offers, invitation.help_phone_number, now)


@invitation_page
def places(request: HttpRequest, invitation: Invitation, now: datetime) -> HttpResponse:
    """Where to be received."""
    return choosing.places_page(request, choice_of(invitation, offers_of(invitation), now))


@invitation_page
def slots(request: HttpRequest, invitation: Invitation, now: datetime, key: str) -> HttpResponse:
    """The free starts of a week at one place."""
    return choosing.slots_page(request, choice_of(invitation, offers_of(invitation), now), key)


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
        remember(request, participation, now)
        return redirect("rdv", participation.code)

    choice = choice_of(invitation, offers_of(invitation), now)
    return choosing.confirm_page(request, choice, key, moment, take)
