"""The second click: read again what was chosen, then take it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from rdv_insertion.agenda import conflicts, creneaux, services
from rdv_insertion.agenda.creneaux import Creneau, Offer
from rdv_insertion.agenda.models import Lieu, Motif, Rdv
from rdv_insertion.agenda.notifications import REMINDER_BEFORE
from rdv_insertion.agenda.plans import Plan
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.messaging.channels.letter.frame import has_postal_address
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.rdvs import people
from rdv_insertion.web.agents.rdvs.convocations import said_summoned
from rdv_insertion.web.agents.rdvs.effects import said_told, told_by
from rdv_insertion.web.agents.rdvs.grid import moment_text, place_name, read_moment, slot_url
from rdv_insertion.web.agents.rdvs.people import Person

_AROUND = timedelta(days=14)
_OTHERS_SHOWN = 3
TAKEN_STATUS = 409


@dataclass(frozen=True)
class Choice:
    """A slot that somebody clicked: it may be gone."""

    offer: Offer
    motif: Motif
    starts_at: datetime
    agent: Agent | None
    person: Person | None

    @property
    def plan(self) -> Plan | None:
        """The rdv that it makes; None as long as nobody is chosen."""
        if self.person is None or self.agent is None:
            return None
        return Plan(
            motif=self.motif,
            starts_at=self.starts_at,
            ends_at=self.starts_at + self.motif.duration,
            agents=[self.agent],
            lieu=self.offer.lieu,
            usagers=[self.person.usager],
        )


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """`?motif=&lieu=&agent=&debut=&usager=`: who, what, when and where, then *Confirmer*.

    Without a person, they are chosen here (`?q=`). A slot that is gone leads to the nearest others.
    """
    viewer, now = agent_of(request), timezone.now()
    choice = _read(viewer, request.POST if request.method == "POST" else request.GET)
    found = _free(choice, choice.starts_at, choice.starts_at) if choice.starts_at >= now else []
    if not found:
        return _taken(request, choice, now)
    choice = _with_agent(choice, found)
    if request.method == "POST":
        if choice.plan:
            return _book(request, choice, choice.plan, viewer, now)
        return redirect(slot_url(choice.offer, choice.starts_at, None, found[0]))
    return _page(request, choice, now)


def _read(viewer: Agent, asked: QueryDict) -> Choice:
    """Raises Http404 when it makes no sense, or is of others."""
    motifs = Motif.objects.visible_to(viewer).in_use().filter(collective=False)
    motif_id, moment = asked.get("motif", ""), read_moment(asked.get("debut", ""))
    known = motifs.select_related("organisation__department", "motif_category")
    motif = known.filter(pk=int(motif_id)).first() if _is_id(motif_id) else None
    if motif is None or moment is None:
        raise Http404
    agents = motif.organisation.agents.filter(is_active=True)
    agent_id = asked.get("agent", "")
    return Choice(
        offer=_offer(motif, asked.get("lieu", "")),
        motif=motif,
        starts_at=moment,
        agent=agents.filter(pk=int(agent_id)).first() if _is_id(agent_id) else None,
        person=people.chosen_one(viewer, asked.get("usager", "")),
    )


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _offer(motif: Motif, key: str) -> Offer:
    """The place `lieu-3` of the motif's organisation, or how the motif is held when it needs none."""
    lieu_id = key.removeprefix("lieu-")
    lieu = None
    if key.startswith("lieu-") and _is_id(lieu_id):
        lieu = Lieu.objects.filter(organisation=motif.organisation, pk=int(lieu_id)).first()
    if (lieu is None) == (motif.location_type == "public_office"):
        raise Http404
    return Offer(motif.location_type, lieu, (motif,))


def _free(choice: Choice, since: datetime, until: datetime) -> list[Creneau]:
    agents = [choice.agent.pk] if choice.agent else None
    return creneaux.find([choice.offer], since=since, until=until, agents=agents)[choice.offer.key]


