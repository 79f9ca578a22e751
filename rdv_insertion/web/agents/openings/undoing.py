"""*Annuler* after a change of plages or absences: what they were is kept in the session, and put back."""

import secrets
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from rdv_insertion.agenda.models import Absence, PlageOuverture
from rdv_insertion.agenda.perms import edits_absence, edits_plage
from rdv_insertion.agenda.services import openings as services
from rdv_insertion.agenda.services.openings import Change
from rdv_insertion.agents.models import Agent
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.undo import offer_undo

# The last change of this session. It stays on the server: the name of an absence is not for everybody.
_SESSION_KEY = "opening_change"


def offer(request: HttpRequest, change: Change) -> None:
    """Have the next page offer to take `change` back."""
    key = secrets.token_urlsafe(8)
    known = {"key": key, "agent": agent_of(request).pk, "before": change.before, "after": change.after}
    request.session[_SESSION_KEY] = known
    offer_undo(request, reverse("undo_opening"), changement=key, next=page_to_return_to(request, ""))


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Put back what a change did, when nothing changed since."""
    agent, change = agent_of(request), _change(request)
    page = reverse("plages")
    if change is None:
        messages.error(request, "Cela ne peut plus être annulé.")
        return redirect(page_to_return_to(request, page))
    rows = change.openings()
    if not all(_may_edit(agent, row) for row in rows):
        raise PermissionDenied
    if rows and isinstance(rows[0], Absence):
        page = reverse("absences")
    try:
        services.undo(change=change)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, "C'est annulé : tout est comme avant.")
    return redirect(page_to_return_to(request, page))


def _change(request: HttpRequest) -> Change | None:
    """The change that the form of *Annuler* names; None when it is not the last one of this agent."""
    known: dict[str, Any] = request.session.get(_SESSION_KEY, {})
    if not known or known["agent"] != agent_of(request).pk:
        return None
    if known["key"] != request.POST.get("changement", ""):
        return None
    del request.session[_SESSION_KEY]
    return Change(before=known["before"], after=known["after"])


def _may_edit(agent: Agent, row: PlageOuverture | Absence) -> bool:
    return edits_absence(agent, row) if isinstance(row, Absence) else edits_plage(agent, row)
