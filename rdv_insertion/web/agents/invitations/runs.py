"""The runs of an organisation: under way, then what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.agents.perms import get_organisation_for
from rdv_insertion.invitations import results
from rdv_insertion.invitations.enums import Refusal, RunStage
from rdv_insertion.invitations.models import Invitation, InvitationRun
from rdv_insertion.invitations.results import Kind, Sent
from rdv_insertion.invitations.services import runs
from rdv_insertion.kernel.progress import about
from rdv_insertion.kernel.snapshots import one_moment
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.invitations.access import of_run
from rdv_insertion.web.agents.invitations.preparing import (
    PER_PAGE,
    Line,
    asked_kind,
    asked_reason,
    line_of,
    preparation,
    remedies_for,
    slots_context,
)
from rdv_insertion.web.agents.invitations.together import printed_letters, send_stopped_again
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
        "time_left": about(done.time_left(timezone.now())),
        "sent": results.sent(run.invitations.all()),
        "interrupted": not runs.has_job(run),
    }


@dataclass(frozen=True)
class Told:
    """One person of a run that is over: what was refused, and what became of each message."""

    line: Line
    invitations: list[Invitation]


def _result(request: HttpRequest, run: InvitationRun) -> dict[str, Any]:
    progress = results.progress(run)
    kinds = (*_KINDS, Kind.LEFT) if progress.left else _KINDS
    kind, reason = asked_kind(request, kinds), asked_reason(request)
    found = results.targets(run, kind=kind, reason=reason).filter(done_at__isnull=kind == Kind.LEFT)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    shown, remedies = list(page), remedies_for(request, run)
    invitations = results.invitations_of(run, shown)
    sent, now = results.sent(run.invitations.all()), timezone.now()
    return {
        **slots_context(request, run, results.still_to_choose(run, now), now=now),
        "progress": progress,
        "figures": results.foreseen(run),
        "sent": sent,
        "leaving": results.leaving(run.invitations.all(), now).exists(),
        "letters": _letters(sent),
        "letters_to_print": sum(one.to_print for one in sent),
        "stopped": results.stopped(run.invitations.all()).count(),
        "reasons": [(one, remedies.of(one.refusal)) for one in results.reasons(run)],
        "page": page,
        "told": [
            Told(
                line_of(target, _refused(target.refusals), remedies), invitations.get(target.follow_up_id, [])
            )
            for target in shown
        ],
        "kinds": [(one, one.label, one == kind and not reason) for one in kinds],
        "reason": Refusal(reason) if reason else None,
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
    send_stopped_again(request, run.invitations.all())
    return redirect("invitation_run", run.pk)


@require_POST
@of_run
def letters(request: HttpRequest, run: InvitationRun) -> HttpResponse:
    """The letters of this run in one PDF, marked printed; as often as one likes."""
    return printed_letters(run.invitations.all(), f"courriers-envoi-{run.pk}.pdf")
