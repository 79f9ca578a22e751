"""Whom to invite and how, the invitations leaving, then what came of each."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rdv_insertion.followups.enums import FollowUpStatus
from rdv_insertion.followups.models import FollowUp
from rdv_insertion.imports import services
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRow, ImportRun
from rdv_insertion.imports.results import invitations_of, letters_of, message_statuses_of, progress
from rdv_insertion.imports.run import configuration_of
from rdv_insertion.invitations.enums import Refusal
from rdv_insertion.invitations.letters import letters_pdf
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.services import can_reach, free_slots
from rdv_insertion.messaging.enums import FAILED, WAITING, Channel, MessageStatus
from rdv_insertion.web.agents.imports.forms import InvitationForm
from rdv_insertion.web.agents.imports.steps import about, at_stages, of_run

_PER_PAGE = 50
# Beyond this many, people are invited all together: nobody checks ten thousand boxes, nor waits for them.
_MAX_BOXES = 2_000
# The channels that are proposed: a letter is printed and paid, so it is chosen on purpose.
_AT_ONCE = (Channel.SMS, Channel.EMAIL)
_WORDS = {Channel.SMS.value: "SMS", Channel.EMAIL.value: "mail", Channel.LETTER.value: "courrier"}
_NOT_TO_INVITE = (FollowUpStatus.RDV_PENDING, FollowUpStatus.CLOSED)


@require_http_methods(["GET", "HEAD", "POST"])
@at_stages(Stage.WRITTEN, Stage.INVITING, Stage.DONE)
def show(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The choice, then the progress, then the result."""
    if run.motif_category_id is None:
        messages.info(request, "Cet import est sans catégorie : personne n'est à inviter.")
        return redirect("import_writing", run.pk)
    if run.stage == Stage.WRITTEN:
        return _choose(request, run)
    if request.method == "POST":
        raise services.WrongStage
    working = run.stage == Stage.INVITING
    context = {"run": run, "stepper": of_run(run, 5), "working": working}
    details = _working(run) if working else _result(request, run)
    return render(request, "agents/imports/invitation_result.html", context | details)


@dataclass(frozen=True)
class Candidate:
    """Somebody who may be invited: how, and whether the page proposes it."""

    row: ImportRow
    name: str
    reached_by: str
    remark: str
    checked: bool


def _choose(request: HttpRequest, run: ImportRun) -> HttpResponse:
    configuration = _configuration(run)
    slots = free_slots(configuration, now=timezone.now())
    rows = list(services.invitable_rows(run).select_related("usager").order_by("number"))
    form = None
    if request.method == "POST":
        form = InvitationForm(
            request.POST,
            channels=configuration.channels,
            row_ids=[row.pk for row in rows],
            free_slots=slots,
        )
        if form.is_valid():
            services.start_inviting(
                run=run,
                row_ids=form.row_ids,
                channels=form.cleaned_data["canaux"],
                even_without_slots=form.cleaned_data["sans_creneau"],
                now=timezone.now(),
            )
            return redirect("import_invitation", run.pk)
    return render(request, "agents/imports/invitation.html", _choice(run, configuration, rows, slots, form))


def _choice(
    run: ImportRun,
    configuration: CategoryConfiguration,
    rows: Sequence[ImportRow],
    slots: int,
    form: InvitationForm | None,
) -> dict[str, Any]:
    candidates = _candidates(run, configuration, rows, form)
    chosen = sum(candidate.checked for candidate in candidates)
    asked = form.asked_channels if form else _AT_ONCE
    return {
        "run": run,
        "stepper": of_run(run, 5),
        "form": form,
        "errors": [error for several in form.errors.values() for error in several] if form else [],
        "candidates": candidates,
        "all_at_once": len(candidates) > _MAX_BOXES,
        "chosen": chosen,
        "slots": slots,
        "channels": [(channel, channel in asked) for channel in Channel if channel in configuration.channels],
    }


def _candidates(
    run: ImportRun,
    configuration: CategoryConfiguration,
    rows: Sequence[ImportRow],
    form: InvitationForm | None,
) -> list[Candidate]:
    statuses = _statuses(run)
    chosen = set(form.asked_rows) if form else None
    return [_candidate(row, configuration, statuses.get(row.usager_id or 0), chosen) for row in rows]


