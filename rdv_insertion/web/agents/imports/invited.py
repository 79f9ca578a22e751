"""The invitations leaving, then what came of each, and the letters to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.results import (
    Outcome,
    invitations_of,
    invited_rows,
    letters_of,
    messages_of,
    messages_to_send_again,
    progress,
)
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.letters import letters_pdf
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.enums import FAILED, WAITING, Channel, MessageStatus
from rdv_insertion.web.agents.imports.steps import about, at_stages

_PER_PAGE = 50
_WORDS = {Channel.SMS.value: "SMS", Channel.EMAIL.value: "mail", Channel.LETTER.value: "courrier"}


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
class Sent:
    """What left by one channel, in figures."""

    channel: Channel
    sent: int
    waiting: int
    failed: int
    to_print: int


@dataclass(frozen=True)
class Badge:
    """What came of one channel for one person: colour, icon and words of a badge, and a sentence."""

    colour: str
    icon: str
    label: str
    sentence: str = ""


def result(request: HttpRequest, run: ImportRun) -> dict[str, Any]:
    """What came of the invitations, a page of people at a time; `?voir=` keeps those of one outcome."""
    asked = request.GET.get("voir", "")
    outcome = Outcome(asked) if asked in Outcome.values else Outcome.ALL
    page = Paginator(invited_rows(run, outcome).select_related("usager"), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    rows = list(page)
    invitations = invitations_of(rows, run)
    sent = _sent(run)
    return {
        "page": page,
        "rows": [(row, _badges(row, invitations.get(row.usager_id or 0, []))) for row in rows],
        "outcomes": [(one, invited_rows(run, one).count(), one == outcome) for one in Outcome],
        "sent": sent,
        "waiting": sum(one.waiting for one in sent),
        "letters": sum(one.to_print for one in sent),
        "stopped": len(messages_to_send_again(run)),
    }


def _sent(run: ImportRun) -> list[Sent]:
    by_channel = messages_of(run)
    return [_figures(channel, by_channel[channel]) for channel in Channel if channel in by_channel]


def _figures(channel: Channel, counts: dict[str, int]) -> Sent:
    return Sent(
        channel,
        sent=counts.get(MessageStatus.SENT, 0) + counts.get(MessageStatus.DELIVERED, 0),
        waiting=sum(counts.get(status, 0) for status in WAITING),
        failed=sum(counts.get(status, 0) for status in FAILED),
        to_print=counts.get(MessageStatus.TO_PRINT, 0),
    )


def _badges(row: ImportRow, invitations: Sequence[Invitation]) -> list[Badge]:
    sent = [_badge(invitation) for invitation in invitations]
    colour = "grey" if sent else "orange"
    refused = [
        Badge(colour, "fr-icon-close-circle-line", f"Pas de {_WORDS[channel]}", Refusal(reason).label)
        for channel, reason in row.refusals.items()
    ]
    if sent or refused:
        return [*sent, *refused]
    return [Badge("grey", "fr-icon-user-line", "Non invité", "Cette personne n'est plus dans le service.")]


def _badge(invitation: Invitation) -> Badge:
    channel, message = Channel(invitation.channel).label, invitation.message
    status = message.status if message else MessageStatus.CREATED
    if status in FAILED:
        failure = message.failure if message else ""
        return Badge("red", "fr-icon-error-warning-line", f"{channel} en échec", failure)
    if status == MessageStatus.TO_PRINT:
        return Badge("blue", "fr-icon-printer-line", f"{channel} à imprimer")
    if status in WAITING:
        return Badge("blue", "fr-icon-timer-line", f"{channel} en attente d'envoi")
    done = "reçu" if status == MessageStatus.DELIVERED else "envoyé"
    return Badge("green", "fr-icon-checkbox-circle-line", f"{channel} {done}")


@require_POST
@at_stages(Stage.DONE)
def send_again(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Try once more the messages that a technical failure stopped."""
    count = services.send_failed_again(run=run)
    if count:
        messages.success(request, f"{plural(count, 'message repart', 'messages repartent')}.")
    else:
        messages.info(request, "Aucun message n'est à envoyer de nouveau.")
    return redirect("import_invitation", run.pk)


@require_safe
@at_stages(Stage.DONE)
def letters(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The letters of this import in one PDF."""
    invitations = list(letters_of(run))
    if not invitations:
        raise Http404
    response = HttpResponse(letters_pdf(invitations), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="courriers-import-{run.pk}.pdf"'
    return response
