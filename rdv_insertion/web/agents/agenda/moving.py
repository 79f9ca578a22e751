"""A rdv dragged elsewhere in the calendar: to other hours, or to a colleague."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from rdv_insertion.agenda.models import Rdv
from rdv_insertion.agenda.services import planning
from rdv_insertion.agenda.services.errors import NotAllowed, Unconfirmed
from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel import dates
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.agenda.choices import organisation_asked
from rdv_insertion.web.agents.rdvs.convocations import people_to_call, said_to_call

_CONFLICT, _REFUSED, _UNREADABLE = 409, 422, 400
_YEARS = range(2000, 2100)
_NO_HOUR = "Cette heure n'existe pas : choisissez-en une autre."


class _Unreadable(ValueError):
    """What was sent makes no sense. The text is a French sentence."""


@require_POST
def move(request: HttpRequest, rdv_id: int) -> JsonResponse:
    """Give the rdv the hours `start` to `end`, on the clocks of the page (`organisation`).

    `from` and `to`, two agents, hand it over. Answers 409 with `warnings` that must be read first, and the
    `fingerprint` that `acknowledged` sends back to say so (`1`: whatever they are, to undo); 422 or 400 with
    an `error` sentence; else a `message`.
    """
    viewer, now = agent_of(request), timezone.now()
    acknowledged = request.POST.get("acknowledged", "")
    visible = Rdv.objects.visible_to(viewer).select_related("motif", "lieu", "organisation__department")
    rdv = visible.filter(pk=rdv_id).first()
    if rdv is None:
        raise Http404
    try:
        starts_at, ends_at = _hours(request, rdv)
        moved = planning.reschedule(
            rdv=rdv,
            starts_at=starts_at,
            ends_at=ends_at,
            agents=_agents(request, rdv),
            by=viewer,
            notify=request.POST.get("notify") == "1",
            acknowledged=True if acknowledged == "1" else acknowledged,
            now=now,
        )
    except _Unreadable as error:
        return JsonResponse({"error": str(error)}, status=_UNREADABLE)
    except NotAllowed as refusal:
        return JsonResponse({"error": str(refusal)}, status=_REFUSED)
    except Unconfirmed as unconfirmed:
        conflict = {"warnings": unconfirmed.warnings, "fingerprint": unconfirmed.fingerprint}
        return JsonResponse(conflict, status=_CONFLICT)
    notified = request.POST.get("notify") == "1"
    return JsonResponse(_done(moved, rdv, starts_at, people_to_call(moved, now) if notified else []))


def _done(moved: Rdv, before: Rdv, starts_at: datetime, to_call: Sequence[Usager]) -> dict[str, Any]:
    if before.starts_at != starts_at:
        said = f"Rendez-vous déplacé au {dates.long_moment(starts_at, moved.time_zone)}."
        return {"message": f"{said} {said_to_call(to_call)}".strip()}
    if before.ends_at != moved.ends_at:
        end = dates.clock(moved.ends_at.astimezone(moved.time_zone))
        return {"message": f"Rendez-vous modifié : il finit maintenant à {end}."}
    return {"message": "Rendez-vous confié à un autre agent."}


def _hours(request: HttpRequest, rdv: Rdv) -> tuple[datetime, datetime]:
    organisation = organisation_asked(request)
    zone = organisation.time_zone if organisation else rdv.time_zone
    try:
        start, end = (
            datetime.fromisoformat(request.POST.get(name, "")).replace(tzinfo=zone)
            for name in ("start", "end")
        )
    except ValueError as error:
        raise _Unreadable(_NO_HOUR) from error
    # Dates at both ends of the calendar cannot be reckoned with.
    if start.year not in _YEARS or end.year not in _YEARS:
        raise _Unreadable(_NO_HOUR)
    if start >= end:
        raise _Unreadable("Le rendez-vous doit commencer avant de finir.")
    return start, end


def _agents(request: HttpRequest, rdv: Rdv) -> Sequence[Agent] | None:
    """Those who hold it once handed over; None when it stays with the same ones."""
    giver, taker = request.POST.get("from", ""), request.POST.get("to", "")
    if not taker or giver == taker:
        return None
    colleagues = rdv.organisation.agents.filter(is_active=True)
    chosen = next((one for one in colleagues if str(one.pk) == taker), None)
    if chosen is None:
        raise _Unreadable("Cet agent ne travaille pas dans l'organisation de ce rendez-vous.")
    kept = [one for one in rdv.agents.all() if str(one.pk) not in (giver, taker)]
    return [*kept, chosen]
