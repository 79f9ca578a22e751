"""*Courriers à imprimer*: all the letters of an organisation in one click."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agents.perms import administers, get_organisation_for
from rdv_insertion.invitations.letters import letters_of_messages
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.invitations.services import free_slots, postal
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.invitations.remedies import Remedies
from rdv_insertion.web.pdf import pdf_response
from rdv_insertion.web.shell import remember_organisation

_PER_PAGE = 50


@require_safe
def list_letters(request: HttpRequest, slug: str) -> HttpResponse:
    """The letters that wait for a printer, those that are due, and the last ones printed."""
    agent, now = agent_of(request), timezone.now()
    organisation = get_organisation_for(agent, slug)
    remember_organisation(request, organisation)
    waiting = postal.waiting_letters(organisation, now=now)
    page = Paginator(waiting, _PER_PAGE).get_page(request.GET.get("page"))
    due = [
        _due(one, now=now, admin=administers(agent, organisation), back=request.get_full_path())
        for one in postal.postal_configurations(organisation)
    ]
    writable = sum(one["count"] - one["refused_count"] for one in due)
    context = {
        "organisation": organisation,
        "page": page,
        "waiting": list(page),
        "waiting_count": page.paginator.count,
        "due": due,
        "total": page.paginator.count + writable,
        "limit": postal.LETTERS_A_FILE,
        "batches": [
            {"at": one.at, "count": one.count, "key": one.at.isoformat()}
            for one in postal.printed_batches(organisation)
        ],
        "no_slot": any(one["count"] and not one["slots"] for one in due),
        "has_postal_step": bool(due),
        "zone": organisation.time_zone,
    }
    return render(request, "agents/invitations/letters.html", context)


def _due(configuration: CategoryConfiguration, *, now: datetime, admin: bool, back: str) -> dict[str, Any]:
    """The people of a category whom a letter is due to, with what refuses it to some."""
    people = list(
        postal.due_letters(configuration, now=now).select_related("usager")[: postal.LETTERS_A_FILE]
    )
    refused = postal.refusals_of_due(configuration, people, now=now)
    remedies = Remedies(configuration, admin, back)
    return {
        "configuration": configuration,
        "count": len(people),
        "refused_count": len(refused),
        "slots": free_slots(configuration, now=now),
        "people": [
            (
                follow_up,
                [
                    remedies.of(one, follow_up.usager_id)
                    for one in refused.get(follow_up.pk, {}).get(Channel.LETTER, [])
                ],
            )
            for follow_up in people[:_PER_PAGE]
        ],
        "more": max(0, len(people) - _PER_PAGE),
    }


@require_POST
def print_letters(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the letters that are due, mark them printed with those that wait, and show them in one PDF."""
    agent = agent_of(request)
    organisation = get_organisation_for(agent, slug)
    printed = postal.print_letters(
        organisation=organisation,
        agent=agent,
        now=timezone.now(),
        even_without_slots=request.POST.get("sans-creneau") == "oui",
    )
    if not printed.messages or printed.at is None:
        messages.warning(request, "Aucun courrier n'a pu être imprimé : les raisons sont dites plus bas.")
        return redirect("letters", slug)
    refused = len(printed.refused)
    if refused:
        words = "courrier n'a pas pu être écrit", "courriers n'ont pas pu être écrits"
        messages.warning(request, f"{plural(refused, *words)}.")
    return redirect("letters_pdf", slug, printed.at.isoformat())


@require_safe
def printed(request: HttpRequest, slug: str, moment: str) -> HttpResponse:
    """The letters of one click, as they were: printed as often as one likes."""
    organisation = get_organisation_for(agent_of(request), slug)
    several = _printed_at(organisation, moment)
    if not several:
        raise Http404
    return pdf_response(letters_of_messages(several), f"courriers-{several[0].settled_at:%Y-%m-%d}.pdf")


def _printed_at(organisation: Organisation, moment: str) -> list[Message]:
    try:
        at = parse_datetime(moment)
    except ValueError:
        return []
    if at is None or timezone.is_naive(at):
        return []
    return list(postal.letters_printed_at(organisation, at))
