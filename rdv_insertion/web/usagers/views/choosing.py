"""The steps of a choice, whatever is chosen for: place, start, confirmation."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.services import SlotTaken
from rdv_insertion.kernel import dates
from rdv_insertion.web.usagers.appointments import Appointment, duration_label
from rdv_insertion.web.usagers.choice import Choice
from rdv_insertion.web.usagers.places import place_of


def places_page(request: HttpRequest, choice: Choice) -> HttpResponse:
    """Choose where to be received. With one offer, there is nothing to choose."""
    if len(choice.offers) == 1:
        return redirect(choice.slots_url(choice.offers[0]))
    cards = choice.cards()
    if not any(card.url for card in cards):
        return no_slot_page(request, choice)
    return _render(request, "places", choice, cards=cards, step=choice.first_step, back_url=choice.start_url)


def slots_page(request: HttpRequest, choice: Choice, key: str) -> HttpResponse:
    """Choose a start in a week; the first week with one, unless another is asked for."""
    offer = choice.offer(key)
    if offer is None:
        return redirect(choice.places_url)
    week = choice.week(offer, _day(request.GET.get("semaine", "")))
    if week is None:
        return no_slot_page(request, choice, offer)
    return _render(
        request,
        "slots",
        choice,
        offer=offer,
        week=week,
        wide=True,
        previous_url=choice.slots_url(offer, week.previous),
        next_url=choice.slots_url(offer, week.next),
        step=choice.slots_step,
        back_url=choice.places_url if choice.several and not choice.moving else choice.start_url,
    )


def confirm_page(
    request: HttpRequest,
    choice: Choice,
    key: str,
    written: str,
    take: Callable[[Offer, datetime], HttpResponse],
) -> HttpResponse:
    """Confirm a start; `take` gives it, or raises SlotTaken, and then the nearest others are proposed."""
    offer = choice.offer(key)
    if offer is None:
        return redirect(choice.places_url)
    moment = choice.moment(written, offer)
    if moment is None:
        return redirect(choice.slots_url(offer))
    if request.method == "POST":
        try:
            return take(offer, moment)
        except SlotTaken:
            return taken_page(request, choice, offer, moment, status=409)
    if not choice.is_free(offer, moment):
        return taken_page(request, choice, offer, moment)
    return _render(
        request,
        "confirm",
        choice,
        offer=offer,
        moment=dates.long_moment(moment, offer.time_zone),
        duration=duration_label(offer.motifs[0].duration),
        step=choice.last_step,
        back_url=choice.slots_url(offer, moment.astimezone(offer.time_zone).date()),
    )


def taken_page(
    request: HttpRequest, choice: Choice, offer: Offer, moment: datetime, *, status: int = 200
) -> HttpResponse:
    """Somebody else was faster: the nearest free starts, or the other ways, or whom to call."""
    alternatives = choice.alternatives(offer, moment)
    if not alternatives and not any(choice.free.values()):
        return no_slot_page(request, choice)
    return _render(
        request,
        "taken",
        choice,
        status=status,
        offer=offer,
        alternatives=alternatives,
        all_url=choice.slots_url(offer) if alternatives else choice.places_url,
    )


def no_slot_page(request: HttpRequest, choice: Choice, offer: Offer | None = None) -> HttpResponse:
    """Nothing is free, at one place or anywhere: what else to choose, and whom to call."""
    others = bool(offer) and any(choice.free.values())
    return _render(request, "no_slot", choice, offer=offer, others=others)


def _render(
    request: HttpRequest, name: str, choice: Choice, *, status: int = 200, **context: Any
) -> HttpResponse:
    offer = context.get("offer")
    context |= {
        "choice": choice,
        "help_phone": choice.help_phone,
        "place": place_of(offer) if offer else None,
        "current": Appointment(choice.replaced, choice.now) if choice.replaced else None,
    }
    return render(request, f"usagers/{name}.html", context, status=status)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
