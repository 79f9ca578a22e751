"""Summoning somebody: to what, the letter to post, and the proof of what they were sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agenda.convocations import TOLD_ENOUGH, motifs_to_summon, untold
from rdv_insertion.agenda.models import Motif, Participation, Rdv
from rdv_insertion.agenda.phones import load_phones
from rdv_insertion.agenda.services import NotAllowed
from rdv_insertion.agenda.services.letters import letter_purpose, letter_refusal, write_convocation_letter
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import administers
from rdv_insertion.exchanges.evidence import evidence_of, evidence_pdf
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.printing import letters_pdf
from rdv_insertion.messaging.services import channels_for, mark_printed
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.rdvs.questions import next_rdv_url
from rdv_insertion.web.pdf import pdf_response
from rdv_insertion.web.shell import current_organisation


@require_safe
def summon(request: HttpRequest, follow_up_id: int) -> HttpResponse:
    """To *Trouver un créneau* with the motif of convocation: choose among several, or how to have one."""
    agent, organisation = agent_of(request), current_organisation(request)
    visible = FollowUp.objects.visible_to(agent).select_related("motif_category", "usager")
    follow_up = visible.filter(pk=follow_up_id).first()
    if follow_up is None or organisation is None:
        raise Http404
    motifs = motifs_to_summon(organisation, follow_up.motif_category)
    slots = next_rdv_url(follow_up.usager_id, follow_up.motif_category, organisation)
    if len(motifs) == 1:
        return redirect(_with_motif(slots, motifs[0]))
    context = {
        "usager": follow_up.usager,
        "follow_up": follow_up,
        "organisation": organisation,
        "choices": [(motif, _with_motif(slots, motif)) for motif in motifs],
        "administers": administers(agent, organisation),
        "slots": slots,
    }
    return render(request, "agents/rdvs/summon.html", context)


def _with_motif(slots: str, motif: Motif) -> str:
    return f"{slots}&{urlencode({'motif': motif.pk})}"


@require_safe
def evidence(request: HttpRequest, participation_id: int) -> HttpResponse:
    """What the person was sent about this rdv, with what providers answered."""
    participation = _visible(agent_of(request), participation_id)
    found = evidence_of(participation, now=timezone.now())
    return render(request, "agents/rdvs/evidence.html", {"evidence": found, "rdv": participation.rdv})


@require_safe
def evidence_file(request: HttpRequest, participation_id: int) -> HttpResponse:
    """The same as PDF, to keep or to print."""
    participation = _visible(agent_of(request), participation_id)
    found = evidence_of(participation, now=timezone.now())
    return pdf_response(evidence_pdf(found), f"preuve-envoi-{participation.pk}.pdf")


@require_POST
def letter(request: HttpRequest, participation_id: int) -> HttpResponse:
    """The convocation on paper, or its cancellation: written the first time, the same afterwards."""
    agent, now = agent_of(request), timezone.now()
    participation = _visible(agent, participation_id)
    try:
        message = write_convocation_letter(participation_id=participation.pk, now=now)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("rdv_show", participation.rdv_id)
    pdf = letters_pdf([message])
    mark_printed(message_ids=[message.pk], now=now)
    return pdf_response(pdf, f"convocation-{participation.pk}.pdf")


def _visible(agent: Agent, participation_id: int) -> Participation:
    found = Participation.objects.visible_to(agent).filter(pk=participation_id).with_details()
    participation = found.select_related("created_by_agent").first()
    if participation is None:
        raise Http404
    return participation


@dataclass(frozen=True)
class Summons:
    """What the page of a rdv says of somebody who is summoned to it."""

    # They were not told of the last change: call them.
    untold: bool
    # Nothing but a letter reaches them, and it is to come: print it.
    only_by_post: bool
    # The words of the button that prints a letter; empty when there is nothing to print.
    letter: str
    # Why there is none, when something is missing that an agent can complete.
    missing: str


def summons_of(rdv: Rdv, participations: list[Participation], now: datetime) -> dict[int, Summons]:
    """Of each participation of `rdv` that is a convocation, by id. Two queries at most, none without any."""
    summoned = [one for one in participations if one.convocable]
    if not summoned:
        return {}
    load_phones([rdv])
    to_call = untold(summoned, now)
    return {one.pk: _summons(one, one.pk in to_call, now) for one in summoned}


def _summons(participation: Participation, to_call: bool, now: datetime) -> Summons:
    purpose, coming = letter_purpose(participation), participation.rdv.starts_at > now
    refusal = letter_refusal(participation, now)
    words = "Imprimer l'annulation" if purpose == Purpose.CONVOCATION_CANCELLED else "Imprimer la convocation"
    return Summons(
        untold=to_call,
        only_by_post=bool(purpose) and coming and not channels_for(participation.usager),
        letter="" if refusal else words,
        missing=refusal if purpose and coming else "",
    )


def said_summoned(rdv: Rdv, told: str, now: datetime) -> str:
    """How the one person of a new convocation learns of it, for the agent who has just taken it.

    `told` is `par SMS et par mail`; when it is empty, the letter to print, which the page of the rdv has.
    """
    if told:
        return f"Elle part {told}."
    participation = rdv.participations.select_related("usager").get()
    participation.rdv = rdv
    summons = summons_of(rdv, [participation], now).get(participation.pk)
    if summons is None or not summons.letter:
        return f"Elle n'est pas envoyée. {summons.missing if summons else ''}".strip()
    return format_html(
        "Elle n'est pas envoyée : "
        '<a href="#courrier-{}">le courrier de convocation est prêt à imprimer</a>.',
        participation.pk,
    )


def people_to_call(rdv: Rdv, now: datetime) -> list[Usager]:
    """Those summoned to `rdv` whom its last change is not told, twice an hour being enough. Two queries."""
    summoned = list(rdv.participations.filter(convocable=True).select_related("rdv", "usager").order_by("pk"))
    ids = untold(summoned, now)
    return [one.usager for one in summoned if one.pk in ids]


def said_to_call(people: Sequence[Usager]) -> str:
    """The sentence that says so to the agent who has just changed the rdv; empty when there is nobody."""
    if not people:
        return ""
    names = ", ".join(map(str, people))
    return f"{TOLD_ENOUGH} Ce changement n'est pas annoncé : appelez {names}."
