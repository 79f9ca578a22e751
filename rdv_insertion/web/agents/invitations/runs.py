"""The runs of an organisation: under way, then what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agents.perms import get_organisation_for
from rdv_insertion.invitations import results
from rdv_insertion.invitations.enums import Refusal, RunStage
from rdv_insertion.invitations.letters import letters_pdf
from rdv_insertion.invitations.models import Invitation, InvitationRun
from rdv_insertion.invitations.results import Kind, Sent
from rdv_insertion.invitations.services import runs
from rdv_insertion.kernel.snapshots import one_moment
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.services.printing import mark_printed
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.invitations.access import of_run
from rdv_insertion.web.agents.invitations.one import pdf
from rdv_insertion.web.agents.invitations.preparing import (
    PER_PAGE,
    Line,
    asked_kind,
    asked_reason,
    line_of,
    preparation,
    remedies_for,
)
from rdv_insertion.web.shell import remember_organisation

_RUNS_A_PAGE = 20
_KINDS = (Kind.ALL, Kind.LEAVING, Kind.REFUSED, Kind.FAILED)


@require_safe
def list_runs(request: HttpRequest, slug: str) -> HttpResponse:
    """The runs of an organisation, the last one first, with how far each is."""
    organisation = get_organisation_for(agent_of(request), slug)
    remember_organisation(request, organisation)
    known = InvitationRun.objects.filter(configuration__organisation=organisation).with_details()
    page = Paginator(results.with_progress(known), _RUNS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "organisation": organisation,
        "page": page,
        "runs": list(page),
        "zone": organisation.time_zone,
        "working": any(run.stage == RunStage.INVITING for run in page),
    }
    return render(request, "agents/invitations/list.html", context)


@require_safe
@of_run
def show(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """What will leave, then the progress, then the result."""
    if run.stage == RunStage.PREPARING:
        return preparation(request, run)
    with one_moment():
        run.refresh_from_db(fields=["stage", "started_at", "finished_at"])
        if run.stage == RunStage.INVITING:
            return render(request, "agents/invitations/progress.html", _working(run))
        return render(request, "agents/invitations/result.html", _result(request, run))


def _working(run: InvitationRun) -> dict[str, Any]:
    done = results.progress(run)
    return {
        "run": run,
        "progress": done,
        "time_left": _about(done.time_left(timezone.now())),
        "sent": results.sent(run),
        "interrupted": not runs.has_job(run),
    }


def _about(left: timedelta | None) -> str:
    """`environ 2 minutes`; nothing when it is a matter of seconds."""
    minutes = round(left.total_seconds() / 60) if left else 0
    return f"environ {plural(minutes, 'minute')}" if minutes else ""


@dataclass(frozen=True)
class Told:
    """One person of a run that is over: what was refused, and what became of each message."""

    line: Line
    invitations: list[Invitation]


def _result(request: HttpRequest, run: InvitationRun) -> dict[str, Any]:
    kind, reason = asked_kind(request, _KINDS), asked_reason(request)
    found = results.targets(run, kind=kind, reason=reason).filter(done_at__isnull=False)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    shown, remedies = list(page), remedies_for(request, run)
    invitations = results.invitations_of(run, shown)
    sent = results.sent(run)
    return {
        "run": run,
        "progress": results.progress(run),
        "figures": results.foreseen(run),
        "sent": sent,
        "waiting": sum(one.waiting for one in sent),
        "letters": _letters(sent),
        "letters_to_print": sum(one.to_print for one in sent),
        "stopped": results.stopped(run),
        "reasons": [(one, remedies.of(one.refusal)) for one in results.reasons(run)],
        "page": page,
        "told": [
            Told(
                line_of(target, _refused(target.refusals), remedies), invitations.get(target.follow_up_id, [])
            )
            for target in shown
        ],
        "kinds": [(one, one.label, one == kind and not reason) for one in _KINDS],
        "reason": Refusal(reason) if reason else None,
        "zone": run.configuration.organisation.time_zone,
    }


def _refused(refusals: dict[str, list[str]]) -> list[Channel]:
    return [channel for channel in Channel if channel in refusals]


def _letters(sent: Sequence[Sent]) -> int:
    return sum(one.total for one in sent if one.channel == Channel.LETTER)


@require_POST
@of_run
def stop(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """Invite nobody else."""
    runs.stop(run=run, now=timezone.now())
    left = results.progress(run).left
    words = "personne n'a pas été traitée", "personnes n'ont pas été traitées"
    messages.success(request, f"L'envoi est arrêté : {plural(left, *words)}.")
    return redirect("invitation_run", run.pk)


@require_POST
@of_run
def resume(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """Go on with a run that was stopped or interrupted; nobody is invited twice."""
    runs.resume(run=run)
    return redirect("invitation_run", run.pk)


@require_POST
@of_run
def send_again(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """Try once more the messages that a technical failure stopped."""
    count = runs.send_failed_again(run=run)
    if count:
        messages.success(request, f"{plural(count, 'message repart', 'messages repartent')}.")
    else:
        messages.info(request, "Aucun message n'est à envoyer de nouveau.")
    return redirect("invitation_run", run.pk)


@require_POST
@of_run
def letters(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """The letters of this run in one PDF, marked printed; as often as one likes."""
    invitations = list(results.letters(run))
    if not invitations:
        raise Http404
    content = letters_pdf(invitations)
    mark_printed(message_ids=[one.message_id for one in invitations if one.message_id], now=timezone.now())
    return pdf(content, f"courriers-envoi-{run.pk}.pdf")
