"""The invitations leaving, then what came of each, and the letters to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.results import (
    Outcome,
    invitations_of,
    invitations_sent,
    invited_rows,
    progress,
)
from rdv_insertion.invitations import results
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel.progress import about
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.web.agents.imports.steps import at_stages
from rdv_insertion.web.agents.invitations.together import printed_letters, send_stopped_again

_PER_PAGE = 50


def working(run: ImportRun) -> dict[str, Any]:
    """How far the worker is, for the page of progress."""
    done, now = progress(run), timezone.now()
    return {
        "progress": done,
        "per_second": done.per_second(now),
        "time_left": about(done.time_left(now)),
        "interrupted": not services.has_job(run),
    }


@dataclass(frozen=True)
class Badge:
    """Why somebody was not invited by a channel: colour, icon and words of a badge, and a sentence."""

    colour: str
    icon: str
    label: str
    sentence: str


@dataclass(frozen=True)
class Told:
    """One row that was to be invited: what left, and what did not."""

    row: ImportRow
    invitations: Sequence[Invitation]
    refused: Sequence[Badge]


def result(request: HttpRequest, run: ImportRun) -> dict[str, Any]:
    """What came of the invitations, a page of people at a time; `?voir=` keeps those of one outcome."""
    asked = request.GET.get("voir", "")
    outcome = Outcome(asked) if asked in Outcome.values else Outcome.ALL
    page = Paginator(invited_rows(run, outcome).select_related("usager"), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    rows = list(page)
    invitations = invitations_of(rows, run)
    sent = results.sent(invitations_sent(run))
    return {
        "page": page,
        "told": [_told(row, invitations.get(row.usager_id or 0, [])) for row in rows],
        "outcomes": [(one, invited_rows(run, one).count(), one == outcome) for one in Outcome],
        "sent": sent,
        "leaving": results.leaving(invitations_sent(run), timezone.now()).exists(),
        "letters": sum(one.total for one in sent if one.channel == Channel.LETTER),
        "letters_to_print": sum(one.to_print for one in sent),
        "stopped": results.stopped(invitations_sent(run)).count(),
    }


def _told(row: ImportRow, invitations: Sequence[Invitation]) -> Told:
    colour = "grey" if invitations else "orange"
    refused = [
        Badge(colour, "fr-icon-close-circle-line", f"Pas de {Channel(channel).noun}", Refusal(reason).label)
        for channel, reason in row.refusals.items()
    ]
    if invitations or refused:
        return Told(row, invitations, refused)
    gone = Badge("grey", "fr-icon-user-line", "Non invité", "Cette personne n'est plus dans le service.")
    return Told(row, [], [gone])


@require_POST
@at_stages(Stage.DONE)
def send_again(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Try once more the messages that a technical failure stopped."""
    send_stopped_again(request, invitations_sent(run))
    return redirect("import_invitation", run.pk)


@require_POST
@at_stages(Stage.DONE)
def letters(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The letters of this import in one PDF, marked printed; as often as one likes."""
    return printed_letters(invitations_sent(run), f"courriers-import-{run.pk}.pdf")
