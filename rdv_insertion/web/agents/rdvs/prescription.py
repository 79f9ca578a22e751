"""Sending a person to a partner organisation: its free slots, booked as its partners may, with its delays."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from rdv_insertion.agenda import creneaux, services
from rdv_insertion.agenda.creneaux import Creneau, Offer
from rdv_insertion.agenda.eligibility import eligible
from rdv_insertion.agenda.enums import CreatedBy
from rdv_insertion.agenda.models import Motif, Participation, Rdv
from rdv_insertion.agenda.presentation import help_phone, place_lines
from rdv_insertion.kernel import dates
from rdv_insertion.territory.addresses import locate_several
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.choices import organisation_asked
from rdv_insertion.web.agents.rdvs import people
from rdv_insertion.web.agents.rdvs.effects import told_by
from rdv_insertion.web.agents.rdvs.grid import Group, Place, Slot, moment_text, place_name, read_moment
from rdv_insertion.web.agents.rdvs.people import Person
from rdv_insertion.web.agents.rdvs.questions import day_asked

_WEEK = timedelta(days=7)
_TAKEN = 409


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """`?usager=&motif=&semaine=`: the motifs open to partners, then the week of the one chosen."""
    agent, now = agent_of(request), timezone.now()
    organisation = organisation_asked(request)
    if organisation is None:
        return redirect("organisations")
    person = people.chosen_one(agent, request.GET.get("usager", ""))
    motifs = _open_motifs(request)
    motif = next((one for one in motifs if str(one.pk) == request.GET.get("motif")), None)
    week = day_asked(request.GET.get("semaine", ""), now)
    context: dict[str, Any] = {
        "organisation": organisation,
        "tab": "partenaires",
        "person": person,
        "motifs": motifs,
        "motif": motif,
        "found": people.search(agent, request.GET.get("q", "")),
        "week": _Week(motif, person, week, now) if motif and person else None,
    }
    return render(request, "agents/rdvs/find_partner_slot.html", context)


def _open_motifs(request: HttpRequest) -> list[Motif]:
    found = Motif.objects.open_to_partner(agent_of(request)).exclude(motif_category=None)
    return list(
        found.select_related("organisation__department", "motif_category").order_by(
            "organisation__name", "name", "pk"
        )
    )


def _offers(motif: Motif, person: Person, now: datetime) -> list[Offer]:
    """The places of this motif that receive this person, whose address or referents may decide."""
    usager = person.usager
    address = usager.address or ""
    location = locate_several([address], motif.organisation.department).get(address) if address else None
    allowed = eligible([motif], usager, location=location)
    receivers = {one.pk: agents for one, agents in allowed if agents is not None}
    return [
        replace(offer, receivers=receivers) for offer in creneaux.offers([one for one, _ in allowed], now=now)
    ]


class _Week:
    """The slots of a week, within the delays of the motif. Agents of the partner are not named."""

    def __init__(self, motif: Motif, person: Person, asked: date | None, now: datetime) -> None:
        self.motif, self.person, self.zone = motif, person, motif.organisation.time_zone
        offers = _offers(motif, person, now)
        self.rdvs = [rdv for offer in offers for rdv in offer.rdvs]
        single = [offer for offer in offers if not offer.collective]
        starts = creneaux.starts_for_public(single, now=now)
        everything = [start for several in starts.values() for start in several]
        self.first = min(everything, default=None)
        day = asked or (self.first or now).astimezone(self.zone).date()
        self.monday = day - timedelta(days=day.weekday())
        this_week = now.astimezone(self.zone).date()
        self.previous = self.monday - _WEEK if self.monday > this_week - _WEEK + timedelta(days=1) else None
        last = max(everything, default=now).astimezone(self.zone).date()
        self.next = self.monday + _WEEK if self.monday + _WEEK <= last else None
        self.places = [self._place(offer, starts[offer.key]) for offer in single]
        shown = {day for place in self.places for day, groups in place.days if groups}
        self.days = [day for day in self._week if day.weekday() < 5 or day in shown]
        for place in self.places:
            place.days = [(day, groups) for day, groups in place.days if day in self.days]
        self.count = sum(place.count for place in self.places)

    @property
    def _week(self) -> list[date]:
        return [self.monday + timedelta(days=number) for number in range(7)]

    def _place(self, offer: Offer, starts: Sequence[datetime]) -> Place:
        place = Place(offer, place_name(offer), offer.key)
        by_day: defaultdict[date, list[Slot]] = defaultdict(list)
        for start in starts:
            by_day[start.astimezone(offer.time_zone).date()].append(self._slot(offer, start))
        if starts:
            place.first = self._slot(offer, starts[0])
        place.count = sum(len(by_day[day]) for day in self._week)
        place.days = [(day, [Group(None, "", 0, by_day[day])] if by_day[day] else []) for day in self._week]
        return place

    def _slot(self, offer: Offer, start: datetime) -> Slot:
        asked = {
            "usager": self.person.value,
            "motif": self.motif.pk,
            "lieu": offer.key,
            "debut": moment_text(start),
        }
        words = dates.long_moment(start, offer.time_zone).capitalize()
        clock = dates.clock(start.astimezone(offer.time_zone))
        url = f"{reverse('prescribe')}?{urlencode(asked)}"
        return Slot(clock, words, f"{words} · {place_name(offer)}", url)


@require_http_methods(["GET", "HEAD", "POST"])
def prescribe(request: HttpRequest) -> HttpResponse:
    """`?usager=&motif=&lieu=&debut=`, or `?usager=&rdv=` for a seat: confirm, then take it."""
    agent, now = agent_of(request), timezone.now()
    asked = request.POST if request.method == "POST" else request.GET
    person = people.chosen_one(agent, asked.get("usager", ""))
    motif, rdv = _asked_motif(request, asked)
    if person is None:
        raise Http404
    offer, moment = _asked_offer(motif, rdv, person, asked, now)
    context: dict[str, Any] = {
        "person": person,
        "motif": motif,
        "rdv": rdv,
        "offer": offer,
        "place": place_name(offer),
        "moment": dates.long_moment(moment, offer.time_zone),
        "moment_key": moment_text(moment),
        "told": told_by(person.usager),
        "refusal": "",
        "back": f"{reverse('find_partner_slot')}?{urlencode({'usager': person.value, 'motif': motif.pk})}",
    }
    if request.method != "POST":
        return render(request, "agents/rdvs/prescribe.html", context)
    try:
        taken = (
            services.prescribe_seat(rdv=rdv, usager=person.usager, by=agent, now=now)
            if rdv
            else services.prescribe(offer=offer, starts_at=moment, usager=person.usager, by=agent, now=now)
        )
    except services.NotAllowed as refusal:
        context["refusal"] = str(refusal)
    except services.AlreadyBooked as known:
        context["refusal"] = _already(known.participation)
    except services.SlotTaken as gone:
        return _gone(request, context, gone.nearest)
    else:
        messages.success(request, "Le rendez-vous est pris.")
        return redirect("prescription_done", taken.pk)
    return render(request, "agents/rdvs/prescribe.html", context, status=422)


def _asked_motif(request: HttpRequest, asked: QueryDict) -> tuple[Motif, Rdv | None]:
    motifs = {str(one.pk): one for one in _open_motifs(request)}
    rdv_id = asked.get("rdv", "")
    if rdv_id.isdecimal() and len(rdv_id) < 19:
        rdvs = Rdv.objects.filter(motif__in=list(motifs.values()), motif__collective=True)
        rdv = rdvs.select_related("motif", "lieu", "organisation__department").filter(pk=int(rdv_id)).first()
        if rdv:
            return motifs[str(rdv.motif_id)], rdv
    motif = motifs.get(asked.get("motif", ""))
    if motif is None or motif.collective:
        raise Http404
    return motif, None


def _asked_offer(
    motif: Motif, rdv: Rdv | None, person: Person, asked: QueryDict, now: datetime
) -> tuple[Offer, datetime]:
    if rdv:
        return Offer(motif.location_type, rdv.lieu, (motif,), collective=True, rdvs=(rdv,)), rdv.starts_at
    moment = read_moment(asked.get("debut", ""))
    offer = next((one for one in _offers(motif, person, now) if one.key == asked.get("lieu")), None)
    if offer is None or moment is None:
        raise Http404
    return offer, moment


def _already(participation: Participation) -> str:
    moment = dates.long_moment(participation.rdv.starts_at, participation.rdv.time_zone)
    return f"Cette personne a déjà un rendez-vous de cette catégorie, {moment} : il doit d'abord être annulé."


def _gone(request: HttpRequest, context: dict[str, Any], nearest: Sequence[Creneau]) -> HttpResponse:
    offer, person, motif = context["offer"], context["person"], context["motif"]
    base = {"usager": person.value, "motif": motif.pk, "lieu": offer.key}
    others = [
        {
            "words": dates.long_moment(one.starts_at, offer.time_zone).capitalize(),
            "url": f"{reverse('prescribe')}?{urlencode({**base, 'debut': moment_text(one.starts_at)})}",
        }
        for one in nearest
    ]
    return render(request, "agents/rdvs/prescribe_taken.html", {**context, "others": others}, status=_TAKEN)


@require_safe
def done(request: HttpRequest, prescription_id: int) -> HttpResponse:
    """What the agent who prescribed keeps of it: the other organisation's agenda is not theirs to see."""
    participation = get_object_or_404(
        Participation.objects.with_details(),
        pk=prescription_id,
        created_by=CreatedBy.PRESCRIPTEUR,
        created_by_agent=agent_of(request),
    )
    person = people.picked(agent_of(request), participation.usager)
    context = {
        "participation": participation,
        "rdv": participation.rdv,
        "place": place_lines(participation.rdv),
        "help_phone": help_phone(participation.rdv),
        "told": told_by(participation.usager),
        "name": person.name,
        "visible": not person.masked,
    }
    return render(request, "agents/rdvs/prescription_done.html", context)
