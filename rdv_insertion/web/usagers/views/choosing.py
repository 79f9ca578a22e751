"""The steps of a choice, whatever is chosen for: place, start, confirmation."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation

from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.models import Rdv
from rdv_insertion.agenda.services import SlotTaken
from rdv_insertion.invitations.services import no_slot
from rdv_insertion.kernel import dates
from rdv_insertion.web.usagers import conditions
from rdv_insertion.web.usagers.appointments import Appointment, duration_label
from rdv_insertion.web.usagers.choice import Choice
from rdv_insertion.web.usagers.places import place_of
from rdv_insertion.web.usagers.sessions import session_of
from rdv_insertion.web.usagers.weeks import Half, HalfDays


def places_page(request: HttpRequest, choice: Choice) -> HttpResponse:
    """Choose where to be received. With one offer, there is nothing to choose."""
    if len(choice.offers) == 1:
        return redirect(choice.slots_url(choice.offers[0]))
    if not choice.anything_free:
        return no_slot_page(request, choice)
    _something_is_free(choice)
    return _render(
        request, "places", choice, cards=choice.cards(), step=choice.first_step, back_url=choice.start_url
    )


def slots_page(request: HttpRequest, choice: Choice, key: str) -> HttpResponse:
    """Choose a start in a week, or a date of a collective rdv, once the conditions are agreed to."""
    offer = choice.offer(key)
    if offer is None:
        return redirect(choice.places_url)
    half_days = choice.half_days(offer)
    if not half_days.starts:
        return no_slot_page(request, choice, offer)
    _something_is_free(choice)
    if request.method == "POST":
        conditions.agree(request, choice, offer)
        return redirect(choice.slots_url(offer))
    if texts := conditions.to_agree(request, choice, offer):
        return _render(
            request, "conditions", choice, offer=offer, texts=texts, back_url=choice.back_url(offer)
        )
    return _slots_of(request, choice, offer, half_days)


def _slots_of(request: HttpRequest, choice: Choice, offer: Offer, half_days: HalfDays) -> HttpResponse:
    """The dates of a collective rdv, or a week of which one may see the mornings or the afternoons alone."""
    if offer.collective:
        return _step_page(request, "sessions", choice, offer, sessions=choice.sessions(offer))
    week = choice.week(offer, _day(request.GET.get("semaine", "")), half_days.kept)
    links = [
        (half, choice.slots_url(offer, week.monday, half), half == half_days.shown)
        for half in (Half.MORNING, Half.AFTERNOON, Half.ALL)
    ]
    return _step_page(
        request,
        "slots",
        choice,
        offer,
        week=week,
        wide=True,
        half_note=half_days.note,
        half_links=links if half_days.both else [],
        previous_url=choice.slots_url(offer, week.previous),
        next_url=choice.slots_url(offer, week.next),
    )


def _step_page(request: HttpRequest, name: str, choice: Choice, offer: Offer, **context: Any) -> HttpResponse:
    return _render(
        request,
        name,
        choice,
        offer=offer,
        instructions=conditions.instructions_of(choice, offer),
        step=choice.slots_step(offer),
        back_url=choice.back_url(offer),
        **context,
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
    if moment is None or offer.collective or conditions.to_agree(request, choice, offer):
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
        session=None,
        moment=dates.long_moment(moment, offer.time_zone),
        duration=duration_label(offer.motifs[0].duration),
        step=choice.last_step(offer),
        back_url=choice.slots_url(offer, moment.astimezone(offer.time_zone).date()),
    )


def seat_page(
    request: HttpRequest, choice: Choice, rdv_id: int, take: Callable[[Rdv], HttpResponse]
) -> HttpResponse:
    """Confirm a seat of a collective rdv; `take` gives it, or raises SlotTaken, and then see other dates."""
    found = choice.collective_rdv(rdv_id)
    if found is None:
        return full_page(request, choice, rdv_id, status=409 if request.method == "POST" else 200)
    offer, rdv = found
    if conditions.to_agree(request, choice, offer):
        return redirect(choice.slots_url(offer))
    if request.method == "POST":
        try:
            return take(rdv)
        except SlotTaken:
            return full_page(request, choice, rdv_id, status=409)
    session = session_of(rdv, choice.seat_url(rdv))
    return _render(
        request,
        "confirm",
        choice,
        offer=offer,
        session=session,
        moment=session.moment,
        duration=session.duration,
        step=choice.last_step(offer),
        back_url=choice.slots_url(offer),
    )


def full_page(request: HttpRequest, choice: Choice, rdv_id: int, *, status: int = 200) -> HttpResponse:
    """The last seat is gone, or this date is no more: the first other dates, or whom to call."""
    others = choice.other_sessions(rdv_id)
    if not others and not any(choice.free[offer.key] for offer in choice.offers if not offer.collective):
        return no_slot_page(request, choice)
    return _render(
        request,
        "full",
        choice,
        status=status,
        sessions=others,
        several_places=len({session.place for session in others}) > 1,
        all_url=choice.places_url,
    )


def taken_page(
    request: HttpRequest, choice: Choice, offer: Offer, moment: datetime, *, status: int = 200
) -> HttpResponse:
    """Somebody else was faster: the nearest free starts, or the other ways, or whom to call."""
    alternatives = choice.alternatives(offer, moment)
    if not alternatives and not choice.anything_free:
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
    """Nothing is free, at one place or anywhere: what else to choose, and whom to call.

    When nothing is left at all, those who open plages are told.
    """
    if offer and choice.anything_free:
        return _render(request, "no_slot_here", choice, offer=offer)
    if choice.invitation and request.method != "HEAD":
        # A mail to those who open plages is written there, in French.
        with translation.override(settings.LANGUAGE_CODE):
            no_slot.found_nothing(invitation=choice.invitation, now=choice.now)
    return _render(request, "no_slot", choice, because=choice.nothing_because())


def _something_is_free(choice: Choice) -> None:
    if choice.invitation:
        no_slot.found_something(invitation=choice.invitation)


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