def _with_agent(choice: Choice, found: list[Creneau]) -> Choice:
    if choice.agent:
        return choice
    agent = Agent.objects.get(pk=found[0].agent_id)
    return Choice(choice.offer, choice.motif, choice.starts_at, agent, choice.person)


def _taken(request: HttpRequest, choice: Choice, now: datetime) -> HttpResponse:
    """Others around, with the same agent first, else with anybody."""
    since, until = max(now, choice.starts_at - _AROUND), max(now, choice.starts_at) + _AROUND
    found = _free(choice, since, until)
    if not found and choice.agent:
        found = creneaux.find([choice.offer], since=since, until=until)[choice.offer.key]
    one_per_start = {creneau.starts_at: creneau for creneau in reversed(found)}
    closest = sorted(one_per_start.values(), key=lambda one: abs(one.starts_at - choice.starts_at))
    agents = {one.pk: one for one in choice.motif.organisation.agents.all()}
    others = [
        {
            "words": dates.long_moment(one.starts_at, choice.offer.time_zone).capitalize(),
            "agent": agents.get(one.agent_id, ""),
            "url": slot_url(choice.offer, one.starts_at, choice.person, one),
        }
        for one in sorted(closest[:_OTHERS_SHOWN])
    ]
    context = {"choice": choice, "others": others, "past": choice.starts_at < now, **_words(choice)}
    return render(request, "agents/rdvs/slot_taken.html", context, status=TAKEN_STATUS)


def _words(choice: Choice) -> dict[str, Any]:
    zone = choice.offer.time_zone
    end = (choice.starts_at + choice.motif.duration).astimezone(zone)
    return {
        "moment": dates.long_moment(choice.starts_at, zone),
        "moment_key": moment_text(choice.starts_at),
        "end": dates.clock(end),
        "place": place_name(choice.offer),
        "person": choice.person,
        "organisation": choice.motif.organisation,
    }


def _book(request: HttpRequest, choice: Choice, plan: Plan, viewer: Agent, now: datetime) -> HttpResponse:
    notify = request.POST.get("prevenir") == "oui"
    try:
        rdv = services.create_rdv(
            plan=plan, by=viewer, notify=notify, acknowledged=request.POST.get("lu", ""), now=now
        )
    except services.NotAllowed as refusal:
        return _page(request, choice, now, refusal=str(refusal))
    except services.Unconfirmed:
        if not _free(choice, choice.starts_at, choice.starts_at):
            return _taken(request, choice, now)
        return _page(request, choice, now)
    messages.success(request, _said_taken(rdv, plan, told_by(plan.usagers[0]) if notify else "", now))
    return redirect("rdv_show", rdv.pk)


def _said_taken(rdv: Rdv, plan: Plan, told: str, now: datetime) -> str:
    """What was done. `told`: how the person is told of it, empty when they are not."""
    moment = dates.long_moment(plan.starts_at, plan.time_zone)
    if plan.motif.convocation:
        return format_html("La convocation est fixée : {}. {}", moment, said_summoned(rdv, told, now))
    who = f"{plan.usagers[0].first_name} reçoit la confirmation {told}." if told else said_told(0)
    return f"Le rendez-vous est pris : {moment}. {who}"


def _page(request: HttpRequest, choice: Choice, now: datetime, refusal: str = "") -> HttpResponse:
    plan = choice.plan
    unread = services.Unconfirmed([one.sentence for one in conflicts.warnings(plan, now=now)] if plan else [])
    posted = request.method == "POST"
    context = {
        "choice": choice,
        **_words(choice),
        "warnings": unread.warnings,
        "fingerprint": unread.fingerprint,
        "refusal": refusal,
        "told": told_by(choice.person.usager) if choice.person else "",
        "by_post": choice.person is not None and has_postal_address(choice.person.usager),
        "reminded": choice.starts_at - now > REMINDER_BEFORE,
        "notify": request.POST.get("prevenir") == "oui" if posted else True,
        "found": people.search(agent_of(request), request.GET.get("q", "")) if not choice.person else None,
    }
    status = 422 if refusal or (posted and unread.warnings) else 200
    return render(request, "agents/rdvs/slot_confirm.html", context, status=status)