def _statuses(run: ImportRun) -> dict[int, FollowUpStatus]:
    """The status in the category of the people of this run, by usager id."""
    people = services.invitable_rows(run).values("usager")
    follow_ups = FollowUp.objects.filter(motif_category=run.motif_category, usager__in=people)
    now = timezone.now()
    return {follow_up.usager_id: follow_up.status_at(now) for follow_up in follow_ups.order_by()}


def _candidate(
    row: ImportRow,
    configuration: CategoryConfiguration,
    status: FollowUpStatus | None,
    chosen: Collection[str] | None,
) -> Candidate:
    usager = row.usager
    if usager is None:  # pragma: no cover - invitable rows have a person
        raise ValueError("an invitable row without a person")
    ways = [channel.label for channel in Channel if channel in configuration.channels]
    reached = [channel.label for channel in Channel if channel.label in ways and can_reach(usager, channel)]
    remark = "" if status in (None, FollowUpStatus.NOT_INVITED) else status.label
    if not reached:
        remark = "Aucun moyen de joindre cette personne"
    at_once = any(channel.label in reached for channel in _AT_ONCE)
    proposed = at_once and status not in _NOT_TO_INVITE
    return Candidate(
        row=row,
        name=f"{usager.last_name.upper()} {usager.first_name}",
        reached_by=", ".join(reached) or "—",
        remark=remark,
        checked=proposed if chosen is None else str(row.pk) in chosen,
    )


def _configuration(run: ImportRun) -> CategoryConfiguration:
    try:
        return configuration_of(run)
    except CategoryConfiguration.DoesNotExist as error:
        raise Http404 from error


@require_POST
@at_stages(Stage.WRITTEN)
def skip(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """End here: the people are written, nobody is invited now."""
    services.finish_without_inviting(run=run, now=timezone.now())
    messages.success(request, "L'import est terminé. Personne n'a été invité.")
    return redirect("imports")


def _working(run: ImportRun) -> dict[str, Any]:
    done = progress(run)
    return {
        "progress": done,
        "time_left": about(done.time_left(timezone.now())),
        "interrupted": not services.has_job(run),
    }


@dataclass(frozen=True)
class Outcome:
    """What came of one channel for one person: colour, icon and words of a badge, and a sentence."""

    colour: str
    icon: str
    label: str
    sentence: str = ""


def _result(request: HttpRequest, run: ImportRun) -> dict[str, Any]:
    invited = run.rows.filter(to_invite=True).select_related("usager").order_by("number")
    page = Paginator(invited, _PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    sent = invitations_of(rows, run)
    counts = _counts(run)
    return {
        "page": page,
        "rows": [(row, row.person, _outcomes(row, sent.get(row.usager_id or 0, []), run)) for row in rows],
        "counts": counts,
        "waiting": counts["waiting"],
        "letters": counts["letters"],
    }


def _counts(run: ImportRun) -> dict[str, int]:
    by_status = Counter(message_statuses_of(run))
    return {
        "waiting": sum(by_status[status] for status in WAITING),
        "sent": by_status[MessageStatus.SENT] + by_status[MessageStatus.DELIVERED],
        "failed": sum(by_status[status] for status in FAILED),
        "letters": by_status[MessageStatus.TO_PRINT],
    }


def _outcomes(row: ImportRow, invitations: Sequence[Invitation], run: ImportRun) -> list[Outcome]:
    sent = [_sent(invitation) for invitation in invitations]
    colour = "grey" if sent else "orange"
    refused = [
        Outcome(colour, "fr-icon-close-circle-line", f"Pas de {_WORDS[channel]}", Refusal(reason).label)
        for channel, reason in row.refusals.items()
    ]
    if sent or refused:
        return [*sent, *refused]
    return [Outcome("grey", "fr-icon-user-line", "Non invité", "Cette personne n'est plus dans le service.")]


def _sent(invitation: Invitation) -> Outcome:
    channel, message = Channel(invitation.channel).label, invitation.message
    status = message.status if message else MessageStatus.CREATED
    if status in FAILED:
        return Outcome(
            "red", "fr-icon-error-warning-line", f"{channel} en échec", message.failure if message else ""
        )
    if status == MessageStatus.TO_PRINT:
        return Outcome("blue", "fr-icon-printer-line", f"{channel} à imprimer")
    if status in WAITING:
        return Outcome("blue", "fr-icon-timer-line", f"{channel} en attente d'envoi")
    done = "reçu" if status == MessageStatus.DELIVERED else "envoyé"
    return Outcome("green", "fr-icon-checkbox-circle-line", f"{channel} {done}")


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
